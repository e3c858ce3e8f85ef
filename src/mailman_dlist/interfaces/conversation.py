# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces for conversations and their messages."""

from __future__ import annotations

import enum

from public import public
from zope.interface import Attribute, Interface

from mailman_dlist.domain.following import Access as Access


@public
class Posting(enum.Enum):
    """The treatment of replies in a conversation; moderators may always post."""

    open = 1
    #: Each reply waits for a moderator.
    held = 2
    #: Replies are refused.
    closed = 3


@public
class MessageKind(enum.Enum):
    """How the list knows a Message-ID."""

    #: Posted to the list under this id, and opened the conversation.
    opening = 1
    #: Posted to the list under this id later.
    reply = 2
    #: Referred to by the opening message, not seen yet.
    awaited = 3
    #: The published id of a message, if it differs from the original one.
    published = 4

    @property
    def is_post(self) -> bool:
        return self in (MessageKind.opening, MessageKind.reply)


@public
class IConversation(Interface):
    """A first message and its replies."""

    id = Attribute('A number that is never used again.')

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    name = Attribute('The name that stands in addresses.')

    subject = Attribute('The subject of the opening message, decoded.')

    opened_at = Attribute('When it was opened, UTC without a time zone.')

    last_post_at = Attribute('When its last message was posted.')

    reopened_at = Attribute('When it was last reopened, None if it never was.')

    split_from = Attribute(
        'The number of the conversation that it was split from, None if it was not.')

    posting = Attribute('A `Posting`: open, held or closed.')

    access = Attribute('An `Access`: open, moderated or invitation.')

    mandatory = Attribute('True if every member receives it.')


@public
class IConversationMessage(Interface):
    """A message-id that belongs to a conversation."""

    conversation = Attribute('The `IConversation`, None if it was deleted.')

    message_id = Attribute('The message-id, without angle brackets.')

    kind = Attribute('A `MessageKind`.')

    post = Attribute('Of a published id, what was posted; None else.')

    posted_at = Attribute('When it was accepted, None unless posted.')

    delivered_at = Attribute('When all its copies had been queued.')

    digested_at = Attribute('When the digest with it had been queued.')
