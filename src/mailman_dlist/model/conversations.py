# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of conversations, their names, and the Message-IDs of their messages."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from typing import Any, NamedTuple

from mailman.database.types import Enum, SAText, SAUnicode, SAUnicode4Byte
from public import public
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from zope.interface import implementer

from mailman_dlist.domain.errors import Gone
from mailman_dlist.domain.following import Terms
from mailman_dlist.domain.naming import LOCAL_PART_OCTETS
from mailman_dlist.interfaces.conversation import (
    Access,
    IConversation,
    IConversationMessage,
    MessageKind,
    Posting,
)
from mailman_dlist.mail.references import bare, id_hash
from mailman_dlist.model.base import Base
from mailman_dlist.model.session import store


# The length of MySQL's VARCHAR; subjects are for people, names for machines.
SUBJECT_LENGTH = 255

# Base 32 of a SHA-1, as in Mailman's own Message-ID-Hash header.
HASH_LENGTH = 32


@public
class Step(enum.IntFlag):
    """The steps of delivering an accepted message, each of which is done only once."""

    none = 0
    archive = 1
    digest = 2
    usenet = 4
    after_delivery = 8
    acknowledge = 16
    #: Queued for members who will receive replies.
    hearing = 32
    #: Queued for members who receive the opening alone.
    opening = 64


