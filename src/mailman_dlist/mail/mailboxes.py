# SPDX-License-Identifier: GPL-3.0-or-later
"""Split the names and addresses in a header field before decoding them.

Mail programs encode commas, brackets and whole addresses in display names; decoded
first, a name would become addresses.  So the field is split as it arrived, and encoded
words are parts of names.

The time that reading takes is proportional to the length of the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


#: Octets of one field, our choice: one to 1,000 people has 40 KB.  LMTP refuses mail
#: with a longer one (see `limits`); of mail by another door, the rest is not read.
LONGEST_FIELD = 65_536

_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'

# One token of a field, outside of comments.  An encoded word is one whatever it
# contains: some programs leave commas in it that RFC 2047, section 5, forbids.
_STEP = re.compile(
    r'(?P<word>=\?[^?\s]{1,80}\?[bq]\?[^?]*\?=)'
    rf'|(?P<quoted>{_QUOTED})'
    rf'|(?P<angle><(?:[^<>"]|{_QUOTED})*>)'
    r'|(?P<comment>\()'
    r'|(?P<end>[,;])'
    r'|(?P<group>:)'
    r'|(?P<open>")'
    r'|(?P<text>[^=":;,<(]+|.)',
    re.IGNORECASE | re.DOTALL,
)
_COMMENT_STEP = re.compile(r'[^()\\]+|\\.|.', re.DOTALL)

_ADDRESS = re.compile(
    rf'(?:{_QUOTED}|[^\s"(),:;<>@\[\]\\]+)@[^\s"(),:;<>@\\]+', re.DOTALL
)
# RFC 5322, section 4.4: a route to an address, which is obsolete.
_ROUTE = re.compile(r'@[^:]*:')

_ESCAPED = re.compile(r'\\(.)', re.DOTALL)


class Mailbox(NamedTuple):
    """One entry of a field of addresses.

    :param name: As it arrived, including encoded words, without quotes and comments.
    :param address: As it arrived; '' if the entry has none, or not exactly one.
    :param is_clear: False if something looks like an address but is not written as one,
        so that other programs may read the field differently.
    """

    name: str
    address: str
    is_clear: bool = True

    def names(self, address: str) -> bool:
        """Return whether this is clearly the mailbox with the address."""
        return self.is_clear and self.address.lower() == address.lower()


def mailboxes(values: Iterable[str]) -> Iterator[Mailbox]:
    """Yield the mailboxes in the values of fields, in order.

    >>> [(name, address) for name, address, _is_clear in mailboxes([
    ...     '"bart@example.com, for Anne" <anne@example.com>, Ants: a@example.com;'
    ... ])]
    [('bart@example.com, for Anne', 'anne@example.com'), ('', 'a@example.com')]
    """
    for value in values:
        unfolded = value[:LONGEST_FIELD].replace('\r', '').replace('\n', '')
        for entry in entries(unfolded):
            if entry.mailbox is not None:
                yield entry.mailbox
        if len(value) > LONGEST_FIELD:
            yield Mailbox('', '', is_clear=False)


class Entry(NamedTuple):
    """A mailbox, or None if the entry is empty, and its place in the field.

    :param end: The place of the comma behind it, or of the semicolon behind a group.
    """

    mailbox: Mailbox | None
    start: int
    end: int


@dataclass
class _Reading:
    """The part of an entry that has been read."""

    text: list[str] = field(default_factory=list)
    #: The same without quoted and encoded text.
    plain: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_broken: bool = False

    def read(self) -> Mailbox | None:
        """Return the mailbox of the entry; None if it is empty."""
        text = ''.join(self.text).strip()
        named = [each for each in self.angles if '@' in each]
        if self.is_broken or len(named) > 1:
            return Mailbox(text, '', is_clear=False)
        if named:
            name = _unquoted(text) or _unquoted(' '.join(self.comments))
            address = _ROUTE.sub('', named[0].strip(), count=1)
        else:
            name, address = ' '.join(self.comments), text
        if _is_address(address):
            return Mailbox(name, address)
        if not (text or self.angles):
            return None
        if _is_address(text.strip('<>')):
            # One of its brackets is missing.
            return Mailbox('', text.strip('<>'), is_clear=False)
        return Mailbox(_unquoted(text), '', is_clear='@' not in address)


def entries(value: str) -> Iterator[Entry]:
    """Yield the entries of one field, in order; the last one ends where it ends."""
    reading = _Reading()
    start = position = 0
    while position < len(value):
        found = _STEP.match(value, position)
        assert found is not None
        position = found.end()
        match found.lastgroup:
            case 'angle':
                reading.angles.append(found[0][1:-1])
            case 'comment':
                end = _end_of_comment(value, position)
                reading.comments.append(value[position : end - 1].strip())
                reading.is_broken |= end > len(value)
                position = end
            case 'open':
                # The end of the name is not clear.
                reading.is_broken = True
                break
            case 'end':
                yield Entry(reading.read(), start, found.start())
                reading, start = _Reading(), position
            case 'group' if not reading.angles:
                # The text before it is the name of a group, not an address.
                reading = _Reading(is_broken=any('@' in each for each in reading.plain))
            case kind:
                reading.text.append(found[0])
                if kind == 'text':
                    reading.plain.append(found[0])
    yield Entry(reading.read(), start, len(value))


def _end_of_comment(value: str, position: int) -> int:
    """Return the end of a comment; beyond the end of the value if it is not closed."""
    depth = 1
    while position < len(value):
        found = _COMMENT_STEP.match(value, position)
        assert found is not None
        position = found.end()
        depth += {'(': 1, ')': -1}.get(found[0], 0)
        if not depth:
            return position
    return len(value) + 1


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None and '=?' not in text


def _unquoted(text: str) -> str:
    """Return a name without its quotes, and with single blanks."""
    plain = re.sub(_QUOTED, lambda quoted: _ESCAPED.sub(r'\1', quoted[0][1:-1]), text)
    return ' '.join(plain.split())
