# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain for messages that are not posted."""

from __future__ import annotations

from mailman.chains.base import TerminalChainBase
from public import public

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
class DlistRefuseChain(TerminalChainBase):
    """Explain, or only log, why a message is not posted."""

    name = 'dlist-refuse'
    description = _('Return mail that belongs to no conversation and stop processing.')

    def _process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        refuse(metadata.arrival(mlist, msg, msgdata), msgdata[metadata.JUDGEMENT])
