# SPDX-License-Identifier: GPL-3.0-or-later
"""Something breaks in the middle of a message, and nothing is lost or doubled.

The conversation is committed before anything leaves the pipeline.  What fails
after that is shunted, and running it once more gives the same conversation and to
everybody one copy.  A power cut is in tests/running/test_crashes.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.journeys.storage import conversations
from tests.village import Village


@pytest.fixture
def shunting(site):
    """A village where mail may be shunted for a while."""
    site.outbox.clear()
    yield Village(site)
    assert site.shunted() == []


def archived(site, mailing_list):
    """Return the message-ids in the archive, how often each."""
    folder = site.var / 'archives' / 'prototype' / mailing_list.at() / 'new'
    texts = [path.read_text() for path in folder.glob('*')]
    lines = [line for text in texts for line in text.splitlines()]
    return Counter(
        line.split(': ')[1] for line in lines if line.lower().startswith('message-id:')
    )


def received(letter, *people):
    """Return how many copies each of the people has."""
    return [
        sum(mail['message-id'] == letter.message_id for mail in person.inbox)
        for person in people
    ]


def test_what_was_shunted_goes_on_where_it_stopped(shunting):
    site = shunting.site
    ant = shunting.new_list('ant')
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    # The digest, which comes after the archive, cannot be written.
    digest = site.var / 'lists' / ant.list_id / 'digest.mmdf'
    digest.mkdir(parents=True)
    opening = anne.writes(ant.at('new'), 'Picnic')
    answer = bart.writes(ant.at('picnic'), 'Re: Picnic')
    assert len(site.shunted()) == 2
    assert opening.readers | answer.readers == set()
    assert conversations(site, ant.list_id) == ['picnic']

    # Still broken.
    site.mailman('unshunt')
    shunting.settle()
    assert len(site.shunted()) == 2

    digest.rmdir()
    site.mailman('unshunt')
    shunting.settle()
    assert (opening.conversation, answer.conversation) == ('picnic', 'picnic')
    assert received(opening, anne, bart, cris) == [1, 1, 1]
    assert received(answer, anne, bart, cris) == [1, 1, 0]
    assert conversations(site, ant.list_id) == ['picnic']
    assert archived(site, ant) == {opening.message_id: 1, answer.message_id: 1}
    assert digest.read_text().count(f'Message-ID: {opening.message_id}') == 1
