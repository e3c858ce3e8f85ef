# SPDX-License-Identifier: GPL-3.0-or-later
"""The header fields that lead back to the conversation."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import delivery
from mailman_dlist.domain.mentions import redirect
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.fields import raw


FIELD = 'X-Dlist-Conversation'
PREFIX = 'x-dlist-'


@public
@implementer(IHandler)
class DlistHeaders:
    """Let To, Cc and Reply-To name the conversation where they name the list."""

    name = 'dlist-headers'
    description = _('Replace the list by the conversation in To, Cc and Reply-To.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        ours = metadata.arrival(mlist, msg, msgdata).addresses
        name = msgdata[metadata.CONVERSATION]
        for field in ('To', 'Cc', 'Reply-To'):
            before = raw(msg, field)
            after = [redirect(value, ours, name) for value in before]
            if after != before:
                del msg[field]
                # RFC 5322, section 3.6: at most one of each.
                msg[field] = ', '.join(after)
        for field in {each for each in msg if each.lower().startswith(PREFIX)}:
            # Whoever wrote it, we did not.
            del msg[field]
        stamp(msg, name)
        # Anonymous lists gave it a new id, under which archive and digest know it.
        delivery.publish(msgdata[metadata.ACCEPTED], str(msg['message-id']))


def stamp(msg: Message, name: str) -> None:
    """Say in the message which conversation it belongs to."""
    del msg[FIELD]
    msg[FIELD] = name
