# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract the author's own words from a reply, without the quoted text.

We sent the quoted mail, so its lines are recognised in any language and from any mail
program, with or without ``>``, also if they were wrapped again.  The lines that a
program writes above a quotation are recognised by their contents: our address, our
subject, or a time.  People reply above, below or between the quoted lines.

In doubt a line is kept: an extra word does no harm, a lost one does.
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


# Characters.  The longest answer is a quarter of it; anything below that much text is
# not part of an answer.
LONGEST_TEXT = 400_000

# Of a page, before pictures and comments are removed.
LONGEST_SOURCE = 2_000_000

# The time for reading HTML grows with the square: each line is indented by all the
# levels it is in, and the end of a tag is searched up to the end of the page.  Our
# choices, in characters and levels; no person writes so much, or nests so deep.
LONGEST_PAGE = 400_000
LONGEST_TAG = 200
DEEPEST = 10

_NESTED = ('ul', 'ol', 'blockquote')

# A tag begins with a letter; otherwise it is a declaration, or a "<" in the text.
_TAG = re.compile(r'<(/?[a-zA-Z][^\s<>]*|[!?])?[^<>]*>|<')

_BLANK_LINES = re.compile(r'\n[ \t]*(?:\n[ \t]*){2,}')

# RFC 3676, section 4.3.
_SIGNATURE = '-- '

# Some programs lose the blank, and people draw such lines: it is a signature mark only
# above the few short lines at the end that RFC 1855, section 2.1.1, allows.
_SIGNATURE_WITHOUT_BLANK = re.compile(r'^--(?:\n[^\n]{1,80}){0,4}\Z', re.M)

# Written by a telephone, above a quotation or at the end: "Sent from my ...".
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

# Telephones and programs that name themselves, in a paragraph of a few words: at most
# this many letters, which we counted in 25 languages.
_DEVICE = re.compile(
    'iPhon|iPad|iOS|Android|Samsung|Galaxy|Huawei|Xiaomi|BlackBerry|Windows|Outlook|'
    'Yahoo|Gmail|Proton ?Mail|Tutanota'
)
_LINK = re.compile(r'<https?://[^<>\s]*>')
LETTERS_ABOUT_DEVICE = 28
# In these scripts a character stands for a syllable or a word.
_IDEOGRAPH = re.compile('[\u2e80-\ud7ff]')

# Lines that programs draw above a quotation; some write "Original Message" into it.
_RULE = re.compile(r'\s*[-_=*\u2010-\u2015]{3,}.*')
_DRAWN = re.compile(r'[-_=*\s\u2010-\u2015\u2500-\u257f]{3,}')

# The end of a program's line above a quotation, and the time and the date in it, in any
# language.  Some years have two digits.
_COLON = (':', '\uff1a')
_TIME = re.compile(r'\d[:.h]\d{2}')
_DATE = re.compile(r'\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}')

# Invisible characters that programs insert for scripts from right to left.
_DIRECTIONS = re.compile('[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]')

# A header field, in any language.
_FIELD = re.compile(r'[>*\s]*[^\s:\uff1a>*][^:\uff1a]{0,40}[:\uff1a]')

_WHOLE_LINE = re.compile(r'[^\r\n]*(?:\r\n?|\n|\Z)')

# With this many header lines, and this many of our addresses and subjects in them, a
# program wrote them.
FIELDS = 3
MARKS = 2

# The length of the last line above a quotation, in characters, if the line above it has
# our address: "wrote:" in some language.
LONGEST_REST = 40

# So many letters in the order of ours are not a coincidence; our choice.
LETTERS_IN_A_ROW = 20

_LETTERS = re.compile(r'[\W_]+')

# The library writes Markdown, and escapes "1." to keep it from becoming a list.
_ESCAPED = re.compile(r'^([ \t]*[0-9]*)\\(?=[.+-])', re.M)

QUOTE = '>'

# Some programs write those of a name before it.
_INITIALS = re.compile(r'^\s*\w{0,4}>')


@dataclass(frozen=True)
class Sent:
    """The mail that a reply is to, as far as it is known.

    :param text: Its text; all texts if it may have been one of several mails.
    :param marks: Other text that may be quoted: its addresses and its subject.
    """

    text: str = ''
    marks: Collection[str] = ()

    @cached_property
    def letters(self) -> str:
        return _letters(self.text)

    @cached_property
    def lines(self) -> frozenset[str]:
        return frozenset(map(_letters, self.text.splitlines()))

    @cached_property
    def folded_marks(self) -> frozenset[str]:
        return frozenset(mark.casefold() for mark in self.marks)

    def named_in(self, line: str) -> set[str]:
        """Return those addresses and subjects of ours that a line contains."""
        folded = line.casefold()
        return {mark for mark in self.folded_marks if mark in folded}


