# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields are split into names and addresses before anything is decoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.mail.mailboxes import LONGEST_FIELD, Mailbox, mailboxes
from tests.mail.wordings import clear, names, raw
from tests.steps import repeated, steps


JO = 'jo@example.com'
BART = 'bart@example.com'


def read(value: str) -> list[Mailbox]:
    return list(mailboxes([value]))


def addresses(value: str) -> list[str]:
    return [each.address for each in read(value) if each.address]


def test_a_name_is_a_name_however_it_is_written():
    for name in names(BART, JO):
        for value in clear(name, JO):
            assert addresses(value) == [JO], value
            assert all(each.is_clear for each in read(value)), value


@given(st.text(max_size=30), st.booleans())
def test_any_name_is_a_name(name, is_long):
    name = ''.join(each for each in name if each.isprintable()) * (5 if is_long else 1)
    for value in clear(name, JO):
        assert addresses(value) == [JO], value


def test_what_is_not_quoted_names_the_address_or_is_not_clear():
    for name in names(BART):
        for value in raw(name, JO):
            found = read(value)
            named = {each.address for each in found} - {''}
            assert JO in named or not all(each.is_clear for each in found), value


@pytest.mark.parametrize(('value', 'name', 'address'), [
    ('jo@example.com', '', JO),
    ('Jo Miller <jo@example.com>', 'Jo Miller', JO),
    ('"Miller, Jo" <jo@example.com>', 'Miller, Jo', JO),
    (r'"Jo \"X\" Miller" <jo@example.com>', 'Jo "X" Miller', JO),
    ('jo@example.com (Jo Miller)', 'Jo Miller', JO),
    ('jo@example.com (Jo (at work) Miller)', 'Jo (at work) Miller', JO),
    ('bart@example.com <jo@example.com>', BART, JO),
    ('=?utf-8?q?Miller=2C_Jo?= <jo@example.com>', '=?utf-8?q?Miller=2C_Jo?=', JO),
    ('=?utf-8?q?Miller,_Jo?= <jo@example.com>', '=?utf-8?q?Miller,_Jo?=', JO),
    ('Jo [x] <jo@example.com>', 'Jo [x]', JO),
    ('Jo <fan> <jo@example.com>', 'Jo', JO),
    ('Jo <jo@example.com', 'Jo <jo@example.com', ''),
    ('<<jo@example.com>>', '<>', JO),
    ('<@a.example,@b.example:jo@example.com>', '', JO),
    ('"jo x"@example.com', '', '"jo x"@example.com'),
    ('Jo', 'Jo', ''),
    ('Jo jo@example.com', 'Jo jo@example.com', ''),
    ('jo@example.com <>', '', JO),
    ('Jo <bart@example.com> <jo@example.com>', 'Jo', ''),
    ('"Jo <jo@example.com>', '', ''),
    ('Jo (x <jo@example.com>', 'Jo', ''),
    ('=?utf-8?q?bart=40x?=@example.com', '=?utf-8?q?bart=40x?=@example.com', ''),
])
def test_one_entry(value, name, address):
    [found] = read(value)
    assert (found.name, found.address) == (name, address)
    assert found.is_clear is (bool(address) or '@' not in value)


def test_an_address_without_half_of_its_brackets_is_not_clear():
    assert read('<<jo@example.com, "unfinished')[0] == Mailbox('', JO, is_clear=False)
    assert read('jo@example.com>') == [Mailbox('', JO, is_clear=False)]


@pytest.mark.parametrize(('value', 'expected'), [
    ('', []), (' , ;', []), ('(nobody)', []), ('Ants:;', []),
    ('Miller, Jo <jo@example.com>', [JO]),
    ('Ants: jo@example.com, Bart <bart@example.com>;, jo@example.com', [JO, BART, JO]),
    ('jo@example.com; bart@example.com', [JO, BART]),
    ('bart@example.com, Jo <jo@example.com>', [BART, JO]),
])
def test_several_entries(value, expected):
    assert addresses(value) == expected


PATHS = [
    '"', '(', '<', '<"', ',', ':', '=?', '=?a?q?', '=?a?q?x', '\\', '<a', '"a"', '(a)',
    '<a@b>', 'a@b,', '<"a" ', '( ) ', '((', '"\\', '<a"b">', '@a:', ' ', 'a',
]


@pytest.mark.parametrize('piece', PATHS)
def test_the_work_grows_with_the_length_alone(piece):
    half, whole = (steps(read, piece, size) for size in (8192, 16384))
    assert whole <= 2 * half + 100, (half, whole)
    # What a step takes grows no faster either, or this would not end.
    read(repeated(piece, LONGEST_FIELD))


def test_of_a_field_without_end_only_the_beginning_is_read():
    found = read(f'{JO}, {"x" * LONGEST_FIELD} <{BART}>')
    assert [each.address for each in found if each.address] == [JO]
    assert not found[-1].is_clear
