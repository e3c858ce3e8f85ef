# SPDX-License-Identifier: GPL-3.0-or-later
"""A post is kept for the next digest also after others crashed in doing so."""

from __future__ import annotations

from functools import partial
from typing import Any

from mailman.interfaces.handler import IHandler
from zope.interface import implementer

from mailman_dlist.app.collecting import collect
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


# Not public: Mailman would look for it beside the handler that it wraps.
@implementer(IHandler)
class Collection:
    """Core's handler, which expects to be alone with a mailbox in order."""

    def __init__(self, handler: Any):
        self.name = handler.name
        self.description = handler.description
        self._handler = handler

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        if mlist.digests_enabled:
            collect(mlist, partial(self._handler.process, mlist, msg, msgdata))
