# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a Subject without encodings and without the marks of replies."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import Header, decode_header

from mailman_dlist.mail.charsets import is_charset


# One line of a header (RFC 5322, section 2.1.1).  Nobody writes longer subjects, and
# the processing may take its time for each character.
SUBJECT_CHARACTERS = 998


# The same, base64 of three octets for each character.
RAW_SUBJECT_CHARACTERS = 6 * SUBJECT_CHARACTERS


# RFC 5256, section 5.
_BLOB = r'\[[^][]*\]\s*'


SUBJ_BLOB = re.compile(_BLOB)


SUBJ_REFWD = re.compile(rf'(re|fwd?)\s*({_BLOB})?:', re.IGNORECASE)


SUBJ_TRAILER = re.compile(r'(\(fwd\)|\s)+$', re.IGNORECASE)


SUBJ_FWD = re.compile(r'\[fwd:(.*)\]', re.IGNORECASE | re.DOTALL)


def base_subject(subject: str, prefix: str = '') -> str:
    """Return a subject without marks of replies and forwards (RFC 5256, 2.1).

    >>> base_subject('Re: [Ant] Fwd: [fwd: Picnic (fwd)]', '[Ant] ')
    'Picnic'

    :param subject: Decoded text; step 1 of the RFC is `decode_subject`.
    :param prefix: The list's subject prefix; it is removed as well, wherever it is
        among those marks.  ``%d`` in it stands for any number, as in Mailman.
    """
    text = ' '.join(subject[:SUBJECT_CHARACTERS].split())
    of_list = _prefix_pattern(prefix)
    while True:
        text = _without_leaders(SUBJ_TRAILER.sub('', text), of_list)
        forwarded = SUBJ_FWD.fullmatch(text)
        if forwarded is None:
            return text
        text = forwarded[1]


def _without_leaders(text: str, of_list: re.Pattern[str] | None) -> str:
    while True:
        text = text.lstrip()
        mark = SUBJ_REFWD.match(text) or (of_list and of_list.match(text))
        if not mark:
            mark = SUBJ_BLOB.match(text)
            # '[picnic]' alone is the whole subject.
            if not mark or mark.end() == len(text):
                return text
        text = text[mark.end():]


def _prefix_pattern(prefix: str) -> re.Pattern[str] | None:
    words = ' '.join(prefix.split())
    if not words:
        return None
    literals = re.split(r'%\d*d', words)
    # The prefix 'Ant' is not part of 'Antelopes'.
    whole = r'(?!\w)' if words[-1].isalnum() else ''
    return re.compile(
        r'\s*\d+\s*'.join(map(re.escape, literals)) + whole, re.IGNORECASE)


# RFC 2047, section 2, but with blanks: mail programs write them.  Words next to
# each other are decoded together, since some split a character between two.
_ENCODED_WORD = r'=\?[^?\s]+\?[bq]\?[^?]*\?='


ENCODED_WORDS = re.compile(
    rf'{_ENCODED_WORD}(?:\s*{_ENCODED_WORD})*', re.IGNORECASE)


def decode_subject(raw: str | Header | None) -> str:
    """Return a Subject as people read it, on one line; never raise.

    Text that cannot be decoded becomes U+FFFD or stays as it arrived; control
    characters, which neither a database nor a header accepts, become blanks.

    >>> decode_subject('=?utf-8?q?Caf=C3=A9?=\\n at noon')
    'Café at noon'
    """
    if raw is None:
        return ''
    text = _without_surrogates(_unicode(raw)[:RAW_SUBJECT_CHARACTERS])
    text = ENCODED_WORDS.sub(lambda words: _decode_words(words[0]), text)
    return ' '.join(
        ''.join(map(_blank_if_control, _without_surrogates(text))).split())


def _unicode(raw: str | Header) -> str:
    # For octets beyond ASCII the email package returns a Header, whose str() loses
    # them.
    if isinstance(raw, Header):
        with suppress(HeaderParseError, LookupError, ValueError):
            [(octets, charset)] = decode_header(raw)
            if charset == 'unknown-8bit' and isinstance(octets, bytes):
                return octets.decode('utf-8', 'replace')
    return str(raw)


def _without_surrogates(text: str) -> str:
    """Read the octets that Python hides in surrogates as UTF-8."""
    try:
        octets = text.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:
        octets = text.encode('utf-8', 'replace')
    return octets.decode('utf-8', 'replace')


def _decode_words(words: str) -> str:
    try:
        return ''.join(
            chunk if isinstance(chunk, str) else _decode(chunk, charset or 'ascii')
            for chunk, charset in decode_header(words))
    except (HeaderParseError, ValueError):
        return words


def _decode(octets: bytes, charset: str) -> str:
    # RFC 2231, section 5: a language may follow the charset.
    charset = charset.partition('*')[0]
    if is_charset(charset):
        with suppress(ValueError):
            return octets.decode(charset, 'replace')
    return octets.decode('utf-8', 'replace')


def _blank_if_control(character: str) -> str:
    return ' ' if unicodedata.category(character) == 'Cc' else character
