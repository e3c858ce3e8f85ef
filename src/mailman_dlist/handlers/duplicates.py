# SPDX-License-Identifier: GPL-3.0-or-later
"""Skip members who get a direct copy at one of their aliases."""

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
class DlistDuplicates:
    """Avoid duplicates as core does, for addresses that core does not know.

    To and Cc stay unchanged: a change would reveal whose alias it is.
    """

    name = 'dlist-duplicates'
    description = _('Suppress duplicates for members who have the message at an alias.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        spared = delivery.spared(metadata.arrival(mlist, msg, msgdata))
        msgdata['recipients'] = set(msgdata['recipients']) - spared
