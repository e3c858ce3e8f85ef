# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands *join* and *subscribe* in mail: Mailman's own, told when it came in.

Mailman takes a mail up again after a crash, and nothing in a request to join says
which mail it is from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailman.interfaces.command import ContinueProcessing, IEmailCommand
from zope.interface import implementer

from mailman_dlist.app.essays import workflow
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


#: What Mailman calls them.
NAMES = 'join', 'subscribe'


# Not public: Mailman would look for it beside the commands that it wraps.
@implementer(IEmailCommand)
class Join:
    """One of Mailman's own commands to join."""

    def __init__(self, command: Any):
        self.name = command.name
        self.argument_description = command.argument_description
        self.description = command.description
        self.short_description = command.short_description
        self._command = command

    def process(
        self,
        mlist: MailingList,
        msg: Message,
        msgdata: MsgData,
        arguments: Sequence[str],
        results: Any,
    ) -> ContinueProcessing:
        """See `IEmailCommand`."""
        with workflow.requested_at(msgdata.get('received_time')):
            return self._command.process(mlist, msg, msgdata, arguments, results)
