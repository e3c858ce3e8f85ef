# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wants to join answers first, by every door and under every policy [U5]."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from mailman.app.subscriptions import PendableSubscription
from mailman.config import config
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import (
    ISubscriptionManager,
    SubscriptionPendingError,
    TokenOwner,
)
from mailman.interfaces.usermanager import IUserManager
from sqlalchemy import event
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping, pendings, workflow
from mailman_dlist.app.lifecycle import forget_former
from mailman_dlist.interfaces.essay import EssayState
from mailman_dlist.model import essays as model
from tests.app.newcomers import (
    ANNE,
    ANSWER,
    address,
    asks_to_join,
    confirms_as_in_core,
    joins_by_mail,
    mails,
    member,
    only,
    passes_on,
    question,
    replies,
    replies_without_marks,
    requests,
    text_of,
    the_essay,
)
from tests.model.stage import DAY, ant_with, count_rows, new_list, pass_time


POLICIES = list(SubscriptionPolicy)
MODERATED = (SubscriptionPolicy.moderate, SubscriptionPolicy.confirm_then_moderate)


@pytest.fixture
def ant(mailman: Any) -> Any:
    [mlist] = ant_with()
    lists.change(mlist, {'essay': True})
    config.db.commit()
    return mlist


@pytest.mark.parametrize('policy', POLICIES)
@pytest.mark.parametrize('door', ['mail', 'register'])
def test_who_answers_by_mail_joins_as_the_policy_says(door, policy, ant):
    ant.subscription_policy = policy
    config.db.commit()
    if door == 'mail':
        joins_by_mail(ant)
    else:
        token, owner, nobody = asks_to_join(ant)
        assert (owner, nobody) == (TokenOwner.subscriber, None)
        assert token is not None
    assert [each['token_owner'] for each in requests(ant)] == ['subscriber']
    assert requests(ant)[0]['essay'] == ''
    asked = question()
    assert asked['to'] == ANNE
    assert asked['reply-to'].startswith('ant+confirm+')
    replies(ant, asked)
    sent = mails()
    if policy not in MODERATED:
        assert keeping.of_member(member(ant)) == ANSWER
        assert requests(ant) == []
        return
    assert member(ant) is None
    assert text_of(only('New subscription request', sent)).endswith(
        f'\n\n{ANSWER}\n')
    [request] = requests(ant)
    assert (request['token_owner'], request['essay']) == ('moderator', ANSWER)
    ISubscriptionManager(ant).confirm(the_essay(ant).pending)
    config.db.commit()
    assert keeping.of_member(member(ant)) == ANSWER
    assert member(ant).address.verified_on is not None
    assert requests(ant) == []
    assert [str(each['subject']) for each in mails()] == []


@pytest.mark.parametrize('policy', POLICIES)
@pytest.mark.parametrize('verified', [True, False])
def test_an_answer_that_comes_with_the_request_leaves_all_else_to_the_policy(
        verified, policy, ant):
    ant.subscription_policy = policy
    plain = new_list('bee', 'legacy-default')
    plain.subscription_policy = policy
    config.db.commit()
    how = {'pre_verified': verified, 'pre_confirmed': verified}
    _token, owner, joined = ISubscriptionManager(plain).register(address(), **how)
    address().verified_on = None
    config.db.commit()
    of_core = [str(each['subject']).replace('Bee', 'Ant').replace('bee', 'ant')
               for each in mails()]
    given = workflow.subscribe(ant, address(), ANSWER, **how)
    config.db.commit()
    assert given[1] is owner
    assert (given[2] is None) == (joined is None)
    assert [str(each['subject']) for each in mails()] == of_core
    assert [each['essay'] for each in requests(ant)] == (
        [] if joined else [ANSWER])
    # By the newcomer and by a moderator, at most.
    for _time in range(2):
        if member(ant) is None:
            ISubscriptionManager(ant).confirm(the_essay(ant).pending)
            config.db.commit()
    assert keeping.of_member(member(ant)) == ANSWER


def test_on_a_plain_list_and_without_an_essay_nobody_is_asked(ant):
    lists.change(ant, {'essay': False})
    for mlist in ant, new_list('bee', 'legacy-default'):
        _token, owner, joined = asks_to_join(
            mlist, pre_verified=True, pre_confirmed=True)
        assert (owner, joined.list_id) == (TokenOwner.no_one, mlist.list_id)
        assert keeping.of_member(joined) is None
    assert mails() == []