def own_words(msg: Message, sent: Sent) -> str:
    """Return the text that the author of a reply wrote, as plain text.

    A part in plain text counts; without one, the first in HTML. A message that is
    forwarded inside is by another author.

    :param sent: The mail that it replies to.
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
    """Return the text of a part, in any charset."""
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ''
    # Many mails declare ASCII.
    for charset in (str(part.get_content_charset('utf-8')), 'utf-8'):
        with suppress(ValueError):
            if is_charset(charset):
                return octets.decode(charset)
    return octets.decode('cp1252', 'replace')


def from_html(html: str) -> str:
    """Return the text of a page, with quotations marked as in plain text.

    >>> from_html('<p>I <b>knit</b>.</p><blockquote>Who are you?</blockquote>')
    'I knit.\\n\\n> Who are you?'
    """
    reader = _Reader(bodywidth=0)
    reader.ignore_emphasis = True
    reader.ignore_images = True
    reader.ignore_links = True
    reader.ignore_tables = True
    source = _uncommented(html[:LONGEST_SOURCE])
    page = _TAG.sub(_well_formed, source)[:LONGEST_PAGE]
    text = '\n'.join(line.rstrip() for line in reader.handle(page).splitlines())
    return _ESCAPED.sub(r'\1', text).strip()


class _Reader(HTML2Text):
    """The library's parser, with limits on nested lists and quotations."""

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
    # A comment extends from the first of these marks to the end, whatever it contains.
    *closed, rest = html.split('-->')
    texts = [
        each.partition('<!--')[0] if '<!--' in each else f'{each}-->' for each in closed
    ]
    return ''.join([*texts, rest])


def _well_formed(match: re.Match[str]) -> str:
    """Return a tag without unneeded text; as text if it is not a tag."""
    tag, name = match[0], match[1]
    if not name:
        return tag.replace('<', '&lt;')
    if name in '!?':
        return ''
    return tag if len(tag) <= LONGEST_TAG else f'<{name}>'


def unquoted(text: str, sent: Sent) -> str:
    """Return a text without quotations and the signature.

    >>> sent = Sent('Who are you?', ['ant@example.com'])
    >>> unquoted('I knit.\\n\\nOn 1 May ant@example.com wrote:\\n> Who are you?', sent)
    'I knit.'
    """
    text = text[:LONGEST_TEXT].replace('\r\n', '\n').replace('\xa0', ' ')
    given = _BLANK_LINES.sub('\n\n', text).split('\n')
    lines = [line.rstrip() for line in given]
    gone = _quoted(lines, sent)
    _add_fields(gone, lines, sent)
    _add_introductions(gone, lines, sent)
    _add_signature(gone, given)
    own = [line for line, is_gone in zip(lines, gone, strict=True) if not is_gone]
    # The rest of "Ant wrote:" is not an answer, nor are lines drawn around it.
    if any(gone) and all(
        not _letters(line) or line.endswith(_COLON) or _names_device(line.rstrip('.'))
        for line in own
    ):
        return ''
    words = _BLANK_LINES.sub('\n\n', '\n'.join(own)).rstrip()
    words = _SIGNATURE_WITHOUT_BLANK.sub('', words).rstrip()
    return words.strip()


def _letters(text: str) -> str:
    """Return the characters that neither quoting nor wrapping changes."""
    return _LETTERS.sub('', text.casefold())


