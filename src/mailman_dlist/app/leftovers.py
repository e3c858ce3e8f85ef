# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete the files of mailman-dlist that a crash left incomplete.

No data is lost with them: interrupted files are written again from their sources.
Files in Mailman's own queues are Mailman's; see docs/reliability.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import time

from mailman.config import config
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.digests import handover
from mailman_dlist.app.digests.locks import remove_unlocked
from mailman_dlist.app.links import keys


log = logging.getLogger('mailman.plugins.dlist')

# Files that another process is writing now are younger.
DAY = 24 * 60 * 60


@public
def clear() -> None:
    """Delete what has been left for more than a day."""
    before = time() - DAY
    for path in _left():
        try:
            if path.stat().st_mtime > before:
                continue
            if path.suffix == handover.LOCK:
                remove_unlocked(path)
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            # Another process has deleted it.
            continue
        log.info('%s was left behind by a crash and is deleted', path)


def _left() -> Iterator[Path]:
    """Yield files that are no longer needed, if nobody is writing them now."""
    yield from Path(config.switchboards['dlist'].queue_directory).glob('*.pck.tmp')
    yield from Path(config.DATA_DIR).glob(f'{keys.FILE_NAME}?*')
    virgin = Path(config.switchboards['virgin'].queue_directory)
    for suffix in handover.FILLING, handover.LOCK:
        yield from virgin.glob(f'*{suffix}')
    for path in virgin.glob(f'*{handover.READY}'):
        list_id, _volume, _number = path.stem.rsplit('.', 2)
        if not lists.exists(list_id):
            yield path