@pytest.mark.parametrize(('how', 'ask_invited', 'subject'), [
    ({'pre_approved': True, 'pre_confirmed': True, 'pre_verified': True}, False, None),
    ({'pre_approved': True, 'pre_confirmed': True, 'pre_verified': True}, True, None),
    ({'invitation': True}, False, 'You have been invited'),
    ({'invitation': True}, True, 'please answer these questions'),
])
def test_who_is_approved_or_invited_passes(how, ask_invited, subject, ant):
    lists.change(ant, {'ask_invited': ask_invited})
    asks_to_join(ant, **how)
    if subject is None:
        assert member(ant) is not None
        assert mails() == []
    else:
        asked = only(subject, mails())
        assert ('invite you' in text_of(asked)) == ask_invited
        if ask_invited:
            replies(ant, asked)
            assert keeping.of_member(member(ant)) == ANSWER


@pytest.mark.parametrize('nothing', ['', ' \n', '\u200b', '-- \nAnne', '\x00'])
def test_an_empty_answer_is_asked_again_once_a_day(nothing, ant):
    asks_to_join(ant)
    asked = question()
    replies(ant, asked, nothing)
    assert 'contained no answer' in text_of(question())
    replies(ant, asked, nothing)
    assert mails() == []
    pass_time(DAY)
    replies(ant, asked, nothing)
    replies(ant, question(), nothing)
    assert mails() == []
    assert member(ant) is None
    replies(ant, asked)
    assert keeping.of_member(member(ant)) == ANSWER


@pytest.mark.parametrize('width', [200, 72, 40])
def test_our_own_words_are_no_answer_in_any_language(width, ant):
    asks_to_join(ant)
    asked = question()
    replies_without_marks(ant, asked, '', width)
    assert the_essay(ant).answer is None
    assert member(ant) is None
    [again] = mails()
    replies_without_marks(ant, again, ANSWER, width)
    assert the_essay(ant).answer == ANSWER


def test_an_answer_shorter_than_the_owners_want_is_none(ant):
    lists.change(ant, {'essay_min_length': '10'})
    asks_to_join(ant)
    asked = question()
    # As often as it comes.
    for _ in range(2):
        replies(ant, asked, 'I knit.')
        back = only('was not used', mails())
        assert 'too short' in text_of(back)
        assert 'answers of 10 to 100000 characters' in text_of(back)
        assert b'I knit.' in back.get_payload(1).get_payload(0).get_payload(decode=True)
    replies(ant, asked, '')
    assert 'at least 10 characters' in text_of(question())
    replies(ant, asked, 'I knit, and swim.')
    assert keeping.of_member(member(ant)) == 'I knit, and swim.'


def test_the_mail_about_the_length_can_itself_be_answered(ant):
    lists.change(ant, {'essay_min_length': '10', 'essay_questions': 'Do you swim?'})
    config.db.commit()
    asks_to_join(ant)
    asked = question()
    replies(ant, asked, 'I do.')
    back = only('was not used', mails())
    assert back['reply-to'] == asked['reply-to']
    assert 'Do you swim?' in text_of(back)
    # Quoted in a way that no program is known for, it is no answer.
    replies(ant, back, f'\n{text_of(back)}')
    assert the_essay(ant).answer is None
    mails()
    replies(ant, back, 'I do, every morning.')
    assert the_essay(ant).answer == 'I do, every morning.'


def test_an_answer_longer_than_any_is_none(ant):
    asks_to_join(ant)
    replies(ant, question(), 'a' * 100_001)
    assert 'too long' in text_of(only('was not used', mails()))
    assert member(ant) is None


@pytest.mark.parametrize('field', [
    {'Auto_Submitted': 'auto-replied'}, {'X_Autoreply': 'yes'},
])
def test_automatic_mail_is_no_answer(field, ant):
    asks_to_join(ant)
    replies(ant, question(), 'I am on holiday.', **field)
    assert member(ant) is None
    assert mails() == []


def test_the_same_request_again_sends_the_questions_again(ant):
    first = asks_to_join(ant)
    asked = question()
    assert asks_to_join(ant) == first
    again = question()
    assert again['reply-to'] == asked['reply-to']
    assert again['message-id'] != asked['message-id']
    # The questions are on their way to her.
    joins_by_mail(ant)
    assert mails() == []
    pass_time(timedelta(seconds=1))
    joins_by_mail(ant)
    question()
    assert len(requests(ant)) == 1
    replies(ant, asked)
    assert member(ant) is not None


