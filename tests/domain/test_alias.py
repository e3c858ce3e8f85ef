# SPDX-License-Identifier: GPL-3.0-or-later
"""How aliases are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.alias import can_be_written, spelled


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
