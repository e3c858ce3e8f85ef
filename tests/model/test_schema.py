# SPDX-License-Identifier: GPL-3.0-or-later
"""Our tables come into a database once, whole, and never under our feet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from mailman.config import config
from sqlalchemy import Engine, create_engine, inspect, select, text

from mailman_dlist.domain.following import Default
from mailman_dlist.interfaces.dlist import OneClick, PlainPosts
from mailman_dlist.model import schema
from mailman_dlist.model.base import metadata
from mailman_dlist.model.lists import Dlist
from tests.core import PLUGIN_CFG
from tests.house.tree import ROOT


pytestmark = pytest.mark.every_database


# Those of a site with all runners, the master and a command.
PROCESSES = 14


@pytest.fixture
def empty(
    database: Any, mailman_core: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """A database without any table, in the place of Mailman's."""
    with database.create() as url:
        engine = create_engine(url)
        monkeypatch.setattr(config, 'db', SimpleNamespace(engine=engine))
        yield engine
        engine.dispose()


def of_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != 'table' or str(name).startswith('dlist_')


def described(engine: Engine) -> dict[str, Any]:
    """Return all that a database can tell about our tables."""
    inspector = inspect(engine)
    return {
        name: {
            'columns': [
                {key: str(value) for key, value in column.items()}
                for column in inspector.get_columns(name)
            ],
            'primary key': inspector.get_pk_constraint(name),
            'foreign keys': sorted(inspector.get_foreign_keys(name), key=str),
            'unique': sorted(inspector.get_unique_constraints(name), key=str),
            'indexes': sorted(inspector.get_indexes(name), key=str),
        }
        for name in inspector.get_table_names()
        if name != schema.VERSION_TABLE
    }


def test_the_migrations_make_the_tables_of_the_metadata(empty):
    schema.upgrade()
    with empty.connect() as connection:
        options = {
            'version_table': schema.VERSION_TABLE,
            'include_name': of_ours,
            # Where Mailman's types name a length or a collation, alembic takes
            # them for others; the next test looks at these as well.
            'compare_type': connection.dialect.name != 'mysql',
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_a_database_cannot_tell_migrated_tables_from_created_ones(empty, database):
    schema.upgrade()
    with database.create() as url:
        other = create_engine(url)
        metadata.create_all(other)
        created = described(other)
        other.dispose()
    migrated = described(empty)
    assert migrated.keys() == set(metadata.tables)
    for name, table in migrated.items():
        assert table == created[name]


def test_an_upgrade_has_something_to_do_once(empty):
    assert schema.revision() is None
    assert schema.upgrade()
    assert schema.revision() == schema.head()
    assert not schema.upgrade()


def test_of_a_database_that_was_found_sound_nothing_is_asked_again(empty):
    schema.upgrade()
    schema.check()
    stamp(empty, '9999')
    schema.check()


def test_an_upgrade_keeps_what_the_tables_hold(empty):
    schema.upgrade()
    insert = text("INSERT INTO dlist_notice VALUES ('anne@example.com', :day, 3)")
    with empty.begin() as connection:
        connection.execute(insert, {'day': '2027-01-01'})
    schema.upgrade()
    with empty.connect() as connection:
        assert connection.scalar(text('SELECT count(*) FROM dlist_notice')) == 1


def upgrade_to(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        settings = schema._alembic()
        settings.attributes['connection'] = connection
        command.upgrade(settings, revision)


def test_lists_there_are_keep_their_settings_and_get_those_that_are_new(empty):
    upgrade_to(empty, '0001')
    insert = text(
        'INSERT INTO dlist_list (list_id, base_default, new_member_default, '
        'plain_posts, footers, previous_chain, previous_pipeline) '
        "VALUES ('ant.example.com', 1, 2, 3, :yes, 'chain', 'pipeline')"
    )
    with empty.begin() as connection:
        connection.execute(insert, {'yes': True})
    assert schema.upgrade()
    with empty.connect() as connection:
        [row] = connection.execute(select(Dlist.__table__)).mappings()
    assert row == {
        'list_id': 'ant.example.com',
        'base_default': Default.everything,
        'new_member_default': Default.openings,
        'plain_posts': PlainPosts.reject,
        'footers': True,
        'previous_chain': 'chain',
        'previous_pipeline': 'pipeline',
        'one_click': OneClick.list,
        'aliases': True,
        'aliases_visible': False,
        'essay': False,
        'essay_questions': '',
        'essay_min_length': 1,
        'ask_invited': False,
        'essay_retention': 0,
    }


def test_of_many_processes_that_start_at_once_one_migrates(database, tmp_path):
    with database.create() as url:
        configuration = tmp_path / 'mailman.cfg'
        configuration.write_text(f"""\
[mailman]
layout: test

[paths.test]
var_dir: {tmp_path}/var
template_dir: {tmp_path}/templates

[database]
class: {database.mailman_class}
url: {url}

{PLUGIN_CFG}""")
        done = subprocess.run(
            [
                sys.executable, '-m', 'tests.model.start_together',
                str(configuration), str(PROCESSES),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        log = logged(tmp_path / 'var' / 'logs')
        assert done.returncode == 0, done.stderr + log
        assert log.count('Tables of mailman-dlist migrated') == 1, log
        assert 'does not work' not in log


@pytest.mark.parametrize(('found', 'sentence'), [
    (
        None,
        'The tables of mailman-dlist are missing, and this release needs 0002: '
        'stop Mailman, run "mailman dlist upgrade", and start it again.',
    ),
    (
        '0001',
        'The tables of mailman-dlist are of revision 0001, and this release needs '
        '0002: stop Mailman, run "mailman dlist upgrade", and start it again.',
    ),
    (
        '9999',
        'The tables of mailman-dlist are of the newer revision 9999, and this '
        'release needs 0002: stop Mailman, install its release, and start it again.',
    ),
])
def test_an_error_says_what_is_amiss_and_how_to_mend_it(found, sentence):
    assert str(schema.SchemaError(found, '0002')) == sentence


def test_newer_tables_are_left_alone(empty):
    schema.upgrade()
    stamp(empty, '9999')
    with pytest.raises(schema.SchemaError) as raised:
        schema.upgrade()
    assert raised.value.found == '9999'
    assert schema.revision() == '9999'


@pytest.mark.parametrize('amiss', ['missing', 'older', 'newer'])
def test_tables_of_another_revision_are_refused(amiss, empty, monkeypatch):
    if amiss != 'missing':
        schema.upgrade()
        schema.check()
    if amiss == 'older':
        monkeypatch.setattr(schema, 'head', lambda: '9999')
    if amiss == 'newer':
        stamp(empty, '9999')
    monkeypatch.setattr(schema, '_checked', None)
    with pytest.raises(schema.SchemaError):
        schema.check()


def stamp(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(f'UPDATE {schema.VERSION_TABLE} SET version_num = :revision'),
            {'revision': revision},
        )


def logged(directory: Path) -> str:
    return ''.join(path.read_text() for path in directory.glob('*.log'))
