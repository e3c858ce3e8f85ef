# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process runs which tests, where several share them (pytest-xdist)."""

from __future__ import annotations

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests import databases


NAMES = '|'.join(database.name for database in databases.EVERY)
JOURNEYS = 'tests/journeys/'
# Journeys with a Mailman of their own, which is not as others are or is killed.
APART = f'{JOURNEYS}apart/'
DOCS = 'docs/'
# What starts a Mailman beside those that journeys share.
WITH_MAILMAN = (APART, DOCS, 'tests/demo/')
# Most tests run on SQLite alone, and in one portion would take as long as all the
# rest: from here on they are another one.
LATE_JOURNEYS = f'{JOURNEYS}test_real_archives'
LATE = 'tests/mta/'
ON_DATABASE = re.compile(rf'[\[-]({NAMES})[]-]')


def rank(nodeid: str) -> int:
    """Say when a test has its turn: what takes longest in one piece comes first.

    Journeys wait for their Mailmans most of the time, while others compute.
    """
    if nodeid.startswith(WITH_MAILMAN):
        return 2
    if ON_DATABASE.search(nodeid) is None:
        return 3
    return 0 if nodeid.startswith(JOURNEYS) else 1


class ByDatabase(LoadScopeScheduling):
    """What shares a database or a running Mailman is one portion.

    To start a Mailman takes as long as a hundred tests: the journeys on a database
    share one, and so do the pages of docs.  All other tests are a portion for each
    file, and for each database where they start a Mailman.
    """

    def __init__(self, config: Any, log: Any):
        # The order is ours, see `rank`.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition('::')[0]
        match = ON_DATABASE.search(nodeid)
        if match is None:
            return DOCS if file.startswith(DOCS) else file
        database = match[1]
        if file.startswith(APART):
            return f'{file} on {database}'
        is_journey = file.startswith(JOURNEYS)
        scope = f'journeys on {database}' if is_journey else database
        late = LATE_JOURNEYS if is_journey else LATE
        is_late = database == databases.SQLITE.name and file > late
        return f'{scope} (late)' if is_late else scope
