# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody joins a list whose owners ask questions first [U5].

Every door and every policy, with every kind of answer, is walked through in
tests/app; here mail really comes and goes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.village import text_of


ANSWER = 'Ich stricke, und ich schwimme \N{ANT}.\n\n$listname <b>gefällt</b> mir.'
POLICIES = ('open', 'confirm', 'moderate', 'confirm_then_moderate')


@pytest.fixture
def ant(village):
    ant = village.new_list('ant', style='dlist-essay')
    ant.has('Anne')
    return ant


def joins_by_mail(ant, person):
    person.writes(f'ant-join@{ant.village.domain}', 'join')


def answers(person, question, text=ANSWER, **headers):
    quoted = ''.join(f'> {line}\n' for line in text_of(question).splitlines())
    text = f'{text}\n\nOn 16.11.26 09:00, {question["from"]} wrote:\n{quoted}'
    return person.replies(question, text, **headers)


def request_of(ant):
    body = ant.village.site.must(f'lists/{ant.list_id}/requests').body
    [request] = body['entries']
    return request


def decide(ant, action):
    path = f'lists/{ant.list_id}/requests/{request_of(ant)["token"]}'
    ant.village.site.must(path, {'action': action})


def hears(ant, person):
    letter = ant.village.person('Anne').writes(ant.at('new'), 'Picnic')
    return person.name in letter.readers


@pytest.mark.parametrize('policy', POLICIES)
@pytest.mark.parametrize('door', ['mail', 'rest'])
def test_bart_answers_and_joins(door, policy, ant):
    ant.config(subscription_policy=policy)
    bart = ant.village.person('Bart')
    if door == 'mail':
        joins_by_mail(ant, bart)
    else:
        said = ant.village.site.must(
            'members', {'list_id': ant.list_id, 'subscriber': bart.email}).body
        assert said['token_owner'] == 'subscriber'
        ant.village.settle()
    [question] = bart.reads()
    assert 'Who are you' in text_of(question)
    assert request_of(ant)['essay'] == ''
    answers(bart, question, ' ')
    [again] = bart.reads()
    assert 'There was no answer' in text_of(again)
    answers(bart, again, 'I am on holiday.', Auto_Submitted='auto-replied')
    assert bart.reads() == []
    answers(bart, again)
    bart.reads()
    # The first answer counts; the same once more is no news.
    answers(bart, again)
    assert bart.reads() == []
    answers(bart, again, 'I do not knit at all.')
    [back] = bart.reads()
    assert 'that answer counts' in text_of(back)
    if policy.endswith('moderate'):
        assert not hears(ant, bart)
        owners = ant.village.site.outbox.to(f'ant-owner@{ant.village.domain}')
        [notice] = [each.message for each in owners]
        assert text_of(notice).rstrip().endswith(ANSWER)
        assert request_of(ant)['essay'] == ANSWER
        decide(ant, 'accept')
    assert hears(ant, bart)
    path = f'plugins/dlist/lists/{ant.list_id}/essays'
    [essay] = ant.village.site.must(path).body['entries']
    assert (essay['answer'], essay['state']) == (ANSWER, 'kept')
    bart.reads()
    bart.writes(f'ant-request@{ant.village.domain}', 'dlist essay')
    [own] = bart.reads()
    assert ANSWER in text_of(own)


@pytest.mark.databases('sqlite')
@pytest.mark.parametrize('action', ['reject', 'discard'])
def test_who_is_turned_away_leaves_no_answer(action, ant):
    ant.config(subscription_policy='moderate')
    bart = ant.village.person('Bart')
    joins_by_mail(ant, bart)
    [question] = bart.reads()
    answers(bart, question)
    decide(ant, action)
    path = f'plugins/dlist/lists/{ant.list_id}/essays'
    assert ant.village.site.must(path).body['total_size'] == 0
    ant.village.settle()
    assert len(bart.reads()) == (action == 'reject')
    answers(bart, question)
    [back] = bart.reads()
    assert 'came too late' in text_of(back)
    assert not hears(ant, bart)


@pytest.mark.databases('sqlite')
def test_a_form_brings_the_answer_with_the_request(ant):
    bart = ant.village.person('Bart')
    path = f'plugins/dlist/lists/{ant.list_id}/essays'
    form = {'subscriber': bart.email, 'answer': ANSWER}
    said = ant.village.site.must(path, form).body
    assert said['token_owner'] == 'subscriber'
    # The address is still to be confirmed, by core's own mail.
    ant.village.settle()
    [confirmation] = bart.reads()
    bart.replies(confirmation)
    assert hears(ant, bart)


@pytest.mark.databases('sqlite')
def test_owners_add_whom_they_like_and_invite(ant):
    site = ant.village.site
    bart, cris = (ant.village.person(name) for name in ('Bart', 'Cris'))
    site.mailman('addmembers', '-', ant.list_id, input=f'{bart.email}\n')
    assert hears(ant, bart)
    site.mailman('dlist', 'settings', ant.list_id, 'ask_invited=yes')
    site.mailman('addmembers', '--invite', '-', ant.list_id, input=f'{cris.email}\n')
    ant.village.settle()
    [invitation] = cris.reads()
    assert 'invite you' in text_of(invitation)
    answers(cris, invitation)
    assert hears(ant, cris)


@pytest.mark.databases('sqlite')
def test_what_owners_ask_comes_from_a_file(ant, tmp_path: Path):
    site, bart = ant.village.site, ant.village.person('Bart')
    file = tmp_path / 'questions.txt'
    file.write_text('¿Quién *eres*?\n', encoding='utf-8')
    site.mailman('dlist', 'essay', ant.list_id, '--set', str(file))
    joins_by_mail(ant, bart)
    [question] = bart.reads()
    assert '\n\n¿Quién *eres*?\n\n' in text_of(question)
    site.mailman('dlist', 'essay', ant.list_id, '--off')
    answers(bart, question, ' ')
    assert hears(ant, bart)


@pytest.mark.databases('sqlite')
def test_no_log_has_an_answer_nor_how_to_give_one(ant):
    ant.config(subscription_policy='moderate')
    bart = ant.village.person('Bart')
    joins_by_mail(ant, bart)
    [question] = bart.reads()
    token = str(question['reply-to']).partition('+confirm+')[2].partition('@')[0]
    assert ant.village.domain in logs(ant)
    # The mail server logs who it is to when it comes back; by then it is used.
    assert token not in logs(ant)
    answers(bart, question, 'Wollschaf')
    assert request_of(ant)['essay'] == 'Wollschaf'
    decide(ant, 'accept')
    assert 'Wollschaf' not in logs(ant)


def logs(ant):
    return ''.join(
        path.read_text() for path in (ant.village.site.var / 'logs').iterdir()
    )
