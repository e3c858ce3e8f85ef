# SPDX-License-Identifier: GPL-3.0-or-later
"""Start many Mailman processes at one moment, as ``mailman start`` might.

    python -m tests.model.start_together mailman.cfg 14

Each is a process of its own that initialises Mailman; all wait for the last
before they run the hooks of plugins.  The exit status is the number of those
that failed or found no tables afterwards.
"""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.synchronize import Barrier

from mailman.core.initialize import initialize_1, initialize_2, initialize_3

from mailman_dlist.app.site import ready


PATIENCE_SECONDS = 120


def start(configuration: str, all_there: Barrier) -> None:
    initialize_1(configuration)
    initialize_2()
    all_there.wait(PATIENCE_SECONDS)
    initialize_3()
    ready()


def start_together(configuration: str, count: int) -> int:
    """Return how many of the processes failed."""
    # Forked, they share what was imported; nothing was initialised before.
    fork = multiprocessing.get_context('fork')
    all_there = fork.Barrier(count)
    # Of two that make Mailman's directories at once, one fails.
    first = fork.Process(target=initialize_1, args=(configuration,))
    first.start()
    first.join()
    processes = [
        fork.Process(target=start, args=(configuration, all_there))
        for _ in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(process.exitcode != 0 for process in processes)


if __name__ == '__main__':
    sys.exit(start_together(sys.argv[1], int(sys.argv[2])))
