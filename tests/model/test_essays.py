# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers in every database: whole, found by whoever asks, and gone in time [U5]."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.usermanager import IUserManager
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.essays import answering, keeping
from mailman_dlist.model import essays as model
from mailman_dlist.model.session import store
from tests.model.stage import DAY, count_rows, join, new_list, now, pass_time, queued


pytestmark = pytest.mark.every_database


@pytest.fixture
def ant(mailman: Any) -> Any:
    mlist = new_list(style='dlist-essay')
    config.db.commit()
    return mlist


def asks_to_join(mlist: Any, email: str = 'anne@example.com') -> Any:
    users = getUtility(IUserManager)
    address = users.get_address(email) or users.create_address(email)
    ISubscriptionManager(mlist).register(address)
    config.db.commit()
    store().expire_all()
    return model.of_newcomer(mlist.list_id, email, answered=False)


@pytest.mark.parametrize('text', [
    'I knit.', 'ש\u05dc\u05d5\u05dd \u202eabc', '\N{ANT}' * 20_000, 'a' * 100_000,
])
def test_an_answer_is_kept_to_the_last_character(text, ant):
    essay = asks_to_join(ant)
    keeping.answer(essay, keeping.read(ant, text))
    config.db.commit()
    store().expire_all()
    assert essay.answer == text
    assert model.shown(ant.list_id, essay.pending) == text
    [request] = [
        pendable for _token, pendable in getUtility(IPendings).find(mlist=ant)
    ]
    assert request['essay'] == text


@pytest.mark.parametrize('text', ['Quién *eres*? \N{ANT}', 'a' * 20_000])
def test_questions_are_kept_to_the_last_character(text, ant):
    lists.change(ant, {'essay_questions': text})
    config.db.commit()
    store().expire_all()
    assert lists.settings(ant).essay_questions == text


def test_an_error_of_the_database_shows_no_answer(ant):
    essay = asks_to_join(ant)
    same = {'token': essay.token, 'list_id': ant.list_id, 'email': essay.email}
    more = {'invited': False, 'asked_at': now(), 'answer': 'I knit.'}
    with pytest.raises(IntegrityError) as caught:
        store().execute(insert(model.Essay).values(**same, **more))
    store().rollback()
    assert 'INSERT INTO dlist_essay' in str(caught.value)
    assert 'I knit.' not in str(caught.value)


def test_what_is_shown_with_a_request(ant):
    essay = asks_to_join(ant)
    assert model.shown(ant.list_id, essay.pending) == ''
    assert model.shown(ant.list_id, 'another') == ''
    lists.change(ant, {'essay': False})
    assert model.shown(ant.list_id, essay.pending) == ''
    assert model.shown(ant.list_id, 'another') is None
    lists.disable(ant)
    assert model.shown(ant.list_id, essay.pending) is None
    assert model.shown('bee.example.com', 'another') is None


def test_requests_that_mailman_lets_go_of_are_over(ant):
    old = asks_to_join(ant)
    pass_time(2 * DAY)
    new = asks_to_join(ant, 'bart@example.com')
    pass_time(2 * DAY)
    getUtility(IPendings).evict()
    config.db.commit()
    assert keeping.state(old) is keeping.EssayState.over
    assert keeping.state(new) is keeping.EssayState.asked
    assert [each.email for each in model.page(ant.list_id)] == ['bart@example.com']
    pass_time(keeping.REMEMBERED - 3 * DAY)
    keeping.forget_old()
    assert count_rows(model.Essay) == {'dlist_essay': 1}


def test_what_is_due_is_sent_once(ant):
    essay = asks_to_join(ant)
    queued('virgin')
    essay.mailed_at = None
    config.db.commit()
    assert model.due(now(), 1) == []
    pass_time(timedelta(minutes=2))
    for sent in 1, 0:
        answering.send_due()
        assert len(queued('virgin')) == sent


def test_answers_are_kept_for_as_long_as_each_list_says(ant):
    bee = new_list('bee', 'dlist-essay')
    lists.change(ant, {'essay_retention': '10'})
    for mlist in ant, bee:
        keeping.start(mlist, 'anne@example.com', 'I knit.', invited=False)
        join(mlist, 'Anne')
    pass_time(11 * DAY)
    keeping.forget_old()
    assert [model.size(mlist.list_id) for mlist in (ant, bee)] == [0, 1]
    # What is left of requests that are over goes then; this one has a member.
    pass_time(keeping.REMEMBERED)
    keeping.forget_old()
    assert model.size(bee.list_id) == 1
