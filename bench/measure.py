# SPDX-License-Identifier: GPL-3.0-or-later
"""How long something takes, and how many SQL statements, in a table."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mailman.config import config

from tests.model.stage import counted


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
    for number in range(rounds + 1):
        for name, work in works.items():
            config.db.commit()
            config.db.store.expunge_all()
            gc.collect()
            meter = meters[name] if number else Meter()
            with meter.running():
                results[name] = work()
    return {name: (meters[name], results[name]) for name in works}


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
