# SPDX-License-Identifier: GPL-3.0-or-later
"""Misdirected commands, in messages that can be read."""

from __future__ import annotations

from mailman.config import config
from mailman.interfaces.rules import IRule
from public import public
from zope.interface import implementer

from mailman_dlist.app.i18n import _
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IRule)
class DlistAdministrivia:
    """Ask core's rule, which stops at text that it cannot decode.

    Such text, in a charset that Python does not know, is no command; the
    readers' mail programs may know it.
    """

    name = 'dlist-administrivia'
    description = _('Catch mis-addressed email commands.')
    record = True

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        try:
            return config.rules['administrivia'].check(mlist, msg, msgdata)
        except (LookupError, ValueError):
            return False
