# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock a file for one process at a time, until it closes the file or dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from public import public


@public
@contextmanager
def locked(path: Path) -> Iterator[BinaryIO]:
    """Wait for the lock of a file, and open it for reading and appending.

    The file is created if necessary.  No other code in this process may open it in the
    meantime, because closing it anywhere releases the lock.
    """
    while True:
        with path.open('ab+') as file:
            # The system releases the lock of a process that dies, so no timeout is
            # needed.
            fcntl.lockf(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                yield file
                return


@public
def remove_unlocked(path: Path) -> None:
    """Delete the file of a lock unless a process holds it."""
    with path.open('ab+') as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        path.unlink()


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Return whether the file is still at its path after waiting for it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
