# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair header fields that Mailman cannot read.

Mailman decodes the senders and the subject of a message, and parses addresses and the
date.  An unknown charset, octets that are not in the named charset, a control character
that ends a line in the middle, an address or a date beyond ASCII make it fail: the
message would wait for an admin in the shunt queue, and nobody would be told.  A lone
surrogate would stop the digest with the message.  Only unreadable text is rewritten;
all the rest stays unchanged.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.message import Message
from email.utils import getaddresses, make_msgid

from mailman_dlist.mail.charsets import is_charset
from mailman_dlist.mail.fields import exchange, raw
from mailman_dlist.mail.references import bare, sound, visible
from mailman_dlist.mail.subjects import decode_subject


ADDRESSES = ('From', 'Sender', 'Reply-To', 'To', 'Cc', 'Resent-To', 'Resent-Cc')

# Control characters: databases refuse some, and some end a line for Python.
# Between lines of a folded field there are others.
_CONTROL = re.compile(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]')
# Lone surrogates cannot be encoded; some charsets produce them.
_NO_TEXT = re.compile(r'[\x00-\x1f\x7f\ud800-\udfff]')

# As the email package finds them, which is more than RFC 2047 allows.
_WORD = r'=\?[^?]*\?[bq]\?.*?\?='
_WORDS = re.compile(rf'{_WORD}(?:\s*{_WORD})*', re.IGNORECASE)


def mend(msg: Message) -> None:
    """Repair the fields of a message that Mailman reads.

    >>> msg = Message()
    >>> msg['Subject'] = 'Tea =?x-nowhere?q?and_cake?='
    >>> mend(msg)
    >>> msg['Subject']
    'Tea =?utf-8?q?and_cake?='
    """
    for field, repair in REPAIRS.items():
        exchange(msg, field, repair)


def mend_message_id(msg: Message) -> bool:
    """Give a message a valid Message-ID if it has none, or replace an invalid one.

    Two messages with an empty id would be taken for the same.

    :return: Whether it has a new one.
    """
    given = next(iter(raw(msg, 'Message-ID')), '')
    new = sound(given)
    if new and new == bare(given):
        return False
    del msg['message-id']
    msg['Message-ID'] = f'<{new}>' if new else make_msgid()
    return True


def mended(value: str) -> str:
    """Return the value of a field in a form that the email package can decode.

    >>> mended('=?us-ascii?q?=C4nne?= <anne@example.com>')
    '=?utf-8?b?77+9bm5l?= <anne@example.com>'
    """
    return _WORDS.sub(_mended_words, _CONTROL.sub(' ', value))


def mended_addresses(value: str) -> str:
    """Return the value of a field of addresses in a form that can be written again.

    Mailman writes some of these fields anew, for which addresses must be ASCII, and so
    must a name in the place of an address.

    >>> mended_addresses('B\\udce4rt <b\\udce4rt@example.com>')
    'B%E4rt <b%E4rt@example.com>'
    """
    value = mended(value)
    addresses = [address for _name, address in getaddresses([value])]
    return value if all(map(str.isascii, addresses)) else visible(value)


def _mended_words(match: re.Match[str]) -> str:
    words = match[0]
    try:
        chunks = decode_header(words)
        known = all(is_charset(charset or 'us-ascii') for _octets, charset in chunks)
        if known and not _NO_TEXT.search(str(make_header(chunks))):
            return words
    except (HeaderParseError, LookupError, ValueError):
        pass
    return Header(decode_subject(words), 'utf-8').encode()


REPAIRS = {
    'Subject': mended,
    'Date': visible,
    **dict.fromkeys(ADDRESSES, mended_addresses),
}
