# SPDX-License-Identifier: GPL-3.0-or-later
"""Start many Mailman processes at one moment, as ``mailman start`` might.

    python -m tests.model.start_together mailman.cfg 14

Each is a process of its own that initialises Mailman; all wait for the last
before they run the hooks of plugins.  The exit status is the number of those
that failed or found no tables afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from mailman.core.initialize import initialize_1, initialize_2, initialize_3

from mailman_dlist.app.site import ready
from tests.together import together


def make_directories(configuration: str, _wait_for_all: Callable[[], object]) -> None:
    initialize_1(configuration)


def start(configuration: str, wait_for_all: Callable[[], object]) -> None:
    initialize_1(configuration)
    initialize_2()
    wait_for_all()
    initialize_3()
    ready()


if __name__ == '__main__':
    _program, configuration, count = sys.argv
    # Of two that make Mailman's directories at once, one fails.
    failed = together(partial(make_directories, configuration), 1)
    sys.exit(failed or together(partial(start, configuration), int(count)))
