# SPDX-License-Identifier: GPL-3.0-or-later
"""Who writes what in the demo."""

from __future__ import annotations

import mailbox
from email.header import Header

import pytest

from mailman_dlist.demo import letters
from mailman_dlist.demo.letters import STORY


# Message-id, author, what it answers, subject.
ARCHIVE = [
    ('a2', 'anne', 'a1', 'Re: From before the first page'),
    ('b1', 'anne', '', 'Bees'),
    ('c1', 'cris', '', 'Nobody answers'),
    ('d1', 'dora', '', 'Ducks'),
    ('b2', 'bart', 'b1', '[Ant] Re: Bees'),
    ('x2', 'bart', '', '[Ant] Re: Subject of a reply, but no reference'),
    ('d2', 'anne', 'd1', 'Geese (was: Ducks)'),
    ('b3', 'cris', 'unknown b2', 'Re: Bees'),
    ('e1', 'elle', '', 'Eels'),
    ('e2', 'dora', 'e1', 'Re: Eels'),
]


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / 'archive.mbox'
    box = mailbox.mbox(path)
    for message_id, author, answers, subject in ARCHIVE:
        references = ' '.join(f'<{id}@example.com>' for id in answers.split())
        box.add(
            f'From: {author}@example.com\nTo: ant@example.com\nSubject: {subject}\n'
            f'Message-ID: <{message_id}@example.com>\nReferences: {references}\n'
            '\ntext\n'
        )
    box.close()
    return letters.read(path)


def ids(chosen):
    return ' '.join(letter.message_id.strip('<>').split('@')[0] for letter in chosen)


@pytest.mark.parametrize(
    ('limit', 'conversations', 'chosen'),
    [
        (40, 8, 'b1 d1 b2 d2 b3 e1 e2'),
        (40, 2, 'b1 d1 b2 d2 b3'),
        (3, 2, 'b1 d1 b2'),
        (40, 0, ''),
    ],
)
def test_whole_threads_are_chosen_in_order_of_arrival(
    archive, limit, conversations, chosen
):
    found = letters.whole_threads(archive, limit=limit, conversations=conversations)
    assert ids(found) == chosen


def test_every_other_thread_of_an_archive_opens_through_new(archive):
    found = letters.whole_threads(archive, limit=40, conversations=8)
    assert ids(one for one in found if one.extension == 'new') == 'b1 e1'


def test_letters_with_raw_bytes_in_their_fields_are_read_too(tmp_path):
    path = tmp_path / 'raw.mbox'
    path.write_bytes(
        b'From x\nFrom: Zo\xeb <zoe@example.com>\nTo: \xe4nt@example.com\n'
        b'Subject: B\xe4r\nMessage-ID: <\xe41@example.com>\n'
        b'In-Reply-To: <\xe40@example.com>\n\ntext\n'
    )
    [letter] = letters.read(path)
    assert letter.sender == 'zoe@example.com'
    assert letter.subject.startswith('B')


def test_people_of_an_archive_follow_and_mute_what_they_do_not_write_in(archive):
    found = letters.whole_threads(archive, limit=40, conversations=2)
    people = letters.cast(found)
    assert [(person.email, person.default) for person in people[:5]] == [
        ('anne@example.com', 'everything'),
        ('dora@example.com', 'openings'),
        ('bart@example.com', 'everything'),
        ('cris@example.com', 'openings'),
        ('nell@example.com', 'nothing'),
    ]
    commands = [one for one in letters.with_commands(found, people) if one.verb]
    # Anne and Bart wrote about bees; Ivo reads everything and may tire of them.
    assert [(one.sender, one.verb, one.answers[0]) for one in commands] == [
        ('ivo@example.com', 'unsubscribe', '<b3@example.com>'),
        ('dora@example.com', 'subscribe', '<b3@example.com>'),
    ]


def test_the_story_has_five_threads_and_a_cast_of_twelve():
    story = letters.read(STORY)
    assert letters.for_a_dlist(story)
    posts = [letter for letter in story if not letter.verb]
    openings = [letter for letter in posts if not letter.answers]
    assert [letter.extension for letter in openings] == [
        '', 'new', '', 'new', 'new+lamp-oil',
    ]  # fmt: skip
    known = {letter.message_id for letter in story}
    assert all(set(letter.answers) <= known for letter in story)
    assert [letter.verb for letter in story if letter.verb] == [
        'subscribe', 'unsubscribe', 'mute', 'follow',
    ]  # fmt: skip
    people = letters.cast(story)
    assert len(people) == 12
    assert {person.default for person in people} == set(letters.DEFAULTS)
    # Who writes commands of their own is not given any.
    assert letters.with_commands(story, people) == story


@pytest.mark.parametrize(
    ('header', 'text'),
    [
        (None, ''),
        ('Bees', 'Bees'),
        ('=?utf-8?q?Caf=C3=A9?=', 'Café'),
        ('Bees\n and ducks', 'Bees and ducks'),
        (Header('Café', 'utf-8'), 'Café'),
        ('=?no-such-charset?q?Caf=C3=A9?=', '=?no-such-charset?q?Caf=C3=A9?='),
    ],
)
def test_a_subject_is_shown_as_a_person_reads_it(header, text):
    assert letters.decoded(header) == text
