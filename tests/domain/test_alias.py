# SPDX-License-Identifier: GPL-3.0-or-later
"""How aliases are spelled, and what confirms them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.alias import (
    TOKEN_LENGTH,
    can_be_written,
    is_token,
    new_token,
    spelled,
)


@pytest.mark.parametrize(('given_as', 'email'), [
    ('me@other.example', 'me@other.example'),
    ('Me@OTHER.example', 'me@other.example'),
    (' me@other.example\n', 'me@other.example'),
    ('"Me"@other.example', 'me@other.example'),
    ('"me.too+x"@other.example', 'me.too+x@other.example'),
    # These are other mailboxes without the quotes, or none.
    ('"me too"@other.example', '"me too"@other.example'),
    ('"me..too"@other.example', '"me..too"@other.example'),
    ('"me@home"@other.example', '"me@home"@other.example'),
    ('""@other.example', '""@other.example'),
    ('me', 'me'), ('', ''),
])
def test_an_address_has_one_spelling(given_as, email):
    assert spelled(given_as) == email
    assert spelled(email) == email


@pytest.mark.parametrize(('email', 'can'), [
    ('me@other.example', True),
    ('me+list@other.example', True),
    ("o'neill=a/b@other.example", True),
    (f'{"a" * 64}@other.example', True),
    (f'{"a" * 65}@other.example', False),
    (f'me@{"a" * 251}', True),
    (f'me@{"a" * 252}', False),
    ('"me too"@other.example', False),
    ('me@home@other.example', False),
    ('me..too@other.example', False),
    ('.me@other.example', False),
    ('me.@other.example', False),
    ('me@', True), ('@other.example', False), ('', False),
    ('me\n@other.example', False),
])
def test_an_alias_needs_no_quotes_and_is_not_too_long(email, can):
    """The host is for Mailman's own validator."""
    assert can_be_written(email) is can


@given(st.text())
def test_whatever_is_given_is_spelled(text):
    assert spelled(spelled(text)) == spelled(text)
    can_be_written(text)
    is_token(text)


def test_tokens_differ():
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {TOKEN_LENGTH}
    assert all(map(is_token, tokens))


@pytest.mark.parametrize('text', [
    '', 'a2b3c4d5e6f7g2h', 'a2b3c4d5e6f7g2h3i', 'A2B3C4D5E6F7G2H3',
    'a2b3c4d5e6f7g2h1', 'a2b3c4d5e6f7g2h3\n', 'a2b3c4d5e6f7g2hé', 'a2b3c4d5e6f7g2h%',
])
def test_what_is_no_token(text):
    assert not is_token(text)
