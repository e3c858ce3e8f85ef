# SPDX-License-Identifier: GPL-3.0-or-later
"""What a digest looks like: Mailman's own, its contents by conversation.

Above the subjects of each conversation the table of contents has its subject, and
the addresses to answer, follow and mute it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from itertools import count
from typing import Any, TypeAlias

from mailman.interfaces.member import DeliveryMode
from mailman.runners.digest import MIMEDigester, RFC1153Digester
from public import public

from mailman_dlist.app.letters import duplicate
from mailman_dlist.interfaces.mailman import MailingList, Message


@public
@dataclass(frozen=True)
class Topic:
    """The messages of one conversation in a digest.

    :param heading: What the table of contents says above them; '' for nothing.
    """

    heading: str
    messages: list[Message]


class _ByConversation:
    _toc: StringIO

    def add_heading(self, text: str) -> None:
        """Begin a conversation in the table of contents."""
        print(text.rstrip(), end='\n\n', file=self._toc)

    def end_topic(self) -> None:
        print(file=self._toc)


class MIMEDigest(_ByConversation, MIMEDigester):
    """A digest in which every message is whole."""

    def add_message(self, msg: Message, count: int) -> None:
        """Add a copy of the message, which shares its texts with all others."""
        super().add_message(_Original(msg), count)


class _Original:
    """A message of which Mailman's deep copies are `duplicate` ones."""

    def __init__(self, msg: Message):
        self._msg = msg

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        return duplicate(self._msg)


class PlainDigest(_ByConversation, RFC1153Digester):
    """A digest that is one text (RFC 1153)."""

    def add_message(self, msg: Message, count: int) -> None:
        """Add the message to the digest, whatever it takes for a charset."""
        before = self._text.tell()
        try:
            super().add_message(msg, count)
        except UnicodeError:
            # Python has codecs, such as idna, that are no charsets of mail.
            self._text.seek(before)
            self._text.truncate()
            super().add_message(_without_charsets(msg), count)


def _without_charsets(msg: Message) -> Message:
    double = copy.deepcopy(msg)
    for part in double.walk():
        part.del_param('charset')
    return double


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
    """Write a digest of these messages, in their order."""
    digest = kind(mlist, volume, number)
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
