# SPDX-License-Identifier: GPL-3.0-or-later
"""Something breaks in the middle of a message, and nothing is lost or doubled.

The conversation is committed before anything leaves the pipeline.  What fails
after that is shunted, or found again after a power cut, and running it once
more gives the same conversation and to everybody one copy.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.journeys.standstill import waiting_reader
from tests.journeys.storage import conversations
from tests.village import ARCHIVE, Village


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


@pytest.mark.databases('sqlite')
def test_a_power_cut_in_the_middle_of_a_message(make_site, tmp_path):
    with make_site(extra=ARCHIVE) as site:
        village = Village(site)
        ant = village.new_list('ant')
        anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
        ant.default(cris, 'openings')
        # Whoever reads this text waits until somebody writes it: the pipeline
        # stands still after the archive and before the outgoing mail.
        text = tmp_path / 'thanks.txt'
        os.mkfifo(text)
        template = {'list:user:notice:post': text.as_uri()}
        site.must(f'lists/{ant.list_id}/uris', template, 'PATCH')
        path = f'members/{ant.member_ids["Anne"]}/preferences'
        site.must(path, {'acknowledge_posts': True}, 'PATCH')
        opening = anne.writes(ant.at('new'), 'Picnic', wait=False)
        with waiting_reader(text):
            assert conversations(site, ant.list_id) == ['picnic']
            site.kill9()
        assert opening.readers == set()

        text.unlink()
        text.write_text('Thank you.\n')
        site.start()
        village.settle()
        assert opening.conversation == 'picnic'
        assert received(opening, anne, bart, cris) == [1, 1, 1]
        assert conversations(site, ant.list_id) == ['picnic']
        assert archived(site, ant) == {opening.message_id: 1}
        thanks = [mail for mail in anne.inbox if 'Thank you.' in mail.as_string()]
        assert len(thanks) == 1
        assert site.shunted() == []
        # The same message again is known to be delivered.
        anne.sends(opening.message, ant.at('new'))
        assert received(opening, anne, bart, cris) == [1, 1, 1]
        assert bart.replies(opening).conversation == 'picnic'
