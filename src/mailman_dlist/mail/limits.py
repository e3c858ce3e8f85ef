# SPDX-License-Identifier: GPL-3.0-or-later
"""Find excessive structures in a mail that Mailman could never handle.

Python's email package reads nested parts, comments and groups by recursion, and fails
if there are many.  It also takes time that grows with the square of the length of a
header field.  Such a mail is refused when it arrives, with the reason.  Otherwise its
server would try again for days, or the mail would wait in the shunt queue.  No person's
mail comes near these limits.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import Any

from mailman_dlist.mail.fields import raw
from mailman_dlist.mail.mailboxes import LONGEST_FIELD


# Postfix allows 100 (mime_nesting_limit), but here each level takes several calls of
# Python, which allows a thousand.
DEEPEST = 80

# Octets.  Postfix allows 100 KB (header_size_limit).
LONGEST_HEADER = 262_144

# Of one part; our choice.  Mail that passed many servers has about a hundred.
MOST_FIELDS = 1000

# Of a whole mail; our choice.
MOST_PARTS = 10_000

ADDRESSES = frozenset({
    'from', 'sender', 'reply-to', 'to', 'cc', 'resent-from', 'resent-to', 'resent-cc',
})

# Text inside these cannot nest.
_CLOSED = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^][]*\]|<[^<>]*>', re.DOTALL)


def excess(msg: Message) -> str | None:
    """Return which limit a mail exceeds, as a phrase; None if it exceeds none.

    >>> msg = Message()
    >>> msg['To'] = 90 * '('
    >>> excess(msg)
    'the field To has comments or groups nested more than 80 deep'
    """
    waiting: list[tuple[Message, int]] = [(msg, 1)]
    parts = 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if depth > DEEPEST:
            return f'it has parts nested more than {DEEPEST} deep'
        if parts > MOST_PARTS:
            return f'it has more than {MOST_PARTS} parts'
        reason = _excess_in_header(part)
        if reason is not None:
            return reason
        if part.is_multipart():
            inside: Any = part.get_payload()
            waiting += [(each, depth + 1) for each in inside]
    return None


def _excess_in_header(part: Message) -> str | None:
    fields = list(part.raw_items())
    if len(fields) > MOST_FIELDS:
        return f'a header has more than {MOST_FIELDS} fields'
    sizes = [len(name) + len(str(value)) for name, value in fields]
    if sum(sizes) > LONGEST_HEADER:
        return f'a header is longer than {LONGEST_HEADER} octets'
    for (name, _value), size in zip(fields, sizes, strict=True):
        # The text comes from the sender and goes into a response to the mail server.
        shown = name if name.isascii() and len(name) < 80 else 'of a long name'
        if size > LONGEST_FIELD:
            return f'the field {shown} is longer than {LONGEST_FIELD} octets'
        if name.lower() in ADDRESSES and any(
            _depth(each) > DEEPEST for each in raw(part, name)
        ):
            return (
                f'the field {shown} has comments or groups nested more than '
                f'{DEEPEST} deep'
            )
    return None


def _depth(value: str) -> int:
    """Return how deep comments and groups are nested in a field of addresses."""
    deepest = comments = groups = 0
    for character in _CLOSED.sub('', value):
        match character:
            case '(':
                comments += 1
            case ')':
                comments = max(0, comments - 1)
            case ':':
                groups += 1
            case ';':
                groups = 0
        deepest = max(deepest, comments, groups)
    return deepest
