# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the messages that a message replies to.

Reads In-Reply-To and References as they arrive, with or without angle brackets, folded,
with remarks in between (DESIGN, section 3).  It works on text only; other modules look
up which of the Message-IDs the list knows, and to which conversation they belong.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable, Mapping
from email.header import Header
from email.message import Message
from hashlib import sha1
from itertools import chain, islice
from urllib.parse import quote

from mailman_dlist.mail.fields import exchange


# How many references are read, and how many unknown ids a conversation owns; our
# choices.
NEAREST = 200
OWNED = 20

# A line of a header (RFC 5322, section 2.1.1).
LONGEST_ID_OCTETS = 998

# No control characters and lone surrogates: databases refuse them.
_CHARACTER = r'[^\s<>\x00-\x1f\x7f\ud800-\udfff]'
BRACKETED = re.compile(f'<({_CHARACTER}+)>')
BARE = re.compile(f'<?({_CHARACTER}+)>?')
BOXED = re.compile(r'\[(.*)\]')
PRINTABLE = ''.join(map(chr, range(0x20, 0x7F))) + '\t\r\n'


def bare(message_id: str) -> str:
    """Return a Message-ID without blanks and angle brackets around it.

    >>> bare(' <a@example.com> ')
    'a@example.com'
    """
    message_id = message_id.strip()
    if message_id.startswith('<') and message_id.endswith('>'):
        return message_id[1:-1]
    return message_id


def sound(message_id: str) -> str:
    """Return a bare message-id that any program and database can handle.

    Some programs write ``<[id]>``, which the email package cannot parse (Mailman
    issue 1065); a domain literal only ends in such a bracket.  Octets beyond
    ASCII and control characters become visible, so that ids stay distinct.

    >>> sound('<[a@example.com]>'), sound('<a@[127.0.0.1]>')
    ('a@example.com', 'a@[127.0.0.1]')
    >>> sound('<caf\\udce9@example.com>')
    'caf%E9@example.com'
    """
    text = bare(message_id)
    boxed = BOXED.fullmatch(text)
    return visible(boxed[1] if boxed else text)


def visible(text: str) -> str:
    """Return the text in ASCII, other octets as ``%E9``; it may be folded."""
    return quote(text.encode('utf-8', 'surrogateescape'), safe=PRINTABLE)


def ids_in(value: str | Header | None) -> list[str]:
    """Return the Message-IDs in an In-Reply-To or References, in order.

    Without angle brackets they count only if the field has no other text.  Old mail
    programs write the address of a person instead; taken for a message, it would join
    all replies to that person in one conversation.

    >>> ids_in('Your message of Monday <a@example.com>')
    ['a@example.com']
    >>> ids_in('a@example.com')
    ['a@example.com']
    >>> ids_in("anne@example.com's message of Monday")
    []
    """
    text = '' if value is None else str(value)
    bracketed = BRACKETED.findall(text)
    return list(filter(_is_id, map(sound, bracketed or _bare_ids(text))))


def _bare_ids(text: str) -> list[str]:
    words = [BARE.fullmatch(word) for word in re.split(r'[\s,]+', text) if word]
    ids = [word[1] for word in words if word]
    return ids if len(ids) == len(words) and all(map(_is_id, ids)) else []


def _is_id(text: str) -> bool:
    left, at, right = text.partition('@')
    return bool(left and at and right) and len(text.encode()) <= LONGEST_ID_OCTETS


def parents(
        in_reply_to: Iterable[str | Header] | None,
        references: Iterable[str | Header] | None,
        ) -> list[str]:
    """Return the message-ids a message refers to, nearest first, each once.

    >>> parents(['<c@x>'], ['<a@x> <b@x> <c@x>'])
    ['c@x', 'b@x', 'a@x']

    :param in_reply_to: The values of all such fields; there should be one.
    :param references: Likewise.
    :return: At most `NEAREST`.
    """
    answered = chain.from_iterable(map(ids_in, in_reply_to or ()))
    thread = list(chain.from_iterable(map(ids_in, references or ())))
    return list(islice(dict.fromkeys(chain(answered, reversed(thread))), NEAREST))


def rename(msg: Message, names: Mapping[str, str]) -> None:
    """Replace some of the ids that a message refers to; the rest stays.

    :param names: The new ids by the old ones, all bare.
    """
    if not names:
        return
    for field in ('In-Reply-To', 'References'):
        exchange(msg, field, lambda value: _renamed(value, names))


def _renamed(value: str, names: Mapping[str, str]) -> str:
    """Replace whole ids only: one may be part of another."""
    return re.sub(
        rf'{_CHARACTER}+', lambda word: names.get(sound(word[0]), word[0]), value
    )


def owned(parents: list[str]) -> list[str]:
    """Return the ids that a conversation owns before their messages have arrived."""
    return parents[:OWNED]


def id_hash(message_id: str) -> str:
    """Return the Message-ID-Hash, which archives have in their links.

    >>> id_hash('<87myycy5eh.fsf@uwakimon.sk.tsukuba.ac.jp>')
    'JJIGKPKB6CVDX6B2CUG4IHAJRIQIOUTP'

    :return: 32 characters: base32 of the SHA-1 of the bare id.
    """
    octets = bare(message_id).encode('utf-8', 'surrogateescape')
    return b32encode(sha1(octets).digest()).decode('ascii')
