# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a message already, at an alias, need not get it from the list again."""

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
    """Spare copies as core does, for addresses that core does not know.

    To and Cc stay as they are: they would tell whose the alias is.
    """

    name = 'dlist-duplicates'
    description = _('Suppress duplicates for members who have the message at an alias.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        spared = delivery.spared(metadata.arrival(mlist, msg, msgdata))
        msgdata['recipients'] = set(msgdata['recipients']) - spared
