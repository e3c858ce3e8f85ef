# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner of Mailman's queue *digest* [U9]."""

from __future__ import annotations

import logging
from pathlib import Path

from mailman.config import config
from mailman.runners.digest import DigestRunner
from public import public

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.digests import issue as digests
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


log = logging.getLogger('mailman.plugins.dlist')


@public
class DlistDigestRunner(DigestRunner):
    """Send readers of a dlist digests with the messages that each of them wants."""

    def _dispose(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRunner`.  Mailman makes the digests of plain lists."""
        if not lists.is_dlist(mlist):
            return bool(super()._dispose(mlist, msg, msgdata))
        issue = digests.Issue(
            Path(msgdata['digest_path']), msgdata['volume'], msgdata['digest_number']
        )
        list_id = mlist.list_id
        try:
            digests.send(mlist, issue)
        except Exception as error:
            if metadata.may_retry(error, msgdata):
                config.db.abort()
                return True
            if not lists.is_deleted(list_id):
                raise
            # Its messages have been deleted with the list.
            log.info('%s: the list has been deleted', issue.path)
        return False
