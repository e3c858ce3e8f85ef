# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody wrote into a reply: the own words, nothing that is quoted.

Mail programs quote in many ways.  Quoted lines begin with ``>``; above them stands a
line of the program, *On Monday Anne wrote:*, or a block of header fields, below which
others quote everything without a mark.  A library knows these lines in fifteen
languages.  People answer above, below or between what they quote.

In doubt a line stays: a word too many does no harm, a lost one does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from typing import Any

from html2text import HTML2Text
from mailparser_reply import EmailMessage
from mailparser_reply.constants import MAIL_LANGUAGES as LANGUAGES

from mailman_dlist.mail.charsets import is_charset


# The library takes time that grows with the square of a text.  Characters; no line of
# a mail program is longer than the first, and no person quotes after the second.
LONGEST_LINE = 500
LONGEST_TEXT = 20_000

# So does reading HTML: each line is indented by all the levels it is in, and the end
# of a tag is looked for as far as the page goes.  We chose these, in characters and
# levels; no person writes so much, or so deep.
LONGEST_PAGE = 400_000
LONGEST_TAG = 200
DEEPEST = 10

_NESTED = ('ul', 'ol', 'blockquote')

# What begins with a letter is a tag; else it is a declaration, or somebody's "<".
_TAG = re.compile(r'<(/?[a-zA-Z][^\s<>]*|[!?])?[^<>]*>|<')

# What such a line is shown to the library as; it stands for nothing in any language.
_STAND_IN = '\ue000{}\ue000'
_STANDS_IN = re.compile('\ue000([0-9]+)\ue000')

_BLANK_LINES = re.compile(r'\n[ \t]*(?:\n[ \t]*){2,}')

# RFC 3676, section 4.3.
_SIGNATURE = re.compile(r'^-- $.*', re.M | re.S)

# Some programs lose the blank, and people draw such lines: it is one only above the few
# short lines at the end that RFC 1855, section 2.1.1, allows.
_SIGNATURE_WITHOUT_BLANK = re.compile(r'^--(?:\n[^\n]{1,80}){0,4}\Z', re.M)

# Of a telephone, at the end: "Sent from my ...".
_SENT_FROM = re.compile(
    r'^[ \t]*(?:{})\b.{{0,80}}\s*\Z'.format(
        '|'.join(
            [
                *filter(None, (each.get('sent_from') for each in LANGUAGES.values())),
                'Sent (?:with|via)',
                'Envoyé de mon',
                r'Von meinem \w+ gesendet',
            ]
        )
    ),
    re.M | re.I,
)

# What Outlook and others draw above what they quote.
_RULE = re.compile(r'[ \t]*[_-]{5,}.*')

# A line that ends in a colon and has a time in it, in any language, above quoted lines.
_WROTE = re.compile(r'^(?=.*[0-9][:.h][0-9]{2})[^>\n].*:$(?=\n{1,2}>)', re.M)

# What Apple Mail writes above a mail that it passes on, which it quotes.
_FORWARDED = re.compile(
    r'^(?:{}) ?:$'.format(
        '|'.join(
            [
                'Begin forwarded message',
                'Anfang der weitergeleiteten Nachricht',
                'Début du message (?:réexpédié|transféré)',
                'Inicio del mensaje reenviado',
            ]
        )
    ),
    re.M,
)

_HEADERS = EmailMessage(text='', languages=list(LANGUAGES)).HEADER_REGEX

_FIELD = re.compile(r'^[* ]*\w[\w -]{0,20} ?:', re.M)

# The library means its text for Markdown, and keeps "1." from becoming a list.
_ESCAPED = re.compile(r'^([ \t]*[0-9]*)\\(?=[.+-])', re.M)

QUOTE = '>'


def own_words(msg: Message) -> str:
    """Return what the author of a reply wrote, as plain text.

    A part in plain text counts; without one, the first in HTML.  A message that is
    passed on inside is somebody else's.
    """
    texts = {'text/plain': '', 'text/html': ''}
    for part in _parts(msg):
        kind = part.get_content_type()
        named = part.get_filename() or part.get_content_disposition() == 'attachment'
        if kind in texts and not named and not texts[kind].strip():
            texts[kind] = _decoded(part)
    plain = texts['text/plain']
    return unquoted(plain if plain.strip() else from_html(texts['text/html']))


def _parts(msg: Message) -> Iterator[Message]:
    if msg.get_content_maintype() == 'message':
        return
    yield msg
    inside = msg.get_payload() if msg.is_multipart() else []
    for part in inside:
        if isinstance(part, Message):
            yield from _parts(part)


def _decoded(part: Message) -> str:
    """Return the text of a part, in whatever charset it is."""
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ''
    # Many say that it is ASCII.
    for charset in (str(part.get_content_charset('utf-8')), 'utf-8'):
        with suppress(ValueError):
            if is_charset(charset):
                return octets.decode(charset)
    return octets.decode('cp1252', 'replace')


