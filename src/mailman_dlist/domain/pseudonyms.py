# SPDX-License-Identifier: GPL-3.0-or-later
"""Derive ids and marks for posts from aliases with the site's key [U15].

These are the id under which a post is published, and the mark by which the plugin
recognises its author later.  No stored data links the two, or leads to the member.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import sha256

from mailman_dlist.mail.references import bare


# The key has several uses; this prefix keeps them apart.
ID_PURPOSE = b'mailman-dlist message-id '
MARK_PURPOSE = b'mailman-dlist alias '

# 160 bits, as in Mailman's Message-ID-Hash.
CHARACTERS = 32


def published_id(message_id: str, list_id: str, mail_host: str, key: bytes) -> str:
    """Return the bare message-id under which a list publishes a message.

    The same message has the same id each time.  Without the key, nobody can find one
    from the other.

    >>> published_id('<1@anne.example>', 'ant.example.com', 'example.com', b'key')
    'TTM77VSQJRNO56S6CKOH4VM6KGXTEMPN@example.com'
    """
    content = f'{list_id}\n{bare(message_id)}'.encode('utf-8', 'surrogateescape')
    return f'{_digest(key, ID_PURPOSE + content)}@{mail_host}'


def mark(member_id: str, message_id: str, key: bytes) -> str:
    """Return a mark that shows, only with the key, that a member wrote a message."""
    return _digest(key, MARK_PURPOSE + f'{member_id}\n{message_id}'.encode())


def _digest(key: bytes, content: bytes) -> str:
    digest = hmac.digest(key, content, sha256)
    return b32encode(digest).decode('ascii')[:CHARACTERS]
