# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site's key makes of a post from an alias, and nobody without it [U15].

The id that it goes out under, and the mark by which we know later whose it was.
Nothing is stored that leads from one to the other, or to the member.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import sha256

from mailman_dlist.mail.references import bare


# A key serves several purposes; what is made here is of use nowhere else.
ID_PURPOSE = b'mailman-dlist message-id '
MARK_PURPOSE = b'mailman-dlist alias '

# 160 bits, as in Mailman's Message-ID-Hash.
CHARACTERS = 32


def published_id(message_id: str, list_id: str, mail_host: str, key: bytes) -> str:
    """Return the bare message-id under which a list publishes a message.

    The same message has the same id each time, and who has no key finds no way from
    one to the other.

    >>> published_id('<1@anne.example>', 'ant.example.com', 'example.com', b'key')
    'TTM77VSQJRNO56S6CKOH4VM6KGXTEMPN@example.com'
    """
    content = f'{list_id}\n{bare(message_id)}'.encode('utf-8', 'surrogateescape')
    return f'{_digest(key, ID_PURPOSE + content)}@{mail_host}'


def mark(member_id: str, message_id: str, key: bytes) -> str:
    """Return what tells with the key alone that a member wrote a message."""
    return _digest(key, MARK_PURPOSE + f'{member_id}\n{message_id}'.encode())


def _digest(key: bytes, content: bytes) -> str:
    digest = hmac.digest(key, content, sha256)
    return b32encode(digest).decode('ascii')[:CHARACTERS]
