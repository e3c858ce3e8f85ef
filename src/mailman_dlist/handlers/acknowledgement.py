# SPDX-License-Identifier: GPL-3.0-or-later
"""Acknowledge posts to members who want that, also posts from an alias.

Posts by programs are not acknowledged.
"""

from __future__ import annotations

from typing import Any

from mailman.core.i18n import _ as core
from mailman.interfaces.handler import IHandler
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.people.rosters import answering
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.automatic import is_generated


# Not public: Mailman would register it in addition to the handler that it wraps.
@implementer(IHandler)
class Acknowledgement:
    """Wrap core's handler, which finds the member by the address of the sender."""

    def __init__(self, handler: Any):
        self.name = handler.name
        self.description = handler.description
        self._handler = handler

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`.  The alias gets the acknowledgement; programs get none."""
        if is_generated(msg):
            return
        author = metadata.arrival(mlist, msg, msgdata).author
        if author is None:
            self._handler.process(mlist, msg, msgdata)
            return
        language = author.member.preferred_language.code
        known = {msgdata['original_sender']: author.member}
        with answering(mlist, known), core.using(language):
            self._handler.process(mlist, msg, msgdata | {'lang': language})
