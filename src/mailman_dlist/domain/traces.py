# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove traces that lead from an alias to the member behind it [U15].

Mail programs and servers write the real address, the name of a computer, a time zone or
a key into fields that nobody looks at, and invent new ones every year.  So this module
lists what may stay, and removes everything else from the fields of the message and of
its parts.  The author's own text stays, with its signature and quotations, and so do
attached files.  Signed or encrypted parts stay unchanged to the octet, too.

Other modules tell who the member is, and which messages the list knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import format_datetime, formataddr, parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from mailman_dlist.mail.encodings import UUENCODED, decoded, encoded, encoding_of
from mailman_dlist.mail.fields import mailboxes_in, raw
from mailman_dlist.mail.references import bare, ids_in
from mailman_dlist.mail.texts import SEALED


#: Parts whose payload is a message that another person may have written.
FORWARDED = {'message/rfc822', 'message/global'}

# Of the parameters of a Content-Type.  Programs add their own, from ids of files to
# the type of computer.
PARAMETERS = {
    'charset', 'name', 'type', 'protocol', 'micalg', 'method', 'report-type',
    'smime-type',
}

# The number of letters of a word worth comparing; our choice.
WORD_LETTERS = 3

_WORD = re.compile(r'[^\W\d_]+')
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_COMMENT = re.compile(r'(?<!\s)\s*\(.*')
_REFERENCE = re.compile(rb'cid:([^\s"\'<>()\[\]]+)', re.IGNORECASE)


@dataclass(frozen=True)
class Author:
    """The author of a message from an alias.

    :param alias: The address that everybody may know.
    :param addresses: All other addresses of the member, in any spelling.
    :param names: The names of the member.
    """

    alias: str
    addresses: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class Published:
    """The values that replace those of the mail program.

    :param message_id: The new one, bare.
    :param parents: The ids that may be named, by those that the message names.
    :param auto_submitted: The kind of program that wrote it (RFC 3834); None for a
        person.
    """

    message_id: str
    parents: Mapping[str, str]
    auto_submitted: str | None = None


def remove(msg: Message, author: Author, published: Published, now: datetime) -> None:
    """Remove everything from a message except the author's text and necessary fields.

    :param now: The date for a message without one; UTC without a time zone.
    """
    fields = [
        ('From', formataddr((_name_of_alias(msg, author), author.alias), 'utf-8')),
        ('To', _addresses(msg, 'To', author)),
        ('Cc', _addresses(msg, 'Cc', author)),
        ('Subject', _first(msg, 'Subject')),
        ('Date', _date(msg, now)),
        ('Message-ID', f'<{published.message_id}>'),
        ('In-Reply-To', _parents(msg, 'In-Reply-To', published.parents)),
        ('References', _parents(msg, 'References', published.parents)),
        ('Auto-Submitted', published.auto_submitted),
        ('MIME-Version', '1.0' if 'mime-version' in msg else None),
    ]
    msg.set_unixfrom(None)  # type: ignore[arg-type] # None is the default
    parts = list(_parts(msg))
    ids = _new_ids(parts, published.message_id)
    for part, is_forwarded in parts:
        content = list(_content(part, ids))
        if part is msg:
            _replace(part, [*fields, *content])
        elif is_forwarded:
            _replace(part, [*_of_forwarded(part, author), *content])
        else:
            _replace(part, content)
        if part.is_multipart():
            # Mail programs put signatures here, too; the generator writes what is
            # needed.
            part.preamble = part.epilogue = None
        elif ids:
            _refer(part, ids)


def is_own(address: str, author: Author) -> bool:
    """Return whether an address is the member's, but not the alias that is shown."""
    plain = _plain(address)
    own = any(_plain(each) == plain for each in author.addresses)
    return own and address.lower() != author.alias.lower()


