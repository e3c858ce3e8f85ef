# SPDX-License-Identifier: GPL-3.0-or-later
"""Accept a conversation's address in To or Cc in place of the list's own.

This includes the conversation's addresses at the list's acceptable aliases.
"""

from __future__ import annotations

from mailman.config import config
from mailman.interfaces.rules import IRule
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app import nested
from mailman_dlist.app.i18n import _
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.fields import addresses


@public
@implementer(IRule)
class DlistDestination:
    """Apply core's rule to messages that name none of the list's addresses."""

    name = 'dlist-destination'
    description = _('Catch messages with implicit destination.')
    record = True

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        ours = metadata.arrival(mlist, msg, msgdata).addresses
        named = addresses(msg, 'to', 'cc', 'resent-to', 'resent-cc')
        if any(ours.extension(address) is not None for address in named):
            return False
        if nested.names_alias(mlist, msg):
            return False
        return config.rules['implicit-dest'].check(mlist, msg, msgdata)
