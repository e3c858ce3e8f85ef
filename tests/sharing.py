# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process runs which tests, where several share them (pytest-xdist)."""

from __future__ import annotations

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests import databases


NAMES = '|'.join(database.name for database in databases.EVERY)
JOURNEYS = 'tests/journeys/'
DOCS = 'docs/'
# What starts a Mailman, and has no database to choose.
WITH_MAILMAN = (DOCS, 'tests/demo/')
# Most tests run on SQLite alone, and in one portion would take as long as all the
# rest: from here on they are another one.
LATE_JOURNEYS = f'{JOURNEYS}test_real_archives'
LATE = 'tests/mta/'
ON_DATABASE = re.compile(rf'[\[-]({NAMES})[]-]')


def rank(nodeid: str) -> int:
    """Say when a test has its turn: what takes longest in one piece comes first.

    Journeys wait for their Mailmans most of the time, while others compute.
    """
    if ON_DATABASE.search(nodeid) is None:
        return 1 if nodeid.startswith(WITH_MAILMAN) else 2
    return 0 if nodeid.startswith(JOURNEYS) else 1


class ByDatabase(LoadScopeScheduling):
    """What shares a database or a running Mailman is one portion.

    To start a Mailman takes as long as a hundred tests: the journeys on a database
    share one, and so do the pages of docs.  The tests without a database are a portion
    for each file.
    """

    def __init__(self, config: Any, log: Any):
        # The order is ours, see `rank`.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        match = ON_DATABASE.search(nodeid)
        if match is None:
            file = nodeid.partition('::')[0]
            return DOCS if file.startswith(DOCS) else file
        is_journey = nodeid.startswith(JOURNEYS)
        scope = f'journeys on {match[1]}' if is_journey else match[1]
        late = LATE_JOURNEYS if is_journey else LATE
        is_late = match[1] == databases.SQLITE.name and nodeid > late
        return f'{scope} (late)' if is_late else scope
