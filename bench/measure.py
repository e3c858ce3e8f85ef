# SPDX-License-Identifier: GPL-3.0-or-later
"""How long something takes, and how many SQL statements, in a table."""

from __future__ import annotations

import gc
import inspect
import resource
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from mailman.config import config
from sqlalchemy import event

from tests.model.stage import counted


# Functions by the names that a table gives them; a part is what they call as well.
Parts = Mapping[str, Callable[..., Any]]


@dataclass
class Meter:
    """What several runs of the same thing took."""

    #: Seconds: by the clock, and of this thread on a processor.
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        with counted() as sent:
            wall, cpu = time.perf_counter(), time.thread_time()
            yield
            self.cpu.append(time.thread_time() - cpu)
            self.wall.append(time.perf_counter() - wall)
        self.statements.append(len(sent))

    @property
    def wall_ms(self) -> float:
        return statistics.median(self.wall) * 1000

    @property
    def cpu_ms(self) -> float:
        return statistics.median(self.cpu) * 1000

    @property
    def statement_count(self) -> int:
        return int(statistics.median(self.statements))


@contextmanager
def only_new_objects() -> Iterator[None]:
    """Keep the garbage collector from the members and messages a bench has made.

    A runner would not have them.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def taken_in_turns(
    works: dict[str, Callable[[], Any]], rounds: int
) -> dict[str, tuple[Meter, Any]]:
    """Do several works by turns; return what each took, and its last result.

    By turns, so that a noisy moment of the machine hits all of them.  Each
    begins as a runner begins with the next message: Mailman commits, and the
    objects of the message before are gone.  A first round does not count.
    """
    meters = {name: Meter() for name in works}
    results = {}
    with only_new_objects():
        for number in range(rounds + 1):
            for name, work in works.items():
                config.db.commit()
                config.db.store.expunge_all()
                gc.collect()
                meter = meters[name] if number else Meter()
                with meter.running():
                    results[name] = work()
    return {name: (meters[name], results[name]) for name in works}


@contextmanager
def sampling(parts: Parts) -> Iterator[dict[str, float]]:
    """Find the shares of parts in the CPU time of a block, in what this yields.

    A profiler that counts calls makes much of what is called often; this looks
    every millisecond where it is.  A look waits until a call into C is over, and
    counts for all the CPU time since the last one.
    """
    codes = _codes(parts)
    taken = dict.fromkeys(parts, 0.0)
    shares: dict[str, float] = {}
    began = last = time.process_time()

    def look(_signal: int, frame: FrameType | None) -> None:
        nonlocal last
        running = _running(frame)
        moment = time.process_time()
        for part, code in codes.items():
            if code in running:
                taken[part] += moment - last
        last = moment

    handler = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    try:
        yield shares
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        whole = time.process_time() - began
        shares.update((part, taken[part] / whole) for part in parts)


@contextmanager
def statements_of(parts: Parts) -> Iterator[dict[str, list[str]]]:
    """Collect the SQL statements that are sent while a part runs, for each part."""
    codes = _codes(parts)
    sent: dict[str, list[str]] = {part: [] for part in parts}

    def remember(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        running = _running(inspect.currentframe())
        for part, code in codes.items():
            if code in running:
                sent[part].append(statement)

    engine = config.db.engine
    event.listen(engine, 'before_cursor_execute', remember)
    try:
        yield sent
    finally:
        event.remove(engine, 'before_cursor_execute', remember)


def _codes(parts: Parts) -> dict[str, CodeType]:
    return {
        part: inspect.unwrap(function).__code__ for part, function in parts.items()
    }


def _running(frame: FrameType | None) -> set[CodeType]:
    """Return the code of a frame and of all that called it."""
    codes = set()
    while frame is not None:
        codes.add(frame.f_code)
        frame = frame.f_back
    return codes


def table_of_shares(shares: Mapping[str, float]) -> str:
    rows = [[part, f'{share:.0%}'] for part, share in shares.items()]
    return table(['part', 'share'], rows)


def peak_mb() -> int:
    """Return the memory of this process when it had most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def figure(value: float) -> str:
    """Write a number with the two or three digits that mean something.

    >>> figure(0.1234), figure(12.34), figure(12345.6)
    ('0.12', '12.3', '12,346')
    """
    return f'{value:.2f}' if value < 10 else f'{value:,.{int(value < 100)}f}'


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Lay out a table as Markdown has them.

    >>> print(table(['members', 'ms'], [[10, 0.5]]))
    | members | ms  |
    |---------|-----|
    | 10      | 0.5 |
    """
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ['-' * (width + 2) for width in widths])
    return '\n'.join(
        f'|{"|".join(line)}|'
        if index == 1
        else f'| {" | ".join(map(str.ljust, line, widths))} |'
        for index, line in enumerate(lines)
    )
