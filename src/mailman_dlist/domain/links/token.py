# SPDX-License-Identifier: GPL-3.0-or-later
"""The token in a personal link: member, action and conversation.

It works without a login, so it must be short enough for a footer, valid for one
member and one conversation only, and impossible to guess.  It identifies the member
by a number that means nothing elsewhere, and contains no address.

======  ===================================================
octets  what
======  ===================================================
1       version (2 bits), action (2 bits), key id (4 bits)
16      the UUID of the membership
4       the number of the conversation
2       the last day on which it is valid, counted from 2000
16      HMAC-SHA256 of all this, cut to 128 bits
======  ===================================================

These 39 octets are written in base32 (RFC 4648, section 6), without padding: 63 small
letters and digits.  No mail program ends a link at one of them, and no service that
checks links encodes them.  Capital letters are read as small ones.

Chosen: 128 bits of the HMAC.  A token can only be guessed by sending requests, against
which 96 bits would do, but these would save no more than six characters.
"""

from __future__ import annotations

import hmac
import re
import struct
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from hashlib import sha256
from uuid import UUID

from mailman_dlist.domain.links import former


VERSION = 2
CONTENT = struct.Struct('>B16sIH')
SIGNATURE_OCTETS = 16
EPOCH = date(2000, 1, 1)
LAST_DAY = EPOCH + timedelta(days=2**16 - 1)

# The key may get other uses; this prefix makes the signature valid only for links.
PURPOSE = b'mailman-dlist link '

LENGTH = 63
#: The form of a token.  The version is in the first two bits, and three bits are unused
#: in the last character.
PATTERN = '[q-xQ-X][a-zA-Z2-7]{61}[aiqyAIQY]'

_TOKEN = re.compile(PATTERN)

# From base32 to the digits that `int` reads.
_DIGITS = str.maketrans(
    'abcdefghijklmnopqrstuvwxyz234567', '0123456789abcdefghijklmnopqrstuv'
)

#: Key ids have four bits.
KEY_IDS = range(16)


class LinkAction(Enum):
    """The action of the button on the page of a link."""

    mute = 0
    follow = 1


@dataclass(frozen=True)
class Link:
    """The contents of a token.

    ``last_day`` is the last day, in UTC, on which the link is valid.
    """

    member_id: UUID
    conversation_id: int
    action: LinkAction
    last_day: date


def write(link: Link, key_id: int, key: bytes) -> str:
    """Return the token, 63 letters and digits.

    >>> link = Link(UUID(int=7), 3, LinkAction.mute, date(2027, 1, 1))
    >>> write(link, 1, b'secret')
    'qeaaaaaaaaaaaaaaaaaaaaaaaadqaaaaamtimjimvdfjzjdcbhy22tgkelfahey'

    :param key_id: The number of the site's key, 0 to 15.
    """
    head = VERSION << 6 | link.action.value << 4 | key_id
    content = CONTENT.pack(
        head,
        link.member_id.bytes,
        link.conversation_id,
        # A machine with a wrong clock must still send its mail.
        (min(max(link.last_day, EPOCH), LAST_DAY) - EPOCH).days,
    )
    return _encode(content + _sign(content, key))


def read(token: str, keys: Mapping[int, bytes], today: date) -> Link | None:
    """Return the contents of a token; None if it is not valid, or has expired.

    Checking takes as long for a forged token as for a valid one, and does not tell what
    is wrong, so that attempts reveal nothing.

    :param keys: The site's keys by their numbers.
    """
    version, octets = VERSION, _decode(token)
    if octets is None:
        version, octets = former.VERSION, former.decode(token)
    # Check an impossible token in the same time as a possible one.
    octets = octets or bytes(CONTENT.size + SIGNATURE_OCTETS)
    content, signature = octets[:-SIGNATURE_OCTETS], octets[-SIGNATURE_OCTETS:]
    head, member, conversation_id, day = CONTENT.unpack(content)
    key = keys.get(head & 0b1111)
    # Replace a missing key by one that has never signed anything.
    signed = hmac.compare_digest(_sign(content, key or bytes(32)), signature)
    last_day = EPOCH + timedelta(days=day)
    good = (
        signed
        and key is not None
        and head >> 6 == version
        and head >> 4 & 0b11 < len(LinkAction)
        and today <= last_day
    )
    if not good:
        return None
    action = LinkAction(head >> 4 & 0b11)
    return Link(UUID(bytes=member), conversation_id, action, last_day)


def _sign(content: bytes, key: bytes) -> bytes:
    return hmac.digest(key, PURPOSE + content, sha256)[:SIGNATURE_OCTETS]


def _encode(octets: bytes) -> str:
    return b32encode(octets).decode('ascii').rstrip('=').lower()


def _decode(token: str) -> bytes | None:
    """Return the octets of a token; None if the text cannot be one.

    `base64.b32decode` is slow, and a hostile text may look like a token everywhere.
    """
    if not _TOKEN.fullmatch(token):
        return None
    number = int(token.lower().translate(_DIGITS), 32)
    return (number >> 3).to_bytes(CONTENT.size + SIGNATURE_OCTETS)
