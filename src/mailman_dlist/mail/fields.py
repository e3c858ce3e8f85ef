# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the header fields as they arrived, and replace them.

If a field has octets beyond ASCII, the email package returns text that cannot be
written again; these functions keep such octets unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message

from mailman_dlist.mail.mailboxes import Mailbox, mailboxes


def raw(msg: Message, field: str) -> list[str]:
    """Return the values of a field as they arrived."""
    return [
        str(value) for name, value in msg.raw_items() if name.lower() == field.lower()
    ]


def exchange(msg: Message, field: str, change: Callable[[str], str]) -> None:
    """Replace each value of a field by a function's result.

    An unchanged field keeps its place among the others.
    """
    before = raw(msg, field)
    after = [change(value) for value in before]
    if after != before:
        del msg[field]
        for value in after:
            msg[field] = value


def mailboxes_in(msg: Message, *fields: str) -> list[Mailbox]:
    """Return the mailboxes in some fields, each field read as it arrived.

    >>> msg = Message()
    >>> msg['From'] = '=?utf-8?q?M=C3=BCller=2C_Jo?= <jo@example.com>'
    >>> [mailbox.address for mailbox in mailboxes_in(msg, 'From')]
    ['jo@example.com']
    """
    return list(mailboxes(value for field in fields for value in raw(msg, field)))


def addresses(msg: Message, *fields: str) -> list[str]:
    """Return the addresses in some fields.

    >>> msg = Message()
    >>> msg['Cc'] = 'Anne <anne@example.com>, bart@example.com'
    >>> addresses(msg, 'To', 'Cc')
    ['anne@example.com', 'bart@example.com']
    """
    return [each.address for each in mailboxes_in(msg, *fields) if each.address]
