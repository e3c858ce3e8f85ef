# SPDX-License-Identifier: GPL-3.0-or-later
"""Show progress on a terminal or in a log.

A terminal shows one line that changes; a log gets a few lines without control
characters.  Characters that the output cannot show are replaced by ASCII.
Only the standard library is used: `installing` runs before anything is installed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO


# A log gets a line for each quarter.
LOG_LINES = 4
STEP_WIDTH = 62
BAR_WIDTH = 12


@dataclass(frozen=True)
class Glyphs:
    """Characters for drawing bars and lines."""

    done: str
    line: str
    full: str
    empty: str
    minus: str
    none: str


UNICODE = Glyphs(done='✓', line='─', full='█', empty='░', minus='−', none='·')
ASCII = Glyphs(done='*', line='-', full='#', empty='.', minus='-', none='.')


class Progress:
    """Write progress for a person.

    :param plain: ASCII only, and no line that changes.
    :param clock: Returns seconds.
    """

    def __init__(
        self,
        output: TextIO,
        *,
        plain: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._output = output
        self._encoding = 'ascii' if plain else (output.encoding or 'utf-8')
        self._moves = not plain and output.isatty()
        self._clock = clock
        self._began = clock()
        self._logged: object = None
        drawable = self._can_show(''.join(vars(UNICODE).values()))
        self.glyphs = UNICODE if drawable else ASCII

    def _can_show(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    def say(self, text: str = '') -> None:
        """Write a permanent line."""
        shown = text.encode(self._encoding, 'replace').decode(self._encoding)
        self._clear()
        print(shown, file=self._output, flush=True)

    def show(self, number: int, total: int, what: str, detail: str = '') -> None:
        """Show how far the step is: on a terminal at once, in a log at each quarter.

        :param what: What is counted: *messages* in *3 of 40 messages*.
        """
        counted = f'{number} of {total} {what}'
        if self._moves:
            done = bar(self.glyphs, number / total, BAR_WIDTH)
            self._update(f'  {done} {counted}, {self._seconds:.0f} s  {detail}')
        elif 1 <= number * LOG_LINES // total < LOG_LINES:
            self._log(number * LOG_LINES // total, counted)

    def note(self, what: str, detail: str = '') -> None:
        """Show what the step is doing: on a terminal with details, in a log once."""
        if self._moves:
            self._update(f'    {what}, {self._seconds:.0f} s  {detail}')
        else:
            self._log(what, what)

    def _log(self, key: object, text: str) -> None:
        """Log a line, unless the last one had the same key."""
        if key != self._logged:
            self._logged = key
            self.say(f'    {text}')

    @property
    def _seconds(self) -> float:
        return self._clock() - self._began

    def _update(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        shown = text.encode(self._encoding, 'replace').decode(self._encoding)
        self._clear()
        print(shown[:width], end='', file=self._output, flush=True)

    def _clear(self) -> None:
        if self._moves:
            print('\r\x1b[K', end='', file=self._output)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Announce a step, and at its end show how many seconds it took."""
        self._began = self._clock()
        self._logged = None
        if self._moves:
            self._update(f'    {what} ...')
        else:
            self.say(f'  {what} ...')
        yield
        self.say(f'  {self.glyphs.done} {what:<{STEP_WIDTH}} {self._seconds:6.1f} s')


def bar(glyphs: Glyphs, share: float, width: int) -> str:
    """Draw a number between 0 and 1 as a bar."""
    full = round(share * width)
    return glyphs.full * full + glyphs.empty * (width - full)
