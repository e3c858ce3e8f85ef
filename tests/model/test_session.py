# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that lost a race is done again, whatever the database calls it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from mailman_dlist.domain.errors import Gone
from mailman_dlist.domain.following import Choice
from mailman_dlist.model import session
from mailman_dlist.model.conversations import Conversation, ConversationName
from mailman_dlist.model.following import MemberChoice, choices_about
from mailman_dlist.model.session import ATTEMPTS, committed, store
from tests.model.stage import choose, count_rows, join, new_conversation


pytestmark = pytest.mark.every_database


def meanwhile(*statements: Any) -> None:
    """Change the database as another process does, which commits."""
    with session.config.db.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_choice_that_another_process_deletes_is_made_again(mlist: Any) -> None:
    """As when REST deletes a choice while a command by mail replaces it."""
    anne, picnic = join(mlist, 'Anne'), new_conversation(mlist)
    choose(picnic, anne, Choice.follow)
    store().commit()
    member_id, attempts = anne.member_id, []

    def work() -> None:
        attempts.append(store())
        row = choices_about(picnic, member_id).lasting
        if len(attempts) == 1:
            # Before SQLite lets nobody else write.
            store().commit()
            meanwhile(delete(MemberChoice))
        if row is None:
            choose(picnic, anne, Choice.mute)
        else:
            row.choice = Choice.mute

    committed(work)
    assert len(attempts) == 2
    row = choices_about(picnic, member_id).lasting
    assert row is not None
    assert row.choice is Choice.mute


def test_what_the_work_was_given_may_be_gone(mlist: Any) -> None:
    """Then it is given up at once, and says so."""
    anne, picnic = join(mlist, 'Anne'), new_conversation(mlist)
    store().commit()
    attempts = []

    def work() -> None:
        attempts.append(store())
        if len(attempts) == 1:
            meanwhile(delete(ConversationName), delete(Conversation))
            store().expire(picnic)
        choices_about(picnic, anne.member_id)

    with pytest.raises(Gone):
        committed(work)
    assert len(attempts) <= 2
    assert count_rows(MemberChoice) == {'dlist_choice': 0}


@pytest.mark.parametrize('error', [
    IntegrityError('', None, Exception()),
    OperationalError('', None, Exception()),
    StaleDataError(),
])
def test_a_race_that_is_lost_too_often_is_an_error(
    error: Exception, mlist: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(session, 'sleep', lambda _seconds: None)
    attempts = []

    def work() -> None:
        attempts.append(1)
        raise error

    with pytest.raises(type(error)):
        committed(work)
    assert len(attempts) == ATTEMPTS
