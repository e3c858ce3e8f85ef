# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata that a message carries through the queues, however it arrived.

Everything is a plain value: the metadata is pickled between queues, a moderator may
hold it for weeks, and an admin may inject a message with it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lazr.config import as_timedelta
from mailman.config import config
from mailman.utilities.datetime import now
from mailman.utilities.email import add_message_hash

from mailman_dlist.app.posts import anonymity, claims
from mailman_dlist.app.posts.accepting import Accepted
from mailman_dlist.app.posts.arrival import LOST, Arrival, arrive
from mailman_dlist.app.posts.delivery import Group
from mailman_dlist.domain.address import Intent
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.mending import mend_message_id
from mailman_dlist.mail.references import bare
from mailman_dlist.model import session


#: The extension of the envelope recipient; '' for the list's bare address.
EXTENSION = 'dlist_extension'

#: Further extensions of recipients that are not understood either, separated by blanks.
OTHERS = 'dlist_others'

#: The time until which a message is retried while the database is locked.
RETRY_UNTIL = 'dlist_retry_until'

#: The Message-ID with which the message arrived; later handlers may change it.
MESSAGE_ID = 'dlist_message_id'

#: The mark of a message from an alias whose traces are removed; only the site's key can
#: tell whose alias it was.
ALIAS = 'dlist_alias'

#: The author of such a message had sent a copy to another address of their own.
COPIED = 'dlist_copied'

#: The name of the conversation, once the message is accepted.
CONVERSATION = 'dlist_conversation'

#: Outgoing only: the values for personal links and header fields.
CONVERSATION_ID = 'dlist_conversation_id'
ACTION = 'dlist_action'
UNSUBSCRIBE = 'dlist_unsubscribe'
REASONS = 'dlist_reasons'

# Mailman drops metadata that begins with an underscore when it queues.
ARRIVAL = '_dlist_arrival'
ACCEPTED = '_dlist_accepted'
HEARD = '_dlist_heard'
JUDGEMENT = '_dlist_judgement'
FOLLOWUP = '_dlist_followup'


def asked(intent: Intent, others: Iterable[Intent] = ()) -> MsgData:
    """Return the metadata of a message with this intent.

    :param others: Its further extensions that are not understood.
    """
    entries: MsgData = {EXTENSION: intent.extension}
    rest = ' '.join('+'.join(each.extension.split()) for each in others)
    return entries | {OTHERS: rest} if rest else entries


def may_retry(error: Exception, msgdata: MsgData) -> bool:
    """Return whether a message goes back into its queue because of an error.

    It does as long as the database is locked, for as long as Mailman tries to deliver.
    """
    if not session.is_locked(error):
        return False
    period = as_timedelta(config.mta.delivery_retry_period)
    until: datetime = msgdata.setdefault(RETRY_UNTIL, now() + period)
    return now() < until


def outgoing(msgdata: MsgData, group: Group) -> MsgData:
    """Return the metadata for the copies of one group."""
    accepted: Accepted = msgdata[ACCEPTED]
    entries: MsgData = {
        'recipients': group.recipients,
        'decoration-data': msgdata.get('decoration-data', {}) | group.decoration,
        CONVERSATION_ID: accepted.conversation.id,
        ACTION: group.action.name,
        REASONS: group.reasons,
    }
    if group.unsubscribe is not None:
        entries[UNSUBSCRIBE] = group.unsubscribe
    return entries


def arrival(mlist: MailingList, msg: Message, msgdata: MsgData) -> Arrival:
    """Return the facts about the message, which the first caller in this stage
    computes.
    """
    if ARRIVAL not in msgdata:
        message_id = _message_id(msg, msgdata)
        extension = msgdata.get(EXTENSION)
        if isinstance(extension, str):
            # Another copy may name what this one does not.
            extension = claims.most_precise(mlist, message_id, extension)
            msgdata[EXTENSION] = extension
        msgdata[ARRIVAL] = arrive(
            mlist,
            msg,
            message_id,
            extension,
            mark=msgdata.get(ALIAS),
            copied=COPIED in msgdata,
            others=_words(msgdata.get(OTHERS)),
        )
    return msgdata[ARRIVAL]


def _words(text: object) -> list[str]:
    return text.split() if isinstance(text, str) else []


def look_again(msgdata: MsgData) -> None:
    """Forget the facts about the message, because they are out of date."""
    msgdata.pop(ARRIVAL, None)


def _message_id(msg: Message, msgdata: MsgData) -> str:
    """Return the Message-ID with which the message arrived."""
    if MESSAGE_ID not in msgdata:
        if mend_message_id(msg):
            add_message_hash(msg)
        msgdata[MESSAGE_ID] = bare(str(msg['message-id']))
    return msgdata[MESSAGE_ID]


def take_traces(mlist: MailingList, msg: Message, msgdata: MsgData) -> Arrival:
    """Remove the author behind an alias from a message and its metadata.

    Repeating this is safe; a message that is not from an alias stays unchanged.
    """
    taken = anonymity.take_traces(arrival(mlist, msg, msgdata))
    author = taken.author
    if author is None:
        return taken
    msgdata[ARRIVAL] = taken
    msgdata[MESSAGE_ID] = taken.message_id
    msgdata[ALIAS] = taken.mark
    if taken.copied:
        msgdata[COPIED] = True
    if 'moderation_sender' in msgdata:
        msgdata['moderation_sender'] = author.email
    if 'moderation_reasons' in msgdata:
        msgdata['moderation_reasons'] = anonymity.reasons_for_others(
            msgdata['moderation_reasons'], author.email
        )
    msgdata['rule_hits'], msgdata['rule_misses'] = anonymity.rules_for_others(
        msgdata.get('rule_hits', []), msgdata.get('rule_misses', [])
    )
    return taken


def lose_alias(msgdata: MsgData) -> None:
    """Treat a message as a stranger's from now on, whosever alias it came from."""
    msgdata[ALIAS] = LOST
    look_again(msgdata)
