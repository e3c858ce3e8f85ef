# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a digest in Mailman's formats, grouped by conversation.

In the table of contents, each conversation has a heading with its subject and the
addresses to reply, follow and mute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from itertools import count
from typing import Any, TypeAlias

from mailman.interfaces.member import DeliveryMode
from mailman.runners.digest import MIMEDigester, RFC1153Digester
from public import public

from mailman_dlist.app.copies.sharing import duplicate
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.mail.charsets import is_charset


@public
@dataclass(frozen=True)
class Topic:
    """The messages of one conversation in a digest.

    :param heading: The text above them in the table of contents; '' for none.
    """

    heading: str
    messages: list[Message]


class _ByConversation:
    _toc: StringIO

    def __init__(self, *which: Any, charset: str):
        self._chosen_charset = charset
        super().__init__(*which)

    @property
    def _charset(self) -> str:
        return self._chosen_charset

    @_charset.setter
    def _charset(self, charset: str) -> None:
        """Ignore the charset that Mailman sets, in which it would write at once."""

    def add_toc(self, count: int) -> None:
        """Add the table of contents.

        Only a message that bypassed our LMTP server may contain half a character in it.
        """
        self._toc = StringIO(self._toc.getvalue().encode(errors='replace').decode())
        super().add_toc(count)  # type: ignore[misc]

    def add_heading(self, text: str) -> None:
        """Begin a conversation in the table of contents."""
        print(text.rstrip(), end='\n\n', file=self._toc)

    def end_topic(self) -> None:
        print(file=self._toc)


class MIMEDigest(_ByConversation, MIMEDigester):
    """A digest that contains every message as a MIME part."""

    def add_message(self, msg: Message, count: int) -> None:
        """Add a copy of the message, which shares its texts with all others."""
        super().add_message(_Original(msg), count)


class _Original:
    """A message whose deep copies by Mailman are made by `duplicate`."""

    def __init__(self, msg: Message):
        self._msg = msg

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        return duplicate(self._msg)


#: The parameters of a part that Mailman decodes, and of which fields they are.
READ = (
    ('charset', 'Content-Type'),
    ('name', 'Content-Type'),
    ('filename', 'Content-Disposition'),
)


class PlainDigest(_ByConversation, RFC1153Digester):
    """A digest that is one plain text (RFC 1153)."""

    def add_message(self, msg: Message, count: int) -> None:
        """Add the message to the digest, whatever charset it claims."""
        super().add_message(_readable(msg), count)


def _readable(msg: Message) -> Message:
    """Return the message so that Mailman can read all texts and file names in it.

    A message that it cannot read would stop the digest for everybody.
    """
    if all(map(_is_readable, msg.walk())):
        return msg
    double = duplicate(msg)
    for part in double.walk():
        if not _is_readable(part):
            kind = part.get_content_type()
            del part['Content-Type'], part['Content-Disposition']
            part['Content-Type'] = kind
    return double


def _is_readable(part: Message) -> bool:
    try:
        given = [part.get_param(name, header=field) for name, field in READ]
    except (TypeError, ValueError):
        # It is in pieces that do not fit (RFC 2231, section 3).
        return False
    charsets = [each[0] or 'us-ascii' for each in given if isinstance(each, tuple)]
    # The name of the charset may be in a charset itself.
    return all(map(is_charset, charsets)) and is_charset(
        part.get_content_charset('us-ascii')
    )


Format: TypeAlias = type[MIMEDigest] | type[PlainDigest]

#: As in Mailman, whose summaries are MIME digests.
FORMATS: dict[DeliveryMode, Format] = {
    DeliveryMode.plaintext_digests: PlainDigest,
    DeliveryMode.mime_digests: MIMEDigest,
    DeliveryMode.summary_digests: MIMEDigest,
}


@public
def compose(
    kind: Format,
    mlist: MailingList,
    volume: int,
    number: int,
    topics: Iterable[Topic],
) -> Message:
    """Return a digest of these messages, in this order.

    It is in the charset of the list's language, if that can encode the list's name and
    the owner's texts.
    """
    which = mlist, volume, number
    topics = list(topics)
    try:
        digest = kind(*which, charset=mlist.preferred_language.charset)
        return _filled(digest, topics)
    except UnicodeEncodeError:
        return _filled(kind(*which, charset='utf-8'), topics)


def _filled(digest: MIMEDigest | PlainDigest, topics: Iterable[Topic]) -> Message:
    places = count(1)
    numbered: list[tuple[Message, int]] = []
    for topic in topics:
        if numbered:
            digest.end_topic()
        if topic.heading:
            digest.add_heading(topic.heading)
        for message in topic.messages:
            place = next(places)
            digest.add_to_toc(message, place)
            numbered.append((message, place))
    digest.add_toc(len(numbered))
    for message, place in numbered:
        digest.add_message(message, place)
    return digest.finish()
