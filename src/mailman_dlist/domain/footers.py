# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove footers of ours that a reply quotes as a whole.

We know the text of a footer, in any language and from any template, except for the
conversation's name.  All its words must be there, in order, with nothing between them
but blanks, line ends and quote marks, and on lines of their own.  So a line that a
person wrote is never removed, not even between two lines of a footer.

The lines must be marked as quoted, or be below a header that a program wrote.  Footers
stay in HTML, where their lines are marked up in every program's own way; in attached
messages; and in signed and encrypted parts.

The work grows in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from email.message import Message
from typing import Any

from mailman_dlist.domain.naming import NAME as ANY_NAME
from mailman_dlist.mail.replies import start_of_unmarked
from mailman_dlist.mail.texts import SEALED, is_within, rewrite, signed_blocks


#: Private characters that stand in a text for what differs between footers: the
#: conversation's name, the end of an address, a link, and a value that is not known.
NAME, END, LINK, UNKNOWN = '\ue000', '\ue001', '\ue002', '\ue003'

# Quote marks, blanks and invisible characters.
_QUOTING = r'>|»›│┃'
_MARK = rf'[^\S\r\n]|[{_QUOTING}\u200b-\u200f\u2060\ufeff]'
# The Bat! and others put initials before the mark.
_PREFIX = rf'(?:{_MARK})*+(?:[A-Za-z.]{{1,10}}>(?:{_MARK})*+)?+'
_LINE_END = r'(?:\r\n?|\n)'
_GAP = rf'(?:{_LINE_END}{_PREFIX}|{_MARK})'
_GAPS = re.compile(f'{_GAP}++')
_LINE_START = r'(?<![^\r\n])'
_REST_OF_LINE = rf'(?:{_MARK})*+'

# Programs write the address or link again, in brackets, for a reader to click on.
_CLICK = rf'(?:{_GAP}*+<(?=[^\s<>]*(?:@|%40|//|%2F))[^\s<>]++>)?+'
# Characters of a value that is not known; our choice.
LONGEST_VALUE = 300

_WORD = re.compile(r'\w')


def pattern(footer: str, path: str = '') -> re.Pattern[str] | None:
    """Return a pattern for the lines of a footer in a quotation.

    :param footer: Its text, with private characters for what may differ.
    :param path: A pattern for a part of every link to a conversation of the list.
    :return: None if the text is not one that only a footer has, since it has no address
        with the conversation's name.
    """
    lines = [line for line in map(_stripped, footer.split('\n')) if line]
    # Without web pages, a line that says where they are is not there.
    needed = [number for number, line in enumerate(lines) if not _is_optional(line)]
    if not any(END in lines[number] for number in needed):
        return None
    # It may be inside the link of a service that checks links.
    link = rf'(?=[^\s<>]*{path})[^\s<>]++'
    found = f'{_LINE_START}(?P<prefix>{_PREFIX})'
    is_named = False
    for number, line in enumerate(lines):
        written = _line(line, link)
        if written is None:
            return None
        if number in needed and not is_named and NAME in written:
            written = written.replace(NAME, f'(?P<name>{ANY_NAME.pattern})', 1)
            is_named = True
        name = '(?P=name)' if is_named else f'(?:{ANY_NAME.pattern})'
        written = written.replace(NAME, name)
        if number < needed[0]:
            found += f'(?:{written}{_GAP}++)?'
        elif number == needed[0]:
            found += written
        elif number in needed:
            found += f'{_GAP}++{written}'
        else:
            # With a link that is not recognised, the footer is not one of ours.
            words = _words(line.partition(LINK)[0].strip(), link)
            other = words and f'(?!{_GAP}++{words})'
            found += f'(?:{_GAP}++{written}|{other})'
    return re.compile(rf'{found}{_REST_OF_LINE}(?:{_LINE_END}|\Z)')


def _stripped(line: str) -> str:
    return ' '.join(filter(None, _GAPS.split(line)))


def _is_optional(line: str) -> bool:
    """Return whether a line says in words that there is a link."""
    return LINK in line and _WORD.search(line) is not None


def _line(line: str, link: str) -> str | None:
    """Return a pattern for one line; None if it may contain anything."""
    before, unknown, rest = line.partition(UNKNOWN)
    if not unknown:
        return _words(line, link)
    after = rest.rpartition(UNKNOWN)[2]
    if not _WORD.search(before + after):
        return None
    if not after.strip():
        return rf'{_words(before, link)}[^\r\n]*+'
    return (
        rf'{_words(before, link)}[^\r\n]{{0,{LONGEST_VALUE}}}{_words(after, link)}'
        rf'(?={_REST_OF_LINE}(?:[\r\n]|\Z))'
    )


def _words(text: str, link: str) -> str:
    found = f'{_GAP}++'.join(map(re.escape, text.split(' '))).replace(END, _CLICK)
    linked = f'{link}{_CLICK}'
    if not _is_optional(text):
        return found.replace(LINK, linked)
    # The quoted link was removed if it led to a conversation that does not exist.
    found = found.replace(f'{_GAP}++{LINK}', f'(?:{_GAP}++{linked})?+')
    return found.replace(LINK, f'(?:{linked})?+')


def without(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    """Return a text without quoted footers.

    >>> footer = pattern(f'____\\nWrite to ant+{NAME}@example.com{END}')
    >>> without('On Sunday.\\n> When?\\n> ____\\n> Write to ant+picnic@example.com\\n',
    ...     [footer])
    'On Sunday.\\n> When?\\n'
    """
    for each in patterns:
        text = _without(text, each)
    return text


def _without(text: str, footer: re.Pattern[str]) -> str:
    pieces = []
    done = 0
    signed = signed_blocks(text)
    unmarked: int | None = None
    for match in footer.finditer(text):
        if is_within(match.start(), signed):
            continue
        if not set(match['prefix']) & set(_QUOTING):
            if unmarked is None:
                unmarked = start_of_unmarked(text)
            if match.start() < unmarked:
                continue
        pieces.append(text[done : match.start()])
        done = match.end()
    return ''.join([*pieces, text[done:]])


def take_out(msg: Message, remove: Callable[[str], str]) -> None:
    """Remove quoted footers from the texts of a message.

    :param remove: Returns a text without them.
    """
    parts = [msg]
    while parts:
        part = parts.pop()
        kind = part.get_content_type()
        if kind in SEALED or part.get_content_maintype() == 'message':
            continue
        if part.is_multipart():
            inside: Any = part.get_payload()
            parts += inside
        elif kind == 'text/plain' and part.get_content_disposition() != 'attachment':
            rewrite(part, remove)