def test_the_questions_are_sent_no_more_often_than_the_site_allows(ant, monkeypatch):
    asks_to_join(ant)
    for _ in range(60):
        asks_to_join(ant)
    assert len(mails()) == 51


def test_a_request_that_is_half_deleted_is_none(ant, monkeypatch):
    # What others see while one is decided on, where they see what is not committed.
    rest = PendableSubscription(list_id=ant.list_id)
    getUtility(IPendings).add(rest)
    monkeypatch.setattr(pendings.model, 'is_pending', lambda _token: False)
    assert requests(ant) == []
    asks_to_join(ant)
    replies(ant, question())
    assert member(ant) is not None


def test_a_request_that_is_deleted_while_it_is_looked_at_is_none(ant):
    asks_to_join(ant)
    deleted: list[int] = []

    def another_process(connection, _cursor, statement, *_rest):
        if not deleted and 'count(' in statement and 'pended.token =' in statement:
            deleted.append(connection.exec_driver_sql('DELETE FROM pended').rowcount)

    event.listen(config.db.engine, 'after_cursor_execute', another_process)
    workflow.subscribe(ant, address('bart@example.com'), ANSWER)
    event.remove(config.db.engine, 'after_cursor_execute', another_process)
    assert deleted == [1]
    assert [each['email'] for each in requests(ant)] == ['bart@example.com']


def test_what_fails_in_a_step_is_no_end_of_all_steps(ant, monkeypatch):
    def fails(*_arguments: Any, **_named: Any) -> None:
        raise IndexError('pop from an empty list')

    monkeypatch.setattr(keeping, 'start', fails)
    with pytest.raises(IndexError):
        asks_to_join(ant)


def test_who_has_answered_has_a_pending_request_as_in_core(ant):
    ant.subscription_policy = SubscriptionPolicy.moderate
    config.db.commit()
    asks_to_join(ant)
    replies(ant, question())
    with pytest.raises(SubscriptionPendingError):
        asks_to_join(ant)


@pytest.mark.parametrize('how', [{'pre_approved': True}, {'invitation': True}])
def test_who_waits_for_the_questions_and_is_added_has_a_pending_request(how, ant):
    asks_to_join(ant)
    question()
    with pytest.raises(SubscriptionPendingError):
        asks_to_join(ant, **how)
    assert mails() == []


@pytest.mark.parametrize('policy', POLICIES)
def test_the_first_answer_counts(policy, ant):
    ant.subscription_policy = policy
    config.db.commit()
    asks_to_join(ant)
    asked = question()
    replies(ant, asked)
    mails()
    replies(ant, asked)
    assert mails() == []
    replies(ant, asked, 'I also sing.')
    back = only('was not used', mails())
    assert 'answered the questions' in text_of(back)
    assert b'I also sing' in back.get_payload(1).get_payload(0).get_payload(decode=True)
    assert the_essay(ant).answer == ANSWER


def test_an_answer_that_comes_too_late_goes_back(ant):
    asks_to_join(ant)
    asked = question()
    pass_time(4 * DAY)
    getUtility(IPendings).evict()
    config.db.commit()
    replies(ant, asked)
    assert 'arrived too late' in text_of(only('was not used', mails()))
    assert member(ant) is None
    assert model.size(ant.list_id) == 0


def test_who_joined_by_another_door_meanwhile_is_told(ant):
    asks_to_join(ant)
    asked = question()
    ant.subscribe(address())
    config.db.commit()
    replies(ant, asked)
    assert 'arrived too late' in text_of(only('was not used', mails()))
    assert requests(ant) == []


def test_nobody_joins_who_was_banned_meanwhile(ant):
    asks_to_join(ant)
    asked = question()
    IBanManager(ant).ban(ANNE)
    config.db.commit()
    replies(ant, asked, sender='anne@example.net')
    only('was not used', mails())
    assert member(ant) is None
    assert requests(ant) == []


def test_who_is_gone_when_the_answer_comes_is_told(ant):
    asks_to_join(ant)
    asked = question()
    users = getUtility(IUserManager)
    users.delete_user(users.get_user(ANNE))
    config.db.commit()
    assert users.get_address(ANNE) is None
    replies(ant, asked)
    only('was not used', mails())


