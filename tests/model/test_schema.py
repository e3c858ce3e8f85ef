# SPDX-License-Identifier: GPL-3.0-or-later
"""Our tables come into a database once, whole, and never under our feet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from mailman.config import config
from mailman.database import types
from sqlalchemy import (
    Engine,
    MetaData,
    Table,
    create_engine,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Session

from mailman_dlist.domain.following import Choice, Default, Reason
from mailman_dlist.interfaces.conversation import Access, Posting
from mailman_dlist.interfaces.dlist import OneClick, PlainPosts
from mailman_dlist.model import schema
from mailman_dlist.model.base import metadata
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import MemberChoice, Pause
from mailman_dlist.model.former import Former
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
    stored = text(
        'INSERT INTO dlist_list (list_id, base_default, new_member_default, '
        'plain_posts, footers, previous_chain, previous_pipeline) '
        "VALUES ('ant.example.com', 1, 2, 3, :yes, 'chain', 'pipeline')"
    )
    with empty.begin() as connection:
        connection.execute(stored, {'yes': True})
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
        'access': Access.open,
        'mandatory': False,
        'close_after': 0,
        'audit_retention': 365,
        'bars': False,
        'requests_told_at': None,
        'requests_due_at': None,
    }


MONDAY = datetime(2026, 11, 16, 12)
DAY = timedelta(days=1)
FOLLOW, MUTE = Choice.follow, Choice.mute

# `dlist_choice` at revision 0006: what, why, since when, until when, what then, and
# whether the member knows that posting does not un-mute.
AT_0006 = {
    'follow': (FOLLOW, Reason.opened, MONDAY, None, None, None, False),
    'mute': (MUTE, Reason.link, MONDAY, None, None, None, True),
    **{
        f'{choice.name} over {before and before.name} for {days} days': (
            choice, Reason.rest, MONDAY, MONDAY + days * DAY,
            before, before and Reason.replied, choice is MUTE,
        )
        for choice in Choice
        for before in (None, *Choice)
        for days in (1, 9)
    },
}
# One member has had pauses before, which digests still ask for.
LONG_PAUSE = 'mute over None for 9 days'
OVER = [(MONDAY - 3 * DAY, MONDAY - 2 * DAY), (MONDAY - 2 * DAY, MONDAY - DAY)]


def stored_at_0006(engine: Engine) -> dict[UUID, str]:
    """Write choices into tables of revision 0006; return whose each of them is."""

    def rows(name: str, many: list[dict[str, Any]]) -> None:
        found = Table(name, MetaData(), autoload_with=engine)
        if 'member_id' in found.c:
            found.c.member_id.type = types.UUID()
        with engine.begin() as connection:
            connection.execute(found.insert(), many)

    names = {uuid4(): name for name in AT_0006}
    keys = (
        'choice', 'reason', 'made_at', 'until', 'then_choice', 'then_reason', 'told',
    )
    choices: list[dict[str, Any]] = []
    pauses: list[dict[str, Any]] = []
    for member_id, name in names.items():
        whose = {'conversation_id': 7, 'member_id': member_id}
        values = [getattr(each, 'value', each) for each in AT_0006[name]]
        choices.append(whose | dict(zip(keys, values, strict=True)))
        if name == LONG_PAUSE:
            pauses += [whose | {'began': began, 'ended': end} for began, end in OVER]
    rows('dlist_conversation', [{
        'id': 7, 'list_id': 'ant.example.com', 'name': 'picnic', 'subject': '',
        'opened_at': MONDAY, 'last_post_at': MONDAY, 'access': 1, 'mandatory': False,
    }])
    rows('dlist_choice', choices)
    rows('dlist_pause', pauses)
    return names


def test_pauses_of_revision_0006_stand_beside_what_lasts(empty):
    upgrade_to(empty, '0006')
    names = stored_at_0006(empty)
    assert schema.upgrade()
    with Session(empty) as session:
        lasting = {
            names[row.member_id]: (row.choice, row.reason, row.made_at, row.told)
            for row in session.scalars(select(MemberChoice))
        }
        pauses = {
            (names[row.member_id], row.running, row.began): (
                row.choice, row.reason, row.ends, row.told,
            )
            for row in session.scalars(select(Pause))
        }
    expected: dict[str, Any] = {}
    paused: dict[Any, Any] = {
        (LONG_PAUSE, None, began): (MUTE, Reason.mail, end, False)
        for began, end in OVER
    }
    for name, (choice, why, since, until, then, then_why, told) in AT_0006.items():
        if until is None:
            expected[name] = choice, why, since, told
            continue
        paused[name, True, since] = choice, why, until, told
        if then is not None:
            expected[name] = then, then_why, since, told
    assert lasting == expected
    assert pauses == paused


def test_what_members_had_at_revision_0007_stays_with_them(empty):
    upgrade_to(empty, '0006')
    stored_at_0006(empty)
    upgrade_to(empty, '0007')
    names = 'dlist_choice', 'dlist_pause', 'dlist_conversation'

    def rows() -> dict[str, list[Any]]:
        with empty.connect() as connection:
            return {
                name: sorted(map(repr, connection.execute(
                    select(Table(name, MetaData(), autoload_with=empty))
                )))
                for name in names
            }

    before = rows()
    assert all(before.values())
    upgrade_to(empty, '0009')
    after = rows()
    # How much they had posted until then, nobody knows.
    before['dlist_pause'] = [f'{row[:-1]}, 0)' for row in before['dlist_pause']]
    assert after == before
    with empty.connect() as connection:
        assert connection.execute(select(Former.__table__)).all() == []


def test_conversations_closed_at_revision_0009_stay_closed(empty):
    upgrade_to(empty, '0009')
    moment = datetime(2026, 11, 1)
    table = Table('dlist_conversation', MetaData(), autoload_with=empty)

    def row(name: str, closed_at: datetime | None) -> dict[str, Any]:
        return {
            'list_id': 'ant.example.com', 'name': name, 'subject': name,
            'opened_at': moment, 'last_post_at': moment, 'closed_at': closed_at,
            'access': 1, 'mandatory': False,
        }

    with empty.begin() as connection:
        connection.execute(table.insert(), [
            row('picnic', None), row('goat', moment), row('latest', None),
        ])
        numbers = dict(connection.execute(select(table.c.name, table.c.id)).all())
        connection.execute(table.delete().where(table.c.name == 'latest'))
    assert schema.upgrade()
    with Session(empty) as session:
        postings = {each.name: each.posting for each in session.scalars(
            select(Conversation)
        )}
        assert postings == {'picnic': Posting.open, 'goat': Posting.closed}
        session.execute(insert(Conversation).values(
            list_id='ant.example.com', name='new', subject='', opened_at=moment,
            last_post_at=moment,
        ))
        # Links to the latest one must not lead to this one.
        new = select(Conversation.id).where(Conversation.name == 'new')
        assert session.scalar(new) > numbers['latest']


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
        assert 'cannot work' not in log


@pytest.mark.parametrize(('found', 'sentence'), [
    (
        None,
        'The tables of mailman-dlist are missing, but this release needs 0002: '
        'stop Mailman, run "mailman dlist upgrade", and start Mailman again.',
    ),
    (
        '0001',
        'The tables of mailman-dlist have the older revision 0001, but this release '
        'needs 0002: stop Mailman, run "mailman dlist upgrade", and start Mailman '
        'again.',
    ),
    (
        '9999',
        'The tables of mailman-dlist have the newer revision 9999, but this release '
        'needs 0002: stop Mailman, install the release that made them, and start '
        'Mailman again.',
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
