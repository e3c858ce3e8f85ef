# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases a test run can use, and a fresh one of each on demand.

Mailman stores everything in one database, and so do dlists.  SQLite is always
at hand; PostgreSQL and MariaDB are used when a server answers where
``DLIST_TEST_POSTGRESQL`` and ``DLIST_TEST_MARIADB`` point.  These are URLs
without the name of a database; an empty one switches that server off.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from mailman.database.sqlite import SQLiteDatabase
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool


# A server that is not there says so at once.
PROBE_SECONDS = 30

# Python gives up after five, while tests of other databases keep the disk busy.
LOCKED_SECONDS = 120


class PooledSQLite(SQLiteDatabase):
    """Mailman's class, but connections are kept: it opens the file for each use."""

    def _prepare(self, url: str) -> None:
        super()._prepare(url)
        self.pool_class = QueuePool


class SQLite:
    """A file of its own for every database."""

    name = 'sqlite'
    product = title = 'SQLite'
    mailman_class = f'{__name__}.{PooledSQLite.__name__}'
    absence = ''

    @contextmanager
    def create(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix='dlist-test-') as directory:
            path = Path(directory) / 'mailman.db'
            yield f'sqlite:///{path}?timeout={LOCKED_SECONDS}'


@dataclass(frozen=True)
class Server:
    """A database server, and what is particular to its kind."""

    name: str
    product: str
    mailman_class: str
    variable: str
    default: str
    create_options: str
    drop: str
    sessions: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        return f'{self.product} {probe(self).version}'.rstrip()

    @property
    def absence(self) -> str:
        """Say in plain words why it cannot be used here; empty where it can."""
        return probe(self).absence

    @property
    def url(self) -> str:
        return os.environ.get(self.variable, self.default)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        engine = create_engine(
            self.url,
            isolation_level='AUTOCOMMIT',
            connect_args={'connect_timeout': PROBE_SECONDS},
        )
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def create(self) -> Iterator[str]:
        """Give the URL of an empty database, which goes when the context ends."""
        name = f'dlist_test_{uuid4().hex[:12]}'
        with self.connect() as connection:
            connection.execute(text(f'CREATE DATABASE {name} {self.create_options}'))
        try:
            yield self.url_of(name)
        finally:
            with self.connect() as connection:
                self.drop_database(connection, name)

    def url_of(self, name: str) -> str:
        url: URL = make_url(self.url).set(database=name)
        return url.update_query_dict(dict(self.query)).render_as_string(
            hide_password=False
        )

    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop it also when a Mailman that failed to stop still uses it."""
        if self.sessions:
            for session in connection.execute(text(self.sessions), {'name': name}):
                # Others end meanwhile by themselves.
                with suppress(DBAPIError):
                    connection.execute(text(f'KILL {session.id}'))
        connection.execute(text(self.drop.format(name)))


Database = SQLite | Server

SQLITE = SQLite()
POSTGRESQL = Server(
    name='postgresql',
    product='PostgreSQL',
    mailman_class='mailman.database.postgresql.PostgreSQLDatabase',
    variable='DLIST_TEST_POSTGRESQL',
    default='postgresql+psycopg2://postgres@127.0.0.1:5432',
    create_options="TEMPLATE template0 ENCODING 'UTF8'",
    drop='DROP DATABASE {} WITH (FORCE)',
    sessions='',
    # As SQLite's PRAGMA: nobody waits for the disk, and transactions are what they are.
    query=(('options', '-c synchronous_commit=off'),),
)
MARIADB = Server(
    name='mariadb',
    product='MariaDB',
    mailman_class='mailman.database.mysql.MySQLDatabase',
    variable='DLIST_TEST_MARIADB',
    default='mysql+pymysql://root@127.0.0.1:3306',
    create_options='CHARACTER SET utf8mb4',
    drop='DROP DATABASE {}',
    # MariaDB waits for open transactions before it drops their tables.
    sessions='SELECT id FROM information_schema.processlist WHERE db = :name',
    query=(('charset', 'utf8mb4'), ('use_unicode', '1')),
)
EVERY: tuple[Database, ...] = (SQLITE, POSTGRESQL, MARIADB)


@dataclass(frozen=True)
class Probe:
    """What one attempt to use a server told: its version, or why it failed."""

    version: str = ''
    absence: str = ''


@cache
def probe(server: Server) -> Probe:
    """Ask once per test run.

    Making a database is part of the question: a server that lets us in and
    then refuses that is of no use.
    """
    if not server.url:
        return Probe(absence=f'switched off by an empty {server.variable}')
    try:
        with server.create(), server.connect() as connection:
            version = connection.dialect.server_version_info or ()
    except DBAPIError as error:
        return Probe(absence=first_line(error.orig))
    except (SQLAlchemyError, ImportError) as error:
        return Probe(absence=first_line(error))
    return Probe('.'.join(map(str, version[:2])))


def first_line(error: BaseException | None) -> str:
    """Return what a driver says to people; the rest is for its authors.

    >>> first_line(OSError(111, 'Connection refused\\n\\tIs the server running?'))
    'Connection refused'
    """
    said = str(error.args[-1]) if error and error.args else repr(error)
    return said.strip().partition('\n')[0]


def summary(used: set[str], wanted: set[str]) -> str:
    """Return the line that ends a test run: what ran, and what did not and why.

    :param used: Names of the databases that tests ran on.
    :param wanted: Names that were asked for on the command line; empty for all.

    >>> summary({'sqlite'}, {'sqlite'})
    'Databases: SQLite. Not run: PostgreSQL (not asked for), MariaDB (not asked for).'
    """
    missing = [
        f'{database.product} ({reason(database, wanted)})'
        for database in EVERY
        if database.name not in used
    ]
    ran = [database.title for database in EVERY if database.name in used]
    line = f'Databases: {", ".join(ran) or "none"}.'
    return f'{line} Not run: {", ".join(missing)}.' if missing else line


def reason(database: Database, wanted: set[str]) -> str:
    if wanted and database.name not in wanted:
        return 'not asked for'
    return database.absence or 'no test of this run needs it'
