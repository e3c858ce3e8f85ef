# SPDX-License-Identifier: GPL-3.0-or-later
"""A test gets a database of its own, and leaves nothing behind."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests import databases
from tests.databases import MARIADB, POSTGRESQL


def test_a_fresh_database_is_empty_and_keeps_any_letter(database):
    for _ in range(2):
        with database.create() as url:
            engine = create_engine(url, poolclass=NullPool)
            with engine.begin() as connection:
                connection.execute(text('CREATE TABLE ant (subject VARCHAR(80))'))
                connection.execute(text("INSERT INTO ant VALUES ('Cafè 🐜')"))
            with engine.connect() as connection:
                said = connection.execute(text('SELECT subject FROM ant')).scalar()
            assert said == 'Cafè 🐜'


@pytest.mark.databases('postgresql', 'mariadb')
def test_a_database_goes_even_while_somebody_uses_it(database):
    with database.create() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text('CREATE TABLE ant (subject VARCHAR(80))'))
        busy = engine.connect()
        busy.execute(text('SELECT * FROM ant'))
    with pytest.raises(DBAPIError):
        create_engine(url).connect()
    busy.invalidate()


@pytest.mark.parametrize(('server', 'url', 'absence'), [
    (POSTGRESQL, '', 'switched off by an empty DLIST_TEST_POSTGRESQL'),
    (MARIADB, '', 'switched off by an empty DLIST_TEST_MARIADB'),
    (POSTGRESQL, 'postgresql+psycopg2://127.0.0.1:1', 'Connection refused'),
    (MARIADB, 'mysql+pymysql://127.0.0.1:1', 'Connection refused'),
    (MARIADB, 'mysql+nodriver://127.0.0.1:1', "Can't load plugin"),
    (MARIADB, 'nonsense', 'Could not parse'),
])
def test_a_database_that_does_not_run_is_named_with_the_reason(
    server, url, absence, monkeypatch
):
    monkeypatch.setenv(server.variable, url)
    asked = databases.probe.__wrapped__(server)
    assert absence in asked.absence
    monkeypatch.setattr(databases, 'probe', lambda server: asked)
    line = databases.summary({'sqlite'}, set())
    assert line.startswith('Databases: SQLite. Not run: ')
    assert f'{server.product} ({asked.absence})' in line
