# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman's own session, and work that must be committed as a whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import uniform
from time import monotonic, sleep
from typing import Any, TypeVar

from mailman.config import config
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from mailman_dlist.domain.errors import DlistError, Gone


T = TypeVar('T')

log = logging.getLogger('mailman.plugins.dlist')

# Two runners that open conversations of one name collide once and see each other's row
# the second time; more collisions mean a problem in the database.
ATTEMPTS = 10

# A key taken, a deadlock or SQLite's lock; a row changed or deleted since it was read.
LOST_RACES = (IntegrityError, OperationalError, StaleDataError, ObjectDeletedError)

# Seconds.  Without a wait, four processes that opened conversations of one name as fast
# as they could lost ten races in a row on PostgreSQL.
SHORTEST_WAIT = 0.001


# Milliseconds that SQLite waits for a lock, unless the site sets another value.
# Python's five seconds are too short for a backup; gunicorn aborts a REST request after
# thirty.
PATIENCE = 20_000


def wait_for_locks(engine: Engine) -> None:
    """Let SQLite wait longer for other writers; once per engine."""
    if engine.dialect.name != 'sqlite' or 'timeout' in engine.url.query:
        return
    if not event.contains(engine, 'checkout', _wait_for_locks):
        event.listen(engine, 'checkout', _wait_for_locks)


def _wait_for_locks(connection: Any, _record: Any, _proxy: Any) -> None:
    connection.execute(f'PRAGMA busy_timeout = {PATIENCE}')


def is_locked(error: Exception) -> bool:
    """Return whether an error comes from a lock that was held for too long."""
    if not isinstance(error, OperationalError):
        return False
    # SQLite has only a text; MariaDB has a number (ER_LOCK_WAIT_TIMEOUT).
    return 'database is locked' in str(error.orig) or (
        getattr(error.orig, 'args', ())[:1] == (1205,)
    )


def store() -> Session:
    """Return the session that Mailman itself uses."""
    return config.db.store


def has_one_writer(session: Session) -> bool:
    """Return whether the database is SQLite, which locks no rows.

    From the first write of a transaction until its end, no other process can write.
    """
    return session.get_bind().dialect.name == 'sqlite'


def commit_and_keep() -> None:
    """Commit, and keep the values that were read.

    After a commit SQLAlchemy reads again every object that is used.  While one message
    is processed, that would be the same mailing list a dozen times.
    """
    session = store()
    expire, session.expire_on_commit = session.expire_on_commit, False
    try:
        session.commit()
    finally:
        session.expire_on_commit = expire


def committed(work: Callable[[], T]) -> T:
    """Do the work in a transaction of its own, and again if a race is lost.

    Call it only if nothing else waits to be committed: a lost race rolls back
    everything.

    :param work: Reads, decides and adds, from the start each time.
    :return: The result of the work, after it is committed.
    :raises Gone: if the list, the member or the conversation does not exist any more.
    :raises IntegrityError: or another of `LOST_RACES`, if it failed ten times, or a
        lock was held for too long.
    """
    began = monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            result = work()
            commit_and_keep()
        except DlistError:
            # Locks of a change that was refused would stay until the next commit.
            store().rollback()
            raise
        except LOST_RACES as error:
            store().rollback()
            if attempt > 1 and isinstance(error, ObjectDeletedError):
                # The work reads everything again except its arguments.
                raise Gone from error
            if attempt == ATTEMPTS or 1000 * (monotonic() - began) > PATIENCE:
                raise
            log.debug('Attempt %s lost a race: %s', attempt, error)
            # Of random length, or the same processes would collide again.
            sleep(uniform(0, SHORTEST_WAIT * 2**attempt))
        else:
            return result
    raise AssertionError('unreachable')
