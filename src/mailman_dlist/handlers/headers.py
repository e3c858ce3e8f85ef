# SPDX-License-Identifier: GPL-3.0-or-later
"""The header fields that lead back to the conversation."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from mailman.interfaces.mailinglist import Personalization
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import delivery
from mailman_dlist.domain.mentions import redirect, without_repeats
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.fields import raw
from mailman_dlist.mail.loops import note_list


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
        ours = metadata.arrival(mlist, msg, msgdata).mentioned
        name = msgdata[metadata.CONVERSATION]
        # To is replaced by the address of each reader where mail is fully personalised.
        separate = mlist.personalize is Personalization.full
        named = False
        for field in ('To', 'Cc', 'Reply-To'):
            before = raw(msg, field)
            if not before:
                continue
            redirected = [redirect(value, ours, name) for value in before]
            after, named = without_repeats(
                ', '.join(redirected),
                ours.conversation(name),
                # Where to reply is another question than who has the message.
                named and field == 'Cc' and not separate,
            )
            if redirected != before or after != ', '.join(before):
                del msg[field]
                if after:
                    # RFC 5322, section 3.6: at most one of each.
                    msg[field] = after
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
