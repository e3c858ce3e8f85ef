# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove footers of ours that a reply quotes as a whole.

We know the text of a footer, in any language and from any template, except for the
conversation's name.  All its words must be there, in order, with nothing between them
but blanks, line ends and quote marks, and on lines of their own.  So a line that a
person wrote is never removed, not even between two lines of a footer.

The lines must be marked as quoted, or be below a header that a program wrote.  In HTML
they must be in a quotation; its tags stay, except for line breaks.  Footers stay in
attached messages, and in signed and encrypted parts.

The work grows in proportion to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
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

_MARK_IN_PAGE = rf'[{_QUOTING[1:]}]|&(?:nbsp|#160|gt|raquo);'
_TAG = r'<[^<>]*+>'
_BREAK = r'<(?i:br)\b[^<>]*+>'
# Tags that do not end a line.
_INLINE = r'(?i:a|b|font|i|span|tt|u)\b'
_CLOSED = rf'</{_INLINE}[^<>]*+>'
_ENTITIES = {
    '"': '(?:"|&quot;|&#34;)',
    '&': '(?:&|&amp;)',
    "'": "(?:'|&#39;|&#x27;)",
    '<': '&lt;',
}
# Where programs allow a long address to be broken.
_BREAKS = dict.fromkeys('@+.-', '(?:<wbr>)?+')


@dataclass(frozen=True)
class Form:
    """How footers are written in a text or in HTML, as parts of a pattern.

    :param start: The start of the first line.
    :param stop: The end of the last line.
    :param gap: The characters that may be between two words.
    :param again: The copy of an address or a link that programs write behind it, for
        a reader to click on.
    :param other: A character that may be written in another way.
    """

    start: str
    stop: str
    gap: str
    again: str
    other: Callable[[str], str]


TEXT = Form(
    start=rf'(?<![^\r\n])(?P<prefix>{_PREFIX})',
    stop=rf'(?:{_MARK})*+(?:{_LINE_END}|\Z)',
    gap=_GAP,
    again=rf'(?:{_GAP}*+<(?=[^\s<>]*(?:@|%40|//|%2F))[^\s<>]++>)?+',
    other=re.escape,
)
PAGE = Form(
    start=r'(?<=[>\r\n])',
    stop=rf'(?:[^\S\r\n]|{_MARK_IN_PAGE}|{_CLOSED})*+(?=<(?!{_INLINE})|[\r\n]|\Z)',
    gap=rf'(?:\s|{_MARK_IN_PAGE}|{_TAG})',
    again=f'(?:{_CLOSED})*+',
    other=lambda each: _ENTITIES.get(each, re.escape(each)) + _BREAKS.get(each, ''),
)

# Characters of a value that is not known; our choice.
LONGEST_VALUE = 300

# Characters of the source between a line in HTML and the tag beside it; our choice.
LONGEST_MARGIN = 200

_WORD = re.compile(r'\w')


def pattern(
    footer: str, path: str = '', form: Form = TEXT
) -> re.Pattern[str] | None:
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
    found = form.start
    is_named = False
    for number, line in enumerate(lines):
        written = _line(line, link, form)
        if written is None:
            return None
        if number in needed and not is_named and NAME in written:
            written = written.replace(NAME, f'(?P<name>{ANY_NAME.pattern})', 1)
            is_named = True
        name = '(?P=name)' if is_named else f'(?:{ANY_NAME.pattern})'
        written = written.replace(NAME, name)
        if number < needed[0]:
            found += f'(?:{written}{form.gap}++)?'
        elif number == needed[0]:
            found += written
        elif number in needed:
            found += f'{form.gap}++{written}'
        else:
            # With a link that is not recognised, the footer is not one of ours.
            words = _words(line.partition(LINK)[0].strip(), link, form)
            other = words and f'(?!{form.gap}++{words})'
            found += f'(?:{form.gap}++{written}|{other})'
    return re.compile(f'{found}{form.stop}')


def _stripped(line: str) -> str:
    return ' '.join(filter(None, _GAPS.split(line)))


def _is_optional(line: str) -> bool:
    """Return whether a line says in words that there is a link."""
    return LINK in line and _WORD.search(line) is not None


