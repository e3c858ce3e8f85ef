# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal links in a text, however the mail programs on the way wrote them.

A member answers with the whole message below, and the footer's link works for
whoever reads the answer.  By then it may be cut by a line end and the quote marks
of the next line, or by a tag; its characters may be written as entities or, inside
the link of a service that checks links, percent-encoded.

A link is known by the end of its path, ``dlist/t/`` and the characters of a token.
Something else may look so too; whether a token is one is the caller's to say.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from html import unescape
from html.entities import html5
from string import ascii_letters, digits
from typing import TypeAlias
from urllib.parse import quote

from mailman_dlist.domain.links.token import LENGTH


#: Says for a token what stands in the place of its link, '' for nothing; None if
#: it is no token.  A link has the characters that a URL may have, but no ``&'``.
Plain: TypeAlias = Callable[[str], str | None]

# Characters that nobody sees, and those that quoting puts at the start of a line.
_UNSEEN = (
    '\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e'
    '\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff'
)
_BLANKS = ''.join(map(chr, range(0x2000, 0x200B)))
_QUOTING = f' \t\xa0\u3000{_BLANKS}>|}}#*»›│┃'

# What may stand before the path where no scheme does.
_BARE = ascii_letters + digits + '.-_~%/:'

# Chosen: longer than any host and path.
REACH = 500


def _spelled(characters: str) -> str:
    """Return a pattern for one of the characters: itself, encoded, or an entity."""
    codes = [ord(character) for character in characters]
    octets = '|'.join(f'{code:02x}' for code in codes if code < 0x80) or '(?!)'
    decimal = '|'.join(str(code) for code in codes)
    hexadecimal = '|'.join(f'{code:x}' for code in codes)
    wanted = set(characters)
    names = [name for name, of in html5.items() if of in wanted]
    named = '|'.join(name for name in names if name.endswith(';')) or '(?!)'
    # An octet may be encoded more than once: %252F is %2F is a slash.
    return (
        rf'(?:[{re.escape(characters)}]|%(?:25)*+(?i:{octets})'
        rf'|&(?:\#0*+(?:{decimal});|\#[xX]0*+(?i:{hexadecimal});|{named}))'
    )


# What stands at the start of a line quotes it, and ends no tag.
_TAG = r'</?[A-Za-z!][^<>]*+(?<![\r\n])>'
_LINE_END = r'=?(?:\r\n?|[\n\x85\u2028\u2029])'


def _gaps(cut: str) -> re.Pattern[str]:
    """Return a pattern for what may stand in the middle of a link."""
    # Blanks count where a line ends, and long runs of them are looked at once.
    unseen, quoting = _spelled(_UNSEEN), _spelled(_UNSEEN + _QUOTING)
    return re.compile(rf'(?:(?<![ \t])[ \t]++)?+(?:{cut}){quoting}*+|{unseen}')


_TAGS = re.compile(_TAG)
_BETWEEN_LINES = _gaps(_LINE_END)
# The Bat!, Supercite and others put initials or a name before the mark.
_NAMED = rf'{_LINE_END}[ \t]*+[A-Za-z.]{{1,10}}>'
_NAMED_LINE = re.compile(_NAMED)
_BETWEEN_NAMED_LINES = _gaps(f'{_NAMED}|{_LINE_END}')
_BETWEEN_TAGS = _gaps(f'{_LINE_END}|{_TAG}')

# JSON, which mail holds for machines, may have a backslash before a slash.
_SLASH = rf'\\?+{_spelled("/")}'
_PATH = ''.join(_SLASH if each == '/' else _spelled(each) for each in 'dlist/t')
_UNIT = _spelled(ascii_letters + digits + '-_')
_TOKEN = rf'{_PATH}(?P<slash>{_SLASH})(?=(?P<token>{_UNIT}{{{LENGTH}}}))'

# Version 2 of Proofpoint's links writes - for % and _ for /.
_DASHED_UNIT = '(?:[A-Za-z0-9]|-2D|-5F)'
_DASHED_TOKEN = rf'dlist_t_(?=(?P<dashed>{_DASHED_UNIT}{{{LENGTH}}}))'

_HTTP = ''.join(_spelled(each + each.upper()) for each in 'http')
_HTTPS = rf'{_HTTP}{_spelled("sS")}?'
_SCHEME = rf'{_HTTPS}(?:{_spelled(":")}{_SLASH}{_SLASH}|-3A__)'
# From the last scheme on, or every one would be read to the end of the text.
_LINK = re.compile(
    rf'(?P<start>{_SCHEME}(?:(?!{_SCHEME})[^\s<>"\'])*?)?'
    rf'(?:{_TOKEN}|{_DASHED_TOKEN})'
)
_UNITS = re.compile(_UNIT)
_DASHED_UNITS = re.compile(_DASHED_UNIT)

_ARMOUR = re.compile(
    r'(?<![^\n])-----(?:(?P<begin>BEGIN PGP SIGNED MESSAGE)|END PGP SIGNATURE)-----'
)


def replaced(text: str, plain: Plain) -> str:
    """Return the text with plain links where personal ones stood.

    >>> text = '> https://example.com/dlist/t/' + 20 * 'Q' + '\\n> ' + 32 * 'Q' + ' ok'
    >>> replaced(text, lambda token: 'https://example.com/picnic/')
    '> https://example.com/picnic/ ok'

    A block that its author signed with PGP stays, or nobody could tell any more
    that it is the author's.
    """
    if '<' in text:
        text = _replaced(text, _BETWEEN_TAGS, plain)
    # Inside tags, too.
    text = _replaced(text, _BETWEEN_LINES, plain)
    if _NAMED_LINE.search(text):
        text = _replaced(text, _BETWEEN_NAMED_LINES, plain)
    return text


def _replaced(text: str, gaps: re.Pattern[str], plain: Plain) -> str:
    bare = gaps.sub('', text)
    found = [
        (match, link)
        for match in _LINK.finditer(bare)
        if (link := plain(_token(match))) is not None
    ]
    if not found:
        return text
    position = _positions(text, gaps)
    signed = _signed(text)
    pieces: list[str] = []
    done = 0
    for match, link in found:
        start = max(done, position(_start(match)))
        # What follows the last character is not part of the link.
        end = position(match.end('token' if match['token'] else 'dashed') - 1) + 1
        if end > start and not _within(start, signed):
            # Other tags may belong to those that cut the link.
            tags = _TAGS.findall(text, start, end)
            pieces += [text[done:start], _written(match, link), *tags]
            done = end
    return ''.join(pieces) + text[done:]


def _token(match: re.Match[str]) -> str:
    dashed = match['dashed']
    units = _DASHED_UNITS.findall(dashed) if dashed else _UNITS.findall(match['token'])
    return ''.join(map(_character, units))


def _character(unit: str) -> str:
    if unit.startswith('&'):
        return unescape(unit)
    return unit if len(unit) == 1 else chr(int(unit[-2:], 16))


def _written(match: re.Match[str], link: str) -> str:
    """Write a link in the way in which the one was written that it replaces."""
    if match['dashed']:
        return ''.join(
            each if each.isalnum() or each == '.' else f'-{ord(each):02X}'
            for each in link
        ).replace('-2F', '_')
    if match['slash'].startswith('%'):
        for _time in range(match['slash'].count('25') + 1):
            link = quote(link, safe='')
    return link


def _start(match: re.Match[str]) -> int:
    """Return where a link begins: at its scheme, or at its host if it has none."""
    if match['start']:
        return match.start()
    low = max(0, match.start() - REACH)
    return low + len(match.string[low : match.start()].rstrip(_BARE))


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
