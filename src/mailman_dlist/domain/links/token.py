# SPDX-License-Identifier: GPL-3.0-or-later
"""The token in a personal link: who may do what to which conversation.

It needs no login, so it must be short enough for a footer, good for one member
and one conversation only, and worth nothing to who guesses.  It names its member
by a number that means nothing outside, and holds no address.

======  ===================================================
octets  what
======  ===================================================
1       version (2 bits), action (2 bits), key id (4 bits)
16      the UUID of the membership
4       the number of the conversation
2       the last day on which it is good, counted from 2000
16      HMAC-SHA256 of all this, cut to 128 bits
======  ===================================================
"""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from hashlib import sha256
from uuid import UUID


VERSION = 1
CONTENT = struct.Struct('>B16sIH')
SIGNATURE_OCTETS = 16
EPOCH = date(2000, 1, 1)
LAST_DAY = EPOCH + timedelta(days=2**16 - 1)

# A key may serve other purposes one day; what is signed here is signed for links.
PURPOSE = b'mailman-dlist link '

# 39 octets in base64 need no padding.
LENGTH = 52

#: Key ids have four bits.
KEY_IDS = range(16)


class LinkAction(Enum):
    """What the button behind a link does."""

    mute = 0
    follow = 1


@dataclass(frozen=True)
class Link:
    """What a token says.

    ``last_day`` is the last day, in UTC, on which the link is good.
    """

    member_id: UUID
    conversation_id: int
    action: LinkAction
    last_day: date


def write(link: Link, key_id: int, key: bytes) -> str:
    """Return the token, 52 characters that are safe in a URL.

    >>> link = Link(UUID(int=7), 3, LinkAction.mute, date(2027, 1, 1))
    >>> write(link, 1, b'secret')
    'QQAAAAAAAAAAAAAAAAAAAAcAAAADJoaYLZ3LkWiTf6CiEV226EMI'

    :param key_id: Which of the site's keys it is, 0 to 15.
    """
    head = VERSION << 6 | link.action.value << 4 | key_id
    content = CONTENT.pack(
        head,
        link.member_id.bytes,
        link.conversation_id,
        # A computer that does not know the time still sends its mail.
        (min(max(link.last_day, EPOCH), LAST_DAY) - EPOCH).days,
    )
    return urlsafe_b64encode(content + _sign(content, key)).decode('ascii')


def read(token: str, keys: Mapping[int, bytes], today: date) -> Link | None:
    """Return what a token says; None if it is not one of ours, or was once.

    It takes as long for a forged token as for a good one, and does not say what is
    wrong: nothing is to be learned from trying.

    :param keys: The keys of the site by their ids.
    """
    octets = _decode(token)
    content, signature = octets[:-SIGNATURE_OCTETS], octets[-SIGNATURE_OCTETS:]
    head, member, conversation_id, day = CONTENT.unpack(content)
    key = keys.get(head & 0b1111)
    # A key that is gone is replaced by one that nobody signed with.
    signed = hmac.compare_digest(_sign(content, key or bytes(32)), signature)
    last_day = EPOCH + timedelta(days=day)
    good = (
        signed
        and key is not None
        and head >> 6 == VERSION
        and head >> 4 & 0b11 < len(LinkAction)
        and today <= last_day
        # Base64 has several spellings of the same octets; we write one.
        and urlsafe_b64encode(octets).decode('ascii') == token
    )
    if not good:
        return None
    action = LinkAction(head >> 4 & 0b11)
    return Link(UUID(bytes=member), conversation_id, action, last_day)


def _sign(content: bytes, key: bytes) -> bytes:
    return hmac.digest(key, PURPOSE + content, sha256)[:SIGNATURE_OCTETS]


def _decode(token: str) -> bytes:
    """Return the octets of a token, zeros for what cannot be one."""
    nothing = bytes(CONTENT.size + SIGNATURE_OCTETS)
    if len(token) != LENGTH or not token.isascii():
        return nothing
    try:
        octets = urlsafe_b64decode(token)
    except ValueError:
        return nothing
    return octets if len(octets) == len(nothing) else nothing
