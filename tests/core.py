# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman inside the process of a test, with the plugin and any database.

Mailman's test layer initialises its world once per process, on SQLite.  To go
to another database we exchange the connection alone, as the layer made it, and
let the plugin make its tables there; everything else stays as it is.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from mailman.config import config
from mailman.database.transaction import transaction
from mailman.interfaces.database import IDatabaseFactory
from mailman.testing.layers import ConfigLayer
from sqlalchemy import Engine, event
from zope.component import getUtility

from mailman_dlist.model.base import metadata
from tests.databases import SQLITE, Database


T = TypeVar('T')

EXTRA_CFG = 'MAILMAN_EXTRA_TESTING_CFG'

# What the administrator of a site adds to mailman.cfg.
PLUGIN_CFG = """\
[plugin.dlist]
class: mailman_dlist.plugin.DlistPlugin
enabled: yes
component_package: mailman_dlist

[runner.lmtp]
class: mailman_dlist.runners.lmtp.DlistLMTPRunner

[runner.dlist]
class: mailman_dlist.runners.dlist.DlistRunner

[runner.digest]
class: mailman_dlist.runners.digest.DlistDigestRunner
"""


@contextmanager
def set_up() -> Iterator[None]:
    """Initialise Mailman, its files in a temporary directory; no ports."""
    with tempfile.TemporaryDirectory(prefix='dlist-test-') as directory:
        plugin_cfg = Path(directory) / 'plugin.cfg'
        plugin_cfg.write_text(PLUGIN_CFG, encoding='utf-8')
        os.environ[EXTRA_CFG] = str(plugin_cfg)
        try:
            ConfigLayer.setUp()
        finally:
            # The running Mailmans of journeys would read it as well.
            del os.environ[EXTRA_CFG]
    yield
    ConfigLayer.tearDown()


@contextmanager
def on_database(database: Database, url: str) -> Iterator[None]:
    """Move the Mailman of this process to an empty database, and back."""
    config.push(
        'test database',
        f'[database]\nclass: {database.mailman_class}\nurl: {url}\n',
    )
    home = config.db
    config.db = getUtility(IDatabaseFactory, 'testing').create()
    if database is SQLITE:
        _write_without_waiting(config.db.engine)
    try:
        for plugin in config.plugins.values():
            plugin.post_hook()
        yield
    finally:
        config.db.close_session()
        config.db.engine.dispose()
        config.db = home
        config.pop('test database')


def _write_without_waiting(engine: Engine) -> None:
    """Spare SQLite the wait for the disk, which nobody cuts off from its power."""
    engine.dispose()

    @event.listens_for(engine, 'connect')
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute('PRAGMA synchronous = OFF')


@contextmanager
def fresh_site() -> Iterator[None]:
    """Offer the domain example.com, and afterwards forget all that happened."""
    ConfigLayer.testSetUp()
    try:
        yield
    finally:
        forget()


def forget() -> None:
    """Empty the database and the queues."""
    config.db.abort()
    with transaction():
        for table in reversed(metadata.sorted_tables):
            config.db.store.execute(table.delete())
    ConfigLayer.testTearDown()


def built_once(build: Callable[[], T]) -> Callable[[], T]:
    """Let a function build the database of a fresh site once, and copy it afterwards.

    To subscribe three people takes fifty times as long as to copy what came of it.

    :param build: Commits what it does, returns no object of the database, and leaves
        nothing behind that counts but rows.
    """

    @cache
    def built(_engine: Engine) -> tuple[T, sqlite3.Connection]:
        result, copy = build(), sqlite3.connect(':memory:')
        with closing(config.db.engine.raw_connection()) as connection:
            connection.driver_connection.backup(copy)
        return result, copy

    def build_or_copy() -> T:
        if config.db.engine.dialect.name != SQLITE.name:
            return build()
        result, copy = built(config.db.engine)
        config.db.close_session()
        with closing(config.db.engine.raw_connection()) as connection:
            copy.backup(connection.driver_connection)
        return result

    return build_or_copy
