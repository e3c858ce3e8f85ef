# SPDX-License-Identifier: GPL-3.0-or-later
"""Two want the same at once, and a unique key decides; nobody's mail is lost.

Two processes share the incoming queue and two the pipeline.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.journeys.aliases import asks, own
from tests.journeys.storage import conversations
from tests.journeys.test_u14_have_an_alias import token_in
from tests.village import text_of


OPENINGS = 60


def test_sixty_openings_of_one_subject_are_sixty_conversations(village):
    site = village.site
    ant = village.new_list('ant')
    anne, bart = people = ant.has('Anne', 'Bart')

    def opens(number):
        person = people[number % len(people)]
        return person.writes(ant.at('new'), 'Picnic', wait=False)

    with ThreadPoolExecutor(4) as pool:
        letters = list(pool.map(opens, range(OPENINGS)))
    site.settle()
    assert all(letter.accepted for letter in letters)
    assert site.shunted() == [], site.log('mailman')[-3000:]
    names = {
        mail['message-id']: str(mail['x-dlist-conversation'])
        for mail in anne.inbox
    }
    assert set(names) == {letter.message_id for letter in letters}
    assert len(anne.inbox) == len(bart.inbox) == OPENINGS
    expected = {'picnic', *(f'picnic-{n}' for n in range(2, OPENINGS + 1))}
    assert set(names.values()) == expected
    assert set(conversations(site, ant.list_id)) == expected
    # Each is a conversation that one can answer in.
    last = letters[-1]
    answer = bart.writes(ant.at(), 'Re: Picnic', reply_to=last)
    assert answer.conversation == names[last.message_id]


def test_of_two_members_at_once_one_gets_it(ant):
    bart, cris = ant.has('Bart', 'Cris')
    site = ant.village.site
    for number in range(5):
        me = ant.village.person(f'Me{number}')
        paths = []
        for member in (bart, cris):
            asks(ant, member, f'add {me.email}')
            paths.append(f'plugins/dlist/aliases/{token_in(me.inbox[-1])}')
        with ThreadPoolExecutor(2) as both:
            statuses = [
                status for status, _body in both.map(
                    lambda path: site.rest(path, {}, 'POST'), paths)
            ]
        assert sorted(statuses) == [200, 409]
        states = [own(ant, member)[me.email] for member in (bart, cris)]
        assert [states[at] for at in (statuses.index(200), statuses.index(409))] == [
            'confirmed', 'pending',
        ]
        ant.village.settle()
        said = ''.join(text_of(mail) for mail in me.reads())
        assert said.count('A member of the list already posts from this address.') == 1
        assert said.count('You can now post to Ant') == 1
