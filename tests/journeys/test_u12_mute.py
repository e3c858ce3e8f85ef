# SPDX-License-Identifier: GPL-3.0-or-later
"""Bart has heard enough [U12]."""

from __future__ import annotations

import pytest

from tests.village import text_of


@pytest.mark.parametrize('verb', ['unsubscribe', 'mute'])
@pytest.mark.every_database
def test_who_mutes_a_conversation_hears_no_more_of_it(ant, verb):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', verb))
    assert cris.writes(ant.at('picnic')).readers == {'Anne', 'Cris'}
    # Other conversations reach Bart as before.
    goat = anne.writes(ant.at('new'), 'Goat')
    assert cris.replies(goat).readers == {'Anne', 'Bart', 'Cris'}


def test_the_answer_says_what_is_true_now_and_how_to_undo_it(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic by the river')
    bart.reads()
    command = bart.writes(ant.at('picnic-by-the-river', 'unsubscribe'))
    assert command.accepted
    [answer] = bart.reads()
    assert answer['subject'] == 'Conversation "picnic-by-the-river" on Ant'
    assert answer['in-reply-to'] == command.message_id
    assert answer['auto-submitted'] == 'auto-replied'
    text = text_of(answer)
    assert text.startswith(
        'You have muted the conversation "picnic-by-the-river" on Ant:\n\n'
        '    Picnic by the river\n'
    )
    for verb in ('subscribe', 'reset'):
        assert f'\n    {ant.at("picnic-by-the-river", verb)}\n' in text
    # Nobody else hears of the command.
    assert command.readers == set()


def test_the_answer_is_true_about_the_undoing(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    heard = []
    for verb in ('mute', 'subscribe', 'mute', 'reset'):
        bart.writes(ant.at('picnic', verb))
        heard.append('Bart' in anne.writes(ant.at('picnic')).readers)
    assert heard == [False, True, False, True]


def test_the_address_in_the_footer_is_the_one_that_mutes(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    [opening] = bart.reads()
    [mute] = [
        word for word in text_of(opening).split() if '+unsubscribe@' in word
    ]
    # An empty mail, as the button of a mail program sends it.
    bart.writes(mute, '', ' ')
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}


def test_posting_does_not_unmute(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'mute'))
    word = bart.writes(ant.at('picnic'), 'Re: Picnic', 'One last word.')
    assert word.readers == {'Anne'}
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}


def test_several_commands_of_one_mail_are_all_obeyed(ant):
    anne, bart = ant.has('Anne', 'Bart')
    for subject in ('Picnic', 'Goat', 'Bridge'):
        anne.writes(ant.at('new'), subject, wait=False)
    ant.village.settle()
    letter = bart.writes([ant.at('picnic', 'mute'), ant.at('goat', 'mute')])
    assert letter.accepted
    answers = {
        name: anne.writes(ant.at(name), wait=False)
        for name in ('picnic', 'goat', 'bridge')
    }
    ant.village.settle()
    assert {name: 'Bart' in letter.readers for name, letter in answers.items()} == {
        'picnic': False, 'goat': False, 'bridge': True
    }


def test_a_command_of_a_moderated_member_is_not_held(ant):
    [anne] = ant.has('Anne')
    [bart] = ant.has('Bart', moderation_action='hold')
    anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'unsubscribe'))
    held = ant.village.site.must(f'lists/{ant.list_id}/held').body
    assert held['total_size'] == 0
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}


def test_a_program_mutes_nothing(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    bart.writes(ant.at('picnic', 'mute'), Auto_Submitted='auto-replied')
    assert bart.reads() == []
    assert 'Bart' in anne.writes(ant.at('picnic')).readers


def test_a_stranger_mutes_nothing_and_learns_nothing(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    stranger = ant.village.person('Zoe')
    stranger.writes(ant.at('picnic', 'mute'), 'Hm')
    # The list's own word about nonmembers.
    [held] = stranger.reads()
    assert 'picnic' not in text_of(held)
    assert anne.writes(ant.at('picnic')).readers == {'Anne', 'Bart'}


def test_muting_what_is_not_there_is_explained(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    bart.writes(ant.at('pincic', 'unsubscribe'))
    [notice] = bart.reads()
    assert ant.at('picnic', 'unsubscribe') in text_of(notice)
    assert 'Bart' in anne.writes(ant.at('picnic')).readers
