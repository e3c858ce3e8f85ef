# SPDX-License-Identifier: GPL-3.0-or-later
"""A token is good for one member, one conversation, one time; or for nothing."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import date, timedelta
from string import ascii_letters, digits
from unittest.mock import Mock
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.links import token
from mailman_dlist.domain.links.token import Link, LinkAction, read, write


ANNE = UUID('12345678123456781234567812345678')
TODAY = date(2026, 11, 20)
KEYS = {3: b'k' * 32, 4: b'l' * 32}
LINK = Link(ANNE, 17, LinkAction.mute, date(2027, 11, 20))
GOOD = write(LINK, 3, KEYS[3])
CONTENT = b32decode(f'{GOOD}=', casefold=True)[:-16]

# What GOOD says, as it was written before 2026-11-29.
FORMER = 'QxI0VngSNFZ4EjRWeBI0VngAAAARJ8mjZqi-MIWVkjA9NnLzkBpK'

links = st.builds(
    Link,
    st.uuids(),
    st.integers(0, 2**32 - 1),
    st.sampled_from(LinkAction),
    st.dates(TODAY, token.LAST_DAY),
)


@given(links, st.sampled_from(sorted(KEYS)))
def test_what_is_written_is_read(link, key_id):
    text = write(link, key_id, KEYS[key_id])
    assert re.fullmatch(token.PATTERN, text)
    assert re.fullmatch('[a-z2-7]{63}', text)
    assert read(text, KEYS, TODAY) == link


# Mail programs keep capitals; people who read one aloud do not.
@pytest.mark.parametrize('spelled', [GOOD.upper(), GOOD.title(), GOOD.swapcase()])
def test_capital_letters_make_no_difference(spelled):
    assert read(spelled, KEYS, TODAY) == LINK


@pytest.mark.parametrize('text', [GOOD, FORMER])
def test_a_token_as_it_was_is_good_as_long(text):
    assert read(text, KEYS, LINK.last_day) == LINK
    assert read(text, KEYS, LINK.last_day + timedelta(days=1)) is None
    assert read(text, {4: KEYS[4]}, TODAY) is None


def test_a_day_beyond_counting_is_the_last_that_can_be_counted():
    text = write(Link(ANNE, 1, LinkAction.follow, date(9999, 1, 1)), 3, KEYS[3])
    link = read(text, KEYS, TODAY)
    assert link is not None
    assert link.last_day == token.LAST_DAY


def test_a_day_before_counting_is_the_first_that_can_be_counted():
    text = write(Link(ANNE, 1, LinkAction.follow, date(1970, 1, 1)), 3, KEYS[3])
    link = read(text, KEYS, date(1970, 1, 1))
    assert link is not None
    assert link.last_day == token.EPOCH
    assert read(text, KEYS, TODAY) is None


@pytest.mark.parametrize(('text', 'alphabet'), [
    (GOOD, 'abcdefghijklmnopqrstuvwxyz0123456789-_+/='),
    (FORMER, f'{ascii_letters}{digits}-_+/='),
])
def test_no_character_may_change(text, alphabet):
    for place, right in enumerate(text):
        for wrong in set(alphabet) - {right}:
            altered = text[:place] + wrong + text[place + 1 :]
            assert read(altered, KEYS, TODAY) is None


def signed(head: int) -> bytes:
    """Return the octets of a token that says what GOOD does, but for the first."""
    content = bytes([head]) + CONTENT[1:]
    return content + token._sign(content, KEYS[3])


def base32(octets: bytes) -> str:
    return b32encode(octets).decode().rstrip('=')


def base64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode()


def test_only_a_known_action_is_one_and_each_version_has_its_alphabet():
    heads: dict[Callable[[bytes], str], list[int]] = {
        spell: [
            head for head in range(256) if read(spell(signed(head)), KEYS, TODAY)
        ]
        for spell in (base32, base64)
    }
    assert heads == {
        base32: [0b10_00_0011, 0b10_01_0011],
        base64: [0b01_00_0011, 0b01_01_0011],
    }


@pytest.mark.parametrize(('text', 'keys'), [
    ('', KEYS),
    ('x', KEYS),
    ('q' * token.LENGTH, KEYS),
    (GOOD[:-1], KEYS),
    (GOOD + 'a', KEYS),
    (GOOD + '=', KEYS),
    (GOOD[1:], KEYS),
    (GOOD + '\n', KEYS),
    (GOOD[:-4] + '====', KEYS),
    (GOOD.replace('k', '\N{KELVIN SIGN}'), KEYS),
    (f' {GOOD[1:]}', KEYS),
    (f'{GOOD[:30]}_{GOOD[31:]}', KEYS),
    (FORMER[:-1], KEYS),
    (FORMER + 'A', KEYS),
    (FORMER.lower(), KEYS),
    (FORMER[:-4] + '====', KEYS),
    (f'{FORMER[:30]}!{FORMER[30:]}', KEYS),
    (write(LINK, 3, b'forged'), KEYS),
    (write(LINK, 5, b'unknown'), KEYS),
    # Who removes a key must not accept what an empty one would have signed.
    (write(LINK, 5, bytes(32)), KEYS),
    (GOOD, {4: KEYS[4]}),
    (GOOD, {}),
])
def test_anything_else_is_nothing(text, keys):
    assert read(text, keys, TODAY) is None


@pytest.mark.parametrize('text', [
    GOOD,
    '',
    'q' * token.LENGTH,
    'ä' * token.LENGTH,
    FORMER,
    write(LINK, 3, b'forged'),
    write(LINK, 5, b'unknown'),
    write(Link(ANNE, 17, LinkAction.mute, date(2025, 1, 1)), 3, KEYS[3]),
])
def test_every_token_takes_one_signature_and_one_comparison(text, monkeypatch):
    digest = Mock(wraps=token.hmac.digest)
    compare = Mock(wraps=token.hmac.compare_digest)
    monkeypatch.setattr(token.hmac, 'digest', digest)
    monkeypatch.setattr(token.hmac, 'compare_digest', compare)
    read(text, KEYS, TODAY)
    assert (digest.call_count, compare.call_count) == (1, 1)


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    assert read(text, KEYS, TODAY) is None


def test_the_key_is_used_for_links_alone():
    import hmac

    plain = hmac.digest(KEYS[3], CONTENT, 'sha256')[:16]
    assert read(base32(CONTENT + plain), KEYS, TODAY) is None
