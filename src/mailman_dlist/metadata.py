# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels with a message through the queues, for all doors alike.

Everything is a plain value: the metadata is pickled between queues, a moderator
may hold it for weeks, and an admin may inject a message with it by hand.
"""

from __future__ import annotations

from email.utils import getaddresses, make_msgid

from mailman.utilities.email import add_message_hash

from mailman_dlist.app import lists
from mailman_dlist.app.conversations import Accepted
from mailman_dlist.app.delivery import Group
from mailman_dlist.domain.address import Intent, parse, reduce
from mailman_dlist.domain.references import bare, sound
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


#: The extension of the envelope recipient; '' for the list's bare address.
EXTENSION = 'dlist_extension'

#: The message-id that the message came with; later handlers may change it.
MESSAGE_ID = 'dlist_message_id'

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
    fields = [str(value) for name in ('to', 'cc') for value in msg.get_all(name, [])]
    found = (ours.extension(address) for _name, address in getaddresses(fields))
    intents = reduce(parse(each, ours.delimiter) for each in found if each is not None)
    return intents[0] if intents else parse('', ours.delimiter)


def message_id(msg: Message, msgdata: MsgData) -> str:
    """Return the message-id that the message came with."""
    if MESSAGE_ID not in msgdata:
        ensure_message_id(msg)
        msgdata[MESSAGE_ID] = bare(str(msg['message-id']))
    return msgdata[MESSAGE_ID]


def ensure_message_id(msg: Message) -> None:
    """Give the message an id if it has none, and a sound one for a bogus one.

    Two messages with an empty id would be taken for one.
    """
    fields = (value for name, value in msg.raw_items() if name.lower() == 'message-id')
    given = str(next(fields, ''))
    mended = sound(given)
    if mended and mended == bare(given):
        return
    del msg['message-id']
    msg['Message-ID'] = f'<{mended}>' if mended else make_msgid()
    add_message_hash(msg)
