# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove personal links and footers that a post quotes."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_dlist.app.i18n import _
from mailman_dlist.app.links import footers, making
from mailman_dlist.domain.footers import take_out
from mailman_dlist.domain.links.message import scrub
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IHandler)
class DlistQuoting:
    """Replace personal links by plain ones, and remove footers.

    Links of all members and all lists are replaced: a member of two lists may quote one
    list in a reply on the other.  Only footers of this list are removed.
    """

    name = 'dlist-quoting'
    description = _('Replace quoted personal links and remove quoted footers.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        scrub(msg, making.for_everybody)
        take_out(msg, footers.removers(mlist))