def _quoted(lines: list[str], sent: Sent) -> list[bool]:
    """Return for each line whether it is quoted, by its mark or because we sent it."""
    found = []
    end = -1
    for line in lines:
        letters = _letters(_INITIALS.sub('', line))
        if not letters:
            found.append(line.startswith(QUOTE))
            continue
        if end >= 0 and sent.letters.startswith(letters, end):
            # The rest of a line that was wrapped again.
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

    They are recognised by their contents.  If no text below them is recognised, all of
    it counts as quoted: the owners have changed their questions in the meantime.
    """
    for first, last in _paragraphs(gone, lines):
        named = [sent.named_in(line) for line in lines[first:last]]
        found = [number for number, marks in enumerate(named, start=first) if marks]
        if len(set().union(*named)) < MARKS:
            continue
        begin, end = found[0], found[-1] + 1
        while begin > first and _is_dated_field(lines[begin - 1]):
            begin -= 1
        while end < last and _FIELD.match(lines[end]):
            end += 1
        if end - begin < FIELDS:
            continue
        if not any(gone[end:]):
            end = len(lines)
        gone[begin:end] = [True] * (end - begin)


def start_of_unmarked(text: str) -> int:
    """Return where a quotation without marks begins in a text.

    It begins below the header that a program wrote: three fields or more, one of them
    with a date, or a line with date and time that ends in a colon.

    :return: The length of the text if there is none.
    """
    fields = dated = 0
    for match in _WHOLE_LINE.finditer(text):
        line = match[0].rstrip()
        if _FIELD.match(line):
            fields += 1
            dated += _is_dated_field(line)
        else:
            fields = dated = 0
        is_introduction = line.endswith(_COLON) and _has_date_and_time(line)
        if is_introduction or (fields >= FIELDS and dated):
            return match.end()
    return len(text)


def _is_dated_field(line: str) -> bool:
    return _FIELD.match(line) is not None and _DATE.search(line) is not None


def _paragraphs(gone: list[bool], lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of remaining lines without a blank line between."""
    first = 0
    for number in range(len(lines) + 1):
        if number == len(lines) or gone[number] or not lines[number]:
            if number > first:
                yield first, number
            first = number + 1


def _add_introductions(gone: list[bool], lines: list[str], sent: Sent) -> None:
    """Add lines that a program wrote above a quotation, such as "On Monday Ant wrote:".

    Above it, and at the end, a telephone may name itself.
    """
    below: int | None = len(lines)
    for number in reversed(range(len(lines))):
        if gone[number]:
            below = number
        elif below is not None and lines[number]:
            size = _introduction(gone, lines, number, below, sent)
            for each in range(number - size + 1, number + 1):
                gone[each] = True
            # Lines above the first line that a person wrote are not above a quotation.
            below = number if size else None


def _introduction(
    gone: list[bool], lines: list[str], number: int, below: int, sent: Sent
) -> int:
    """Return how many lines, up to this one, introduce the quotation below them.

    :param below: The start of the quotation; beyond the last line if there is none.
    """
    above = '' if number == 0 or gone[number - 1] else lines[number - 1]
    if _SENT_FROM.fullmatch(lines[number]) or (
        not above and _names_device(lines[number])
    ):
        return 1
    if below == len(lines):
        return 0
    is_next = below == number + 1
    if _DRAWN.fullmatch(lines[number]) or (is_next and _RULE.fullmatch(lines[number])):
        return 1
    line = _DIRECTIONS.sub('', lines[number])
    if not line.endswith(_COLON):
        return 0
    size, said = 1, line
    if not _tells_who(said, sent) and above and len(line) <= LONGEST_REST:
        size, said = 2, f'{above} {line}'
        above = '' if number == 1 or gone[number - 2] else lines[number - 2]
    if not _tells_who(said, sent):
        # "Begin forwarded message:", above the header of the message.
        is_header = _FIELD.match(lines[below]) and sent.named_in(lines[below])
        return 1 if is_header else 0
    has_when = _DATE.search(said) is not None
    has_who = bool(sent.named_in(said))
    complements = (not has_when and _DATE.search(above) is not None) or (
        not has_who and bool(sent.named_in(above)) and len(above) <= LONGEST_REST
    )
    return size + 1 if complements else size


def _add_signature(gone: list[bool], lines: list[str]) -> None:
    """Add a signature, which some programs place above the quotation."""
    is_signature = False
    for number, line in enumerate(lines):
        is_signature = not gone[number] and (is_signature or line == _SIGNATURE)
        gone[number] = gone[number] or is_signature


def _names_device(line: str) -> bool:
    if not _DEVICE.search(line) or line.endswith(('.', '!', '?', '\u3002')):
        return False
    rest = _letters(_DEVICE.sub('', _LINK.sub('', line)))
    return len(rest) + 2 * len(_IDEOGRAPH.findall(rest)) <= LETTERS_ABOUT_DEVICE


def _tells_who(line: str, sent: Sent) -> bool:
    """Return whether a line names the author of the quoted mail, or its time."""
    return bool(sent.named_in(line)) or _has_date_and_time(line)


def _has_date_and_time(line: str) -> bool:
    return _TIME.search(line) is not None and _DATE.search(line) is not None
