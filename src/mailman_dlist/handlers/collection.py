# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep a post for the next digest, unchanged to the octet."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.handler import IHandler
from zope.interface import implementer

from mailman_dlist.app.digests.mailbox import collect
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


# Not public: Mailman would register it in addition to the handler that it replaces.
@implementer(IHandler)
class Collection:
    """Replaces core's handler, which alters messages in its mailbox."""

    def __init__(self, handler: Any):
        self.name = handler.name
        self.description = handler.description

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        if mlist.digests_enabled and not msgdata.get('isdigest'):
            collect(mlist, msg)
