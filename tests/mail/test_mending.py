# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that stop Mailman, and how they read afterwards."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import formataddr, getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.mail.mending import mend, mend_message_id, mended, mended_addresses


@pytest.mark.parametrize(
    'value',
    [
        'Picnic',
        'Re: [Ant] Picnic\r\n on Sunday',
        '=?utf-8?q?Caf=C3=A9?= at =?iso-8859-1?q?no=F6n?=',
        '=?utf-8?b?w4=?= =?utf-8?b?qXTDqQ==?=',
        '=?utf-8?b?UGljbmlj',
        'Caf\udce9 <anne@example.com>',
        'Anne <anne@example.com>, "B, Bart" <bart@example.com>',
        'ants: ant@example.com, "quoted name"@example.com;',
    ],
)
def test_what_can_be_read_stays_as_it_is(value):
    assert mended_addresses(value) == value


@pytest.mark.parametrize(
    ('value', 'reads'),
    [
        ('=?x-nowhere?q?Tea?=', 'Tea'),
        ('=?us-ascii?q?caf=E9?=', 'caf\ufffd'),
        ('=?utf-8?b?a?=', '=?utf-8?b?a?='),
        ('=?utf-8?q?No=00where?=', 'No where'),
        ('=?utf-7?q?half_of_+2AA-?=', 'half of ?'),
        ('=?unicode_escape?q?half_of_=5Cud800?=', 'half of \\ud800'),
        ('=?idna?q?caf=C3=A9?=', 'café'),
        ('Tea\x1cand\x0bcake', 'Tea and cake'),
        ('Tea =?us-ascii?q?=0ABcc:x?= =?utf-8?q?=C3=A9?=', 'Tea Bcc:xé'),
        ('=?x-nowhere?q?Tea?= and =?utf-8?q?caf=C3=A9?=', 'Tea and café'),
    ],
)
def test_what_cannot_be_read_becomes_what_can_be_read_of_it(value, reads):
    assert str(make_header(decode_header(mended(value)))) == reads


PIECES = st.sampled_from(
    [
        '=?', '?=', '?', 'utf-8', 'x', 'us-ascii', 'utf-7', 'q', 'b', '=FF', '+2AA-',
        'a', ' ', '\r\n ',
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map(''.join)))
def test_whatever_it_is_python_can_decode_it_and_write_it_afterwards(value):
    str(make_header(decode_header(mended(value)))).encode()


@given(st.binary().map(lambda octets: octets.replace(b'\n', b'').replace(b'\r', b'')))
def test_every_address_can_be_written_again(octets):
    msg = message_from_bytes(b'Cc: ' + octets + b'\n\n')
    mend(msg)
    for pair in getaddresses([str(value) for value in msg.get_all('cc', [])]):
        formataddr(pair)


def test_each_of_several_fields_of_one_name_is_mended():
    msg = message_from_bytes(b'From: a@x\nFrom: =?x-nowhere?q?B?= <b@x>\n\n')
    mend(msg)
    assert msg.get_all('from') == ['a@x', '=?utf-8?q?B?= <b@x>']


@pytest.mark.parametrize(('field', 'mended_id'), [
    (b'Message-ID: <a@x>\n', None),
    (b'Message-ID: a@x\n', None),
    (b'Message-ID: <[a@x]>\n', '<a@x>'),
    (b'Message-ID: <caf\xe9@x>\n', '<caf%E9@x>'),
    (b'Message-ID: <a@x>\nMessage-ID: <b@x>\n', None),
])
def test_a_message_id_is_mended_where_it_is_bogus(field, mended_id):
    msg = message_from_bytes(field + b'\n')
    before = msg.get_all('message-id')
    assert mend_message_id(msg) is (mended_id is not None)
    assert msg.get_all('message-id') == ([mended_id] if mended_id else before)


@pytest.mark.parametrize('field', [b'', b'Message-ID:\n', b'Message-ID: <>\n'])
def test_no_two_messages_share_an_empty_id(field):
    first, second = message_from_bytes(field + b'\n'), message_from_bytes(field + b'\n')
    assert mend_message_id(first) and mend_message_id(second)
    assert first['message-id'] != second['message-id']
