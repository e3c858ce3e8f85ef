# SPDX-License-Identifier: GPL-3.0-or-later
"""A field that names the list names the conversation, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.domain.mentions import redirect, without_repeats


ANT = ListAddresses('ant', 'example.com', also_hosts=frozenset({'alias.example'}))
PICNIC = 'ant+picnic@example.com'


@pytest.mark.parametrize(('value', 'becomes'), [
    ('ant@example.com', PICNIC),
    ('ant+new@example.com', PICNIC),
    ('ant+new+Picnic@example.com', PICNIC),
    ('ant+picnic@example.com', PICNIC),
    ('ant+@example.com', PICNIC),
    ('ANT@Example.COM', PICNIC),
    ('ant@alias.example', PICNIC),
    ('"ant+new"@example.com', PICNIC),
    ('"ant"@example.com', PICNIC),
    ('<ant@example.com>', f'<{PICNIC}>'),
    ('The ants <ant@example.com>', f'The ants <{PICNIC}>'),
    ('"Ants, all" <ant@example.com>', f'"Ants, all" <{PICNIC}>'),
    ('=?utf-8?q?Fourmis_=C3=A9?= <ant@example.com>',
     f'=?utf-8?q?Fourmis_=C3=A9?= <{PICNIC}>'),
    ('bart@example.com,ant@example.com;', f'bart@example.com,{PICNIC};'),
    ('friends: ant@example.com, bart@example.com;',
     f'friends: {PICNIC}, bart@example.com;'),
    ('ant@example.com,\n bart@example.com', f'{PICNIC},\n bart@example.com'),
    ('ant@example.com, ant+new@example.com', f'{PICNIC}, {PICNIC}'),
    ('ant@example.com.', f'{PICNIC}.'),
])
def test_the_list_becomes_the_conversation(value, becomes):
    assert redirect(value, ANT, 'picnic') == becomes


@pytest.mark.parametrize(('value', 'becomes'), [
    ('stale@example.com', PICNIC),
    ('Stale+Renamed@Example.com', PICNIC),
    ('"Ants, all" <stale+new+x@example.com>', f'"Ants, all" <{PICNIC}>'),
    ('"stale+x"@example.com', PICNIC),
    ('a.b@old.example', PICNIC),
    ('stale@alias.example', 'stale@alias.example'),
    ('stale@old.example', 'stale@old.example'),
    ('ant@old.example', 'ant@old.example'),
    ('axb@old.example', 'axb@old.example'),
    ('my-stale@example.com', 'my-stale@example.com'),
    ('stale-owner@example.com', 'stale-owner@example.com'),
])
def test_so_does_an_address_that_the_list_had_before(value, becomes):
    former = frozenset({'stale@example.com', 'a.b@old.example'})
    assert redirect(value, replace(ANT, former=former), 'picnic') == becomes


@pytest.mark.parametrize(('value', 'becomes'), [
    (f'{PICNIC}, {PICNIC}', PICNIC),
    (f'{PICNIC},{PICNIC}, {PICNIC}', PICNIC),
    (f'{PICNIC}, bart@example.com, Ants <{PICNIC}>', f'{PICNIC}, bart@example.com'),
    (f'Ants <{PICNIC}>, {PICNIC.upper()}', f'Ants <{PICNIC}>'),
    (f'"Ants, all" <{PICNIC}>,\n {PICNIC},\n bart@example.com',
     f'"Ants, all" <{PICNIC}>,\n bart@example.com'),
    (f'{PICNIC} (the ants, all), bart@example.com (me), {PICNIC} (them, too)',
     f'{PICNIC} (the ants, all), bart@example.com (me)'),
    # A name is no address; what others have twice is theirs.
    (f'"{PICNIC}" <bart@example.com>, {PICNIC}',
     f'"{PICNIC}" <bart@example.com>, {PICNIC}'),
    (f'{PICNIC}, bart@example.com, bart@example.com',
     f'{PICNIC}, bart@example.com, bart@example.com'),
    # Nothing is taken out of what is not understood.
    (f'friends: {PICNIC}, bart@example.com;, {PICNIC}',
     f'friends: {PICNIC}, bart@example.com;, {PICNIC}'),
    (f'{PICNIC}; {PICNIC}', f'{PICNIC}; {PICNIC}'),
    (f'{PICNIC}, "{PICNIC}', f'{PICNIC}, "{PICNIC}'),
    (f'{PICNIC}, <{PICNIC}', f'{PICNIC}, <{PICNIC}'),
    # Some programs write a comma into an encoded word.
    (f'{PICNIC}, =?utf-8?q?Ants,_all?= <{PICNIC}>', PICNIC),
    ('', ''),
    (',,', ',,'),
])
def test_a_field_names_the_conversation_once(value, becomes):
    assert without_repeats(value, PICNIC) == becomes


def test_no_field_takes_long():
    """The time grows with the length of a field, not with its square."""
    for text in ('(', '"', '<', ',', '\\', '("', '<"', 'a,', f'{PICNIC},'):
        without_repeats(text * 100_000, PICNIC)


@pytest.mark.parametrize('value', [
    '',
    'undisclosed-recipients:;',
    'bart@example.com',
    'ant@example.org',
    'ant@mail.example.com',
    'ant@example.com.au',
    'ant@example.community',
    'ant-request@example.com',
    'ant-request+x@example.com',
    'ant-bounces+bart=example.com@example.com',
    'elephant@example.com',
    'big-ant@example.com',
    'my.ant@example.com',
    'ant+x y@example.com',
    'antonia@example.com',
    'ant @example.com',
])
def test_other_addresses_stay(value):
    assert redirect(value, ANT, 'picnic') == value


@pytest.mark.parametrize('list_name', ['a.b', 'a-b', 'a$b', 'a|b', 'a*b'])
def test_a_list_name_is_no_pattern(list_name):
    ours = ListAddresses(list_name, 'example.com')
    redirected = redirect(f'{ours.posting}, axb@example.com', ours, 'picnic')
    assert redirected == f'{ours.conversation("picnic")}, axb@example.com'


@given(st.text())
def test_any_text_is_redirected_once(text):
    once = redirect(f'{text} <ant@example.com>', ANT, 'picnic')
    assert PICNIC in once
    assert redirect(once, ANT, 'picnic') == once
