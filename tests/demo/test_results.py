# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo counts, and what it finds wrong."""

from __future__ import annotations

import urllib.parse
from email.message import Message

import pytest

from mailman_dlist.demo import results
from mailman_dlist.demo.letters import Letter, Person
from mailman_dlist.demo.replay import Sent
from mailman_dlist.demo.rest import Answer
from mailman_dlist.demo.sink import Delivery, Outbox


ANNE = Person('anne@example.com', 'Anne', 'everything', 'a')
BART = Person('bart@example.com', 'Bart', 'openings', 'b')
CRIS = Person('cris@example.com', 'Cris', 'everything', 'c')


def sent(message_id, person, extension='', code=250):
    letter = Letter(Message(), person.email, person.name, message_id, (), extension)
    return Sent(letter, 'ant@example.com', code, 'Ok')


def delivery(message_id, *people, conversation='picnic'):
    header = f'X-Dlist-Conversation: {conversation}\r\n' if conversation else ''
    raw = f'Message-ID: {message_id}\r\n{header}\r\ntext\r\n'.encode()
    return Delivery('', tuple(person.email for person in people), raw, 0.0)


class FakeSite:
    """Answers like REST, from collections held here."""

    def __init__(self, directory):
        self.var = directory
        self.outbox = Outbox()
        self.held = 0
        self.conversations = []
        self.choices = []

    def must(self, path):
        path, _, query = path.partition('?')
        if path.endswith('/held'):
            return Answer(200, {'total_size': self.held})
        asked = {
            key: int(value) for key, value in urllib.parse.parse_qsl(query)
        }
        start = asked['count'] * (asked['page'] - 1)
        collection = {
            'conversations': self.conversations,
            'choices': self.choices,
            'audience': [{'member_id': p.member_id} for p in (ANNE, BART, CRIS)],
        }[path.rpartition('/')[2]]
        return Answer(200, {'entries': collection[start : start + asked['count']]})


@pytest.fixture
def site(tmp_path):
    site = FakeSite(tmp_path)
    site.conversations = [
        {'name': 'picnic', 'subject': 'Picnic', 'posts': 2, 'message_id': '1@x'}
    ]
    return site


POSTS = [sent('<1@x>', ANNE), sent('<2@x>', BART), sent('<3@x>', CRIS, '+mute')]


def collect(site, posts=POSTS):
    return results.collect(site, 'ant.example.com', [ANNE, BART, CRIS], posts)


def test_deliveries_of_posts_are_counted_and_notices_apart(site):
    site.outbox.add(delivery('<1@x>', ANNE, BART))
    site.outbox.add(delivery('<1@x>', CRIS))
    site.outbox.add(delivery('\r\n <2@x>', ANNE))
    site.outbox.add(delivery('<notice@example.com>', CRIS, conversation=''))
    found = collect(site)
    assert found.troubles == []
    assert (found.posts, found.deliveries, found.plain_deliveries) == (2, 4, 6)
    assert found.notices == 1
    [picnic] = found.conversations
    assert picnic.heard == {ANNE.email: 2, BART.email: 1, CRIS.email: 1}


def test_why_is_what_rest_says(site):
    site.choices = [
        {'member_id': 'a', 'choice': 'follow', 'reason': 'opened'},
        {'member_id': 'b', 'choice': 'follow', 'reason': 'replied'},
        {'member_id': 'c', 'choice': 'mute', 'reason': 'mail'},
    ]
    [picnic] = collect(site).conversations
    assert picnic.why == {
        ANNE.email: 'opened',
        BART.email: 'replied',
        CRIS.email: 'mute',
    }


def test_conversations_stand_in_the_order_in_which_they_were_opened(site):
    site.conversations.insert(
        0, {'name': 'bridge', 'subject': 'Bridge', 'posts': 1, 'message_id': '4@x'}
    )
    found = collect(site, [*POSTS, sent('<4@x>', BART)])
    assert [one.name for one in found.conversations] == ['picnic', 'bridge']


def test_a_collection_of_many_pages_is_read_to_its_end(site):
    site.choices = [{'number': number} for number in range(2 * results.PAGE)]
    assert list(results.entries(site, 'x/choices')) == site.choices


def shunt(site):
    (site.var / 'queue' / 'shunt').mkdir(parents=True)
    (site.var / 'queue' / 'shunt' / '1.pck').touch()


@pytest.mark.parametrize(
    ('spoil', 'posts', 'trouble'),
    [
        (shunt, POSTS, "Messages in the queue 'shunt': 1."),
        (lambda site: setattr(site, 'held', 2), POSTS, 'held for a moderator: 2'),
        (
            lambda site: site.outbox.add(delivery('<2@x>', ANNE, conversation='goat')),
            POSTS,
            "A delivered message names an unknown conversation: 'goat'.",
        ),
        (lambda site: None, POSTS[1:], 'Posts sent: 1; posts on the list: 2.'),
        (
            lambda site: None,
            [*POSTS, sent('<5@x>', CRIS, code=550)],
            'Cris could not write to ant@example.com: 550 Ok',
        ),
    ],
)
def test_what_went_wrong_is_told(site, spoil, posts, trouble):
    spoil(site)
    [found] = collect(site, posts).troubles
    assert trouble in found
