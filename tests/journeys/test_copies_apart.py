# SPDX-License-Identifier: GPL-3.0-or-later
"""Some mail servers hand in one message in a transaction for each recipient."""

from __future__ import annotations

import os
from itertools import permutations
from pathlib import Path

import pytest
from mailman.config import config

from tests.village import answering


COPIES = [
    # The addresses, and the conversation that the message belongs to.
    ([(), ('new', 'lake')], 'lake'),
    ([('new',), ('new', 'lake')], 'lake'),
    ([(), ('new',), ('new', 'lake')], 'lake'),
    ([(), ('picnic',)], 'picnic'),
    ([('new', 'lake'), ('picnic',)], 'picnic'),
    ([('new',), ('picnic',)], 'picnic'),
]


@pytest.mark.parametrize('moderated', [False, True])
@pytest.mark.parametrize(('addresses', 'conversation'), COPIES)
def test_the_most_precise_address_counts_in_whatever_order(
    addresses, conversation, moderated, ant
):
    if moderated:
        ant.settings(plain_posts='reject')
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    for order in permutations(addresses):
        letter = anne.writes(ant.at(*order[0]), 'Boats', wait=False)
        for extension in order[1:]:
            anne.sends(letter.message, ant.at(*extension), wait=False)
        ant.village.settle()
        [mail] = bart.reads()
        assert mail['message-id'] == letter.message_id
        # The first time the name is free.
        name = str(mail['x-dlist-conversation'])
        assert name.rstrip('-23456789') == conversation, order
        assert len(letter.copies) == 1
    assert not [mail for mail in anne.inbox if 'not posted' in str(mail['subject'])]


@pytest.mark.parametrize('first', [(), ('new',)])
def test_a_copy_that_comes_after_delivery_still_names_the_conversation(first, ant):
    anne, bart = ant.has('Anne', 'Bart')
    letter = anne.writes(ant.at(*first), 'Boats')
    anne.sends(letter.message, ant.at('new', 'lake'))
    assert [letter.readers, len(letter.copies)] == [{'Anne', 'Bart'}, 1]
    reply = bart.writes(ant.at('boats'), 'Oars')
    assert reply.conversation == 'lake'
    # Now it has been replied to.
    anne.sends(letter.message, ant.at('new', 'pond'))
    assert bart.writes(ant.at('lake'), 'Nets').conversation == 'lake'
    assert not [mail for mail in anne.inbox if 'not posted' in str(mail['subject'])]


@pytest.mark.parametrize('what', ['named before', 'of a stranger', 'of a reply'])
def test_other_copies_rename_nothing(what, ant):
    anne, bart = ant.has('Anne', 'Bart')
    sender = anne
    match what:
        case 'named before':
            letter = anne.writes(ant.at('new', 'oars'), 'Boats')
        case 'of a stranger':
            letter, sender = anne.writes(ant.at(), 'Oars'), ant.village.person('Zoe')
        case 'of a reply':
            letter = bart.replies(anne.writes(ant.at(), 'Oars'))
    copy = letter.message
    if what == 'of a stranger':
        copy.replace_header('From', sender.email)
    sender.sends(copy, ant.at('new', 'lake'))
    assert bart.writes(ant.at('oars'), 'Nets').conversation == 'oars'


def test_a_copy_that_names_a_new_conversation_wins_over_the_thread(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), 'Picnic')
    fields = answering(opening)
    letter = bart.writes(ant.at(), 'Boats', wait=False, **{
        name.replace('-', '_'): value for name, value in fields.items()
    })
    bart.sends(letter.message, ant.at('new', 'lake'))
    assert letter.conversation == 'lake'


def test_what_nobody_else_names_leaves_no_note(ant):
    anne, bart = ant.has('Anne', 'Bart')
    directory = Path(config.DATA_DIR, 'dlist-names')
    anne.writes(ant.at('new', 'lake'), 'Boats')
    notes = set(directory.iterdir())
    for extension in (), ('new',), ('lake', 'mute'):
        bart.writes(ant.at(*extension), 'Bread')
    bart.replies(bart.inbox[0])
    assert set(directory.iterdir()) == notes
    # Notes expire.
    for note in notes:
        os.utime(note, (0, 0))
    anne.writes(ant.at('new', 'pond'), 'Ducks')
    assert len(set(directory.iterdir())) == 1


def test_a_note_that_cannot_be_written_keeps_no_mail_back(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    directory = Path(config.DATA_DIR, 'dlist-names')
    anne.writes(ant.at('new', 'lake'), 'Boats')
    for note in directory.iterdir():
        note.unlink()
    directory.rmdir()
    directory.write_text('A file in its place.')
    try:
        letter = anne.writes(ant.at('new', 'pond'), 'Ducks')
        assert letter.conversation == 'pond'
        assert anne.writes(ant.at(), 'Geese').conversation == 'geese'
    finally:
        directory.unlink()
