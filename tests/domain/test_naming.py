# SPDX-License-Identifier: GPL-3.0-or-later
"""Names from subjects and from what people give."""

from __future__ import annotations

from email import message_from_bytes
from email.header import Header
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.domain.errors import DlistError, ListNameUnfit
from mailman_dlist.domain.naming import (
    FALLBACK,
    RESERVED,
    candidates,
    from_given,
    from_subject,
    is_name,
    room,
)
from mailman_dlist.mail.subjects import (
    RAW_SUBJECT_CHARACTERS,
    base_subject,
    decode_subject,
)


any_text = st.text(st.characters())
# What base subjects are made of, in any order.
subjects = st.lists(st.sampled_from([
    'Re', 're:', 'FW :', 'fwd[2]:', '[', ']', '[Ant]', '[Ant] ', '[fwd:', '(fwd)',
    '(FWD)', ' ', 'picnic', 'help', '42', '-', 'ö', '日本', '\t', "'",
])).map(''.join)
rooms = st.integers(8, 45)


@pytest.mark.parametrize(('text', 'expected'), [
    ('picnic', True),
    ('a', True),
    ('summer-picnic-2', True),
    ('4-candles', True),
    ('help-2', True),
    ('42-2', True),
    ('', False),
    ('-', False), ('-picnic', False), ('picnic-', False), ('pic--nic', False),
    ('Picnic', False),
    ('pic_nic', False), ('pic nic', False), ('pic+nic', False), ('pic.nic', False),
    ('café', False), ('٣a', False),
    ('picnic\n', False),
    ('42', False), ('0', False),
    *((word, False) for word in sorted(RESERVED)),
])
def test_what_may_be_a_name(text, expected):
    assert is_name(text) is expected


def test_the_reserved_words_are_those_of_the_contract():
    words = """
        new unsubscribe mute subscribe follow reset close hold reopen conversations help
        bounces confirm join leave owner request subscribe unsubscribe
        get list status admin
    """
    assert set(words.split()) == RESERVED


@pytest.mark.parametrize(('list_name', 'free'), [
    ('a', 43),
    ('ant', 41),
    ('né', 41),
    ('a' * 36, 8),
])
def test_what_a_list_leaves_for_names(list_name, free):
    assert room(list_name) == free
    longest = f'{list_name}+{"n" * free}-99+unsubscribe+52w'
    assert len(longest.encode()) == 64


@pytest.mark.parametrize(('list_name', 'delimiter', 'longest'), [
    ('a' * 37, '+', 36),
    ('a' * 60, '+', 36),
    ('a' * 37, '--', 33),
    ('c++', '+', None),
    ('c=', '=', None),
])
def test_a_list_whose_name_leaves_no_room_cannot_be_a_dlist(
        list_name, delimiter, longest):
    with pytest.raises(ListNameUnfit) as caught:
        room(list_name, delimiter)
    assert (caught.value.list_name, caught.value.longest) == (list_name, longest)


@pytest.mark.parametrize(('error', 'sentence'), [
    (ListNameUnfit('c++', None), "The list name 'c++' contains the delimiter of"
                                 ' extensions, so the list cannot be a dlist'),
    (ListNameUnfit('long', 3), "The list name 'long' is too long for a dlist:"
                               ' at most 3 octets are possible'),
])
def test_an_error_is_a_sentence(error, sentence):
    assert isinstance(error, DlistError)
    assert str(error) == sentence


