# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the message to its audience instead of all members."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import delivery
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IHandler)
class DlistRecipients:
    """Set the recipients; core's handler keeps recipients that are set.

    They are computed anew when a shunted message is replayed, since choices may have
    changed.
    """

    name = 'dlist-recipients'
    description = _('Calculate the audience of the message.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        heard = delivery.recipients(msgdata[metadata.ACCEPTED])
        msgdata[metadata.HEARD] = heard
        msgdata['recipients'] = set(heard)
