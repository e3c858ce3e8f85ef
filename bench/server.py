# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail server that takes what goes out: another process, without Mailman."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from mailman_dlist.demo.sink import Outbox, Sink


@contextmanager
def mail_server() -> Iterator[tuple[int, Callable[[], int]]]:
    """Give the port of a mail server, and what counts its new recipients."""
    ours, theirs = get_context('spawn').Pipe()
    process = get_context('spawn').Process(target=_serve, args=(theirs,))
    process.start()

    def recipients() -> int:
        ours.send(True)
        return ours.recv()

    try:
        yield ours.recv(), recipients
    finally:
        ours.send(False)
        process.join()


def _serve(bench: Connection) -> None:
    outbox = Outbox()
    sink = Sink(outbox)
    sink.start()
    bench.send(sink.port)
    while bench.recv():
        bench.send(sum(len(each.recipients) for each in outbox.deliveries))
        outbox.clear()
    sink.stop()
