# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused at once, what is not, and how much work the parsers do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from mailman_dlist.domain import footers, mentions, naming, traces
from mailman_dlist.domain.address import ListAddresses, parse
from mailman_dlist.domain.alias import spelled
from mailman_dlist.domain.links import message, text
from mailman_dlist.domain.traces import Author, Published
from mailman_dlist.mail import (
    automatic,
    fields,
    mailboxes,
    mending,
    references,
    replies,
    subjects,
)
from mailman_dlist.mail.limits import (
    DEEPEST,
    MOST_FIELDS,
    MOST_PARTS,
    excess,
)
from mailman_dlist.mail.mailboxes import LONGEST_FIELD
from tests.domain.test_footers import REMOVERS
from tests.mail.test_quotations import SENT
from tests.steps import Read, steps


HEADER = b"""\
From: anne@example.com
To: ant@example.com
Subject: Deep
Message-ID: <1@x>
"""


def nested(depth: int) -> bytes:
    """Write multiparts in multiparts."""
    mail = b'\nEnd.\n'
    for each in range(depth):
        head = b'Content-Type: multipart/mixed; boundary="b%d"\n\n' % each
        mail = head + b'--b%d\n' % each + mail + b'--b%d--\n' % each
    return HEADER + mail


def forwarded(depth: int) -> bytes:
    """Write messages in messages."""
    return HEADER + depth * b'Content-Type: message/rfc822\n\n' + b'\nEnd.\n'


def parts(number: int) -> bytes:
    head = b'Content-Type: multipart/mixed; boundary=b\n\n'
    return HEADER + head + number * b'--b\n\nHello.\n' + b'--b--\n'


def field(value: str, name: str = 'Cc') -> bytes:
    others = HEADER.replace(f'{name}: '.encode(), b'X-Other: ')
    return f'{name}: {value}\n'.encode() + others + b'\nEnd.\n'


NAMES = [
    *(f'"Anne: ({number})" <a{number}@example.com>' for number in range(200)),
    'Friends: bart@[IPv6:2001:db8::1], cris@example.com;',
    'Others: dora@example.com;',
]


@pytest.mark.parametrize('mail', [
    nested(10), forwarded(10), parts(500), HEADER + b'\n' + 1_000_000 * b'x',
    field(', '.join(NAMES)), field(60 * ': () ', 'Subject'),
    HEADER + 200 * b'Received: from here by there; today\n' + b'\n',
    field(20 * 'Group: a@example.com;, '),
])
def test_what_people_send_is_not_refused(mail: bytes) -> None:
    assert excess(message_from_bytes(mail)) is None


@pytest.mark.parametrize(('mail', 'reason'), [
    (nested(DEEPEST + 2), 'nested'),
    (forwarded(DEEPEST + 2), 'nested'),
    (parts(MOST_PARTS + 1), 'parts'),
    (field(2700 * '('), 'the field Cc'),
    (field(2700 * 'a:'), 'the field Cc'),
    (field(2700 * '(', 'From'), 'the field From'),
    (field(LONGEST_FIELD * 'x', 'Subject'), 'the field Subject'),
    (field(100_000 * '=?utf-8?q?a?= ', 'Subject'), 'header'),
    (field(100_000 * '"a" <a@b.example>, ', 'From'), 'header'),
    (HEADER + MOST_FIELDS * b'X-More: 1\n' + b'\n', 'fields'),
    (field(50 * 'x', 100 * 'X' + 70_000 * 'y'), 'of a long name'),
])
def test_what_can_never_be_handled_is_refused(mail: bytes, reason: str) -> None:
    said = excess(message_from_bytes(mail))
    assert said is not None
    assert reason in said
    assert len(said) < 200
    assert said.isascii()


# How much work a parser does.

ANT = ListAddresses('ant', 'example.com')
ANNE = Author('x@example.net', frozenset({'anne@example.com'}), frozenset({'Anne P'}))
NEW = Published('new@example.com', {}, None)


def body(work: Callable[[Message], Any]) -> Read:
    def read(value: str) -> Any:
        return work(message_from_bytes(HEADER + b'\n' + value.encode()))

    return read


# What reads a field of the header, which is at most so long when it gets here.
OF_FIELDS: dict[str, Read] = {
    'subject': subjects.decode_subject,
    'base subject': subjects.base_subject,
    'name': naming.from_given,
    'mending': mending.mended,
    'references': references.ids_in,
    'parents': lambda value: references.parents([value], [value]),
    'message-id': references.sound,
    'first word': automatic.FIRST_WORD.match,
    'mentions': lambda value: mentions.redirect(value, ANT, 'picnic'),
    'extension': ANT.extension,
    'intent': parse,
    'alias': spelled,
    'own name': lambda value: traces.tells(value, ANNE),
    'charset': lambda value: traces._COMMENT.sub('', value),
    'mailboxes': mailboxes.mailboxes,
}
# What reads texts of any length.
OF_TEXTS: dict[str, Read] = {
    'links': lambda value: text.replaced(value, lambda _token: None),
    'links in a message': body(lambda msg: message.scrub(msg, lambda _token: '')),
    'footers': body(lambda msg: footers.take_out(msg, REMOVERS)),
    'traces': body(
        lambda msg: traces.remove(msg, ANNE, NEW, datetime(2026, 1, 1, tzinfo=UTC))
    ),
    'automatic': body(lambda msg: automatic.automatic(msg, 'a@example.com', 'ant.x')),
    'fields': body(lambda msg: fields.addresses(msg, 'to', 'cc')),
    'answer': body(lambda msg: replies.own_words(msg, SENT)),
}
PIECES = [
    'x', ' ', '(', '(a)', '"', '<', '<a@b> ', '[a] ', 're: ', '=?utf-8?q?a?= ',
    '=?a?q?', '\\', 'ant+', 'a:b;', '@', '> ', '\n>', '&a', '%25', '<a ',
    'https://a/dlist/t/', 62 * 'q' + ' ', '\nabc.>', 'cid:', ',', '+',
    '-----BEGIN PGP SIGNED MESSAGE-----\n',
]


@pytest.mark.parametrize(('work', 'size'), [
    *((name, LONGEST_FIELD // 4) for name in OF_FIELDS),
    *((name, 16_384) for name in OF_TEXTS),
])
def test_twice_the_text_is_no_more_than_twice_the_work(work: str, size: int) -> None:
    """The steps are counted; what one of them takes is bench/parsers.py's."""
    read = (OF_FIELDS | OF_TEXTS)[work]
    for piece in PIECES:
        once, twice = (steps(read, piece, each) for each in (size, 2 * size))
        assert twice <= 2 * once + 100, (work, piece, once, twice)
