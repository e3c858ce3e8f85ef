# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody joins a list whose owners ask questions first [U5].

Every policy, every door and every kind of answer is in test_u5_every_door.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.requests import decide, pending
from tests.village import text_of


ANSWER = 'Ich stricke, und ich schwimme \N{ANT}.\n\n$listname <b>gefällt</b> mir.'


@pytest.fixture
def ant(village):
    ant = village.new_list('ant', style='dlist-essay', subscription_policy='confirm')
    ant.has('Anne')
    return ant


def joins_by_mail(ant, person):
    person.writes(f'ant-join@{ant.village.domain}', 'join')


def answers(person, question, text=ANSWER, **headers):
    quoted = ''.join(f'> {line}\n' for line in text_of(question).splitlines())
    text = f'{text}\n\nOn 16.11.26 09:00, {question["from"]} wrote:\n{quoted}'
    return person.replies(question, text, **headers)


def decided(ant, person, action):
    request = pending(ant)[person.email]
    decide(ant, request['token'], action)
    return request


def hears(ant, person):
    letter = ant.village.person('Anne').writes(ant.at('new'), 'Picnic')
    return person.name in letter.readers


@pytest.mark.parametrize('action', ['reject', 'discard'])
def test_who_is_turned_away_leaves_no_answer(action, ant):
    ant.config(subscription_policy='moderate')
    bart = ant.village.person('Bart')
    joins_by_mail(ant, bart)
    [question] = bart.reads()
    answers(bart, question)
    [arrived] = bart.reads()
    assert 'has arrived' in arrived['subject']
    decided(ant, bart, action)
    path = f'plugins/dlist/lists/{ant.list_id}/essays'
    assert ant.village.site.must(path).body['total_size'] == 0
    ant.village.settle()
    assert len(bart.reads()) == (action == 'reject')
    answers(bart, question)
    [back] = bart.reads()
    assert 'arrived too late' in text_of(back)
    assert not hears(ant, bart)


def test_owners_add_whom_they_like_but_who_has_the_questions(ant):
    site = ant.village.site
    bart, cris = (ant.village.person(name) for name in ('Bart', 'Cris'))
    joins_by_mail(ant, cris)
    [question] = cris.reads()
    done = site.run_mailman(
        'addmembers', '-', ant.list_id, input=f'{bart.email}\n{cris.email}\n'
    )
    assert hears(ant, bart)
    assert f'Subscription already pending (skipping): {cris.email}' in done.stderr
    assert not hears(ant, cris)
    answers(cris, question)
    assert hears(ant, cris)


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
    assert decided(ant, bart, 'accept')['essay'] == 'Wollschaf'
    bart.reads()
    bart.writes(f'ant-request@{ant.village.domain}', 'dlist essay')
    [own] = bart.reads()
    assert 'Wollschaf' in text_of(own)
    assert 'Wollschaf' not in logs(ant)


def logs(ant):
    return ''.join(
        path.read_text() for path in (ant.village.site.var / 'logs').iterdir()
    )
