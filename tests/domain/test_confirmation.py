# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens that confirm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.confirmation import TOKEN_LENGTH, is_token, new_token


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


@given(st.text())
def test_whatever_is_given_is_a_token_or_none(text):
    is_token(text)
