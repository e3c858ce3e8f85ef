# SPDX-License-Identifier: GPL-3.0-or-later
"""Members open conversations [U10]."""

from __future__ import annotations

import pytest

from tests.village import text_of


def test_an_opening_gets_its_name_from_the_subject(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    letter = anne.writes(ant.at('new'), 'Picnic by the river')
    assert letter.accepted
    assert letter.readers == {'Anne', 'Bart'}
    assert letter.conversation == 'picnic-by-the-river'


@pytest.mark.every_database
def test_readers_answer_where_the_opening_says_they_can(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    [opening] = bart.reads()
    assert opening['to'] == ant.at('picnic')
    assert ant.at('picnic') in text_of(opening)
    answer = bart.writes(ant.at('picnic'), 'Chairs', 'I bring chairs.')
    assert answer.conversation == 'picnic'


def test_an_opener_may_name_the_conversation(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    given = {
        'picnic': 'picnic',
        'Sunday-Walk': 'sunday-walk',
        'Caf%C3%A9': 'cafe',
        'r%C3%A9sum%C3%A9.doc': 'resume-doc',
        'under_the_bridge': 'under-the-bridge',
        # Words with a meaning of their own, Mailman's and ours.
        'help': 'help-2',
        'unsubscribe': 'unsubscribe-2',
        'bounces': 'bounces-2',
        # A number would be taken for a position in the list.
        '2026': '2026-2',
        # Nothing is left of it, so the subject counts.
        '---': 'about-the-bridge',
        '': 'about-the-bridge-2',
    }
    letters = {
        text: anne.writes(ant.at('new', text), 'About the bridge', wait=False)
        for text in given
    }
    ant.village.settle()
    assert {text: letters[text].conversation for text in given} == given


def test_a_name_is_made_of_any_subject(ant):
    ant.config(subject_prefix='[The Ants] ', administrivia=False)
    anne, _bart = ant.has('Anne', 'Bart')
    subjects = {
        'Grüße aus dem Süden': 'grusse-aus-dem-suden',
        'Re: [The Ants] Fwd: Goat (fwd)': 'goat',
        'Привет': 'privet',
        # Cut at a word, to thirty octets.
        'A goat stands on the roof of the town hall': 'a-goat-stands-on-the-roof-of',
        'subscribe': 'subscribe-2',
        '🐐': 'conversation',
        '...': 'conversation-2',
    }
    letters = {
        subject: anne.writes(ant.at('new'), subject, wait=False)
        for subject in subjects
    }
    ant.village.settle()
    assert {each: letters[each].conversation for each in subjects} == subjects


def test_namesakes_are_told_apart_by_a_number(ant):
    anne, bart = ant.has('Anne', 'Bart')
    letters = [
        anne.writes(ant.at('new'), 'Picnic', wait=False),
        bart.writes(ant.at('new'), 'picnic!', wait=False),
        bart.writes(ant.at('new', 'picnic'), 'Another one', wait=False),
    ]
    ant.village.settle()
    names = [letter.conversation for letter in letters]
    assert names == ['picnic', 'picnic-2', 'picnic-3']


def test_a_post_to_the_list_itself_opens_a_conversation(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    letter = anne.writes(ant.at(), 'The goat is on the roof')
    assert letter.conversation == 'the-goat-is-on-the-roof'
    assert letter.readers == {'Anne', 'Bart'}


def test_two_lists_have_a_conversation_of_the_same_name(village):
    ant, bee = village.new_list('ant'), village.new_list('bee')
    [anne] = ant.has('Anne')
    [_] = bee.has('Anne')
    [bart] = bee.has('Bart')
    letter = anne.writes([ant.at('new'), bee.at('new')], 'Picnic')
    assert letter.conversation == 'picnic'
    assert bart.writes(bee.at('picnic')).readers == {'Anne', 'Bart'}
    # Bart is no member of the ants.
    assert bart.writes(ant.at('picnic')).readers == set()


def test_an_opening_may_go_to_several_addresses_of_the_list_and_is_posted_once(ant):
    anne, bart = ant.has('Anne', 'Bart')
    letter = anne.writes([ant.at(), ant.at('new'), ant.at('new', 'Feast')], 'Picnic')
    assert letter.conversation == 'feast'
    assert len(letter.answers) == 3
    assert letter.accepted
    assert len(bart.inbox) == 1


def test_a_list_may_want_openings_at_their_own_address_only(ant):
    ant.settings(plain_posts='reject')
    anne, _bart = ant.has('Anne', 'Bart')
    plain = anne.writes(ant.at(), 'Picnic', 'Shall we eat by the river?')
    assert plain.readers == set()
    [refusal] = anne.reads()
    assert ant.at('new') in text_of(refusal)
    assert 'Shall we eat by the river?' in refusal.as_string()
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart'}
    # An answer to what the list knows is no plain post.
    answer = anne.writes(ant.at(), 'Re: Picnic', reply_to=opening)
    assert answer.conversation == 'picnic'


def test_a_list_may_show_plain_posts_to_its_moderators_first(ant):
    ant.settings(plain_posts='hold')
    anne, _bart = ant.has('Anne', 'Bart')
    plain = anne.writes(ant.at(), 'Picnic')
    assert plain.readers == set()
    held = ant.village.site.must(f'lists/{ant.list_id}/held').body['entries']
    assert [each['subject'] for each in held] == ['Picnic']
    assert anne.writes(ant.at('new'), 'Goat').readers == {'Anne', 'Bart'}


def test_new_in_an_answer_continues_but_new_with_a_name_opens(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), 'Picnic')
    answer = bart.writes(ant.at('new'), 'Re: Picnic', reply_to=opening)
    assert answer.conversation == 'picnic'
    branch = bart.writes(ant.at('new', 'chairs'), 'Chairs', reply_to=opening)
    assert branch.conversation == 'chairs'
    assert anne.writes(ant.at(), 'Re: Chairs', reply_to=branch).conversation == 'chairs'
