# SPDX-License-Identifier: GPL-3.0-or-later
"""Many messages for a queue, each of which gets there once, whatever happens.

A queue and the database cannot be written at one moment: who queues first may do it
again after a crash, who writes it down first may lose it.  So the messages wait,
all of them, in a directory beside the queue's files, and go from there one by one.
What has gone is no longer there.
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


@public
class Handover:
    """A batch of messages for a queue.

    :param name: The same after a crash, and no other batch's.  It needs no ending: a
        queue takes what ends in ``.pck`` or ``.bak`` for its own.
    """

    def __init__(self, queue: str, name: str):
        # In the queue's own directory, since a file system moves what is its own.
        self._queue = Path(config.switchboards[queue].queue_directory)
        self._filling = self._queue / f'{name}.filling'
        self._ready = self._queue / f'{name}.ready'
        self._lock = self._queue / f'{name}.lock'

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process has the batch, and keep it.

        Then look again what is left to do.  A crash ends it.
        """
        with locked(self._lock):
            yield
            self._lock.unlink()

    @property
    def is_ready(self) -> bool:
        """Whether all messages are written, and some perhaps gone."""
        return self._ready.is_dir()

    @contextmanager
    def filling(self) -> Iterator[Switchboard]:
        """Write all messages into a queue that nobody looks into.

        They are ready when that ends without an error.
        """
        # From an attempt that failed.
        shutil.rmtree(self._filling, ignore_errors=True)
        self._filling.mkdir(mode=0o770)
        yield Switchboard(self._filling.name, str(self._filling))
        self._filling.rename(self._ready)

    def deliver(self) -> None:
        """Let the messages go into the queue."""
        for path in sorted(self._ready.iterdir()):
            path.rename(self._queue / path.name)

    def close(self) -> None:
        """Forget the batch; all its messages are gone."""
        self._ready.rmdir()
