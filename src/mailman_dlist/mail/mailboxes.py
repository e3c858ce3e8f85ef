# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and addresses in a header field, taken apart before anything is decoded.

Mail programs encode commas, brackets and whole addresses in display names; decoded
first, a name would become addresses.  So the field is split as it came, and encoded
words are parts of names.

Reading takes time that grows with the length of the field alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


# Characters of one field, which we chose: some 5,000 addresses.  What stands below
# that much is not read.
LONGEST_FIELD = 200_000

_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'

# One step through a field, outside of comments.  An encoded word is one whatever is
# in it: some programs leave commas in it that RFC 2047, section 5, forbids.
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
# RFC 5322, section 4.4: the way to an address, which nobody goes today.
_ROUTE = re.compile(r'@[^:]*:')

_ESCAPED = re.compile(r'\\(.)', re.DOTALL)


class Mailbox(NamedTuple):
    """One entry of a field of addresses.

    :param name: As it came, encoded words and all; without quotes and comments.
    :param address: As it came; '' if the entry has none, or not exactly one.
    :param is_clear: False if something looks like an address and is not written as
        one, so that others may read something else.
    """

    name: str
    address: str
    is_clear: bool = True


def mailboxes(values: Iterable[str]) -> Iterator[Mailbox]:
    """Yield what the values of fields name, in their order.

    >>> [(name, address) for name, address, _is_clear in mailboxes([
    ...     '"bart@example.com, for Anne" <anne@example.com>, Ants: a@example.com;'
    ... ])]
    [('bart@example.com, for Anne', 'anne@example.com'), ('', 'a@example.com')]
    """
    for value in values:
        yield from _mailboxes(value[:LONGEST_FIELD].replace('\r', '').replace('\n', ''))
        if len(value) > LONGEST_FIELD:
            yield Mailbox('', '', is_clear=False)


@dataclass
class _Entry:
    """What has been read of an entry."""

    text: list[str] = field(default_factory=list)
    #: The same without what is quoted or encoded.
    plain: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_broken: bool = False

    def read(self) -> Mailbox | None:
        """Return what it names; None if there is nothing."""
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
            # Half of its brackets are missing.
            return Mailbox('', text.strip('<>'), is_clear=False)
        return Mailbox(_unquoted(text), '', is_clear='@' not in address)


def _mailboxes(value: str) -> Iterator[Mailbox]:
    entry = _Entry()
    position = 0
    while position < len(value):
        found = _STEP.match(value, position)
        assert found is not None
        position = found.end()
        match found.lastgroup:
            case 'angle':
                entry.angles.append(found[0][1:-1])
            case 'comment':
                end = _end_of_comment(value, position)
                entry.comments.append(value[position : end - 1].strip())
                entry.is_broken |= end > len(value)
                position = end
            case 'open':
                # Nobody knows where the name ends.
                entry.is_broken = True
                break
            case 'end':
                mailbox = entry.read()
                if mailbox is not None:
                    yield mailbox
                entry = _Entry()
            case 'group' if not entry.angles:
                # What stands before it is the name of a group, and no address.
                entry = _Entry(is_broken=any('@' in each for each in entry.plain))
            case kind:
                entry.text.append(found[0])
                if kind == 'text':
                    entry.plain.append(found[0])
    mailbox = entry.read()
    if mailbox is not None:
        yield mailbox


def _end_of_comment(value: str, position: int) -> int:
    """Return where a comment ends; beyond the value where it does not."""
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
    """Return a name without its quotes, blanks in a row as one."""
    plain = re.sub(_QUOTED, lambda quoted: _ESCAPED.sub(r'\1', quoted[0][1:-1]), text)
    return ' '.join(plain.split())