def _line(line: str, link: str, form: Form) -> str | None:
    """Return a pattern for one line; None if it may contain anything."""
    before, unknown, rest = line.partition(UNKNOWN)
    if not unknown:
        return _words(line, link, form)
    after = rest.rpartition(UNKNOWN)[2]
    if form is PAGE or not _WORD.search(before + after):
        return None
    if not after.strip():
        return rf'{_words(before, link, form)}[^\r\n]*+'
    return (
        rf'{_words(before, link, form)}[^\r\n]{{0,{LONGEST_VALUE}}}'
        rf'{_words(after, link, form)}(?=(?:{_MARK})*+(?:[\r\n]|\Z))'
    )


def _words(text: str, link: str, form: Form) -> str:
    written = (''.join(map(form.other, word)) for word in text.split(' '))
    found = f'{form.gap}++'.join(written).replace(END, form.again)
    linked = f'{link}{form.again}'
    if not _is_optional(text):
        return found.replace(LINK, linked)
    # The quoted link was removed if it led to a conversation that does not exist.
    found = found.replace(f'{form.gap}++{LINK}', f'(?:{form.gap}++{linked})?+')
    return found.replace(LINK, f'(?:{linked})?+')


def without(text: str, footers: Iterable[re.Pattern[str]]) -> str:
    """Return a text without quoted footers.

    >>> footer = pattern(f'____\\nWrite to ant+{NAME}@example.com{END}')
    >>> without('On Sunday.\\n> When?\\n> ____\\n> Write to ant+picnic@example.com\\n',
    ...     [footer])
    'On Sunday.\\n> When?\\n'
    """
    for footer in footers:
        quoted = filter(_quoted_text(text), footer.finditer(text))
        text = _replaced(text, [(match, '') for match in quoted])
    return text


def _replaced(text: str, found: list[tuple[re.Match[str], str]]) -> str:
    pieces, done = [], 0
    for match, left in found:
        pieces += [text[done : match.start()], left]
        done = match.end()
    return ''.join([*pieces, text[done:]])


def _quoted_text(text: str) -> Callable[[re.Match[str]], bool]:
    """Return a function that tells whether a footer is quoted, and not signed."""
    signed = signed_blocks(text)
    unmarked = cache(start_of_unmarked)

    def quoted(match: re.Match[str]) -> bool:
        if is_within(match.start(), signed):
            return False
        is_marked = not set(_QUOTING).isdisjoint(match['prefix'])
        return is_marked or match.start() >= unmarked(text)

    return quoted


def without_in_page(page: str, footers: Iterable[re.Pattern[str]]) -> str:
    """Return an HTML page without footers in quotations.

    :param footers: Patterns for `PAGE`.
    """
    for footer in footers:
        quoted = filter(_quoted_in_page(page), footer.finditer(page))
        page = _replaced(page, [(match, _tags(match)) for match in quoted])
    return page


def _quoted_in_page(page: str) -> Callable[[re.Match[str]], bool]:
    """Return a function that tells whether a footer is quoted, on lines of its own."""
    is_quoted, keeps_lines = _inside(page, 'blockquote'), _inside(page, 'pre')
    signed = signed_blocks(page)

    def quoted(match: re.Match[str]) -> bool:
        start, end = match.span()
        if not is_quoted(start) or is_within(start, signed):
            return False
        # Elsewhere, a line end in the source is a blank.
        above = page[max(0, start - LONGEST_MARGIN) : start].rstrip()
        below = page[end : end + LONGEST_MARGIN].lstrip()
        is_alone = above.endswith('>') and (not below or below.startswith('<'))
        return is_alone or keeps_lines(start)

    return quoted


def _inside(page: str, name: str) -> Callable[[int], bool]:
    """Return a function that tells whether a place is inside an element."""
    starts, depths = [0], [0]
    for tag in re.finditer(rf'<(/?){name}\b', page, re.IGNORECASE):
        starts.append(tag.start())
        depths.append(max(0, depths[-1] + (-1 if tag[1] else 1)))
    return lambda place: depths[bisect_right(starts, place) - 1] > 0


def _tags(match: re.Match[str]) -> str:
    """Return the tags of a footer, which others may depend on, without line breaks."""
    return ''.join(
        tag for tag in re.findall(_TAG, match[0]) if not re.match(_BREAK, tag)
    )


def take_out(msg: Message, removers: Mapping[str, Callable[[str], str]]) -> None:
    """Remove quoted footers from the texts of a message.

    :param removers: Functions that return a text without them, by content types.
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
        elif kind in removers and part.get_content_disposition() != 'attachment':
            rewrite(part, removers[kind])