def test_of_two_requests_at_once_the_answered_one_counts(ant):
    keeping.start(ant, ANNE, None, invited=False)
    asks_to_join(ant)
    asked = question()
    pass_time(DAY)
    keeping.start(ant, ANNE, None, invited=False)
    replies(ant, asked)
    assert keeping.of_member(member(ant)) == ANSWER


def test_core_cannot_confirm_without_an_answer(ant):
    token, *_rest = asks_to_join(ant)
    asked = question()
    for _ in range(2):
        outcome = ISubscriptionManager(ant).confirm(token)
        assert outcome == (token, TokenOwner.subscriber, None)
    question()
    replies(ant, asked)
    assert member(ant) is not None


def test_an_answer_may_come_from_another_address(ant):
    asks_to_join(ant)
    replies(ant, question(), sender='anne@work.example')
    assert keeping.of_member(member(ant)) == ANSWER


def test_a_request_of_another_list_confirms_nothing_here(ant):
    bee = new_list('bee')
    token, *_rest = asks_to_join(ant)
    with pytest.raises(LookupError):
        ISubscriptionManager(bee).confirm(token)


def test_the_questions_passed_on_whole_are_no_answer(ant):
    asks_to_join(ant)
    asked = question()
    passes_on(ant, asked, attached=asked)
    again = question()
    assert (again['to'], 'contained no answer' in text_of(again)) == (ANNE, True)
    replies(ant, asked)
    assert keeping.of_member(member(ant)) == ANSWER


@pytest.mark.parametrize('days', [0, 31])
def test_a_token_of_another_list_or_of_long_ago_confirms_nothing(days, ant):
    bee = new_list('bee', 'dlist-essay')
    asks_to_join(ant)
    asked = question()
    pass_time(days * DAY)
    getUtility(IPendings).evict()
    keeping.forget_old()
    replies(bee if days == 0 else ant, asked)
    told = only('another address', mails())
    assert 'there is no request to confirm' in text_of(told)
    assert '-join@example.com' in text_of(told)
    assert member(ant) is None and member(bee) is None
    assert [each['essay'] for each in requests(ant)] == [''] * (days == 0)


@pytest.mark.parametrize('mine', [True, False])
def test_mailmans_own_token_by_mail_confirms_nothing_without_an_answer(mine, ant):
    mlist = ant if mine else new_list('bee', 'dlist-essay')
    token, *_rest = asks_to_join(ant)
    asked = question()
    confirms_as_in_core(mlist, token)
    told = mails()
    if mine:
        # She has not written anything yet, and maybe a moderator accepts.
        assert 'wants to join' in text_of(only('please answer these questions', told))
    else:
        assert told == []
    assert member(ant) is None
    replies(ant, asked)
    assert member(ant) is not None


def test_on_what_is_a_plain_list_now_moderators_decide_as_ever(ant):
    ant.subscription_policy = SubscriptionPolicy.moderate
    config.db.commit()
    asks_to_join(ant)
    replies(ant, question())
    lists.disable(ant)
    config.db.commit()
    [request] = requests(ant)
    assert 'essay' not in request
    ISubscriptionManager(ant).confirm(the_essay(ant).pending)
    config.db.commit()
    assert member(ant) is not None
    assert model.size(ant.list_id) == 0


@pytest.mark.parametrize('text', ['', ANSWER])
def test_owners_may_stop_asking_while_somebody_answers(text, ant):
    asks_to_join(ant)
    asked = question()
    lists.change(ant, {'essay': False})
    config.db.commit()
    replies(ant, asked, text)
    assert keeping.of_member(member(ant)) == text


@pytest.mark.parametrize('policy', POLICIES)
@pytest.mark.parametrize('door', ['mail', 'register', 'confirm'])
def test_who_waits_when_owners_stop_asking_goes_on_as_the_policy_says(
        door, policy, ant):
    ant.subscription_policy = policy
    token, *_rest = asks_to_join(ant)
    question()
    lists.change(ant, {'essay': False})
    config.db.commit()
    if door == 'confirm':
        ISubscriptionManager(ant).confirm(token)
    elif door == 'mail':
        joins_by_mail(ant)
    else:
        asks_to_join(ant)
    config.db.commit()
    told = [str(each['subject']) for each in mails()]
    assert not any('please answer these questions' in each for each in told)
    if door != 'confirm':
        assert any('Your confirmation is needed' in each for each in told)
    # By the newcomer and by a moderator, at most.
    for _time in range(2):
        if member(ant) is None:
            ISubscriptionManager(ant).confirm(the_essay(ant).pending)
            config.db.commit()
    assert member(ant) is not None
    assert requests(ant) == []


