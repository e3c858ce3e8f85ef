# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and moderators steer conversations while people write in them."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.journeys.aliases import asks, confirms
from tests.journeys.moderators import decide, held
from tests.journeys.storage import conversations
from tests.village import MailingList, Person, text_of


def rest(mlist: MailingList, path: str, method: str, **form: str) -> None:
    mlist.village.site.must(
        f'plugins/dlist/lists/{mlist.list_id}/conversations/{path}', form, method
    )


def state(mlist: MailingList, name: str = 'picnic') -> str:
    path = f'plugins/dlist/lists/{mlist.list_id}/conversations/{name}'
    return str(mlist.village.site.must(path).body['posting'])


def confirm(person: Person) -> None:
    """Reply, without a word, to the latest mail that came."""
    mail = person.inbox[-1]
    person.writes(str(mail['reply-to']), f'Re: {mail["subject"]}', '\n')


# By mail.


@pytest.mark.parametrize('role', ['owner', 'moderator'])
def test_a_moderator_closes_and_reopens_a_conversation(ant, role):
    anne, bart, olga = ant.has('Anne', 'Bart', 'Olga')
    ant.has('Olga', role=role)
    anne.writes(ant.at('new'), 'Picnic')
    for verb, posting in (('close', 'closed'), ('reopen', 'open'), ('hold', 'held')):
        before = state(ant)
        olga.writes(ant.at('picnic', verb))
        assert state(ant) == before
        confirm(olga)
        assert state(ant) == posting
        done = olga.inbox[-1]
        for other in {'close', 'reopen', 'hold'} - {verb}:
            assert ant.at('picnic', other) in text_of(done)
        if posting == 'closed':
            late = bart.writes(ant.at('picnic'), 'Chairs')
            assert late.readers == set()
            assert 'is closed' in text_of(bart.inbox[-1])
            word = olga.writes(ant.at('picnic'), 'The last word')
            assert word.readers == {'Anne', 'Bart', 'Olga'}
    # A token works once.
    confirm(olga)
    assert state(ant) == 'held'


@pytest.mark.parametrize('sender', ['member', 'stranger', 'alias', 'machine', 'both'])
def test_nobody_else_changes_anything(ant, sender):
    anne, bart = ant.has('Anne', 'Bart')
    [olga] = ant.has('Olga', role='owner')
    ant.has('Olga')
    anne.writes(ant.at('new'), 'Picnic')
    olga.reads()
    command = ant.at('picnic', 'close')
    match sender:
        case 'member':
            bart.writes(command)
            assert 'Only the owners and moderators' in text_of(bart.inbox[-1])
        case 'stranger':
            ant.village.person('Zoe').writes(command)
        case 'alias':
            shade = ant.village.person('Shade')
            asks(ant, olga, f'add {shade.email}')
            confirms(shade)
            olga.reads()
            shade.writes(command)
            assert 'Only the owners and moderators' in text_of(shade.inbox[-1])
        case 'machine':
            olga.writes(command, Auto_Submitted='auto-generated')
        case 'both':
            olga.writes(command, From=f'{olga.email}, {bart.email}')
    assert state(ant) == 'open'
    assert not any('confirm' in str(mail['reply-to']) for mail in olga.reads())


def test_a_forged_command_reaches_only_the_moderator(ant):
    anne, bart = ant.has('Anne', 'Bart')
    [olga] = ant.has('Olga', role='owner')
    anne.writes(ant.at('new'), 'Picnic')
    before = len(bart.inbox)
    bart.writes(ant.at('picnic', 'close'), From=olga.email)
    assert (state(ant), len(bart.inbox)) == ('open', before)
    assert 'Close it' in text_of(olga.inbox[-1])


def test_a_moderator_who_has_resigned_confirms_nothing(ant):
    [anne] = ant.has('Anne')
    [olga] = ant.has('Olga', role='owner')
    anne.writes(ant.at('new'), 'Picnic')
    olga.writes(ant.at('picnic', 'close'))
    site = ant.village.site
    path = f'lists/{ant.list_id}/owner/{olga.email}'
    site.must(path, method='DELETE')
    confirm(olga)
    assert state(ant) == 'open'


# Held conversations.