@pytest.mark.parametrize(('subject', 'base'), [
    ('', ''),
    ('Picnic', 'Picnic'),
    ('  Summer \t picnic  ', 'Summer picnic'),
    ('Re: Picnic', 'Picnic'),
    ('RE: re: Fw: FWD: Picnic', 'Picnic'),
    ('Re : Picnic', 'Picnic'),
    ('Re:Picnic', 'Picnic'),
    ('Re[2]: Picnic', 'Picnic'),
    ('Re [2] : Picnic', 'Picnic'),
    ('[Ant] Picnic', 'Picnic'),
    ('[Ant][Bee] Re: [Cat] Picnic', 'Picnic'),
    ('[Ant] Re: Picnic', 'Picnic'),
    ('Picnic (fwd)', 'Picnic'),
    ('Picnic (FWD) (fwd)(fwd) ', 'Picnic'),
    ('Re: Picnic (fwd)', 'Picnic'),
    ('[fwd: Picnic]', 'Picnic'),
    ('[FWD: Re: Picnic (fwd)]', 'Picnic'),
    ('Re: [fwd: [fwd: Picnic]]', 'Picnic'),
    ('[fwd: Picnic [2]]', 'Picnic [2]'),
    ('[fwd: Picnic', '[fwd: Picnic'),
    # Nothing but marks.
    ('Re:', ''), ('(fwd)', ''), ('[fwd:]', ''), ('Re: [fwd: (fwd)]', ''),
    # A blob that is all there is.
    ('[Picnic]', '[Picnic]'),
    ('Re: [Picnic]', '[Picnic]'),
    ('[Ant] [Picnic]', '[Picnic]'),
    # No marks.
    ('Reply: Picnic', 'Reply: Picnic'),
    ('Re Picnic', 'Re Picnic'),
    ('Picnic Re: Fire', 'Picnic Re: Fire'),
    ('(fwd) Picnic', '(fwd) Picnic'),
    ('[a[b] Picnic', '[a[b] Picnic'),
])
def test_the_base_subject_is_that_of_the_rfc(subject, base):
    assert base_subject(subject) == base


@pytest.mark.parametrize(('prefix', 'subject', 'base'), [
    ('[Ant] ', '[Ant] Picnic', 'Picnic'),
    ('[Ant] ', '[ant] Re: Picnic', 'Picnic'),
    ('[Ant] ', 'Re: [Ant] [Ant] Re: Picnic', 'Picnic'),
    ('[Ant] ', '[Ant]', ''),
    ('[Ant] ', '[Ant] [Picnic]', '[Picnic]'),
    ('Ant: ', 'Re: Ant: Picnic', 'Picnic'),
    ('The  Ant ', 'the Ant Picnic', 'Picnic'),
    ('Ant ', 'Antelopes', 'Antelopes'),
    ('Ant ', 'Ant', ''),
    ('(Ant %d) ', 'Re: (Ant 123) Picnic', 'Picnic'),
    ('(Ant %05d) ', '(Ant 00123) Picnic', 'Picnic'),
    ('(Ant %d) ', '(Ant) Picnic', '(Ant) Picnic'),
    ('[Ant', '[Ant Picnic', 'Picnic'),
    (' ', 'Picnic', 'Picnic'),
])
def test_the_prefix_of_the_list_goes_too(prefix, subject, base):
    assert base_subject(subject, prefix) == base


@given(any_text | subjects, st.sampled_from(['', '[Ant] ', 'Ant', 'Re', '(%d)', '[']))
def test_a_base_subject_is_its_own_base_subject(subject, prefix):
    base = base_subject(subject, prefix)
    assert base_subject(base, prefix) == base


@pytest.mark.parametrize('bomb', [
    're:', '[', ']', '[]', '[fwd:', '(fwd)', '(fwd) x', ' ', 're[', 're[]', '=?',
    '=?utf-8?q?', '=?utf-8?q?a?= ', '=?utf-8?b?', "'", '&#', 'x', '%C3',
])
@pytest.mark.parametrize('make', [base_subject, decode_subject, from_given])
def test_a_bomb_of_a_subject_comes_out_short(make, bomb):
    # Whatever takes more than linear time would not end here.
    assert len(make(bomb * 200_000)) <= RAW_SUBJECT_CHARACTERS


