# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process runs which tests, where several share them (pytest-xdist)."""

from __future__ import annotations

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests import databases


NAMES = [database.name for database in databases.EVERY]
ON_DATABASE = re.compile(rf'[\[-]({"|".join(NAMES)})[]-]')
# Their sites stand in series in one process, which waits for them half of the time.
RUNNING = 'tests/running/'


def rank(nodeid: str) -> int:
    """Say when a test has its turn.

    What takes longest in one piece comes first, what fills gaps last.  Between them
    a process goes from one database to another once, since that takes a second.
    """
    if nodeid.startswith(RUNNING):
        return 0
    match = ON_DATABASE.search(nodeid)
    return 1 + (len(NAMES) if match is None else NAMES.index(match[1]))


class ByDatabase(LoadScopeScheduling):
    """A file on one database is one portion, and so are all Mailmans that run."""

    def __init__(self, config: Any, log: Any):
        # The order is ours, see `rank`.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(RUNNING):
            return RUNNING
        file = nodeid.partition('::')[0]
        match = ON_DATABASE.search(nodeid)
        return file if match is None else f'{file} on {match[1]}'
