# SPDX-License-Identifier: GPL-3.0-or-later
"""A token is good for one member, one conversation, one time; or for nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, timedelta
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
    assert len(text) == token.LENGTH
    assert read(text, KEYS, TODAY) == link


def test_it_is_good_to_the_end_of_its_last_day():
    assert read(GOOD, KEYS, LINK.last_day) == LINK
    assert read(GOOD, KEYS, LINK.last_day + timedelta(days=1)) is None


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


def test_no_bit_may_change():
    octets = urlsafe_b64decode(GOOD)
    for place in range(len(octets) * 8):
        altered = bytearray(octets)
        altered[place // 8] ^= 1 << place % 8
        assert read(urlsafe_b64encode(altered).decode(), KEYS, TODAY) is None


def other_version() -> str:
    content = bytearray(urlsafe_b64decode(GOOD)[:-16])
    content[0] ^= 0b1100_0000
    signature = token._sign(bytes(content), KEYS[3])
    return urlsafe_b64encode(bytes(content) + signature).decode()


def other_action() -> str:
    content = bytearray(urlsafe_b64decode(GOOD)[:-16])
    content[0] |= 0b0011_0000
    signature = token._sign(bytes(content), KEYS[3])
    return urlsafe_b64encode(bytes(content) + signature).decode()


@pytest.mark.parametrize(('text', 'keys'), [
    ('', KEYS),
    ('x', KEYS),
    ('A' * token.LENGTH, KEYS),
    (GOOD[:-1], KEYS),
    (GOOD + 'A', KEYS),
    (GOOD + '=', KEYS),
    (GOOD[:-4] + '====', KEYS),
    (GOOD.lower(), KEYS),
    (GOOD.replace('A', 'Ä'), KEYS),
    (f' {GOOD[1:]}', KEYS),
    (write(LINK, 3, b'forged'), KEYS),
    (write(LINK, 5, b'unknown'), KEYS),
    # Who removes a key must not accept what an empty one would have signed.
    (write(LINK, 5, bytes(32)), KEYS),
    (GOOD, {4: KEYS[4]}),
    (GOOD, {}),
    (other_version(), KEYS),
    (other_action(), KEYS),
])
def test_anything_else_is_nothing(text, keys):
    assert read(text, keys, TODAY) is None


@pytest.mark.parametrize('text', [
    GOOD,
    '',
    'A' * token.LENGTH,
    'ä' * token.LENGTH,
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

    content = urlsafe_b64decode(GOOD)[:-16]
    plain = hmac.digest(KEYS[3], content, 'sha256')[:16]
    assert read(urlsafe_b64encode(content + plain).decode(), KEYS, TODAY) is None
