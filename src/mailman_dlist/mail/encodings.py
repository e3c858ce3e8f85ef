# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode the octets of a part from their transfer encoding, and encode them again.

Real mail names encodings that do not exist and breaks those that do; both are read as
the email package reads them.
"""

from __future__ import annotations

from base64 import encodebytes
from binascii import b2a_qp
from email.message import Message
from quopri import decodestring


UUENCODED = {'x-uuencode', 'uuencode', 'uue', 'x-uue'}


def encoding_of(part: Message) -> str:
    """Return the transfer encoding; some programs write more than its name."""
    words = str(part.get('Content-Transfer-Encoding', '')).lower().split()
    return words[0].rstrip(';') if words else ''


def decoded(part: Message, encoding: str) -> bytes:
    """Return the octets of a part, read as leniently as the email package does."""
    # A twin, since reading may note defects; not a copy, since a copy of Mailman's
    # message shares its attributes.
    twin = Message()
    vars(twin).update(vars(part), _headers=[], defects=[])
    twin['Content-Transfer-Encoding'] = encoding
    octets = twin.get_payload(decode=True)
    return octets if isinstance(octets, bytes) else b''


def encoded(encoding: str, octets: bytes) -> str:
    """Return the payload of a part that has these octets."""
    match encoding:
        case 'base64':
            return encodebytes(octets).decode('ascii')
        case 'quoted-printable':
            text = b2a_qp(octets)
            if decodestring(text) != octets:
                # It has line ends of two kinds.
                text = b2a_qp(octets, istext=False)
            return text.decode('ascii')
    return octets.decode('ascii', 'surrogateescape')
