# SPDX-License-Identifier: GPL-3.0-or-later
"""Find personal links in a text, however mail programs have rewritten them.

If a member replies with the whole message quoted, the link in its footer would work
for everybody who reads the reply.  A token may be any 63 consecutive letters and
digits, ignoring what mail programs insert into long words: line ends with quote marks,
tags and invisible characters.  The caller knows the keys and tells whether they are a
token.  If so, the rest of the link is found before it.  The plain link is written in
the same encoding, for example percent-encoded inside the link of a checking service.

The work grows in proportion to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote

from mailman_dlist.domain.links import former, token
from mailman_dlist.mail.texts import is_within, signed_blocks


#: Returns the replacement for the link of a token, '' to remove it; None if it is not
#: a token.  A link has only characters that a URL may have, except ``&'``.
Plain: TypeAlias = Callable[[str], str | None]

# Our choice: longer than any host and path.
REACH = 500

# Invisible characters, and quote marks at the start of a line.
_UNSEEN = '\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff'
_QUOTING = r'\s>|}#*»›│┃'
# Either may be an entity.  Entities for a slash or a colon are part of the link.
_SLASH_ENTITY = r'&(?:sol|#0*47|#[xX]0*2[fF]);'
_COLON_ENTITY = r'&(?:colon|#0*58|#[xX]0*3[aA]);'
_ENTITY = rf'(?!{_SLASH_ENTITY}|{_COLON_ENTITY})&\#?\w{{2,15}}+;'
_MARK = rf'(?:[{_UNSEEN}{_QUOTING}]|{_ENTITY})'

_LINE_END = r'=?(?:\r\n?|[\n\x85\u2028\u2029])'
# At the start of a line this is a quote mark, not the end of a tag.
_TAG = r'</?[A-Za-z!][^<>]*+(?<!\s)>'
# The Bat!, Supercite and others put initials or a name before the mark.
_NAMED_LINE = rf'{_LINE_END}[ \t>|]*+[A-Za-z.]{{1,10}}+>'
# Two encoded words of a header field (RFC 2047) meet in the middle of the link.
_ENCODED_WORD = r'\?=\s++=\?[\w*-]++\?[Qq]\?'


def _gaps(*cuts: str) -> re.Pattern[str]:
    """Return a pattern for what may interrupt a link."""
    # Blanks count at the end of a line; long runs of them are read once.
    return re.compile(
        rf'(?:(?<![ \t])[ \t]++)?+(?:{"|".join(cuts)}){_MARK}*+'
        rf'|[{_UNSEEN}]|{_ENTITY}|{_ENCODED_WORD}'
    )


_TAGS = re.compile(_TAG)
# A text is read three times: without its tags; with them, since a link may be in an
# attribute; and without names that may also be the end of a link in brackets.
_READINGS = [
    (re.compile('<'), _gaps(_LINE_END, _TAG)),
    (re.compile(''), _gaps(_LINE_END)),
    (re.compile(_NAMED_LINE), _gaps(_NAMED_LINE, _LINE_END)),
]

# A token may begin inside a text that looks like one.
_TOKEN = re.compile(rf'(?=(?P<token>{token.PATTERN}|{former.PATTERN}))')

# JSON, which some mail contains for programs, may have a backslash before a slash; an
# octet may be encoded more than once.  Version 2 of Proofpoint's links writes _ for it.
_SLASH = rf'(?:\\?/|[%=](?:25)*+2F|{_SLASH_ENTITY}|_)'
_COLON = rf'(?::|[%=](?:25)*+3A|{_COLON_ENTITY}|-3A)'
_PATH = rf'dlist{_SLASH}t(?P<slash>{_SLASH})\s*\Z'
# From the last scheme on.
_LINK = re.compile(rf'https?{_COLON}(?:(?!http)[^\s<>"\'])*?{_PATH}', re.IGNORECASE)
_HOST = r'[\w.~%/:-]'
_SCHEMELESS = re.compile(rf'(?<!{_HOST}){_HOST}*?{_PATH}', re.ASCII | re.IGNORECASE)


def replaced(text: str, plain: Plain) -> str:
    """Return the text with personal links replaced by plain ones.

    >>> text = '> https://example.com/dlist/t/' + 20 * 'q' + '\\n> ' + 43 * 'q' + ' ok'
    >>> replaced(text, lambda token: 'https://example.com/picnic/')
    '> https://example.com/picnic/ ok'

    A block with a PGP signature stays unchanged, so that the signature remains valid.
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
    signed = signed_blocks(text)
    pieces: list[str] = []
    done = 0
    for match, link in found:
        # Text after the last character is not part of the link.
        end = position(match.end('token') - 1) + 1
        start, slash = _start(text, bare, match.start(), position)
        start = max(done, start)
        if end > start and not is_within(start, signed):
            # Other tags may belong to the tags that interrupt the link.
            tags = _TAGS.findall(text, start, end)
            pieces += [text[done:start], _written(link, slash), *tags]
            done = end
    return ''.join(pieces) + text[done:]


def _start(
    text: str, bare: str, end: int, position: Callable[[int], int]
) -> tuple[int, str]:
    """Return the start of the link that ends with a token, and its last slash.

    Without a path before it, the link is the token alone.

    :param end: The start of the token, in the text without gaps.
    """
    low = max(0, end - REACH)
    if match := _LINK.search(bare[low:end]):
        return position(low + match.start()), match['slash']
    # Without a scheme, the end of the previous line may be another word.
    low, end = position(low), position(end)
    if match := _SCHEMELESS.search(text[low:end]):
        return low + match.start(), match['slash']
    return end, ''


def _written(link: str, slash: str) -> str:
    """Write a link in the encoding of the one that it replaces."""
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
    """Return a function from positions in the text without gaps to the original."""
    starts, lengths = [0], [0]
    for gap in gaps.finditer(text):
        starts.append(gap.start() - lengths[-1])
        lengths.append(lengths[-1] + len(gap[0]))
    return lambda place: place + lengths[bisect_right(starts, place) - 1]
