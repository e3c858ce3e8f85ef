# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels with a message through the queues, for all doors alike.

Everything is a plain value: the metadata is pickled between queues, a moderator
may hold it for weeks, and an admin may inject a message with it by hand.
"""

from __future__ import annotations

from typing import Any

from mailman.interfaces.action import Action
from mailman.utilities.email import add_message_hash

from mailman_dlist.app import lists
from mailman_dlist.app.people.senders import AliasAuthor, alias_author
from mailman_dlist.app.posts import anonymity
from mailman_dlist.app.posts.accepting import Accepted
from mailman_dlist.app.posts.delivery import Group
from mailman_dlist.domain.address import Intent, parse, reduce
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.fields import addresses
from mailman_dlist.mail.mending import mend_message_id
from mailman_dlist.mail.references import bare


#: The extension of the envelope recipient; '' for the list's bare address.
EXTENSION = 'dlist_extension'

#: The message-id that the message came with; later handlers may change it.
MESSAGE_ID = 'dlist_message_id'

#: What marks a message from an alias whose traces are gone; only the site's key
#: tells whose it was.  It is GONE for good when the alias is.
ALIAS = 'dlist_alias'
GONE = ''

#: The author of such a message had sent a copy to another own address.
COPIED = 'dlist_copied'

#: The name of the conversation, once the message is accepted.
CONVERSATION = 'dlist_conversation'

#: On the way out: what personal links and header fields are made of.
CONVERSATION_ID = 'dlist_conversation_id'
ACTION = 'dlist_action'
UNSUBSCRIBE = 'dlist_unsubscribe'
REASONS = 'dlist_reasons'

# Mailman drops metadata that begins with an underscore when it queues.
ACCEPTED = '_dlist_accepted'
MEMBER = '_dlist_member'
HEARD = '_dlist_heard'
JUDGEMENT = '_dlist_judgement'


def outgoing(accepted: Accepted, group: Group) -> MsgData:
    """Return what goes with the copies of one group."""
    entries: MsgData = {
        'recipients': group.recipients,
        CONVERSATION_ID: accepted.conversation.id,
        ACTION: group.action.name,
        REASONS: group.reasons,
    }
    if group.unsubscribe is not None:
        entries[UNSUBSCRIBE] = group.unsubscribe
    return entries


def intent(mlist: MailingList, msg: Message, msgdata: MsgData) -> Intent:
    """Return what the message is asked to do.

    The envelope recipient is the truth.  Only where it is not known, since the
    message was injected, do the header fields count.
    """
    extension = msgdata.get(EXTENSION)
    if isinstance(extension, str):
        return parse(extension, lists.delimiter())
    ours = lists.known_addresses(mlist)
    found = (ours.extension(address) for address in addresses(msg, 'to', 'cc'))
    intents = reduce(parse(each, ours.delimiter) for each in found if each is not None)
    return intents[0] if intents else parse('', ours.delimiter)


def message_id(msg: Message, msgdata: MsgData) -> str:
    """Return the message-id that the message came with."""
    if MESSAGE_ID not in msgdata:
        if mend_message_id(msg):
            add_message_hash(msg)
        msgdata[MESSAGE_ID] = bare(str(msg['message-id']))
    return msgdata[MESSAGE_ID]


def author(
    mlist: MailingList, msg: Message, msgdata: MsgData
) -> AliasAuthor | None:
    """Return who wrote from an alias; None for everybody else."""
    return None if msgdata.get(ALIAS) == GONE else alias_author(mlist, msg)


def has_lost_alias(msgdata: MsgData, author: AliasAuthor | None) -> bool:
    """Say whether a message came from an alias that its author has no more."""
    given = msgdata.get(ALIAS, GONE)
    return given != GONE and (
        author is None
        or not anonymity.is_marked(given, author.member, msgdata[MESSAGE_ID])
    )


def take_traces(
    mlist: MailingList, msg: Message, msgdata: MsgData, author: AliasAuthor
) -> None:
    """Take out of a message, and of what travels with it, who is behind its alias.

    It may be done again.
    """
    if ALIAS not in msgdata:
        came_with = message_id(msg, msgdata)
        taken = anonymity.take_traces(mlist, msg, came_with, author)
        msgdata[MESSAGE_ID] = taken.message_id
        msgdata[ALIAS] = anonymity.mark(author.member, taken.message_id)
        if taken.copied:
            msgdata[COPIED] = True
    if 'moderation_sender' in msgdata:
        msgdata['moderation_sender'] = author.email
    if 'moderation_reasons' in msgdata:
        msgdata['moderation_reasons'] = [
            _untelling(each, author) for each in msgdata['moderation_reasons']
        ]
    # Owners write the rules about header fields, and number by number they would
    # learn what is in the fields that are gone.
    hits = _general(msgdata.get('rule_hits', []))
    misses = _general(msgdata.get('rule_misses', []))
    msgdata['rule_hits'] = hits
    msgdata['rule_misses'] = [each for each in misses if each not in hits]


def _untelling(reason: Any, author: AliasAuthor) -> Any:
    """Return a reason of core's without what it quotes of the message."""
    if not isinstance(reason, tuple):
        return reason
    text, *values = reason
    return text, *(_untelling_value(each, author) for each in values)


def _untelling_value(value: Any, author: AliasAuthor) -> Any:
    if not isinstance(value, str) or value in Action.__members__:
        return value
    field, colon, _quoted = value.partition(':')
    if colon:
        return field
    return author.email if '@' in value else value


def _general(rules: list[str]) -> list[str]:
    """Return the names of rules without the numbers of those about fields."""
    header_match = 'header-match'
    return list(
        dict.fromkeys(
            header_match if each.startswith(header_match) else each for each in rules
        )
    )

