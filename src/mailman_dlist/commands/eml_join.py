# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands *join* and *subscribe* in mail: Mailman's own, each mail once.

Mailman takes a mail up again after a crash, and would have the questions sent again
that went out the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from mailman.interfaces.command import ContinueProcessing, IEmailCommand
from zope.interface import implementer

from mailman_dlist.app.essays import mail as essay_mail
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
        received = msgdata.get('received_time')
        # As core finds the address.
        named = dict(each.partition('=')[::2] for each in arguments).get('address')
        email = named or parseaddr(str(msg.get('from', '')))[1] or msg.sender
        if received is not None and essay_mail.was_asked(mlist, email, received):
            return ContinueProcessing.yes
        return self._command.process(mlist, msg, msgdata, arguments, results)
