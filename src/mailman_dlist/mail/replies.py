# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that somebody wrote in a reply, without what the reply quotes.

We know the mail that is quoted, since we sent it.  So its lines are recognised in any
language and by any mail program, with or without ``>``, also where they were wrapped
anew.  The lines that a program writes above a quotation are recognised by what they
hold: our address, our subject, or a time.  People reply above, below or between what
they quote.

In doubt a line stays: a word too many does no harm, a lost one does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from typing import Any

from html2text import HTML2Text
from mailparser_reply.constants import MAIL_LANGUAGES as LANGUAGES

from mailman_dlist.mail.charsets import is_charset


# Characters.  The longest answer is a quarter of it, and what stands below that much
# text is no answer.
LONGEST_TEXT = 400_000

# Reading HTML takes time that grows with the square: each line is indented by all the
# levels it is in, and the end of a tag is looked for as far as the page goes.  We chose
# these, in characters and levels; no person writes so much, or so deep.
LONGEST_PAGE = 400_000
LONGEST_TAG = 200
DEEPEST = 10

_NESTED = ('ul', 'ol', 'blockquote')

# What begins with a letter is a tag; else it is a declaration, or somebody's "<".
_TAG = re.compile(r'<(/?[a-zA-Z][^\s<>]*|[!?])?[^<>]*>|<')

_BLANK_LINES = re.compile(r'\n[ \t]*(?:\n[ \t]*){2,}')

# RFC 3676, section 4.3.
_SIGNATURE = re.compile(r'^-- $.*', re.M | re.S)

# Some programs lose the blank, and people draw such lines: it is one only above the few
# short lines at the end that RFC 1855, section 2.1.1, allows.
_SIGNATURE_WITHOUT_BLANK = re.compile(r'^--(?:\n[^\n]{1,80}){0,4}\Z', re.M)

# Of a telephone, on the last line: "Sent from my ...".
_SENT_FROM = re.compile(
    r'[ \t]*(?:{})\b.{{0,80}}'.format(
        '|'.join(
            [
                *filter(None, (each.get('sent_from') for each in LANGUAGES.values())),
                'Sent (?:with|via)',
                'Envoyé de mon',
                r'Von meinem \w+ gesendet',
            ]
        )
    ),
    re.I,
)

# What programs draw above a quotation; some write "Original Message" into it.
_RULE = re.compile(r'\s*[-_=*\u2010-\u2015]{3,}.*')

# How a program's line above a quotation ends, and the time in it, in any language.
_COLON = (':', '\uff1a')
_TIME = re.compile(r'[0-9][:.h][0-9]{2}')

# A header field, in any language.  With so many of them, and something of ours in
# one, a program wrote them.
_FIELD = re.compile(r'[>*\s]*\w[\w .-]{0,30}\s?[:\uff1a]')
FIELDS = 3

# So many letters in the order of ours are no coincidence; a number we chose.
LETTERS_IN_A_ROW = 20

_LETTERS = re.compile(r'[\W_]+')

# The library means its text for Markdown, and keeps "1." from becoming a list.
_ESCAPED = re.compile(r'^([ \t]*[0-9]*)\\(?=[.+-])', re.M)

QUOTE = '>'


@dataclass(frozen=True)
class Sent:
    """What is known of the mail that a reply is to.

    :param text: Its text; all of them if it may have been one of several.
    :param marks: What else of it may be quoted: its addresses and its subject.
    """

    text: str = ''
    marks: Collection[str] = ()

    @cached_property
    def letters(self) -> str:
        return _letters(self.text)

    @cached_property
    def lines(self) -> frozenset[str]:
        return frozenset(map(_letters, self.text.splitlines()))

    def is_named_in(self, line: str) -> bool:
        """Tell whether a line holds an address of ours, or our subject."""
        folded = line.casefold()
        return any(mark.casefold() in folded for mark in self.marks)


def own_words(msg: Message, sent: Sent) -> str:
    """Return what the author of a reply wrote, as plain text.

    A part in plain text counts; without one, the first in HTML.  A message that is
    passed on inside is somebody else's.

    :param sent: What the reply is to.
    """
    texts = {'text/plain': '', 'text/html': ''}
    for part in _parts(msg):
        kind = part.get_content_type()
        named = part.get_filename() or part.get_content_disposition() == 'attachment'
        if kind in texts and not named and not texts[kind].strip():
            texts[kind] = _decoded(part)
    plain = texts['text/plain']
    return unquoted(plain if plain.strip() else from_html(texts['text/html']), sent)


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


