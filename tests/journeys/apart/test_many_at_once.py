# SPDX-License-Identifier: GPL-3.0-or-later
"""Everybody opens the same conversation at once, and each gets one of their own.

Two processes share the incoming queue and two the pipeline, so that openings
of one subject race for its name.  A unique key decides; nobody's mail is lost.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.journeys.storage import conversations
from tests.village import Village


OPENINGS = 200


def test_two_hundred_openings_of_one_subject_are_two_hundred_conversations(make_site):
    with make_site(instances={'in': 2, 'pipeline': 2}) as site:
        village = Village(site)
        ant = village.new_list('ant')
        anne, bart = people = ant.has('Anne', 'Bart')
        # Of two that look for them at once, Mailman lets both write them down.
        site.must(f'lists/{ant.list_id}/archivers')

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