@pytest.mark.parametrize(('raw', 'subject'), [
    (None, ''),
    ('', ''),
    ('Picnic', 'Picnic'),
    ('=?utf-8?q?Caf=C3=A9_at_noon?=', 'Café at noon'),
    ('=?UTF-8?B?Q2Fmw6k=?=', 'Café'),
    ('=?iso-8859-1?q?Caf=E9?=', 'Café'),
    ('=?iso-8859-1*fr?q?Caf=E9?=', 'Café'),
    ('Re: =?utf-8?q?Caf=C3=A9?= at noon', 'Re: Café at noon'),
    # Blanks between encoded words do not count; those around them do.
    ('=?utf-8?q?pic?= =?utf-8?q?nic?=', 'picnic'),
    ('=?utf-8?q?pic?=\r\n =?iso-8859-1?q?nic?=', 'picnic'),
    # A character cut in two.
    ('=?utf-8?q?Caf=C3?= =?utf-8?q?=A9?=', 'Café'),
    # Folded, and with what ends a line elsewhere.
    ('Summer\r\n picnic', 'Summer picnic'),
    ('Summer\x1cpicnic\x00\x85\u2028!', 'Summer picnic !'),
    ('=?utf-8?q?Summer=0D=0ABcc=3A_x?=', 'Summer Bcc: x'),
    # Backslashes are text, also beside encoded words.
    (r'C:\users =?utf-8?q?=C3=A9?= \u20ac €', r'C:\users é \u20ac €'),
    # What cannot be decoded.
    ('=?utf-8?q?Caf=E9?=', 'Caf\ufffd'),
    ('=?no-such?q?Caf=C3=A9?=', 'Café'),
    ('=?rot13?q?abc?=', 'abc'),
    ('=?idna?q?=FF?=', '\ufffd'),
    ('=?utf-8?b?Q?=', '=?utf-8?b?Q?='),
    ('=?utf-8?x?Caf?=', '=?utf-8?x?Caf?='),
    ('=?utf-8?q?open', '=?utf-8?q?open'),
    # Octets, as the email package hides them in text.
    ('Caf\udcc3\udca9', 'Café'),
    ('Caf\udce9', 'Caf\ufffd'),
    ('Caf\udcc3\udca9 =?utf-8?q?=C3=A9?=', 'Café é'),
    ('half \ud800', 'half ?'),
    ('=?utf-7?q?+2AA-?=', '?'),
    (Header('Café', 'utf-8'), 'Café'),
    (Header('Summer picnic'), 'Summer picnic'),
    (Header(''), ''),
])
def test_a_subject_is_decoded_as_far_as_it_can_be(raw, subject):
    assert decode_subject(raw) == subject


@pytest.mark.parametrize(('octets', 'subject'), [
    (b'Caf\xc3\xa9', 'Café'),
    (b'Caf\xe9', 'Caf\ufffd'),
    (b'Caf\xc3\xa9 =?utf-8?q?=C3=A9?=', 'Café é'),
    (b'Summer\n picnic', 'Summer picnic'),
])
def test_a_subject_is_decoded_as_it_comes_in_a_message(octets, subject):
    msg = message_from_bytes(b'Subject: ' + octets + b'\n\n')
    assert decode_subject(msg['subject']) == subject


@given(any_text | subjects | st.lists(st.sampled_from(
    ['=?', 'utf-8', 'utf-7', 'x', '?b?', '?q?', '?=', ' ', '=ED=A0', 'QUE=', '\udce9']
)).map(''.join))
def test_any_subject_becomes_one_line_of_whole_characters(raw):
    subject = decode_subject(raw)
    assert subject.splitlines() in ([], [subject])
    assert '\x00' not in subject
    subject.encode()


@given(st.binary())
def test_any_octets_in_a_header_become_a_subject(octets):
    msg = message_from_bytes(b'Subject: ' + octets)
    decode_subject(msg['subject']).encode()


@pytest.mark.parametrize(('text', 'name'), [
    ('picnic', 'picnic'),
    ('Picnic', 'picnic'),
    ('Caf%C3%A9', 'cafe'),
    ('caf%c3%a9', 'cafe'),
    ('Caf%E9', 'caf'),
    ('100%', '100'),
    ('summer_picnic.2026', 'summer-picnic-2026'),
    ('a%2Bb', 'a-b'),
    ('日本', 'ri-ben'),
    ('help', 'help'),
    ('--', ''), ('', ''), ('%', ''), ('🎉', ''), ('\ud800', ''),
])
def test_what_is_given_is_made_valid(text, name):
    assert from_given(text) == name