def unquoted(text: str, sent: Sent) -> str:
    """Return a text without what is quoted in it, nor the signature.

    >>> sent = Sent('Who are you?', ['ant@example.com'])
    >>> unquoted('I knit.\\n\\nOn 1 May ant@example.com wrote:\\n> Who are you?', sent)
    'I knit.'
    """
    text = text[:LONGEST_TEXT].replace('\r\n', '\n').replace('\xa0', ' ')
    text = _BLANK_LINES.sub('\n\n', _SIGNATURE.sub('', text))
    lines = [line.rstrip() for line in text.split('\n')]
    gone = _quoted(lines, sent)
    _add_fields(gone, lines, sent)
    _add_introductions(gone, lines, sent)
    own = [line for line, is_gone in zip(lines, gone, strict=True) if not is_gone]
    # What is left of "Ant wrote:" is no answer, nor is what is drawn around it.
    if any(gone) and all(not _letters(line) or line.endswith(_COLON) for line in own):
        return ''
    words = _BLANK_LINES.sub('\n\n', '\n'.join(own)).rstrip()
    words = _SIGNATURE_WITHOUT_BLANK.sub('', words).rstrip()
    above, _newline, last = words.rpartition('\n')
    return (above if _SENT_FROM.fullmatch(last) else words).strip()


def _letters(text: str) -> str:
    """Return what neither quoting nor wrapping changes."""
    return _LETTERS.sub('', text.casefold())


def _quoted(lines: list[str], sent: Sent) -> list[bool]:
    """Tell of each line whether it is quoted: by its mark, or since it is of ours."""
    found = []
    end = -1
    for line in lines:
        letters = _letters(line)
        if not letters:
            found.append(line.startswith(QUOTE))
            continue
        if end >= 0 and sent.letters.startswith(letters, end):
            # The rest of a line that was wrapped anew.
            start = end
        elif letters in sent.lines or len(letters) >= LETTERS_IN_A_ROW:
            start = sent.letters.find(letters)
        else:
            start = -1
        end = -1 if start < 0 else start + len(letters)
        found.append(start >= 0 or line.startswith(QUOTE))
    return found


def _add_fields(gone: list[bool], lines: list[str], sent: Sent) -> None:
    """Add header fields that a program wrote above a quotation.

    Where nothing below them is known, all of it is quoted: the owners have changed
    their questions meanwhile.
    """
    for first, last in _paragraphs(lines):
        fields = [line for line in lines[first:last] if _FIELD.match(line)]
        if len(fields) < FIELDS or not any(map(sent.is_named_in, fields)):
            continue
        knows_below = any(gone[last:])
        end = last if knows_below else len(lines)
        gone[first:end] = [True] * (end - first)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield where lines without a blank one between them begin and end."""
    first = 0
    for number, line in enumerate([*lines, '']):
        if not line:
            if number > first:
                yield first, number
            first = number + 1


def _add_introductions(gone: list[bool], lines: list[str], sent: Sent) -> None:
    """Add what a program wrote above what is gone: "On Monday Ant wrote:"."""
    below = ''
    is_above = is_next = continues = False
    for number in reversed(range(len(lines))):
        line = lines[number]
        if not line:
            is_next = False
            continue
        if gone[number]:
            is_above, is_next, continues = True, True, False
        elif is_above and _introduces(line, below, sent):
            gone[number] = is_next = continues = True
        elif is_next and (
            _RULE.fullmatch(line)
            or (continues and (sent.is_named_in(line) or _TIME.search(line)))
        ):
            gone[number] = True
        else:
            is_above = is_next = continues = False
        below = line


def _introduces(line: str, below: str, sent: Sent) -> bool:
    """Tell whether a program wrote a line, where the line below it is quoted."""
    if not line.endswith(_COLON):
        return False
    if sent.is_named_in(line) or _TIME.search(line):
        return True
    return _FIELD.match(below) is not None and sent.is_named_in(below)
