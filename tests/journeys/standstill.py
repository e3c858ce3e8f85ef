# SPDX-License-Identifier: GPL-3.0-or-later
"""A Mailman that stands still at a moment of one's choice, to be killed there.

Where it would read a text, such as a template, it finds a pipe.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailman_dlist.demo.site import until


@contextmanager
def waiting_reader(fifo: Path) -> Iterator[None]:
    """Wait until a process reads a pipe, and let it wait for what never comes."""
    writers: list[int] = []

    def reached() -> bool:
        with suppress(OSError):
            writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(writers)

    assert until(reached, timeout=300), f'Nobody reads {fifo}'
    try:
        yield
    finally:
        os.close(writers[0])
