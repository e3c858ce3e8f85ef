# SPDX-License-Identifier: GPL-3.0-or-later
"""Cris takes openings only, and wants all of this one [U13]."""

from __future__ import annotations

import pytest

from tests.village import text_of


@pytest.mark.parametrize('verb', ['subscribe', 'follow'])
@pytest.mark.every_database
def test_who_follows_a_conversation_hears_all_of_it(ant, verb):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    anne.writes(ant.at('new'), 'Picnic')
    cris.writes(ant.at('picnic', verb))
    assert bart.writes(ant.at('picnic')).readers == {'Anne', 'Bart', 'Cris'}
    # Of other conversations Cris goes on hearing the opening alone.
    goat = anne.writes(ant.at('new'), 'Goat')
    assert goat.readers == {'Anne', 'Bart', 'Cris'}
    assert bart.replies(goat).readers == {'Anne', 'Bart'}


def test_the_answer_says_what_is_true_now_and_how_to_undo_it(ant):
    anne, cris = ant.has('Anne', 'Cris')
    ant.default(cris, 'openings')
    anne.writes(ant.at('new'), 'Picnic')
    cris.reads()
    cris.writes(ant.at('picnic', 'subscribe'))
    [answer] = cris.reads()
    text = text_of(answer)
    assert text.startswith(
        'You now follow the conversation "picnic" on Ant:\n\n    Picnic\n'
    )
    for address in (
        ant.at('picnic'), ant.at('picnic', 'unsubscribe'), ant.at('picnic', 'reset')
    ):
        assert f'\n    {address}\n' in text


@pytest.mark.parametrize(
    ('default', 'heard', 'said'),
    [
        ('everything', True, 'By default, you receive every message'),
        ('openings', False, 'By default, you receive only the first message'),
        ('nothing', False, 'By default, you receive only conversations'),
    ],
)
def test_reset_goes_back_to_the_default(ant, default, heard, said):
    anne, cris = ant.has('Anne', 'Cris')
    ant.default(cris, default)
    anne.writes(ant.at('new'), 'Picnic')
    for verb in ('follow', 'mute'):
        cris.writes(ant.at('picnic', verb))
        cris.reads()
        cris.writes(ant.at('picnic', 'reset'))
        [answer] = cris.reads()
        assert said in text_of(answer)
        assert ('Cris' in anne.writes(ant.at('picnic')).readers) is heard


def test_who_asks_again_is_answered_again(ant):
    anne, cris = ant.has('Anne', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    cris.reads()
    for _ in range(2):
        cris.writes(ant.at('picnic', 'follow'), wait=False)
    ant.village.settle()
    assert len(cris.reads()) == 2
    assert 'Cris' in anne.writes(ant.at('picnic')).readers
