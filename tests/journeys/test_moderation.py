# SPDX-License-Identifier: GPL-3.0-or-later
"""A moderator looks first; the conversation waits until the mail is accepted."""

from __future__ import annotations

import pytest

from tests.journeys.moderators import decide, held
from tests.journeys.storage import conversations, everything_of_lists
from tests.village import text_of


def test_a_held_opening_opens_when_it_is_accepted(ant):
    anne, cris = ant.has('Anne', 'Cris')
    [bart] = ant.has('Bart', moderation_action='hold')
    ant.default(cris, 'openings')
    opening = bart.writes(ant.at('new', 'feast'), 'Picnic')
    assert conversations(ant.village.site, ant.list_id) == []
    assert anne.writes(ant.at('new', 'feast'), 'Mine').conversation == 'feast'
    decide(ant, 'Picnic', 'accept')
    # Meanwhile the name was given away.
    assert opening.conversation == 'feast-2'
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    assert len(opening.copies) == 2
    answer = anne.replies(anne.inbox[-1])
    assert (answer.conversation, answer.readers) == ('feast-2', {'Anne', 'Bart'})


@pytest.mark.parametrize('action', ['discard', 'reject'])
def test_of_what_a_moderator_declines_nothing_is_kept(ant, action):
    [bart] = ant.has('Bart', moderation_action='hold')
    before = everything_of_lists(ant.village.site)
    opening = bart.writes(ant.at('new'), 'Picnic')
    decide(ant, 'Picnic', action)
    assert opening.readers == set()
    assert everything_of_lists(ant.village.site) == before


def test_a_held_answer_joins_its_conversation_when_it_is_accepted(ant):
    anne, cris = ant.has('Anne', 'Cris')
    [bart] = ant.has('Bart', moderation_action='hold')
    anne.writes(ant.at('new'), 'Picnic')
    answer = bart.writes(ant.at('picnic'), 'Chairs')
    # What counts is who wants to hear it when it is delivered.
    cris.writes(ant.at('picnic', 'mute'))
    decide(ant, 'Chairs', 'accept')
    assert (answer.conversation, answer.readers) == ('picnic', {'Anne', 'Bart'})


def test_accepted_mail_to_an_unknown_conversation_comes_back(ant):
    anne, _cris = ant.has('Anne', 'Cris')
    zoe = ant.village.person('Zoe')
    anne.writes(ant.at('new'), 'Picnic')
    letter = zoe.writes(ant.at('pincic'), 'Chairs', 'Twelve of them.')
    zoe.reads()
    decide(ant, 'Chairs', 'accept')
    assert letter.readers == set()
    [notice] = zoe.reads()
    assert ant.at('picnic') in text_of(notice)
    assert 'Twelve of them.' in notice.as_string()
    assert conversations(ant.village.site, ant.list_id) == ['picnic']


def test_that_of_a_moderated_member_comes_back_at_once(ant):
    anne, _cris = ant.has('Anne', 'Cris')
    [bart] = ant.has('Bart', moderation_action='hold')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    bart.writes(ant.at('pincic'), 'Chairs', 'Twelve of them.')
    [notice] = bart.reads()
    assert 'Twelve of them.' in notice.as_string()


def test_a_nonmembers_mail_to_an_unknown_conversation_comes_back_as_well(ant):
    ant.config(default_nonmember_action='accept')
    [anne] = ant.has('Anne')
    zoe = ant.village.person('Zoe')
    anne.writes(ant.at('new'), 'Picnic')
    letter = zoe.writes(ant.at('pincic'), 'Chairs', 'Twelve of them.')
    assert letter.readers == set()
    [notice] = zoe.reads()
    assert 'Twelve of them.' in notice.as_string()
    # Where there is such a conversation it is posted.
    answer = zoe.writes(ant.at('picnic'), 'Chairs')
    assert (answer.conversation, answer.readers) == ('picnic', {'Anne'})
    opening = zoe.writes(ant.at('new'), 'Goat')
    assert (opening.conversation, opening.readers) == ('goat', {'Anne'})


def test_a_strangers_command_is_no_command_after_a_moderator_accepts_it(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    zoe = ant.village.person('Zoe')
    anne.writes(ant.at('new'), 'Picnic')
    command = zoe.writes(ant.at('picnic', 'mute'), 'Stop it')
    assert list(held(ant)) == ['Stop it']
    zoe.reads()
    decide(ant, 'Stop it', 'accept')
    assert command.readers == set()
    [back] = zoe.reads()
    assert 'Only members can use this address' in text_of(back)
    assert 'Stop it' in back.as_string()
    assert anne.writes(ant.at('picnic')).readers == {'Anne', 'Bart'}


def test_mail_without_a_subject_is_shown_to_moderators_as_on_any_list(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), '')
    assert opening.readers == set()
    [subject] = held(ant)
    decide(ant, subject, 'accept')
    assert opening.conversation == 'conversation'
    assert opening.readers == {'Anne', 'Bart'}
    assert bart.replies(bart.inbox[-1]).conversation == 'conversation'
