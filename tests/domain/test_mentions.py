# SPDX-License-Identifier: GPL-3.0-or-later
"""A field that names the list names the conversation, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.domain.mentions import redirect


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
