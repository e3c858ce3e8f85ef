# SPDX-License-Identifier: GPL-3.0-or-later
"""The header fields that lead back to the conversation."""

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
    """Let To, Cc and Reply-To name the conversation where they name the list."""

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
            # Whoever wrote it, we did not.
            del msg[field]
        stamp(msg, name)
        note_list(msg, mlist.list_id)
        # Anonymous lists gave it a new id, under which archive and digest know it.
        delivery.publish(msgdata[metadata.ACCEPTED], str(msg['message-id']))


def stamp(msg: Message, name: str) -> None:
    """Say in the message which conversation it belongs to."""
    del msg[FIELD]
    msg[FIELD] = name
