# SPDX-License-Identifier: GPL-3.0-or-later
"""How much work a parser does, counted and not timed.

    once, twice = (steps(read, '(a) ', size) for size in (1000, 2000))
    assert twice <= 2 * once + 100

What a single step takes, such as the search for a regular expression, is not seen here;
``python -m bench.parsers`` measures it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


Read = Callable[[str], Any]


def repeated(piece: str, size: int) -> str:
    """Return a text of about this size, with the same end at every size."""
    return piece * max(1, size // len(piece))


def steps(read: Read, piece: str, size: int) -> int:
    """Return how many functions are called, those of C included."""
    value = repeated(piece, size)
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ('call', 'c_call')

    sys.setprofile(count)
    try:
        read(value)
    finally:
        sys.setprofile(None)
    return calls
