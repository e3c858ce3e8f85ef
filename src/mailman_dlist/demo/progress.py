# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo says while it works.

On a terminal one line keeps up with it; in a log a few lines do.  Characters
that the output cannot show are replaced by plain ones.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO


# Lines in a log while letters go out.
LOG_LINES = 4
STEP_WIDTH = 62
BAR_WIDTH = 20


@dataclass(frozen=True)
class Glyphs:
    """Characters that draw."""

    done: str
    line: str
    full: str
    empty: str
    minus: str
    none: str


UNICODE = Glyphs(done='✓', line='─', full='█', empty='░', minus='−', none='·')
ASCII = Glyphs(done='*', line='-', full='#', empty='.', minus='-', none='.')


class Progress:
    """Writes for a person.

    :param plain: ASCII only, and nothing that moves.
    """

    def __init__(self, output: TextIO, *, plain: bool = False) -> None:
        self._output = output
        self._encoding = 'ascii' if plain else (output.encoding or 'utf-8')
        self._moves = not plain and output.isatty()
        drawable = self._can_show(''.join(vars(UNICODE).values()))
        self.glyphs = UNICODE if drawable else ASCII

    def _can_show(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    def say(self, text: str = '') -> None:
        """Write a line that stays."""
        shown = text.encode(self._encoding, 'replace').decode(self._encoding)
        self._clear()
        print(shown, file=self._output, flush=True)

    def show(self, number: int, total: int, caption: str) -> None:
        """Say how far we are: on a terminal at once, else now and then."""
        if self._moves:
            done = bar(self.glyphs, number / total, BAR_WIDTH)
            self._update(f'  {done} {number}/{total} {caption}')
        elif number % max(1, -(-total // LOG_LINES)) == 0 and number < total:
            self.say(f'    {number} of {total} letters')

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
        """Say what is under way, and how many seconds it took."""
        if self._moves:
            self._update(f'    {what} ...')
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        self.say(f'  {self.glyphs.done} {what:<{STEP_WIDTH}} {took:6.1f} s')


def bar(glyphs: Glyphs, share: float, width: int) -> str:
    """Draw a share of one as a bar."""
    full = round(share * width)
    return glyphs.full * full + glyphs.empty * (width - full)