def test_replies_in_a_held_conversation_wait_for_a_moderator(ant):
    people = ant.has(*(f'P{number}' for number in range(10)))
    [olga] = ant.has('Olga')
    ant.has('Olga', role='moderator')
    people[0].writes(ant.at('new'), 'Picnic')
    rest(ant, 'picnic', 'PATCH', posting='held')
    letters = {}
    for number in range(50):
        person = people[number % 10]
        subject = f'Word {number}'
        letters[subject] = person.writes(ant.at('picnic'), subject, wait=False)
    ant.village.settle()
    waiting = held(ant)
    assert set(waiting) == set(letters)
    reasons = text_of(people[3].inbox[-1])
    assert 'Each reply in the conversation "picnic" waits for a moderator' in (
        ' '.join(reasons.split())
    )
    random = Random(50)
    order = random.sample(sorted(letters), 50)
    muted: set[str] = set()
    expected = {}
    for place, subject in enumerate(order):
        if place in (10, 20, 30):
            ant.village.settle()
            person = people[place // 10]
            person.writes(ant.at('picnic', 'mute'))
            muted.add(person.name)
        path = f'lists/{ant.list_id}/held/{waiting[subject]}'
        ant.village.site.must(path, {'action': 'accept'})
        expected[subject] = {'Olga', *(person.name for person in people)} - muted
    ant.village.settle()
    assert {subject: letter.readers for subject, letter in letters.items()} == expected
    for letter in letters.values():
        reached = Counter(
            email for copy in letter.copies for email in copy.recipients
        )
        assert set(reached.values()) == {1}
        assert letter.conversation == 'picnic'
    assert olga.writes(ant.at('picnic'), 'Enough').readers == expected[order[-1]]


# Mail that is on its way.


@pytest.mark.parametrize('change', ['renamed', 'merged', 'closed', 'deleted'])
def test_what_was_held_goes_where_its_conversation_went(ant, change):
    anne, cris = ant.has('Anne', 'Cris')
    [bart] = ant.has('Bart', moderation_action='hold')
    anne.writes(ant.at('new'), 'Picnic')
    anne.writes(ant.at('new'), 'Dinner')
    cris.writes(ant.at('dinner', 'mute'))
    named = bart.writes(ant.at('picnic'), 'Chairs')
    reply = bart.replies(bart.inbox[0], 'Tables', Subject='Tables')
    match change:
        case 'renamed':
            rest(ant, 'picnic', 'PATCH', name='lake')
        case 'merged':
            rest(ant, 'picnic/merge', 'POST', into='dinner')
        case 'closed':
            rest(ant, 'picnic', 'PATCH', posting='closed')
        case 'deleted':
            rest(ant, 'picnic', 'DELETE')
    for subject in 'Chairs', 'Tables':
        decide(ant, subject, 'accept')
    came: dict[str, Any] = {
        'renamed': ('lake', {'Anne', 'Bart', 'Cris'}),
        'merged': ('dinner', {'Anne', 'Bart'}),
        'closed': (None, set()),
        'deleted': (None, set()),
    }
    for letter in named, reply:
        assert (letter.conversation, letter.readers) == came[change]
    if came[change][0] is None:
        returned = [text_of(mail) for mail in bart.inbox if 'not posted' in (
            str(mail['subject'])
        )]
        assert len(returned) == 2


def test_a_mute_to_a_name_of_long_ago_works(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    anne.writes(ant.at('new'), 'Dinner')
    rest(ant, 'picnic', 'PATCH', name='lake')
    rest(ant, 'lake', 'PATCH', name='shore')
    rest(ant, 'shore/merge', 'POST', into='dinner')
    bart.writes(ant.at('picnic', 'unsubscribe'))
    answer = text_of(bart.inbox[-1])
    assert 'the conversation "dinner"' in answer
    assert ant.at('dinner', 'subscribe') in answer
    assert 'picnic' not in answer
    assert anne.writes(ant.at('dinner'), 'Soup').readers == {'Anne'}
    assert anne.writes(ant.at('lake'), 'Water').conversation == 'dinner'


def test_replies_follow_a_message_that_was_split_off(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    opening = anne.writes(ant.at('new'), 'Picnic')
    tents = bart.replies(opening, 'Who has a tent?')
    cris.writes(ant.at('picnic', 'mute'))
    rest(
        ant, 'picnic/split', 'POST', message_id=tents.message_id, subject='Tents'
    )
    assert set(conversations(ant.village.site, ant.list_id)) == {'picnic', 'tents'}
    answer = anne.replies(anne.inbox[-1], 'I have two')
    assert (answer.conversation, answer.readers) == ('tents', {'Anne', 'Bart'})
    answer = bart.replies(opening, 'I am coming')
    assert (answer.conversation, answer.readers) == ('picnic', {'Anne', 'Bart'})
