# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the name of a conversation.

A name is part of addresses, so it is short, lower-case ASCII.  It is made from
a given text (``ant+new+picnic``) or from the subject; if the name is in use, a number
is added (DESIGN, section 2).  This module does not know which names are in use: the
caller takes the first of the `candidates` that is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import unquote

from slugify import slugify

from mailman_dlist.domain.errors import ListNameUnfit
from mailman_dlist.mail import subjects


NAME = re.compile('[a-z0-9]+(-[a-z0-9]+)*')

# The words after a hyphen in Mailman's own addresses of a list.
SUBADDRESSES = frozenset({
    'bounces', 'confirm', 'join', 'leave', 'owner', 'request', 'subscribe',
    'unsubscribe',
})

RESERVED = SUBADDRESSES | frozenset({
    # The words of our own addresses, now and in future versions.
    'new', 'unsubscribe', 'mute', 'subscribe', 'follow', 'reset', 'close', 'hold',
    'reopen', 'conversations', 'help',
    # Words that people write to list managers.
    'get', 'list', 'status', 'admin',
})

FALLBACK = 'conversation'

# RFC 5321, section 4.5.3.1.1.
LOCAL_PART_OCTETS = 64
LONGEST_VERB = '+unsubscribe+52w'
LONGEST_NUMBER = '-99'

# Our choice: shorter names would mean nothing to readers.
LEAST_OCTETS = 8


def is_name(text: str) -> bool:
    """Return whether a name is valid, whatever its length.

    >>> is_name('help'), is_name('help-2'), is_name('2026'), is_name('-')
    (False, True, False, False)
    """
    return (
        NAME.fullmatch(text) is not None
        and text not in RESERVED
        and not text.isdigit())


def room(list_name: str, delimiter: str = '+') -> int:
    """Return how many octets a conversation name may have on this list.

    The longest address made from a name is the one that mutes for a year, with a
    two-digit number after the name.

    >>> room('ant')
    41

    :raises ListNameUnfit: if fewer than 8 octets are left, or if the list's name
        contains the delimiter, so that Mailman takes half of it for another list.
    """
    if delimiter in list_name:
        raise ListNameUnfit(list_name, None)
    taken = f'{list_name}{delimiter}{LONGEST_NUMBER}' + LONGEST_VERB.replace(
        '+', delimiter)
    free = LOCAL_PART_OCTETS - len(taken.encode())
    if free < LEAST_OCTETS:
        longest = len(list_name.encode()) - (LEAST_OCTETS - free)
        raise ListNameUnfit(list_name, longest)
    return free


def from_given(text: str) -> str:
    """Make a valid name from the text after ``new+``.

    >>> from_given('Caf%C3%A9')
    'cafe'

    :return: A name of any length, perhaps a reserved one; '' if nothing is left.
    """
    return _slug(unquote(text[:subjects.SUBJECT_CHARACTERS]))


def from_subject(subject: str, prefix: str = '', octets: int = 30) -> str:
    """Make a name from a decoded subject, cut at a word.

    >>> from_subject('Re: [Ant] Grüße aus dem Süden')
    'grusse-aus-dem-suden'

    :param prefix: The list's subject prefix.
    :param octets: The length allowed; a longer single word is cut.
    :return: A name, perhaps a reserved one; '' if nothing is left.
    """
    return _cut(_slug(subjects.base_subject(subject, prefix)), octets)


def candidates(base: str, room: int) -> Iterator[str]:
    """Yield a name and its numbered variants, all valid and distinct.

    >>> from itertools import islice
    >>> list(islice(candidates('picnic', 41), 3))
    ['picnic', 'picnic-2', 'picnic-3']
    >>> next(candidates('help', 41))
    'help-2'

    :param base: The result of `from_given` or `from_subject`.
    :param room: The result of `room`; the numbers are not included.
    """
    base = _slug(base) or FALLBACK
    first = _cut(base, room)
    if is_name(first):
        yield first
    for number in count(2):
        suffix = f'-{number}'
        free = room + len(LONGEST_NUMBER) - len(suffix)
        name = _cut(base, min(room, free)) + suffix
        # 'picnic-100', shortened to make room for -100, is the same name again.
        if name != first:
            yield name


def is_namesake(name: str, base: str) -> bool:
    """Return whether a name is the base name, or the base name with a number.

    >>> is_namesake('picnic-2', 'picnic'), is_namesake('picnic-tea', 'picnic')
    (True, False)
    """
    return re.fullmatch(f'{re.escape(base)}(-[0-9]+)?', name) is not None


def _slug(text: str) -> str:
    # A subject is not HTML: '&amp;' stands for itself.
    return slugify(text, entities=False, decimal=False, hexadecimal=False)


def _cut(name: str, octets: int) -> str:
    """Shorten a name, between two words if it has more than one."""
    if len(name) <= octets:
        return name
    return name[:octets + 1].rpartition('-')[0] or name[:octets]


