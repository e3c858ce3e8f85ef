# SPDX-License-Identifier: GPL-3.0-or-later
"""How a conversation comes by its name.

A name stands in addresses, so it is short, lower-case ASCII.  It is made from
the text somebody gave (``ant+new+picnic``) or from the subject; where another
conversation has it already, a number tells the two apart (DESIGN, section 2).
Which names are in use is for others to know: they take the first of the
`candidates` that is free.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import Header, decode_header
from itertools import count
from urllib.parse import unquote

from slugify import slugify

from mailman_dlist.domain.charsets import is_charset
from mailman_dlist.domain.errors import ListNameUnfit


NAME = re.compile('[a-z0-9]+(-[a-z0-9]+)*')

# What follows a hyphen in Mailman's own addresses of a list.
SUBADDRESSES = frozenset({
    'bounces', 'confirm', 'join', 'leave', 'owner', 'request', 'subscribe',
    'unsubscribe',
})

RESERVED = SUBADDRESSES | frozenset({
    # The words of our own addresses, now and in times to come.
    'new', 'unsubscribe', 'mute', 'subscribe', 'follow', 'reset', 'close', 'reopen',
    'conversations', 'help',
    # What people write to list managers.
    'get', 'list', 'status', 'admin',
})

FALLBACK = 'conversation'

# RFC 5321, section 4.5.3.1.1.
LOCAL_PART_OCTETS = 64
LONGEST_VERB = '+unsubscribe+52w'
LONGEST_NUMBER = '-99'

# Shorter names would tell nobody anything; a number we chose.
LEAST_OCTETS = 8

# One line of a header (RFC 5322, section 2.1.1).  Nobody writes longer subjects,
# and what follows may take its time for each character.
SUBJECT_CHARACTERS = 998
# The same, base64 of three octets for each character.
RAW_SUBJECT_CHARACTERS = 6 * SUBJECT_CHARACTERS


def is_name(text: str) -> bool:
    """Tell whether a conversation may have this name, whatever its length.

    >>> is_name('help'), is_name('help-2'), is_name('2026'), is_name('-')
    (False, True, False, False)
    """
    return (
        NAME.fullmatch(text) is not None
        and text not in RESERVED
        and not text.isdigit())


def room(list_name: str, delimiter: str = '+') -> int:
    """Return how many octets a name may take on this list.

    The longest address made from it is the one that mutes for a year, with two
    digits to tell namesakes apart.

    >>> room('ant')
    41

    :raises ListNameUnfit: where fewer than 8 octets are left, or where the list's
        name holds the delimiter, so that Mailman takes half of it for another list.
    """
    if delimiter in list_name:
        raise ListNameUnfit(list_name, None)
    taken = f'{list_name}{delimiter}{LONGEST_NUMBER}' + LONGEST_VERB.replace(
        '+', delimiter)
    free = LOCAL_PART_OCTETS - len(taken.encode())
    if free < LEAST_OCTETS:
        raise ListNameUnfit(list_name, max(free, 0))
    return free


def from_given(text: str) -> str:
    """Make a valid name of what somebody wrote after ``new+``.

    >>> from_given('Caf%C3%A9')
    'cafe'

    :return: A name of any length, perhaps a reserved one; '' if nothing is left.
    """
    return _slug(unquote(text[:SUBJECT_CHARACTERS]))


def from_subject(subject: str, prefix: str = '', octets: int = 30) -> str:
    """Make a name of a decoded subject, cut at a word.

    >>> from_subject('Re: [Ant] Grüße aus dem Süden')
    'grusse-aus-dem-suden'

    :param prefix: The list's subject prefix.
    :param octets: The length allowed; a longer single word is cut.
    :return: A name, perhaps a reserved one; '' if nothing is left.
    """
    return _cut(_slug(base_subject(subject, prefix)), octets)


def candidates(base: str, room: int) -> Iterator[str]:
    """Yield a name and its numbered namesakes, all of them valid and distinct.

    >>> from itertools import islice
    >>> list(islice(candidates('picnic', 41), 3))
    ['picnic', 'picnic-2', 'picnic-3']
    >>> next(candidates('help', 41))
    'help-2'

    :param base: What `from_given` or `from_subject` returned.
    :param room: What `room` returned; the numbers come on top of it.
    """
    base = _slug(base) or FALLBACK
    first = _cut(base, room)
    if is_name(first):
        yield first
    for number in count(2):
        suffix = f'-{number}'
        free = room + len(LONGEST_NUMBER) - len(suffix)
        name = _cut(base, min(room, free)) + suffix
        # 'picnic-100', shortened to make place for -100, is itself again.
        if name != first:
            yield name


def is_namesake(name: str, base: str) -> bool:
    """Tell whether a name is the base, or was made from it with a number.

    >>> is_namesake('picnic-2', 'picnic'), is_namesake('picnic-tea', 'picnic')
    (True, False)
    """
    return re.fullmatch(f'{re.escape(base)}(-[0-9]+)?', name) is not None


def _slug(text: str) -> str:
    # A subject is no HTML: '&amp;' was written by somebody who means it.
    return slugify(text, entities=False, decimal=False, hexadecimal=False)


def _cut(name: str, octets: int) -> str:
    """Shorten a name, between two words if it has more than one."""
    if len(name) <= octets:
        return name
    return name[:octets + 1].rpartition('-')[0] or name[:octets]


# RFC 5256, section 5.
_BLOB = r'\[[^][]*\]\s*'
SUBJ_BLOB = re.compile(_BLOB)
SUBJ_REFWD = re.compile(rf'(re|fwd?)\s*({_BLOB})?:', re.IGNORECASE)
SUBJ_TRAILER = re.compile(r'(\(fwd\)|\s)+$', re.IGNORECASE)
SUBJ_FWD = re.compile(r'\[fwd:(.*)\]', re.IGNORECASE | re.DOTALL)


def base_subject(subject: str, prefix: str = '') -> str:
    """Take the marks of replies and forwards from a subject (RFC 5256, 2.1).

    >>> base_subject('Re: [Ant] Fwd: [fwd: Picnic (fwd)]', '[Ant] ')
    'Picnic'

    :param subject: Decoded text; step 1 of the RFC is `decode_subject`.
    :param prefix: The list's subject prefix; it goes too, wherever it stands among
        those marks.  ``%d`` in it stands for any number, as in Mailman.
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
            # '[picnic]' alone is all that the subject says.
            if not mark or mark.end() == len(text):
                return text
        text = text[mark.end():]


def _prefix_pattern(prefix: str) -> re.Pattern[str] | None:
    words = ' '.join(prefix.split())
    if not words:
        return None
    literals = re.split(r'%\d*d', words)
    # The prefix 'Ant' is no part of 'Antelopes'.
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

    What cannot be decoded shows as U+FFFD or as it came; control characters, which
    neither a database nor a header takes, become blanks.

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
    # Octets beyond ASCII make the email package return a Header, whose str()
    # forgets them.
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