def from_html(html: str) -> str:
    """Return the text of a page; what it quotes has marks as in plain text.

    >>> from_html('<p>I <b>knit</b>.</p><blockquote>Who are you?</blockquote>')
    'I knit.\\n\\n> Who are you?'
    """
    reader = _Reader(bodywidth=0)
    reader.ignore_emphasis = True
    reader.ignore_images = True
    reader.ignore_links = True
    reader.ignore_tables = True
    page = _TAG.sub(_well_formed, _uncommented(html))[:LONGEST_PAGE]
    text = '\n'.join(line.rstrip() for line in reader.handle(page).splitlines())
    return _ESCAPED.sub(r'\1', text).strip()


class _Reader(HTML2Text):
    """The library's, but no deeper in lists and quotations than people go."""

    def __init__(self, **how: Any):
        super().__init__(**how)
        self._depth = Counter[str]()

    def handle_tag(self, tag: str, attrs: dict[str, str | None], start: bool) -> None:
        if tag in _NESTED:
            before = self._depth[tag]
            after = self._depth[tag] = max(0, before + (1 if start else -1))
            if max(before, after) > DEEPEST:
                return
        super().handle_tag(tag, attrs, start)


def _uncommented(html: str) -> str:
    # A comment goes from the first of these marks to the end, whatever is in it.
    *closed, rest = html.split('-->')
    texts = [
        each.partition('<!--')[0] if '<!--' in each else f'{each}-->' for each in closed
    ]
    return ''.join([*texts, rest])


def _well_formed(match: re.Match[str]) -> str:
    """Return a tag without more than it needs; what is none becomes text."""
    tag, name = match[0], match[1]
    if not name:
        return tag.replace('<', '&lt;')
    if name in '!?':
        return ''
    return tag if len(tag) <= LONGEST_TAG else f'<{name}>'


def unquoted(text: str) -> str:
    """Return a text without what is quoted in it, nor the signature.

    >>> unquoted('I knit.\\n\\nOn 1 May ant wrote:\\n> Who are you?\\n\\n-- \\nAnne\\n')
    'I knit.'
    >>> unquoted('On 1 May ant wrote:\\n> Who are you?\\nI knit.\\n')
    'I knit.'
    """
    text = text.replace('\r\n', '\n').replace('\ue000', '').replace('\xa0', ' ')
    text = _BLANK_LINES.sub('\n\n', _SIGNATURE.sub('', text))
    long: list[str] = []
    lines = [_shortened(line.rstrip(), long) for line in text.split('\n')]
    words = '\n'.join(each for each in _own_lines(lines) if each != QUOTE)
    words = _BLANK_LINES.sub('\n\n', words).rstrip()
    words = _SIGNATURE_WITHOUT_BLANK.sub('', words).rstrip()
    words = _SENT_FROM.sub('', words)
    return _STANDS_IN.sub(lambda match: long[int(match[1])], words).strip()


def _shortened(line: str, long: list[str]) -> str:
    """Return a line, or what stands in for a long one, or a quoted one's mark.

    What is quoted may look like a mail program's line to the library.
    """
    if line.startswith(QUOTE):
        return QUOTE
    if len(line) <= LONGEST_LINE:
        return line
    long.append(line)
    return _STAND_IN.format(len(long) - 1)


def _own_lines(lines: list[str]) -> list[str]:
    """Return the lines without those of the program, and without what these quote."""
    text = '\n'.join(line.strip() for line in lines)
    dropped: set[int] = set()
    for match in _intros(text):
        intro = match[0].strip('\n')
        start = match.start() + match[0].index(intro)
        first = text.count('\n', 0, start)
        last = first + intro.count('\n')
        below = next(filter(None, lines[last + 1 :]), '')
        if below == QUOTE:
            dropped.update(range(first, last + 1))
        elif _quotes_without_marks(intro):
            lines = lines[: _above_rule(lines, first)]
            break
    return [line for number, line in enumerate(lines) if number not in dropped]


def _intros(text: str) -> Iterator[re.Match[str]]:
    """Yield what looks like a mail program's lines above what it quotes."""
    yield from _WROTE.finditer(text)
    yield from _FORWARDED.finditer(text)
    yield from _HEADERS.finditer(text[:LONGEST_TEXT])


def _quotes_without_marks(intro: str) -> bool:
    """Say whether a program wrote this; people write such lines, too.

    Our mail comes from an address without a name, so the address is there; a block
    has at least three fields.
    """
    if _FIELD.search(intro):
        return len(_FIELD.findall(intro)) > 2
    return '@' in intro or intro.startswith('---')


def _above_rule(lines: list[str], end: int) -> int:
    """Return where the lines end above an end, and the rule above that, if any."""
    while end and not lines[end - 1]:
        end -= 1
    return end - 1 if end and _RULE.fullmatch(lines[end - 1]) else end
