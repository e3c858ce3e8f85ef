# SPDX-License-Identifier: GPL-3.0-or-later
"""Which conversation each message of an archive belongs to, worked out afresh.

Written from the text of DESIGN, section 3, and from nothing else, so that it
does not repeat the mistakes of the code that it is compared to.  It knows the
header fields of a message, and whether it was sent to open a conversation; it
does not know names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message


# 'the conversation that it opens also owns the ids it refers to (at most 20)'
OWNED = 20

MESSAGE_ID = re.compile(r'<([^<>\s]+@[^<>\s]+)>')


class Threads:
    """The conversations of one list, as messages come in."""

    def __init__(self) -> None:
        # Message-id -> the message-id that opened its conversation.
        self.conversation_of: dict[str, str] = {}
        self.delivered: set[str] = set()

    def receive(self, message: Message, extension: str = '') -> str | None:
        """Return the message-id that opened the conversation of a message.

        :param extension: ``''``, ``new``, or ``new+name``.
        :return: None where it was delivered before.
        """
        own_id = ids(message.get_all('message-id', []))[0]
        if own_id in self.delivered:
            return None
        self.delivered.add(own_id)
        answered = ids(message.get_all('in-reply-to', []))
        # 'the nearest of References known on this list, walking back'
        answered += reversed(ids(message.get_all('references', [])))
        named = extension.startswith('new+')
        # 'the late parent and other replies to it join'
        known = [] if named else [*answered, own_id]
        conversation = next(
            (self.conversation_of[each] for each in known if each in
             self.conversation_of),
            None,
        )
        if conversation is None:
            conversation = own_id
            for each in list(dict.fromkeys(answered))[:OWNED]:
                self.conversation_of.setdefault(each, conversation)
        self.conversation_of[own_id] = conversation
        return conversation


def ids(fields: Iterable[object]) -> list[str]:
    """Return the message-ids in some fields; the angle brackets are optional."""
    found: list[str] = []
    for field in map(str, fields):
        bracketed = MESSAGE_ID.findall(field)
        bare = field.split() if '@' in field and '<' not in field else []
        found += bracketed or (bare if len(bare) == 1 else [])
    return found