def tells(name: str, author: Author) -> bool:
    """Return whether a display name leads to the member.

    >>> anne = Author('x@example.net', frozenset({'anne@example.com'}),
    ...     frozenset({'Anne Person'}))
    >>> [tells(name, anne) for name in ('The Ant', 'A. PERSON', 'anne@home')]
    [False, True, True]
    """
    folded = _folded(name)
    if '@' in folded and folded != _folded(author.alias):
        return True
    known = {_folded(each) for each in author.names}
    known |= {_plain(each).partition('@')[0] for each in author.addresses}
    if folded.strip() in known:
        return True
    words, own = _words([folded]), _words(known)
    # *Smith* in *asmith*, and *Anne* in *AnneS*.
    return any(one in other or other in one for one in words for other in own)


def _folded(text: str) -> str:
    """Return a text without capitals and accents."""
    apart = unicodedata.normalize('NFKD', text.casefold())
    return ''.join(each for each in apart if not unicodedata.combining(each)).strip()


def _words(texts: Iterable[str]) -> set[str]:
    found = {word for text in texts for word in _WORD.findall(text)}
    return {word for word in found if len(word) >= WORD_LETTERS}


def _plain(address: str) -> str:
    """Return an address for comparison, without the part after a plus."""
    local_part, _at, host = address.strip().casefold().rpartition('@')
    return f'{local_part.partition("+")[0]}@{host}'


def _first(part: Message, field: str) -> str | None:
    """Return the first value of a field as it arrived; None without one."""
    return next(iter(raw(part, field)), None)


def _replace(part: Message, fields: Iterable[tuple[str, str | None]]) -> None:
    """Give a part exactly these fields, in the same order for everybody."""
    for name in set(part.keys()):
        del part[name]
    for name, value in fields:
        if value:
            part[name] = value


def _name_of_alias(msg: Message, author: Author) -> str:
    for name, address in _mailboxes(msg, 'From'):
        if address.lower() == author.alias.lower():
            return '' if tells(name, author) else name
    return ''


def _addresses(part: Message, field: str, author: Author) -> str:
    mailboxes = [
        ('' if tells(name, author) else name, address)
        for name, address in _mailboxes(part, field)
        if not is_own(address, author)
    ]
    return ', '.join(formataddr(each, 'utf-8') for each in mailboxes)


def _mailboxes(part: Message, field: str) -> Iterator[tuple[str, str]]:
    """Yield names, decoded, and addresses that can be written again."""
    for name, address, _is_clear in mailboxes_in(part, field):
        if address and address.isascii() and address.isprintable():
            yield _decoded_name(name), address


def _decoded_name(name: str) -> str:
    try:
        text = str(make_header(decode_header(name)))
        text.encode('utf-8')
    except (LookupError, ValueError):
        # It may contain anything, and nobody could read it.
        return ''
    return ' '.join(text.split()) if text.isprintable() else ''


