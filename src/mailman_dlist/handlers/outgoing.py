# SPDX-License-Identifier: GPL-3.0-or-later
"""Queue the message for its recipients; the last step of the pipeline."""

from __future__ import annotations

from functools import partial

from mailman.config import config
from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import delivery
from mailman_dlist.app.posts.delivery import Group
from mailman_dlist.handlers.headers import FOLLOWUP, stamp
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IHandler)
class DlistToOutgoing:
    """Queue one message for each group, and record that it is done."""

    name = 'dlist-to-outgoing'
    description = _('Send the message to its audience.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        accepted = msgdata[metadata.ACCEPTED]
        # A message that was wrapped for DMARC has new fields and a new id.
        stamp(msg, msgdata[metadata.CONVERSATION])
        if metadata.FOLLOWUP in msgdata and FOLLOWUP not in msg:
            msg[FOLLOWUP] = msgdata[metadata.FOLLOWUP]
        delivery.publish(accepted, str(msg['message-id']))
        groups = delivery.groups(
            accepted, msgdata[metadata.HEARD], msgdata['recipients']
        )
        queue = partial(_queue, mlist, msg, msgdata)
        delivery.hand_over(accepted, groups, queue)


def _queue(mlist: MailingList, msg: Message, msgdata: MsgData, group: Group) -> None:
    entries = metadata.outgoing(msgdata, group)
    config.handlers['to-outgoing'].process(mlist, msg, msgdata | entries)
