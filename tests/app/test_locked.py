# SPDX-License-Identifier: GPL-3.0-or-later
"""While the database is locked, mail waits in its queue, and not for an admin."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from mailman.config import config
from mailman.runners.pipeline import PipelineRunner
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError

from mailman_dlist import metadata
from mailman_dlist.model import session
from mailman_dlist.model.session import PATIENCE, wait_for_locks
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.post import open_conversation
from tests.model.stage import join, letter, pass_time, queued, run


@contextmanager
def locked(when: Callable[[str], bool]) -> Iterator[None]:
    """Answer some statements as SQLite does when another process has it."""

    def refuse(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if when(statement):
            locked = sqlite3.OperationalError('database is locked')
            raise OperationalError(statement, None, locked)

    event.listen(config.db.engine, 'before_cursor_execute', refuse)
    try:
        yield
    finally:
        event.remove(config.db.engine, 'before_cursor_execute', refuse)


def enqueue(queue: str, extension: str) -> None:
    config.switchboards[queue].enqueue(
        letter('Anne', 'Lake'),
        {metadata.EXTENSION: extension},
        listid='ant.example.com',
        to_list=True,
    )


def is_write(statement: str) -> bool:
    return not statement.lstrip().upper().startswith('SELECT')


def is_record_of_a_step(statement: str) -> bool:
    return statement.startswith('UPDATE dlist_message')


@pytest.fixture(autouse=True)
def stage(mlist: Any, monkeypatch: Any) -> None:
    join(mlist, 'Anne')
    join(mlist, 'Bart')
    open_conversation(mlist)
    monkeypatch.setattr(session, 'sleep', lambda _seconds: None)


@pytest.mark.parametrize(('extension', 'when'), [
    ('new', is_write), ('picnic', is_write), ('picnic', is_record_of_a_step),
])
def test_a_post_waits_in_its_queue(extension: str, when: Any) -> None:
    enqueue('pipeline', extension)
    with locked(when):
        run_once(PipelineRunner, 'pipeline')
    assert queued('shunt') == []
    assert queued('out') == []
    run(PipelineRunner, 'pipeline')
    assert queued('shunt') == []
    [(_msg, msgdata)] = queued('out')
    assert msgdata['recipients'] == {'anne@example.com', 'bart@example.com'}


def test_a_command_waits_in_its_queue() -> None:
    enqueue('dlist', 'picnic+unsubscribe')
    with locked(is_write):
        run_once(DlistRunner, 'dlist')
    assert queued('shunt') == queued('virgin') == []
    run(DlistRunner, 'dlist')
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == 'anne@example.com'


def test_it_waits_as_long_as_mailman_tries_to_deliver() -> None:
    enqueue('dlist', 'picnic+unsubscribe')
    with locked(is_write):
        run_once(DlistRunner, 'dlist')
        pass_time(timedelta(days=4))
        run_once(DlistRunner, 'dlist')
        assert queued('shunt') == []
        pass_time(timedelta(days=2))
        run_once(DlistRunner, 'dlist')
    assert len(queued('shunt')) == 1


def run_once(runner: type[Any], queue: str) -> None:
    """Let a runner look once at what is in its queue now."""
    runner(queue)._one_iteration()


@pytest.mark.parametrize(('query', 'waits'), [('', PATIENCE), ('?timeout=1', 1000)])
def test_sqlite_waits_for_other_writers(query: str, waits: int, tmp_path: Any) -> None:
    engine = create_engine(f'sqlite:///{tmp_path}/mailman.db{query}')
    for _time in range(2):
        wait_for_locks(engine)
    with engine.connect() as connection:
        assert connection.scalar(text('PRAGMA busy_timeout')) == waits
    engine.dispose()
