# SPDX-License-Identifier: GPL-3.0-or-later
"""A crash after any step of joining loses no request and asks nobody anew [U5].

The crash comes before a commit, or with the next statement after it: these are the
moments that differ for what is found afterwards.  What was in a queue is taken up
again, as Mailman does when it starts, and a minute later what is due is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.subscriptions import (
    ISubscriptionManager,
    SubscriptionPendingError,
)
from mailman.runners.command import CommandRunner
from mailman.utilities.datetime import now
from sqlalchemy import event
from zope.component import getUtility

from mailman_dlist.app.essays import answering, keeping, workflow
from mailman_dlist.app.essays import mail as essay_mail
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.newcomers import (
    ANSWER,
    address,
    asks_to_join,
    joins_by_mail,
    mails,
    member,
    only,
    question,
    replies,
    requests,
    the_essay,
)
from tests.core import built_once
from tests.model.stage import letter, new_list, pass_time, run


class Crash(BaseException):
    """The process ends."""


class Moment(NamedTuple):
    """When to crash.

    :param event: Before the commit of that number, or with the next statement after it.
    :param commits: How many there are, at most, if nothing crashes.
    """

    event: str
    number: int
    commits: int

    def __str__(self) -> str:
        return f'{self.event}-{self.number}'


def at_each_commit(commits: int) -> pytest.MarkDecorator:
    """Try a journey with each of its moments, and without a crash."""
    return pytest.mark.parametrize(
        'moment',
        [
            *(Moment('before_commit', n, commits) for n in range(1, commits + 2)),
            *(Moment('after_commit', n, commits) for n in range(1, commits + 1)),
        ],
        ids=str,
    )


@contextmanager
def crash(moment: Moment) -> Iterator[list[str]]:
    """Crash at one of the commits; yield what came to pass."""
    seen: list[str] = []

    def count(_session: Any) -> None:
        seen.append('commit')
        if len(seen) == moment.number and moment.event == 'before_commit':
            raise Crash

    def execute(*_given: Any) -> None:
        if len(seen) == moment.number and moment.event == 'after_commit':
            raise Crash

    session, engine = store(), config.db.engine
    event.listen(session, moment.event, count)
    event.listen(engine, 'before_cursor_execute', execute)
    try:
        yield seen
    except Crash:
        seen.append('crash')
    else:
        # Otherwise some moment would not be tried.
        assert len(seen) <= moment.commits
    finally:
        event.remove(session, moment.event, count)
        event.remove(engine, 'before_cursor_execute', execute)
        session.rollback()
        session.expire_all()


def a_minute_later() -> None:
    pass_time(timedelta(minutes=2))
    answering.send_due()


@built_once
def make_ant() -> None:
    new_list(style='dlist-essay').subscription_policy = SubscriptionPolicy.moderate
    config.db.commit()


@pytest.fixture
def ant(mailman: Any) -> Any:
    make_ant()
    return getUtility(IListManager).get_by_list_id('ant.example.com')


@at_each_commit(3)
def test_a_request_that_a_program_makes(moment, ant):
    with crash(moment) as seen:
        asks_to_join(ant)
    if 'crash' in seen and not requests(ant):
        # Nothing was done, and the program knows: it asks once more.
        assert mails() == []
        asks_to_join(ant)
    a_minute_later()
    sent = mails()
    # A mail that was repeated has the same id, and the same address to answer to.
    assert len({(each['message-id'], each['reply-to']) for each in sent}) == 1
    replies(ant, sent[0])
    assert [each['essay'] for each in requests(ant)] == [ANSWER]


@at_each_commit(3)
def test_a_request_by_mail_is_not_lost(moment, ant):
    with crash(moment):
        joins_by_mail(ant)
    run(CommandRunner, 'command')
    a_minute_later()
    sent = [each for each in mails() if 'question' in str(each['subject'])]
    # A mail that was repeated has the same id, and the same address to answer to.
    assert len({(each['message-id'], each['reply-to']) for each in sent}) == 1
    replies(ant, sent[-1])
    assert [each['essay'] for each in requests(ant)] == [ANSWER]


@pytest.mark.parametrize('times', [1, 2])
def test_a_request_whose_mail_is_in_the_queue_still_is_done(times, ant):
    for _time in range(times):
        pass_time(timedelta(seconds=1))
        joins_by_mail(ant)
        question()
    received = now()
    # Mailman may be away for long.
    pass_time(timedelta(hours=1))
    joins_by_mail(ant, received)
    assert mails() == []
    joins_by_mail(ant)
    question()


@pytest.mark.parametrize(('sender', 'command'), [
    ('Anne@Example.com', 'join'),
    ('bart@example.com', 'subscribe address=Anne@Example.com'),
])
def test_a_request_that_names_the_address_otherwise_is_done_as_well(
    sender, command, ant
):
    def asks(received: Any) -> list[Any]:
        config.switchboards['command'].enqueue(
            letter(sender, command, ant.request_address),
            listid=ant.list_id,
            subaddress='request',
            received_time=received,
        )
        run(CommandRunner, 'command')
        return [each for each in mails() if 'question' in str(each['subject'])]

    received = now()
    assert len(asks(received)) == 1
    pass_time(timedelta(hours=1))
    assert asks(received) == []
    assert len(asks(now())) == 1


@at_each_commit(3)
def test_a_request_by_mail_that_is_made_again(moment, ant):
    joins_by_mail(ant)
    question()
    a_minute_later()
    with crash(moment):
        joins_by_mail(ant)
    run(CommandRunner, 'command')
    a_minute_later()
    sent = [each for each in mails() if 'question' in str(each['subject'])]
    assert len(sent) <= 1
    assert len(requests(ant)) == 1


@at_each_commit(21)
def test_an_answer(moment, ant):
    asks_to_join(ant)
    asked = question()
    with crash(moment):
        replies(ant, asked)
    run(DlistRunner, 'dlist')
    a_minute_later()
    assert config.switchboards['shunt'].files == []
    [request] = requests(ant)
    assert (request['token_owner'], request['essay']) == ('moderator', ANSWER)
    # After a crash, the newcomer may not be told.
    to = {str(each['to']) for each in mails()}
    assert to - {'anne@example.com'} == {'ant-owner@example.com'}
    with pytest.raises(SubscriptionPendingError):
        asks_to_join(ant)


@at_each_commit(18)
def test_an_answer_that_makes_a_member(moment, ant):
    ant.subscription_policy = SubscriptionPolicy.confirm
    config.db.commit()
    asks_to_join(ant)
    asked = question()
    with crash(moment):
        replies(ant, asked)
    run(DlistRunner, 'dlist')
    a_minute_later()
    assert config.switchboards['shunt'].files == []
    assert keeping.of_member(member(ant)) == ANSWER
    assert requests(ant) == []
    assert mails() == []


def answers_by_a_program(mlist: Any) -> None:
    mlist.subscription_policy = SubscriptionPolicy.confirm_then_moderate
    workflow.subscribe(mlist, address(), ANSWER)
    config.db.commit()
    only('Your confirmation is needed', mails())
    # Then nothing is due.
    a_minute_later()


def confirms(mlist: Any) -> None:
    ISubscriptionManager(mlist).confirm(the_essay(mlist).pending)
    config.db.commit()


@at_each_commit(3)
def test_an_answer_by_a_program_that_is_confirmed_later(moment, ant):
    answers_by_a_program(ant)
    with crash(moment):
        confirms(ant)
    if [each['token_owner'] for each in requests(ant)] == ['subscriber']:
        # Who confirms by a program hears of it, and by mail it is taken up again.
        confirms(ant)
    a_minute_later()
    [request] = requests(ant)
    assert (request['token_owner'], request['essay']) == ('moderator', ANSWER)
    assert {str(each['to']) for each in mails()} == {'ant-owner@example.com'}


def test_moderators_are_told_once_while_the_notice_is_on_its_way(ant, monkeypatch):
    answers_by_a_program(ant)
    advance = essay_mail.advance

    def advance_late(*given: Any) -> None:
        monkeypatch.undo()
        answering.send_due()
        advance(*given)

    monkeypatch.setattr(essay_mail, 'advance', advance_late)
    confirms(ant)
    assert essay_mail.advance is advance
    a_minute_later()
    only('New subscription request', mails())


def test_moderators_are_told_once_where_nothing_crashes(ant):
    asks_to_join(ant)
    replies(ant, question())
    a_minute_later()
    only('New subscription request', mails())
    a_minute_later()
    assert mails() == []
