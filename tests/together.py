# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes that do the same at one moment."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier


PATIENCE_SECONDS = 600


def together(work: Callable[[Callable[[], object]], None], count: int) -> int:
    """Return how many of the processes failed.

    :param work: Takes what waits for all the others.
    """
    # Forked, they share what was imported.
    fork = multiprocessing.get_context('fork')
    all_there = fork.Barrier(count)
    processes = [
        fork.Process(target=_start, args=(work, all_there)) for _ in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_SECONDS)
    return sum(process.exitcode != 0 for process in processes)


@contextmanager
def beside(work: Callable[[Callable[[], object]], None]) -> Iterator[None]:
    """Have another process at work, and wait for its end.

    :param work: Takes what lets us begin.
    """
    fork = multiprocessing.get_context('fork')
    ready = fork.Event()
    process = fork.Process(target=work, args=(ready.set,))
    process.start()
    assert ready.wait(PATIENCE_SECONDS)
    yield
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == 0


def _start(work: Callable[[Callable[[], object]], None], all_there: Barrier) -> None:
    work(lambda: all_there.wait(PATIENCE_SECONDS))
