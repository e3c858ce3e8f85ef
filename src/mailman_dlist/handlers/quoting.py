# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove personal links that a post quotes."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_dlist.app.i18n import _
from mailman_dlist.app.links import making
from mailman_dlist.domain.links.message import scrub
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IHandler)
class DlistQuoting:
    """Replace personal links by plain ones.

    Links of all members and all lists are replaced: a member of two lists may quote one
    list in a reply on the other.
    """

    name = 'dlist-quoting'
    description = _('Replace quoted personal links.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        scrub(msg, making.for_everybody)