def test_who_has_a_pending_request_where_nothing_is_asked_is_told_as_in_core(ant):
    lists.change(ant, {'essay': False})
    asks_to_join(ant)
    with pytest.raises(SubscriptionPendingError):
        asks_to_join(ant)


def test_other_questions_leave_a_waiting_request_as_it_is(ant):
    asks_to_join(ant)
    asked = question()
    lists.change(ant, {'essay_questions': 'What is $listname to you?'})
    asks_to_join(ant)
    assert 'What is $listname to you?' in text_of(question())
    replies(ant, asked)
    assert keeping.of_member(member(ant)) == ANSWER


@pytest.mark.parametrize('verified', [True, False])
def test_a_request_that_waits_takes_an_answer_from_a_form(verified, ant):
    asks_to_join(ant, pre_verified=verified, pre_confirmed=verified)
    asked = question()
    _token, owner, joined = workflow.subscribe(ant, address(), ANSWER)
    config.db.commit()
    if verified:
        assert keeping.of_member(joined) == ANSWER
        return
    # The form does not show that the address is Anne's; a reply of hers does.
    assert (owner, joined) == (TokenOwner.subscriber, None)
    only('Your confirmation is needed', mails())
    replies(ant, asked, '')
    assert keeping.of_member(member(ant)) == ANSWER


@pytest.mark.parametrize('policy', POLICIES)
@pytest.mark.parametrize('own', ['My very own words.', ANSWER, ''])
def test_who_reads_the_mail_of_an_address_answers_for_it(own, policy, ant):
    ant.subscription_policy = policy
    config.db.commit()
    asks_to_join(ant)
    asked = question()
    # Anybody could have filled in the form.
    workflow.subscribe(ant, address(), ANSWER)
    config.db.commit()
    only('Your confirmation is needed', mails())
    replies(ant, asked, own)
    told = [text_of(each) for each in mails()]
    assert the_essay(ant).answer == (own or ANSWER)
    if policy in MODERATED:
        # The moderators, and the newcomer.
        assert [each.endswith(f'\n\n{own or ANSWER}\n') for each in told] == [
            True, False,
        ]
        assert 'has arrived' in told[1]
        replies(ant, asked, 'I also sing.')
        only('was not used', mails())
    else:
        assert told == []
        assert keeping.of_member(member(ant)) == (own or ANSWER)


@pytest.mark.parametrize('policy', POLICIES)
def test_a_user_who_prefers_no_address_joins_with_the_one_that_answered(policy, ant):
    ant.subscription_policy = policy
    user = getUtility(IUserManager).create_user()
    user.link(address())
    ISubscriptionManager(ant).register(user)
    config.db.commit()
    replies(ant, question())
    if policy in MODERATED:
        ISubscriptionManager(ant).confirm(the_essay(ant).pending)
        config.db.commit()
    assert keeping.of_member(member(ant)) == ANSWER


def test_a_discarded_answer_is_gone(ant):
    ant.subscription_policy = SubscriptionPolicy.moderate
    config.db.commit()
    asks_to_join(ant)
    asked = question()
    replies(ant, asked)
    mails()
    essay = the_essay(ant)
    ISubscriptionManager(ant).discard(essay.pending)
    config.db.commit()
    assert keeping.state(essay) is EssayState.over
    assert (essay.answer, essay.email) == (None, '')
    replies(ant, asked)
    only('was not used', mails())


def test_an_answer_ends_with_its_time(ant):
    lists.change(ant, {'essay_retention': '7'})
    asks_to_join(ant)
    replies(ant, question())
    pass_time(6 * DAY)
    keeping.forget_old()
    assert keeping.of_member(member(ant)) == ANSWER
    pass_time(2 * DAY)
    keeping.forget_old()
    assert keeping.of_member(member(ant)) is None


def test_an_answer_goes_with_the_membership(ant):
    asks_to_join(ant)
    replies(ant, question())
    assert count_rows(model.Essay) == {'dlist_essay': 1}
    member(ant).unsubscribe()
    config.db.commit()
    pass_time(DAY)
    forget_former()
    assert count_rows(model.Essay) == {'dlist_essay': 0}