def _date(msg: Message, now: datetime) -> str:
    """Return the date in UTC: a time zone reveals a place."""
    try:
        moment = parsedate_to_datetime(_first(msg, 'Date') or '')
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return format_datetime(moment.astimezone(UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return format_datetime(now.replace(tzinfo=UTC))


def _parents(msg: Message, field: str, parents: Mapping[str, str]) -> str:
    named = (each for value in raw(msg, field) for each in ids_in(value))
    known = dict.fromkeys(parents[each] for each in named if each in parents)
    return '\n '.join(f'<{each}>' for each in known)


def _of_forwarded(part: Message, author: Author) -> Iterator[tuple[str, str | None]]:
    """Yield the fields of a forwarded message that a reader sees.

    The others tell how it reached the member.
    """
    yield 'From', _first(part, 'From')
    yield 'To', _addresses(part, 'To', author)
    yield 'Cc', _addresses(part, 'Cc', author)
    yield 'Subject', _first(part, 'Subject')
    yield 'Date', _first(part, 'Date')
    yield 'MIME-Version', '1.0' if 'mime-version' in part else None


def _parts(msg: Message) -> Iterator[tuple[Message, bool]]:
    """Yield the parts that may be changed, and whether each is a whole message."""
    waiting = [(msg, False)]
    while waiting:
        part, is_forwarded = waiting.pop()
        yield part, is_forwarded
        content_type = part.get_content_type()
        is_message = content_type in FORWARDED
        if (
            part.is_multipart()
            and content_type not in SEALED
            and (is_message or part.get_content_maintype() == 'multipart')
        ):
            inside: Any = part.get_payload()
            waiting += [(each, is_message) for each in inside]


def _new_ids(
    parts: Iterable[tuple[Message, bool]], message_id: str
) -> dict[str, str]:
    """Return new Content-IDs by the old ones, which reveal a computer or a time."""
    old = (_first(part, 'Content-ID') for part, _is_forwarded in parts)
    found = dict.fromkeys(bare(each) for each in old if each)
    return {
        each: f'part{number}.{message_id}' for number, each in enumerate(found, start=1)
    }


def _content(part: Message, ids: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    if 'content-type' in part:
        yield 'Content-Type', _content_type(part, ids)
    encoding = encoding_of(part)
    if _TOKEN.fullmatch(encoding):
        yield 'Content-Transfer-Encoding', encoding
    disposition = part.get_content_disposition()
    if disposition is not None and _TOKEN.fullmatch(disposition):
        filename = part.get_param('filename', header='content-disposition')
        yield 'Content-Disposition', _with(disposition, [('filename', filename)])
    yield 'Content-Description', _first(part, 'Content-Description')
    yield 'Content-Language', _first(part, 'Content-Language')
    content_id = bare(_first(part, 'Content-ID') or '')
    if content_id:
        yield 'Content-ID', f'<{ids[content_id]}>'


def _content_type(part: Message, ids: Mapping[str, str]) -> str:
    parameters: list[tuple[str, Any]] = []
    for given, value in part.get_params([], unquote=True)[1:]:
        name = given.lower()
        match name, value:
            case 'charset' | 'format' | 'delsp', str():
                parameters.append((name, _COMMENT.sub('', value)))
            case 'start', str():
                new = ids.get(bare(value))
                parameters.append((name, new and f'<{new}>'))
            case 'boundary', _:
                # A new one is made when the message is written, except for text that
                # only claims to have parts.
                if not part.is_multipart():
                    parameters.append((name, value))
            case _ if name in PARAMETERS:
                parameters.append((name, value))
    return _with(part.get_content_type(), parameters)


def _with(value: str, parameters: Iterable[tuple[str, Any]]) -> str:
    """Return a value with its parameters, one of each name."""
    holder = Message()
    holder['Content-Type'] = value
    for name, given in parameters:
        if given and holder.get_param(name) is None:
            charset, text = _text(given)
            holder.set_param(name, text, charset=charset)
    return str(holder['Content-Type'])


def _text(given: str | tuple[str | None, str | None, str]) -> tuple[str | None, str]:
    """Return the charset and the text of a parameter (RFC 2231)."""
    text = given if isinstance(given, str) else _unpacked(given)
    # Lone surrogates stand for undeclared octets beyond ASCII.
    text = text.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
    text = ''.join(each for each in text if each.isprintable())
    return (None if text.isascii() else 'utf-8'), text


def _unpacked(given: tuple[str | None, str | None, str]) -> str:
    charset, _language, text = given
    try:
        return text.encode('latin-1').decode(charset or 'us-ascii')
    except (LookupError, ValueError):
        return text


def _refer(part: Message, ids: Mapping[str, str]) -> None:
    """Change references to pictures in the text to their new ids (RFC 2392)."""
    encoding = encoding_of(part)
    if part.get_content_maintype() != 'text' or encoding in UUENCODED:
        return

    def renamed(match: re.Match[bytes]) -> bytes:
        name = unquote(match[1].decode('latin-1'))
        new = ids.get(name)
        return match[0] if new is None else f'cid:{new}'.encode()

    before = decoded(part, encoding)
    after = _REFERENCE.sub(renamed, before)
    if after != before:
        part.set_payload(encoded(encoding, after))
