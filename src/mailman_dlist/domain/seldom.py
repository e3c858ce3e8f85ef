# SPDX-License-Identifier: GPL-3.0-or-later
"""Log the same message once, and then at most once an hour.

A periodic task that fails does so every ten seconds until somebody fixes the cause, and
a log that grows by megabytes hides the line that tells how.
"""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic


# Seconds; our choice.
PAUSE = 3600.0

# The limit for a process that fails in ever new ways.
MOST_REMEMBERED = 1000

_said: dict[Hashable, float] = {}


def is_due(matter: Hashable, moment: float | None = None) -> bool:
    """Return whether to log something now, and remember that it is logged.

    >>> [is_due('The key is missing', moment) for moment in (0.0, 10.0, 3600.0)]
    [True, False, True]
    >>> forget()

    :param matter: Distinguishes one message from another.
    :param moment: In seconds, of any clock; by default the process's.
    """
    now = monotonic() if moment is None else moment
    if matter in _said and now - _said[matter] < PAUSE:
        return False
    if len(_said) >= MOST_REMEMBERED:
        _said.clear()
    _said[matter] = now
    return True


def forget() -> None:
    """Forget all logged messages."""
    _said.clear()
