# SPDX-License-Identifier: GPL-3.0-or-later
"""Set the header fields that lead back to the conversation."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import delivery, replying
from mailman_dlist.domain.mentions import redirect, without_repeats
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.fields import raw
from mailman_dlist.mail.loops import note_list


FIELD = 'X-Dlist-Conversation'
FOLLOWUP = 'Mail-Followup-To'
PREFIX = 'x-dlist-'


@public
@implementer(IHandler)
class DlistHeaders:
    """Replace the list's address by the conversation's in To, Cc and Reply-To."""

    name = 'dlist-headers'
    description = _('Replace the list by the conversation in To, Cc and Reply-To.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        arrival = metadata.arrival(mlist, msg, msgdata)
        ours = arrival.mentioned
        name = msgdata[metadata.CONVERSATION]
        address = ours.conversation(name)
        for field in ('To', 'Cc', 'Reply-To', FOLLOWUP):
            before = raw(msg, field)
            redirected = [redirect(value, ours, name) for value in before]
            # RFC 5322, section 3.6: at most one of each.
            after = without_repeats(', '.join(redirected), address)
            if redirected != before or after != ', '.join(before):
                del msg[field]
                msg[field] = after
        followup_to = replying.followup_to(arrival, ours, name)
        if followup_to is not None:
            del msg[FOLLOWUP]
            msg[FOLLOWUP] = followup_to
            msgdata[metadata.FOLLOWUP] = followup_to
        for field in {each for each in msg if each.lower().startswith(PREFIX)}:
            # A field of that name is not ours, whoever wrote it.
            del msg[field]
        stamp(msg, name)
        note_list(msg, mlist.list_id)
        # On an anonymous list, core gave it a new id, which archive and digest use.
        delivery.publish(msgdata[metadata.ACCEPTED], str(msg['message-id']))


def stamp(msg: Message, name: str) -> None:
    """Name the conversation of the message in its header."""
    del msg[FIELD]
    msg[FIELD] = name