@pytest.mark.parametrize(('subject', 'name'), [
    ('Picnic', 'picnic'),
    ('Re: [Ant] Picnic (fwd)', 'picnic'),
    ('Grüße aus dem Süden', 'grusse-aus-dem-suden'),
    ('Q&amp;A', 'q-amp-a'),
    ('&#55296;', '55296'),
    ('Tea & cake: 1,000 reasons!', 'tea-cake-1000-reasons'),
    # Cut at a word to 30 octets, which these have.
    ('x' * 14 + ' ' + 'y' * 15, 'x' * 14 + '-' + 'y' * 15),
    ('x' * 14 + ' ' + 'y' * 15 + ' z', 'x' * 14 + '-' + 'y' * 15),
    ('x' * 14 + ' ' + 'y' * 16, 'x' * 14),
    ('x' * 30 + ' y', 'x' * 30),
    ('x' * 31, 'x' * 30),
    ('What shall we bring to the picnic on Sunday?', 'what-shall-we-bring-to-the'),
    ('Help', 'help'),
    ('', ''), ('Re:', ''), ('🎉', ''), ('???', ''),
])
def test_a_subject_makes_a_name(subject, name):
    assert from_subject(subject, '[Ant] ') == name


@pytest.mark.parametrize(('base', 'names'), [
    ('picnic', ['picnic', 'picnic-2', 'picnic-3']),
    ('help', ['help-2', 'help-3', 'help-4']),
    ('42', ['42-2', '42-3', '42-4']),
    ('picnic-2', ['picnic-2', 'picnic-2-2', 'picnic-2-3']),
    # Too long: cut at a word, to what may be reserved.
    ('summer-picnics', ['summer', 'summer-2', 'summer-3']),
    ('unsubscribed', ['unsubscrib', 'unsubscrib-2', 'unsubscrib-3']),
    ('help-everybody', ['help-2', 'help-3', 'help-4']),
    ('x' * 300, ['x' * 10, 'x' * 10 + '-2', 'x' * 10 + '-3']),
    # Not made valid before.
    ('Pic Nic', ['pic-nic', 'pic-nic-2', 'pic-nic-3']),
])
def test_namesakes_are_told_apart_by_numbers(base, names):
    assert list(islice(candidates(base, 10), 3)) == names


def test_a_conversation_without_a_name_is_called_conversation():
    assert list(islice(candidates('', 41), 2)) == [FALLBACK, f'{FALLBACK}-2']


def test_beyond_99_the_name_gets_shorter_and_never_comes_twice():
    names = list(islice(candidates('abcd-100', 8), 1100))
    assert names[97:101] == ['abcd-100-98', 'abcd-100-99', 'abcd-101', 'abcd-102']
    assert names[997:999] == ['abcd-999', 'abcd-1000']
    assert len(set(names)) == len(names)


@example('abcdef-100', 8)
@given(any_text | subjects | st.from_regex('[a-c]{1,9}-1?[0-9]{1,3}', fullmatch=True),
       rooms)
def test_candidates_are_valid_and_distinct_and_fit(base, room):
    names = list(islice(candidates(base, room), 120))
    assert all(map(is_name, names))
    assert all(len(name) <= room + 3 for name in names)
    assert len(set(names)) == len(names) == 120


@given(any_text | subjects, st.text('abc-', min_size=1, max_size=36))
def test_any_subject_gives_a_name_whose_addresses_can_be_delivered(raw, list_name):
    addresses = ListAddresses(list_name, 'example.com')
    free = room(list_name)
    base = from_subject(decode_subject(raw), octets=min(30, free))
    for name in islice(candidates(base, free), 120):
        local_part, _, _ = addresses.to(name, 'unsubscribe', '52w').partition('@')
        assert is_name(name)
        assert len(local_part) <= 64
