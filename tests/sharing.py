# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process runs which tests, where several share them (pytest-xdist)."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

from tests import databases


NAMES = '|'.join(database.name for database in databases.EVERY)
ON_DATABASE = re.compile(rf'[\[-]({NAMES})[]-]')


class ByDatabase(LoadScopeScheduling):
    """All tests on one database are one portion, and so are the others of a file.

    To start a Mailman takes as long as a hundred tests: each database has one that
    most of its tests share.
    """

    def _split_scope(self, nodeid: str) -> str:
        match = ON_DATABASE.search(nodeid)
        return match[1] if match else nodeid.partition('::')[0]
