# SPDX-License-Identifier: GPL-3.0-or-later
"""What another process does to a request in between is neither undone nor lost [U5]."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from mailman.commands.eml_membership import Join
from mailman.config import config
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.pending import IPendings
from mailman.model.pending import PendedKeyValue
from sqlalchemy import delete, select, update
from zope.component import getUtility

from mailman_dlist.app import commands
from mailman_dlist.app.essays import answering, keeping, workflow
from mailman_dlist.app.essays import mail as essay_mail
from mailman_dlist.model import essays as model
from mailman_dlist.model.core import pended
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import commit_and_keep
from tests.app.newcomers import (
    ANSWER,
    address,
    asks_to_join,
    joins_by_mail,
    mails,
    only,
    question,
    replies,
    requests,
    text_of,
)
from tests.model.stage import new_list, now, pass_time


pytestmark = pytest.mark.every_database

# Seconds.  A chore that waits for a lock has begun to wait by then; if it has not, less
# is tested.
BLOCKED = 0.2


@pytest.fixture
def ant(mailman: Any) -> Any:
    mlist = new_list(style='dlist-essay')
    config.db.commit()
    return mlist


def meanwhile(**values: Any) -> None:
    """Change the only request as another process does, which commits."""
    with config.db.engine.begin() as connection:
        connection.execute(update(Essay).values(**values))


def overtaken(monkeypatch: Any, where: Any, name: str, **values: Any) -> None:
    """Let a function be overtaken once by who changes the request."""
    real: Callable[..., Any] = getattr(where, name)

    def slow(*given: Any) -> Any:
        found = real(*given)
        monkeypatch.undo()
        commit_and_keep()
        meanwhile(**values)
        return found

    monkeypatch.setattr(where, name, slow)


def question_address(mlist: Any) -> str:
    """Return the address of the only request, as the questions name it."""
    with config.db.engine.begin() as connection:
        token = connection.execute(select(Essay.token)).scalar_one()
    return f'{mlist.list_name}+confirm+{token}@{mlist.mail_host}'


def row() -> Any:
    with config.db.engine.begin() as connection:
        return connection.execute(
            select(Essay.email, Essay.answer, Essay.pending, Essay.member_id)
        ).one()


def nothing_is_due(mailed_at: datetime | None = None, **_others: Any) -> None:
    """Look for what a crash kept back, which another process sees to meanwhile."""
    meanwhile(mailed_at=None)
    pass_time(timedelta(minutes=2))
    answering.send_due()
    assert mails() == []
    with config.db.engine.begin() as connection:
        assert connection.scalar(select(Essay.mailed_at)) == mailed_at


def test_an_answer_that_is_kept_meanwhile_stays(ant, monkeypatch):
    asks_to_join(ant)
    asked = question()
    ant.subscribe(address())
    config.db.commit()
    kept = {'answer': ANSWER, 'member_id': uuid4(), 'pending': None}
    overtaken(monkeypatch, commands.replies, 'own_words', **kept)
    replies(ant, asked, 'I also sing.')
    assert row()[1:] == (ANSWER, None, kept['member_id'])
    assert 'answered the questions' in text_of(only('was not used', mails()))


def test_a_form_does_not_overwrite_the_answer_that_was_quicker(ant, monkeypatch):
    asks_to_join(ant)
    overtaken(monkeypatch, workflow.pendings, 'request_of', answer=ANSWER)
    with pytest.raises(workflow.SubscriptionPendingError):
        workflow.subscribe(ant, address(), 'I swim.')
    config.db.abort()
    assert row().answer == ANSWER
    assert len(requests(ant)) == 1


def test_who_joins_by_another_door_meanwhile_is_told(ant, monkeypatch):
    asks_to_join(ant)
    asked = question()
    confirm = workflow.EssayManager.confirm

    def late(self: Any, token: Any) -> Any:
        ant.subscribe(address())
        config.db.commit()
        return confirm(self, token)

    monkeypatch.setattr(workflow.EssayManager, 'confirm', late)
    replies(ant, asked)
    assert 'arrived too late' in text_of(only('was not used', mails()))


def test_a_request_that_is_half_deleted_is_over(ant):
    asks_to_join(ant)
    asked = question()
    # MariaDB shows others that, while somebody decides.
    with config.db.engine.begin() as connection:
        connection.execute(delete(PendedKeyValue))
    replies(ant, asked)
    assert 'arrived too late' in text_of(only('was not used', mails()))


@pytest.mark.parametrize('values', [
    {'mailed_at': datetime(2005, 8, 1)},
    {'answer': ANSWER},
    {'pending': None, 'answer': None},
])
def test_who_is_asked_or_goes_on_meanwhile_is_not_asked_again(values, ant, monkeypatch):
    # Where Mailman starts again later, both a runner that takes a mail up again and
    # the one that sends what is due are about to ask.
    asks_to_join(ant)
    question()
    overtaken(monkeypatch, keeping, 'questions', **values)
    nothing_is_due(**values)


def test_a_request_that_is_taken_up_again_is_not_asked_by_two(ant, monkeypatch):
    received = now()
    asks_to_join(ant)
    mails()
    # The process was killed before the questions went out, and starts again later.
    meanwhile(mailed_at=None)
    pass_time(timedelta(minutes=2))
    chores: list[Thread] = []
    process = Join.process

    def send_due() -> None:
        answering.send_due()
        config.db.close_session()

    def slow(*given: Any) -> Any:
        # The door has seen that they did not go out; then another runner has its turn.
        chores.append(Thread(target=send_due))
        chores[0].start()
        chores[0].join(BLOCKED)
        return process(*given)

    monkeypatch.setattr(Join, 'process', slow)
    joins_by_mail(ant, received)
    config.db.commit()
    chores[0].join(60)
    assert not chores[0].is_alive()
    assert [each['reply-to'] for each in mails() if each['reply-to']] == [
        question_address(ant)
    ]


@pytest.mark.parametrize('values', [
    {'mailed_at': datetime(2005, 8, 1)},
    {'pending': None, 'answer': None},
])
def test_moderators_are_told_once(values, ant, monkeypatch):
    ant.subscription_policy = SubscriptionPolicy.moderate
    asks_to_join(ant)
    replies(ant, question())
    only('New subscription request', mails())
    overtaken(monkeypatch, essay_mail, 'wrap', **values)
    nothing_is_due(**values)


def test_a_step_that_is_taken_meanwhile_has_its_mail_due(ant, monkeypatch):
    workflow.subscribe(ant, address(), ANSWER)
    config.db.commit()
    only('Your confirmation is needed', mails())
    # Nothing was due before it.
    overtaken(monkeypatch, workflow.pendings, 'request_of', pending='another')
    nothing_is_due()


@pytest.mark.parametrize('values', [
    {'pending': 'another'}, {'member_id': uuid4(), 'pending': None},
])
def test_what_went_on_while_old_requests_are_deleted_stays(values, ant, monkeypatch):
    workflow.subscribe(ant, address(), ANSWER)
    config.db.commit()
    with config.db.engine.begin() as connection:
        connection.execute(delete(PendedKeyValue))
        connection.execute(delete(pended))
    overtaken(monkeypatch, model, 'lapsed', **values)
    getUtility(IPendings).evict()
    config.db.commit()
    assert row().answer == ANSWER
