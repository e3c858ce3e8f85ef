# SPDX-License-Identifier: GPL-3.0-or-later
"""Say the same thing once, and then at most once an hour.

What a process does every ten seconds fails every ten seconds until somebody mends it,
and a log that grows by megabytes hides the line that says how.
"""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic


# Seconds; we chose it.
PAUSE = 3600.0

# A process that fails in ever new ways must not remember all of them.
MOST_REMEMBERED = 1000

_said: dict[Hashable, float] = {}


def is_due(matter: Hashable, moment: float | None = None) -> bool:
    """Return whether to say something again, and remember that it is said.

    >>> [is_due('The key is missing', moment) for moment in (0.0, 10.0, 3600.0)]
    [True, False, True]
    >>> forget()

    :param matter: What tells one thing from another.
    :param moment: In seconds, of any clock; that of the process if it is not given.
    """
    now = monotonic() if moment is None else moment
    if matter in _said and now - _said[matter] < PAUSE:
        return False
    if len(_said) >= MOST_REMEMBERED:
        _said.clear()
    _said[matter] = now
    return True


def forget() -> None:
    """Forget what was said."""
    _said.clear()
