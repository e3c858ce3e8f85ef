# SPDX-License-Identifier: GPL-3.0-or-later
"""Match copies of one message to several addresses that arrive separately.

Some mail servers hand in a message once for each recipient.  If the copy to the bare
address comes first, it must not open a conversation before the copy that names it is
seen.  The LMTP server therefore records the names in small files that soon expire,
since it must not wait for the database, and no other component knows the Message-ID by
then.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from time import time

from mailman.config import config
from public import public

from mailman_dlist.app import lists
from mailman_dlist.domain.address import Action, Intent, parse, reduce
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.mail.references import id_hash


log = logging.getLogger('mailman.plugins.dlist')

# Seconds.  Copies come within a second or so, but a queue may be long.
KEPT = 3600.0


@public
def claim(list_id: str, message_id: str, intent: Intent) -> None:
    """Record the conversation that a copy of a message names.

    Without the record the message is still posted, so an error is only logged.
    """
    try:
        path = _path(list_id, message_id)
        path.parent.mkdir(exist_ok=True)
        _forget_old(path.parent)
        new = path.with_suffix('.new')
        new.write_text(intent.extension, 'utf-8')
        new.replace(path)
    except OSError:
        log.exception('%s: the name of a conversation was not noted', list_id)


@public
def most_precise(mlist: MailingList, message_id: str, extension: str) -> str:
    """Return the extension that counts among those of the copies of a message."""
    given = parse(extension, lists.delimiter())
    if given.action not in (Action.plain, Action.open):
        return extension
    with suppress(OSError, ValueError):
        noted = _path(mlist.list_id, message_id).read_text('utf-8')
        first, *_others = reduce([given, parse(noted, lists.delimiter())])
        return first.extension
    return extension


def _path(list_id: str, message_id: str) -> Path:
    name = id_hash(f'{message_id} {list_id}')
    return Path(config.DATA_DIR, 'dlist-names', name)


def _forget_old(directory: Path) -> None:
    for entry in os.scandir(directory):
        # Another process may be faster.
        with suppress(FileNotFoundError):
            if entry.stat().st_mtime < time() - KEPT:
                os.unlink(entry)