@public
@implementer(IConversation)
class Conversation(Base):
    """See `IConversation`."""

    __tablename__ = 'dlist_conversation'
    __table_args__ = (
        Index('ix_dlist_conversation_list_id', 'list_id', 'last_post_at'),
        # Personal links contain the number of a conversation for years.
        {'sqlite_autoincrement': True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(SAUnicode)
    name: Mapped[str] = mapped_column(String(LOCAL_PART_OCTETS))
    subject: Mapped[str] = mapped_column(SAUnicode4Byte)
    opened_at: Mapped[datetime]
    last_post_at: Mapped[datetime]
    access: Mapped[Access] = mapped_column(Enum(Access), default=Access.open)
    mandatory: Mapped[bool] = mapped_column(default=False)
    posting: Mapped[Posting] = mapped_column(Enum(Posting), default=Posting.open)
    reopened_at: Mapped[datetime | None]
    # Not a foreign key: that conversation may be deleted.
    split_from: Mapped[int | None]

    @property
    def terms(self) -> Terms:
        """Its rules for recipients, apart from choices."""
        return Terms(self.access, self.mandatory)


@public
class ConversationName(Base):
    """A present or former name of a conversation.

    A name belongs to one conversation of a list for ever: old names keep leading to it,
    and the name of a deleted conversation is not used again.
    """

    __tablename__ = 'dlist_name'

    list_id: Mapped[str] = mapped_column(SAUnicode, primary_key=True)
    name: Mapped[str] = mapped_column(String(LOCAL_PART_OCTETS), primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey(Conversation.id), index=True
    )


@public
class Merged(Base):
    """The number of a conversation that was merged into another one.

    Personal links contain it, and so do messages in the queues.
    """

    __tablename__ = 'dlist_merged'

    # Not a foreign key: its conversation does not exist any more.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    list_id: Mapped[str] = mapped_column(SAUnicode)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id), index=True
    )


@public
@implementer(IConversationMessage)
class ConversationMessage(Base):
    """See `IConversationMessage`."""

    __tablename__ = 'dlist_message'
    # A message-id counts only on the list it was posted to.  Its hash is the
    # key: a message-id is longer than some databases can index.
    __table_args__ = (UniqueConstraint('list_id', 'id_hash'),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(SAUnicode)
    id_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    message_id: Mapped[str] = mapped_column(SAText)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey(Conversation.id), index=True
    )
    kind: Mapped[MessageKind] = mapped_column(Enum(MessageKind))
    posted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    steps: Mapped[int] = mapped_column(default=0)
    # One post may be sent out under several ids.
    post_id: Mapped[int | None] = mapped_column(
        ForeignKey('dlist_message.id', ondelete='SET NULL'), index=True
    )
    # Not a step: a digest may be sent while other steps of the message run.
    digested_at: Mapped[datetime | None]
    # See `model.counts`; a post from before the upgrade that added them has none.
    poster: Mapped[int | None] = mapped_column(BigInteger)
    deliveries: Mapped[int] = mapped_column(default=0)
    plain_deliveries: Mapped[int | None]

    conversation: Mapped[Conversation | None] = relationship()
    post: Mapped[ConversationMessage | None] = relationship(remote_side=[id])


@public
def named(list_id: str, name: str) -> Conversation | None:
    """Return the conversation with this name, also by an old name."""
    return store().scalar(
        select(Conversation)
        .join(ConversationName, ConversationName.conversation_id == Conversation.id)
        .where(ConversationName.list_id == list_id, ConversationName.name == name)
    )


@public
def known_names(list_id: str, names: Collection[str]) -> set[str]:
    """Return those names that belong to a conversation of the list."""
    return set(
        store().scalars(
            select(ConversationName.name).where(
                ConversationName.list_id == list_id,
                ConversationName.name.in_(names),
                ConversationName.conversation_id.is_not(None),
            )
        )
    )


@public
def numbered(conversation_id: int) -> Conversation | None:
    """Return the conversation with a number, or the one it was merged into."""
    found = store().get(Conversation, conversation_id)
    if found is not None:
        return found
    return store().scalar(
        select(Conversation)
        .join(Merged, Merged.conversation_id == Conversation.id)
        .where(Merged.number == conversation_id)
    )


@public
def with_hashes(
    list_id: str, hashes: Collection[str]
) -> dict[str, ConversationMessage]:
    """Return the list's records of some Message-IDs, by their hashes.

    Their conversations are loaded as well.
    """
    return {
        row.id_hash: row
        for row in store().scalars(
            select(ConversationMessage)
            .where(
                ConversationMessage.list_id == list_id,
                ConversationMessage.id_hash.in_(hashes),
            )
            .options(joinedload(ConversationMessage.conversation))
        )
    }


@public
def message(list_id: str, message_id: str) -> ConversationMessage | None:
    """Return the list's record of one Message-ID."""
    key = id_hash(message_id)
    return with_hashes(list_id, [key]).get(key)


@public
def add_message(
    conversation: Conversation, message_id: str, kind: MessageKind
) -> ConversationMessage:
    """Record one more Message-ID for the conversation."""
    row = ConversationMessage(
        list_id=conversation.list_id,
        id_hash=id_hash(message_id),
        message_id=bare(message_id),
        conversation=conversation,
        kind=kind,
        steps=Step.none,
        deliveries=0,
    )
    store().add(row)
    return row


@public
def present_conversation(row: ConversationMessage) -> ColumnElement[int]:
    """Return a query of the number of the conversation that a message is in now.

    It may have been merged since the message was read.
    """
    return (
        select(ConversationMessage.conversation_id)
        .where(ConversationMessage.id == row.id)
        .scalar_subquery()
    )


@public
def posted_between(
    conversation: Conversation, start: datetime, end: datetime
) -> int:
    """Return how many messages were posted after one moment and until another."""
    return store().scalar(
        select(func.count()).where(
            ConversationMessage.conversation_id == conversation.id,
            ConversationMessage.posted_at > start,
            ConversationMessage.posted_at <= end,
        )
    ) or 0


@public
def free_name(list_id: str, candidates: Iterator[str]) -> str:
    """Return the first candidate that no conversation of the list ever had.

    Another runner may take it in the meantime: the unique key decides, not this
    function.
    """
    # Twice as many each time, so that a thousand similar names take a few statements.
    sizes = (min(2**power, 4096) for power in count(5))
    while batch := list(islice(candidates, next(sizes))):
        taken = set(
            store().scalars(
                select(ConversationName.name).where(
                    ConversationName.list_id == list_id,
                    ConversationName.name.in_(batch),
                )
            )
        )
        for name in batch:
            if name not in taken:
                return name
    raise LookupError(f'{list_id} has no name left')


@public
def latest_names(list_id: str, limit: int = 1000) -> list[str]:
    """Return the names of the conversations with the latest posts."""
    return list(
        store().scalars(
            select(Conversation.name)
            .where(Conversation.list_id == list_id)
            .order_by(Conversation.last_post_at.desc())
            .limit(limit)
        )
    )


@public
@dataclass(frozen=True)
class Search:
    """The conversations of a list to look for.

    :param closed: None for open and closed ones.
    :param text: A part of the name or the subject; upper and lower case are equal (on
        SQLite only in ASCII).
    """

    list_id: str
    closed: bool | None = None
    text: str = ''


@public
class Overview(NamedTuple):
    """A conversation, and data derived from its messages.

    :param message_id: Of the opening message; None if it is not known.
    """

    conversation: Conversation
    posts: int
    message_id: str | None


@public
def search(
    wanted: Search, *, start: int = 0, count: int | None = None
) -> list[Overview]:
    """Return a page of the conversations that match, latest posts first."""
    rows = store().execute(
        _overview()
        .where(*_matches(wanted))
        .order_by(Conversation.last_post_at.desc(), Conversation.id.desc())
        .offset(start)
        .limit(count)
    )
    return [Overview(*row) for row in rows]


@public
def search_size(wanted: Search) -> int:
    """Return how many conversations match."""
    return store().scalar(select(func.count()).where(*_matches(wanted))) or 0


@public
def overview(conversation: Conversation) -> Overview:
    """Return one conversation with the data derived from its messages.

    :raises Gone: if it does not exist any more.
    """
    found = _overview().where(Conversation.id == conversation.id)
    row = store().execute(found).one_or_none()
    if row is None:
        raise Gone
    return Overview(*row)


@public
def posts(
    conversation: Conversation, *, start: int = 0, count: int | None = None
) -> list[ConversationMessage]:
    """Return a page of the messages that were posted, oldest first."""
    return list(
        store().scalars(
            select(ConversationMessage)
            .where(
                ConversationMessage.conversation_id == conversation.id,
                ConversationMessage.posted_at.is_not(None),
            )
            .order_by(ConversationMessage.posted_at, ConversationMessage.id)
            .offset(start)
            .limit(count)
        )
    )


@public
def opening_and_last_post(
    conversation: Conversation, but: ConversationMessage
) -> list[str]:
    """Return the ids under which the opening and the last post were sent out.

    :param but: A post that is about to be sent, and does not count.
    :return: Two, one if they are the same, or none before anything was sent.
    """
    of_this = select(ConversationMessage.id).where(
        ConversationMessage.conversation_id == conversation.id,
        ConversationMessage.posted_at.is_not(None),
        ConversationMessage.delivered_at.is_not(None),
        ConversationMessage.id != but.id,
    ).limit(1)
    opening = of_this.where(
        ConversationMessage.kind == MessageKind.opening
    ).order_by(ConversationMessage.posted_at, ConversationMessage.id)
    last = of_this.order_by(
        ConversationMessage.posted_at.desc(), ConversationMessage.id.desc()
    )
    wanted = opening.scalar_subquery(), last.scalar_subquery()
    rows = store().execute(
        select(
            ConversationMessage.id,
            ConversationMessage.post_id,
            ConversationMessage.message_id,
            ConversationMessage.kind,
        )
        .where(
            or_(
                *(ConversationMessage.id == each for each in wanted),
                *(ConversationMessage.post_id == each for each in wanted),
            )
        )
        .order_by(ConversationMessage.id)
    ).all()
    # A published id is stored after the original one.
    ids = {row.post_id or row.id: row.message_id for row in rows}
    openings = {row.id for row in rows if row.kind is MessageKind.opening}
    return [ids[each] for each in sorted(ids, key=lambda each: each not in openings)]


def _overview() -> Select[Any]:
    of_this = ConversationMessage.conversation_id == Conversation.id
    posts = select(func.count()).where(
        of_this, ConversationMessage.posted_at.is_not(None)
    )
    opening = (
        select(ConversationMessage.message_id)
        .where(of_this, ConversationMessage.kind == MessageKind.opening)
        .order_by(ConversationMessage.posted_at)
        .limit(1)
    )
    return select(
        Conversation,
        posts.correlate(Conversation).scalar_subquery(),
        opening.correlate(Conversation).scalar_subquery(),
    )


def _matches(wanted: Search) -> Iterator[ColumnElement[bool]]:
    yield Conversation.list_id == wanted.list_id
    if wanted.closed is not None:
        is_closed = Conversation.posting == Posting.closed
        yield is_closed if wanted.closed else ~is_closed
    if wanted.text:
        yield or_(
            Conversation.name.contains(wanted.text.lower(), autoescape=True),
            Conversation.subject.icontains(wanted.text, autoescape=True),
        )
