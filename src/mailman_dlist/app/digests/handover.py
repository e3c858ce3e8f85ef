# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a batch of messages into a queue, each of them exactly once.

A queue and the database cannot be written at the same moment: queuing first may repeat
a message after a crash, recording first may lose it.  Therefore all messages are
written to a directory beside the queue's files first, and moved into the queue one by
one.  A message that has been moved is no longer in the directory.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailman.config import config
from mailman.core.switchboard import Switchboard
from public import public

from mailman_dlist.app.digests.locks import locked


# The suffixes of its files: being written, complete, the lock.
FILLING, READY, LOCK = '.filling', '.ready', '.lock'


@public
class Handover:
    """A batch of messages for a queue.

    :param name: Unique to the batch and the same after a crash.  It must not end in
        ``.pck`` or ``.bak``, which a queue takes for its own files.
    """

    def __init__(self, queue: str, name: str):
        # In the queue's own directory, since files can only be moved within a file
        # system.
        self._queue = Path(config.switchboards[queue].queue_directory)
        self._filling = self._queue / f'{name}{FILLING}'
        self._ready = self._queue / f'{name}{READY}'
        self._lock = self._queue / f'{name}{LOCK}'

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process has the batch, and lock it.

        The caller must check again what is left to do.  A crash releases the lock.
        """
        with locked(self._lock):
            yield
            self._lock.unlink()

    @property
    def is_ready(self) -> bool:
        """Whether all messages have been written; some may have been moved already."""
        return self._ready.is_dir()

    @contextmanager
    def filling(self) -> Iterator[Switchboard]:
        """Yield a queue without a runner, to write all messages into.

        The batch is ready when the block ends without an error.
        """
        # Left over from an attempt that failed.
        shutil.rmtree(self._filling, ignore_errors=True)
        self._filling.mkdir(mode=0o770)
        yield Switchboard(self._filling.name, str(self._filling))
        self._filling.rename(self._ready)

    def deliver(self) -> None:
        """Move the messages into the queue."""
        for path in sorted(self._ready.iterdir()):
            path.rename(self._queue / path.name)

    def close(self) -> None:
        """Delete the batch after all its messages have been moved."""
        self._ready.rmdir()
