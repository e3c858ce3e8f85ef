# SPDX-License-Identifier: GPL-3.0-or-later
"""Members answer, and the answer joins what it answers [U11]."""

from __future__ import annotations

import pytest

from tests.village import text_of


def test_the_address_alone_leads_to_the_conversation(ant):
    anne, bart, _cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    answer = bart.writes(ant.at('picnic'), 'Chairs', 'Twelve of them.')
    assert answer.conversation == 'picnic'
    assert answer.readers == {'Anne', 'Bart', 'Cris'}


@pytest.mark.every_database
def test_each_thread_of_a_mail_program_leads_to_the_conversation(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), 'Picnic')
    answer = bart.replies(bart.inbox[0])
    known, unknown = answer.message_id, '<nobody-saw-it@example.net>'
    headers = {
        'both': {'In_Reply_To': known, 'References': f'{opening.message_id} {known}'},
        'In-Reply-To alone': {'In_Reply_To': known},
        'without angle brackets': {'In_Reply_To': known.strip('<>')},
        'among words': {'In_Reply_To': f'Your message of Monday {known}'},
        'References alone': {'References': f'{opening.message_id} {known}'},
        'an older reference': {'References': f'{known} {unknown}'},
        'a parent elsewhere': {'In_Reply_To': unknown, 'References': known},
    }
    letters = {
        case: anne.writes(ant.at(), 'Another subject', wait=False, **fields)
        for case, fields in headers.items()
    }
    ant.village.settle()
    assert {case: letter.conversation for case, letter in letters.items()} == (
        dict.fromkeys(headers, 'picnic')
    )


def test_subjects_neither_split_nor_join(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), 'Picnic')
    changed = bart.writes(ant.at(), 'Goats (was: Picnic)', reply_to=opening)
    same = bart.writes(ant.at(), 'Re: Picnic')
    assert (changed.conversation, same.conversation) == ('picnic', 'picnic-2')


def test_the_envelope_is_the_truth_and_the_headers_are_not(ant):
    anne, bart = ant.has('Anne', 'Bart')
    picnic = anne.writes(ant.at('new'), 'Picnic')
    anne.writes(ant.at('new'), 'Goat')
    answer = bart.writes(
        ant.at('goat'), 'Re: Picnic', reply_to=picnic, To=ant.at('picnic')
    )
    assert answer.conversation == 'goat'


def test_upper_case_and_quotes_make_no_difference(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    local_part, domain = ant.at('picnic').split('@')
    assert bart.writes(ant.at('PicNic').upper()).conversation == 'picnic'
    assert bart.writes(f'"{local_part}"@{domain}').conversation == 'picnic'


def test_an_answer_to_two_conversations_is_posted_in_the_first(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic', wait=False)
    anne.writes(ant.at('new'), 'Goat')
    letter = bart.writes([ant.at(), ant.at('goat'), ant.at('picnic')], 'Both')
    assert letter.accepted
    assert letter.conversation == 'goat'
    assert [mail['subject'] for mail in anne.inbox].count('[Ant] Both') == 1


def test_an_answer_may_overtake_what_it_answers(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    late = '<late@example.net>'
    early = bart.writes(ant.at(), 'Re: Picnic', In_Reply_To=late)
    another = cris.writes(ant.at(), 'Re: Picnic', In_Reply_To=late)
    opening = anne.writes(ant.at(), 'Picnic', Message_ID=late)
    assert {each.conversation for each in (early, another, opening)} == {'picnic'}


def test_a_message_counts_only_on_the_list_it_was_posted_to(village):
    ant, bee = village.new_list('ant'), village.new_list('bee')
    [anne] = ant.has('Anne')
    bee.has('Anne')
    opening = anne.writes(ant.at('new'), 'Picnic')
    answer = anne.writes(bee.at(), 'Re: Goat', reply_to=opening)
    assert answer.conversation == 'goat'


def test_a_message_that_comes_twice_is_delivered_once(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), 'Picnic')
    again = anne.sends(opening.message, ant.at('new'))
    assert again.accepted
    assert len(bart.inbox) == 1
    assert (
        f'{opening.message_id} to {ant.at("new")} was not posted: '
        'it was delivered before'
    ) in ant.village.site.log('mailman')


def test_a_mistyped_conversation_is_explained_and_never_posted(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    for wrong in [('pincic',), ('picnic', 'dance'), ('picnic', 'mute', '1d', 'x')]:
        letter = bart.writes(ant.at(*wrong), 'Chairs', 'Twelve chairs.')
        assert letter.accepted
        assert letter.readers == set()
        [notice] = bart.reads()
        assert ant.at(*wrong) in text_of(notice)
        # With a verb, nobody meant to post.
        assert (ant.at('new') in text_of(notice)) is (len(wrong) == 1)
        meant = ant.at('picnic') if len(wrong) == 1 else ant.at('picnic', 'unsubscribe')
        assert meant in text_of(notice)
        assert (ant.at('picnic') in text_of(notice)) is (len(wrong) == 1)
        # The mail comes back whole.
        [original] = [
            part for part in notice.walk() if part['subject'] == 'Chairs'
        ]
        assert 'Twelve chairs.' in original.get_payload()


def test_nothing_is_explained_to_strangers(ant):
    [anne] = ant.has('Anne')
    anne.writes(ant.at('new'), 'Picnic')
    stranger = ant.village.person('Zoe')
    letter = stranger.writes(ant.at('pincic'), 'Buy this')
    assert letter.accepted
    assert letter.readers == set()
    held = ant.village.site.must(f'lists/{ant.list_id}/held').body['entries']
    assert [each['subject'] for each in held] == ['Buy this']
    assert not any(ant.at('picnic') in mail.as_string() for mail in stranger.inbox)


def test_a_vacation_message_is_no_answer(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    away = bart.writes(
        ant.at('picnic'), 'I am away', 'Until Monday.', Auto_Submitted='auto-replied'
    )
    assert away.accepted
    assert away.readers == set()
    assert bart.reads() == []
