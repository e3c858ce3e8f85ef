# SPDX-License-Identifier: GPL-3.0-or-later
"""Find misdirected commands in messages that can be decoded."""

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
    """Apply core's rule, which fails for text that it cannot decode.

    Text in a charset that Python does not know is not a command; the mail programs of
    readers may know the charset.
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
