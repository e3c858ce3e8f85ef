# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox of a list's next digest, which processes share and some die with.

Mailman's own handler adds the messages.  Killed in the middle, it leaves half a
message, or a lock that nobody takes away; killed while it lets a digest go, a mailbox
that nobody asks for, until the next one takes its place.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from mailbox import ExternalClashError
from pathlib import Path

from mailman.app.digests import bump_digest_number_and_volume
from mailman.config import config
from mailman.email.message import Message
from mailman.utilities.mailbox import Mailbox
from public import public

from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model.session import commit_and_keep


# Chosen: to add a message takes milliseconds.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.05

# What stands before and after each message of an MMDF mailbox.
END = b'\1\1\1\1\n'

log = logging.getLogger('mailman.plugins.dlist')


@public
def collect(mlist: MailingList, add: Callable[[], None]) -> None:
    """Add a message to the next digest, whatever is left of a crash.

    :param add: Fails where another process has just locked the mailbox: Mailman
        looks once.
    """
    path = Path(mlist.data_path) / 'digest.mmdf'
    _queue_forgotten(mlist)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            _end_fragment(path)
            return add()
        except ExternalClashError:
            _break_old_lock(path)
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def _queue_forgotten(mlist: MailingList) -> None:
    """Queue a digest whose number is not taken, though its mailbox has it already.

    Should it be queued, the second job finds nothing to do.
    """
    volume, number = mlist.volume, mlist.next_digest_number
    path = Path(mlist.data_path) / f'digest.{volume}.{number}.mmdf'
    if not path.exists():
        return
    log.info('%s was left by a crash and is queued', path)
    config.switchboards['digest'].enqueue(
        Message(),
        listid=mlist.list_id,
        digest_path=str(path),
        volume=volume,
        digest_number=number,
    )
    bump_digest_number_and_volume(mlist)
    commit_and_keep()


def _end_fragment(path: Path) -> None:
    """End a message that was being added; the whole one comes again."""
    if _is_whole(path):
        return
    with Mailbox(str(path), create=False):
        # It may have been under way a moment ago.
        if not _is_whole(path):
            log.info('%s ends in half a message', path)
            with path.open('ab') as mailbox:
                mailbox.write(b'\n' + END)


def _is_whole(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size < len(END):
        return True
    with path.open('rb') as mailbox:
        mailbox.seek(-len(END), os.SEEK_END)
        return mailbox.read() == END


def _break_old_lock(path: Path) -> None:
    """Take away a lock that is older than anybody needs it.

    It is the lesser of two: the system takes back the other when a process dies.
    """
    lock = path.with_name(f'{path.name}.lock')
    if lock.exists() and time.time() - lock.stat().st_mtime > PATIENCE_SECONDS:
        log.info('%s was left by a crash and is removed', lock)
        lock.unlink(missing_ok=True)
