# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman's mail commands *join* and *subscribe*, each mail carried out once.

Mailman processes mail again after a crash, which would send questions again that have
been sent already.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from mailman.interfaces.command import ContinueProcessing, IEmailCommand
from zope.interface import implementer

from mailman_dlist.app.essays import mail as essay_mail
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


#: Their names in Mailman.
NAMES = 'join', 'subscribe'


# Not public, because Mailman would add it to the commands that it wraps.
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
