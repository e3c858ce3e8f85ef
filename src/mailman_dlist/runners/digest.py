# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner of Mailman's queue *digest*: who wants what of each [U9]."""

from __future__ import annotations

from pathlib import Path

from mailman.runners.digest import DigestRunner
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.digests import issue as digests
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
class DlistDigestRunner(DigestRunner):
    """Send each reader of a dlist's digest what that reader wants of it."""

    def _dispose(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IRunner`.  A plain list's digest is Mailman's."""
        if not lists.is_dlist(mlist):
            super()._dispose(mlist, msg, msgdata)
            return
        issue = digests.Issue(
            Path(msgdata['digest_path']), msgdata['volume'], msgdata['digest_number']
        )
        digests.send(mlist, issue)
