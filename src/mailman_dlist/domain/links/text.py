# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal links in a text, however the mail programs on the way wrote them.

A member answers with the whole message below, and the footer's link works for
everybody who reads the answer.  So a token is looked for wherever 63 letters and digits
follow each other, not counting what mail programs insert into long words: line ends
with quote marks, tags, and invisible characters.  The caller knows the keys and says
whether they are a token.  If so, the rest of the link is looked for before it.  The
plain link is written as the personal one was, which may be percent-encoded inside the
link of a service that checks links.

The work grows in proportion to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote

from mailman_dlist.domain.links import former, token


#: Says for a token what stands in the place of its link, '' for nothing; None if
#: it is no token.  A link has the characters that a URL may have, but no ``&'``.
Plain: TypeAlias = Callable[[str], str | None]

# Chosen: longer than any host and path.
REACH = 500

# Invisible characters, and those that quoting puts at the start of a line.
_UNSEEN = '\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff'
_QUOTING = r'\s>|}#*»›│┃'
# Either may be an entity.  Entities for a slash or a colon are part of the link.
_SLASH_ENTITY = r'&(?:sol|#0*47|#[xX]0*2[fF]);'
_COLON_ENTITY = r'&(?:colon|#0*58|#[xX]0*3[aA]);'
_ENTITY = rf'(?!{_SLASH_ENTITY}|{_COLON_ENTITY})&\#?\w{{2,15}}+;'
_MARK = rf'(?:[{_UNSEEN}{_QUOTING}]|{_ENTITY})'

_LINE_END = r'=?(?:\r\n?|[\n\x85\u2028\u2029])'
# What stands at the start of a line quotes it, and ends no tag.
_TAG = r'</?[A-Za-z!][^<>]*+(?<!\s)>'
# The Bat!, Supercite and others put initials or a name before the mark.
_NAMED_LINE = rf'{_LINE_END}[ \t>|]*+[A-Za-z.]{{1,10}}+>'
# Two encoded words of a header field (RFC 2047) meet in the middle of the link.
_ENCODED_WORD = r'\?=\s++=\?[\w*-]++\?[Qq]\?'


def _gaps(*cuts: str) -> re.Pattern[str]:
    """Return a pattern for what may stand in the middle of a link."""
    # Blanks count where a line ends, and long runs of them are looked at once.
    return re.compile(
        rf'(?:(?<![ \t])[ \t]++)?+(?:{"|".join(cuts)}){_MARK}*+'
        rf'|[{_UNSEEN}]|{_ENTITY}|{_ENCODED_WORD}'
    )


_TAGS = re.compile(_TAG)
# A text is read three times: without its tags, with them, since a link may stand in an
# attribute, and without names that may as well be the end of a link in brackets.
_READINGS = [
    (re.compile('<'), _gaps(_LINE_END, _TAG)),
    (re.compile(''), _gaps(_LINE_END)),
    (re.compile(_NAMED_LINE), _gaps(_NAMED_LINE, _LINE_END)),
]

# A token may begin in the middle of what looks like one.
_TOKEN = re.compile(rf'(?=(?P<token>{token.PATTERN}|{former.PATTERN}))')

# JSON, which mail holds for machines, may have a backslash before a slash; an octet may
# be encoded more than once.  Version 2 of Proofpoint's links writes _ for it.
_SLASH = rf'(?:\\?/|[%=](?:25)*+2F|{_SLASH_ENTITY}|_)'
_COLON = rf'(?::|[%=](?:25)*+3A|{_COLON_ENTITY}|-3A)'
_PATH = rf'dlist{_SLASH}t(?P<slash>{_SLASH})\s*\Z'
# From the last scheme on.
_LINK = re.compile(rf'https?{_COLON}(?:(?!http)[^\s<>"\'])*?{_PATH}', re.IGNORECASE)
_HOST = r'[\w.~%/:-]'
_SCHEMELESS = re.compile(rf'(?<!{_HOST}){_HOST}*?{_PATH}', re.ASCII | re.IGNORECASE)

_ARMOUR = re.compile(
    r'(?<![^\n])-----(?:(?P<begin>BEGIN PGP SIGNED MESSAGE)|END PGP SIGNATURE)-----'
)


def replaced(text: str, plain: Plain) -> str:
    """Return the text with plain links where personal ones stood.

    >>> text = '> https://example.com/dlist/t/' + 20 * 'q' + '\\n> ' + 43 * 'q' + ' ok'
    >>> replaced(text, lambda token: 'https://example.com/picnic/')
    '> https://example.com/picnic/ ok'

    A block that its author signed with PGP stays, or nobody could tell any more
    that it is the author's.
    """
    for hint, gaps in _READINGS:
        if hint.search(text):
            text = _replaced(text, gaps, plain)
    return text


def _replaced(text: str, gaps: re.Pattern[str], plain: Plain) -> str:
    bare = gaps.sub('', text)
    found = [
        (match, link)
        for match in _TOKEN.finditer(bare)
        if (link := plain(match['token'])) is not None
    ]
    if not found:
        return text
    position = _positions(text, gaps)
    signed = _signed(text)
    pieces: list[str] = []
    done = 0
    for match, link in found:
        # What follows the last character is not part of the link.
        end = position(match.end('token') - 1) + 1
        start, slash = _start(text, bare, match.start(), position)
        start = max(done, start)
        if end > start and not _within(start, signed):
            # Other tags may belong to those that cut the link.
            tags = _TAGS.findall(text, start, end)
            pieces += [text[done:start], _written(link, slash), *tags]
            done = end
    return ''.join(pieces) + text[done:]


def _start(
    text: str, bare: str, end: int, position: Callable[[int], int]
) -> tuple[int, str]:
    """Return where the link begins that ends with a token, and its last slash.

    It is the token alone where no path stands before it.

    :param end: Where the token begins, in the text without gaps.
    """
    low = max(0, end - REACH)
    if match := _LINK.search(bare[low:end]):
        return position(low + match.start()), match['slash']
    # Without a scheme, what ends the line before may be another word.
    low, end = position(low), position(end)
    if match := _SCHEMELESS.search(text[low:end]):
        return low + match.start(), match['slash']
    return end, ''


def _written(link: str, slash: str) -> str:
    """Write a link in the way in which the one was written that it replaces."""
    if slash == '_':
        return ''.join(
            each if each.isalnum() or each == '.' else f'-{ord(each):02X}'
            for each in link
        ).replace('-2F', '_')
    if slash.startswith('%'):
        for _time in range(slash.count('25') + 1):
            link = quote(link, safe='')
    return link


def _positions(text: str, gaps: re.Pattern[str]) -> Callable[[int], int]:
    """Return a function from a place in the text without gaps to that with them."""
    starts, lengths = [0], [0]
    for gap in gaps.finditer(text):
        starts.append(gap.start() - lengths[-1])
        lengths.append(lengths[-1] + len(gap[0]))
    return lambda place: place + lengths[bisect_right(starts, place) - 1]


def _signed(text: str) -> list[tuple[int, int]]:
    """Return the blocks with a PGP signature, in order."""
    blocks = []
    start = None
    for line in _ARMOUR.finditer(text):
        if line['begin']:
            start = line.start()
        elif start is not None:
            blocks.append((start, line.end()))
            start = None
    return blocks


def _within(place: int, blocks: list[tuple[int, int]]) -> bool:
    before = bisect_right(blocks, place, key=lambda block: block[0])
    return before > 0 and place < blocks[before - 1][1]
