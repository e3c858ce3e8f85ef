# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that one process at a time has to itself, until it lets go or dies."""

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
    """Wait for a file, and have it open for reading and appending.

    It is made where there is none.  Nobody else in this process may open it
    meanwhile: to close it anywhere gives up the lock.
    """
    while True:
        with path.open('ab+') as file:
            # The system takes it from who dies, and so needs no patience of ours.
            fcntl.lockf(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                yield file
                return


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Say whether nobody moved or deleted the file while we waited for it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
