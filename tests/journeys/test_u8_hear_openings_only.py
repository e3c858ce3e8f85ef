# SPDX-License-Identifier: GPL-3.0-or-later
"""Some members hear the first message of each conversation [U8]."""

from __future__ import annotations

import pytest

from tests.village import text_of


@pytest.mark.every_database
def test_who_takes_openings_hears_the_opening_alone(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    answer = bart.replies(opening)
    assert answer.readers == {'Anne', 'Bart'}
    assert anne.replies(answer).readers == {'Anne', 'Bart'}


def test_the_opening_tells_each_what_will_follow(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    opening = anne.writes(ant.at('new'), 'Picnic')
    groups = {frozenset(copy.recipients) for copy in opening.copies}
    assert groups == {
        frozenset({anne.email, bart.email}), frozenset({cris.email})
    }
    [to_bart], [to_cris] = bart.inbox, cris.inbox
    mute, follow = ant.at('picnic', 'unsubscribe'), ant.at('picnic', 'subscribe')
    assert (mute in text_of(to_bart), follow in text_of(to_bart)) == (True, False)
    assert (mute in text_of(to_cris), follow in text_of(to_cris)) == (False, True)
    # They differ in nothing but the footer.
    assert to_bart.items() == to_cris.items()


def test_the_address_in_the_footer_is_the_one_that_follows(ant):
    anne, cris = ant.has('Anne', 'Cris')
    ant.default(cris, 'openings')
    opening = anne.writes(ant.at('new'), 'Picnic')
    [mail] = cris.reads()
    [follow] = [word for word in text_of(mail).split() if '+subscribe@' in word]
    cris.writes(follow, '', ' ')
    assert anne.replies(opening).readers == {'Anne', 'Cris'}


def test_who_answers_wants_the_answers(ant):
    anne, cris, dora = ant.has('Anne', 'Cris', 'Dora')
    for person in (cris, dora):
        ant.default(person, 'openings')
    opening = anne.writes(ant.at('new'), 'Picnic')
    answer = cris.replies(opening)
    assert anne.replies(answer).readers == {'Anne', 'Cris'}
    # Who opens as well.
    goat = dora.writes(ant.at('new'), 'Goat')
    assert anne.replies(goat).readers == {'Anne', 'Dora'}


def test_who_wants_nothing_hears_what_they_follow(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'nothing')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart'}
    cris.writes(ant.at('picnic', 'follow'))
    assert bart.replies(opening).readers == {'Anne', 'Bart', 'Cris'}


def test_a_choice_survives_a_change_of_mind_about_all_others(ant):
    anne, bart = ant.has('Anne', 'Bart')
    for subject in ('Picnic', 'Goat', 'Bridge'):
        anne.writes(ant.at('new'), subject, wait=False)
    ant.village.settle()
    bart.writes([ant.at('picnic', 'mute'), ant.at('goat', 'follow')])
    heard = {}
    for default in ('openings', 'nothing', 'everything'):
        ant.default(bart, default)
        answers = {
            name: anne.writes(ant.at(name), wait=False)
            for name in ('picnic', 'goat', 'bridge')
        }
        ant.village.settle()
        heard[default] = {
            name for name, letter in answers.items() if 'Bart' in letter.readers
        }
    assert heard == {
        'openings': {'goat'}, 'nothing': {'goat'}, 'everything': {'goat', 'bridge'}
    }
