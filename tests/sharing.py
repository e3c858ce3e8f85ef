# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process runs which tests, where several share them (pytest-xdist)."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

from tests import databases


NAMES = '|'.join(database.name for database in databases.EVERY)
JOURNEYS = 'tests/journeys/'
ON_DATABASE = re.compile(rf'[\[-]({NAMES})[]-]')


class ByDatabase(LoadScopeScheduling):
    """What shares a database or a running Mailman is one portion.

    To start a Mailman takes as long as a hundred tests: the journeys on a database
    share one, and all its other tests need none.  The tests without a database are
    a portion for each file.
    """

    def _split_scope(self, nodeid: str) -> str:
        match = ON_DATABASE.search(nodeid)
        if match is None:
            return nodeid.partition('::')[0]
        return f'{match[1]} {nodeid.startswith(JOURNEYS)}'
