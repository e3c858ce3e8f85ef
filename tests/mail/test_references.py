# SPDX-License-Identifier: GPL-3.0-or-later
"""In-Reply-To and References, in order and in disorder."""

from __future__ import annotations

from email import message_from_bytes
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailman.email.message import Message
from mailman.utilities.email import add_message_hash

from mailman_dlist.mail.references import (
    NEAREST,
    OWNED,
    bare,
    id_hash,
    ids_in,
    owned,
    parents,
)


any_value = st.text(st.characters()) | st.lists(st.sampled_from(
    ['<', '>', '@', 'a', 'b@x', '<a@x>', ' ', '\n ', ',', '(', ')', '\x00', '\ud800']
)).map(''.join)


@pytest.mark.parametrize(('message_id', 'expected'), [
    ('<a@x>', 'a@x'),
    (' \n <a@x> ', 'a@x'),
    ('a@x', 'a@x'),
    ('<<a@x>>', '<a@x>'),
    ('<a@x', '<a@x'),
    ('', ''), ('<', '<'), ('>', '>'), ('<>', ''),
])
def test_one_pair_of_brackets_goes(message_id, expected):
    assert bare(message_id) == expected


@pytest.mark.parametrize(('value', 'ids'), [
    (None, []),
    ('', []),
    ('<a@x>', ['a@x']),
    ('<a@x> <b@x>', ['a@x', 'b@x']),
    ('<b@x> <a@x> <b@x>', ['b@x', 'a@x', 'b@x']),
    ('<a@x><b@x>', ['a@x', 'b@x']),
    ('<a@x>,<b@x>', ['a@x', 'b@x']),
    ('<a@x>\r\n\t<b@x>\n <c@x>', ['a@x', 'b@x', 'c@x']),
    ('<A@x> <a@X>', ['A@x', 'a@X']),
    ('<a@b@x>', ['a@b@x']),
    # With remarks.
    ('Your message of "Monday" <a@x>', ['a@x']),
    ("<a@x> (Anne's message of Monday)", ['a@x']),
    ("<a@x> (anne@example.com's message)", ['a@x']),
    # Without brackets.
    ('a@x', ['a@x']),
    (' a@x b@x\n c@x', ['a@x', 'b@x', 'c@x']),
    ('a@x, b@x', ['a@x', 'b@x']),
    ('<a@x', ['a@x']),
    ('a@x>', ['a@x']),
    # A person is no message.
    ("anne@example.com's message of Monday", []),
    ('Message from anne@example.com', []),
    ('Anne<anne@example.com a@x', []),
    # Garbage.
    ('Your message of Monday', []),
    ('<Monday>', []), ('<>', []), ('<@>', []), ('<a@>', []), ('<@x>', []), ('@', []),
    ('<a @x>', []), ('<a@x\x00>', []), ('<a@x\ud800>', []),
    ('<' + 'a' * 996 + '@x>', ['a' * 996 + '@x']),
    ('<' + 'a' * 997 + '@x> <b@x>', ['b@x']),
    ('<' + 'é' * 500 + '@x> <b@x>', ['b@x']),
    ('a' * 997 + '@x', []),
    (Header('<a@x>'), ['a@x']),
])
def test_the_ids_in_a_field(value, ids):
    assert ids_in(value) == ids


@pytest.mark.parametrize(('in_reply_to', 'references', 'expected'), [
    (None, None, []),
    ([], [], []),
    (['<a@x>'], None, ['a@x']),
    (None, ['<a@x> <b@x>'], ['b@x', 'a@x']),
    (['<c@x>'], ['<a@x> <b@x> <c@x>'], ['c@x', 'b@x', 'a@x']),
    (['<a@x>'], ['<a@x> <b@x>'], ['a@x', 'b@x']),
    (['<a@x> <b@x>'], ['<c@x> <d@x>'], ['a@x', 'b@x', 'd@x', 'c@x']),
    (['<a@x>', '<b@x>'], ['<c@x>', '<d@x>'], ['a@x', 'b@x', 'd@x', 'c@x']),
    (['a@x'], ['<a@x> <b@x>'], ['a@x', 'b@x']),
    (None, ['<a@x> <b@x> <a@x>'], ['a@x', 'b@x']),
    (['nothing'], ['<a@x>'], ['a@x']),
])
def test_the_nearest_comes_first(in_reply_to, references, expected):
    assert parents(in_reply_to, references) == expected


def test_the_farthest_of_too_many_are_forgotten():
    ids = [f'{number}@x' for number in range(NEAREST + 50)]
    found = parents(None, [' '.join(f'<{each}>' for each in ids)])
    assert found == ids[:49:-1]
    assert owned(found) == found[:OWNED]
    assert (len(found), len(owned(found))) == (200, 20)


def test_octets_beyond_ascii_in_the_fields_of_a_message_are_no_harm():
    msg = message_from_bytes(
        b'In-Reply-To: Gr\xfc\xdfe <a@x>\nReferences: <b@x> \xff <c@x>\n\n')
    found = parents(msg.get_all('in-reply-to'), msg.get_all('references'))
    assert found == ['a@x', 'c@x', 'b@x']


@given(st.none() | st.lists(any_value), st.none() | st.lists(any_value))
def test_any_fields_give_ids_once_each(in_reply_to, references):
    found = parents(in_reply_to, references)
    assert len(set(found)) == len(found) <= NEAREST
    for each in found:
        assert '@' in each
        assert ids_in(f'<{each}>') == [each]
        assert len(id_hash(each)) == 32


@pytest.mark.parametrize('bomb', [
    '<', '>', '@', '<a', 'a@', '<a@', '<@', ' @', '<a@x>',
])
def test_a_bomb_of_a_field_names_few_messages(bomb):
    # Whatever takes more than linear time would not end here.
    assert len(parents([bomb * 100_000], [bomb * 100_000])) <= 1


@pytest.mark.parametrize('message_id', ['<a@x>', 'a@x', '<é@x>', '<a b@x>', '<<a@x>>'])
def test_the_hash_is_the_one_mailman_writes(message_id):
    msg = Message()
    msg['Message-ID'] = message_id
    assert id_hash(message_id) == add_message_hash(msg)


def test_a_hash_of_octets_beyond_utf_8_does_not_fail():
    assert len(id_hash('<\udce9@x>')) == 32
