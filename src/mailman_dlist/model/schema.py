# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, upgrade and check the plugin's tables in Mailman's database.

About a dozen Mailman processes run this at the same time when they start; a file lock
lets one of them do the work.  The plugin does not use tables of another revision:
mail that needs them waits in the shunt queue.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from functools import cache
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flufl.lock import Lock
from mailman.config import config
from public import public
from sqlalchemy import Connection, inspect

# Every module that has tables, so that the metadata is complete.
import mailman_dlist.model.aliases
import mailman_dlist.model.conversations
import mailman_dlist.model.counts
import mailman_dlist.model.essays
import mailman_dlist.model.events
import mailman_dlist.model.following
import mailman_dlist.model.former
import mailman_dlist.model.lists
import mailman_dlist.model.notices  # noqa: F401
from mailman_dlist.domain import seldom
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.model.base import metadata


VERSION_TABLE = 'dlist_alembic_version'

# How long one process may take to migrate before the others give up waiting.
LOCK_LIFETIME = timedelta(minutes=30)

log = logging.getLogger('mailman.plugins.dlist')

_checked: Any = None


@public
class SchemaError(DlistError):
    """The tables in the database are not those that this release needs.

    :param found: The revision in the database, None if there are no tables.
    :param wanted: The revision of this release.
    """

    def __init__(self, found: str | None, wanted: str):
        self.found = found
        self.wanted = wanted
        if found is None:
            state, remedy = 'are missing', 'run "mailman dlist upgrade"'
        elif _is_known(found):
            state = f'have the older revision {found}'
            remedy = 'run "mailman dlist upgrade"'
        else:
            state = f'have the newer revision {found}'
            remedy = 'install the release that made them'
        super().__init__(
            f'The tables of mailman-dlist {state}, but this release needs {wanted}: '
            f'stop Mailman, {remedy}, and start Mailman again.'
        )


@public
class TablesMissing(DlistError):
    """Tables were dropped, although the revision in the database requires them.

    :param names: Of the tables, in alphabetical order.
    """

    def __init__(self, names: list[str]):
        self.names = names
        super().__init__(
            f'Tables of mailman-dlist are missing: {", ".join(names)}.  Stop Mailman, '
            'restore them from a backup or run "mailman dlist upgrade", which creates '
            'empty ones, and start Mailman again.'
        )


@public
def check() -> None:
    """Make sure that the tables belong to this release; checks each database once.

    :raises SchemaError: if they are missing, older or newer.
    """
    global _checked
    if _checked is config.db:
        return
    found, wanted = revision(), head()
    if found != wanted:
        raise SchemaError(found, wanted)
    _checked = config.db


@public
def usable() -> bool:
    """Return whether the tables belong to this release; if not, log an error.

    For parts of Mailman that must continue to work without the plugin.
    """
    try:
        check()
    except SchemaError as error:
        if seldom.is_due(str(error)):
            log.error('mailman-dlist is not in use: %s', error)
        return False
    return True


@public
def upgrade() -> bool:
    """Create or migrate the tables.

    :return: True if there was something to do.
    :raises SchemaError: if the tables are newer than this release.
    """
    wanted = head()
    if revision() == wanted:
        return False
    path = os.path.join(config.LOCK_DIR, 'dlist-schema.lck')
    with Lock(path, lifetime=LOCK_LIFETIME):
        # Another process may have been faster.
        found = revision()
        if found == wanted:
            return False
        if not _is_known(found):
            raise SchemaError(found, wanted)
        with config.db.engine.begin() as connection:
            settings = _alembic()
            settings.attributes['connection'] = connection
            command.upgrade(settings, 'head')
        log.info('Tables of mailman-dlist migrated from %s to %s', found, wanted)
    return True


@public
def missing() -> list[str]:
    """Return the tables that this revision requires but the database does not have."""
    return sorted(metadata.tables.keys() - inspect(config.db.engine).get_table_names())


@public
def restore() -> list[str]:
    """Create the dropped tables without rows; return their names.

    :raises SchemaError: if the other tables have another revision.
    """
    found, wanted = revision(), head()
    if found != wanted:
        raise SchemaError(found, wanted)
    names = missing()
    if names:
        tables = [metadata.tables[name] for name in names]
        metadata.create_all(config.db.engine, tables)
        log.warning('Empty tables of mailman-dlist created: %s', ', '.join(names))
    return names


@public
def revision() -> str | None:
    """Return the revision of the tables in the database, None without tables."""
    with config.db.engine.connect() as connection:
        return _context(connection).get_current_revision()


@public
@cache
def head() -> str:
    """Return the revision that this release needs."""
    newest = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert newest is not None, 'The migrations are missing'
    return newest


def _is_known(found: str | None) -> bool:
    if found is None:
        return True
    try:
        ScriptDirectory.from_config(_alembic()).get_revision(found)
    except CommandError:
        return False
    return True


def _context(connection: Connection) -> Any:
    return MigrationContext.configure(
        connection, opts={'version_table': VERSION_TABLE}
    )


def _alembic() -> Config:
    settings = Config()
    settings.set_main_option('script_location', 'mailman_dlist:model/migrations')
    settings.set_main_option('path_separator', 'os')
    return settings
