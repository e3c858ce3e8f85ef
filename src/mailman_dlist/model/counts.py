# SPDX-License-Identifier: GPL-3.0-or-later
"""Count posts and their deliveries, by conversation, month and poster.

The counters are changed in the transaction that records that a post was sent out, so
that statistics are read without a search through all posts.  Each post keeps what it
added to them: when posts move to another conversation, the counters move along.

A post is counted when its ``plain_deliveries`` are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from mailman.database.types import SAUnicode
from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from public import public
from sqlalchemy import (
    BigInteger,
    Index,
    Select,
    String,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mailman_dlist.model.base import Base
from mailman_dlist.model.conversations import Conversation, ConversationMessage
from mailman_dlist.model.core import address, member
from mailman_dlist.model.memberships import delivery_mode, delivery_status, members
from mailman_dlist.model.session import store


# Such as 2026-07.
MONTH_LENGTH = 7


@public
class PostCount(Base):
    """The posts of one poster in a conversation in one month.

    :param conversation_number: Not a foreign key: the counters of a deleted
        conversation stay.
    :param poster: See `domain.posters`.
    """

    __tablename__ = 'dlist_post_count'
    __table_args__ = (Index('ix_dlist_post_count_list_id', 'list_id', 'month'),)

    conversation_number: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False
    )
    month: Mapped[str] = mapped_column(String(MONTH_LENGTH), primary_key=True)
    poster: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False
    )
    list_id: Mapped[str] = mapped_column(SAUnicode)
    posts: Mapped[int]
    deliveries: Mapped[int]
    plain_deliveries: Mapped[int]


_table: Any = PostCount.__table__
_key = [column.name for column in _table.primary_key]
_counters = ('posts', 'deliveries', 'plain_deliveries')


@public
class By(Enum):
    """The grouping of the counters: by month or by conversation."""

    month = 'month'
    conversation = 'conversation'


@public
class Total(NamedTuple):
    """The counters of a month, of a conversation, or of both.

    :param month: None for all months.
    :param conversation: The present name; None for all conversations, and for those
        that were deleted.
    """

    month: str | None
    conversation: str | None
    posts: int
    posters: int
    deliveries: int
    plain_deliveries: int


@public
def count_post(message: ConversationMessage, unwanted: str | None) -> None:
    """Count a post that is sent out, once, with the commit that records this.

    :param unwanted: The author's address, if a plain list sends no copy to it.
    """
    of_this = ConversationMessage.id == message.id
    conversation, posted_at = message.conversation_id, message.posted_at
    assert posted_at is not None
    with store().no_autoflush:
        result: Any = store().execute(
            update(ConversationMessage)
            # Another process may have had another copy of the message.
            .where(of_this, ConversationMessage.plain_deliveries.is_(None))
            .values(
                plain_deliveries=_plain_deliveries(message.list_id, unwanted)
            )
            .execution_options(synchronize_session=False)
        )
    if not result.rowcount:
        return
    store().flush()
    # From the table: the post may have moved to another conversation since it was read.
    number = func.coalesce(ConversationMessage.conversation_id, conversation)
    store().execute(
        _add(
            select(
                number,
                literal(month_of(posted_at)),
                ConversationMessage.poster,
                ConversationMessage.list_id,
                literal(1),
                ConversationMessage.deliveries,
                ConversationMessage.plain_deliveries,
            ).where(of_this)
        )
    )


def month_of(moment: datetime) -> str:
    return f'{moment:%Y-%m}'


def _plain_deliveries(list_id: str, unwanted: str | None) -> Any:
    """Select the number of recipients that a post to a plain list would have now."""
    found = (
        select(func.count(address.c.id.distinct()))
        .select_from(members(member))
        .where(
            member.c.list_id == list_id,
            # Equality makes SQLite, which has no statistics here, walk the
            # members of the whole site by the index on the role.
            member.c.role.between(MemberRole.member, MemberRole.member),
            delivery_mode == DeliveryMode.regular,
            delivery_status == DeliveryStatus.enabled,
        )
    )
    if unwanted is not None:
        found = found.where(address.c.email != unwanted)
    return found.scalar_subquery()


def _add(rows: Select[Any]) -> Any:
    """Insert rows, or add them to those that exist, in one statement."""
    columns = [*_key, 'list_id', *_counters]
    statement: Any
    if store().get_bind().dialect.name in ('mysql', 'mariadb'):
        statement = mysql.insert(_table).from_select(columns, rows)
        added = statement.inserted
        return statement.on_duplicate_key_update(
            {name: _table.c[name] + added[name] for name in _counters}
        )
    dialect = sqlite if store().get_bind().dialect.name == 'sqlite' else postgresql
    statement = dialect.insert(_table).from_select(columns, rows)
    added = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=_key,
        set_={name: _table.c[name] + added[name] for name in _counters},
    )


@public
def recount(list_id: str, numbers: Collection[int]) -> None:
    """Set the counters of conversations by the posts that they have now.

    Call it after posts have moved from one of them to another, in the same transaction.
    """
    store().flush()
    store().execute(
        delete(PostCount)
        .where(PostCount.conversation_number.in_(numbers))
        .execution_options(synchronize_session=False)
    )
    posts = store().execute(
        select(
            ConversationMessage.conversation_id,
            ConversationMessage.posted_at,
            ConversationMessage.poster,
            ConversationMessage.deliveries,
            ConversationMessage.plain_deliveries,
        ).where(
            ConversationMessage.conversation_id.in_(numbers),
            ConversationMessage.plain_deliveries.is_not(None),
        )
    )
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for number, posted_at, poster, *sent in posts:
        of_poster = sums[number, month_of(posted_at), poster]
        for place, value in enumerate((1, *sent)):
            of_poster[place] += value
    if sums:
        store().execute(
            insert(PostCount),
            [
                dict(zip(_key, key, strict=True))
                | dict(zip(_counters, values, strict=True))
                | {'list_id': list_id}
                for key, values in sums.items()
            ],
        )


@public
def totals(
    list_id: str, by: By | None = None, *, start: int = 0, count: int | None = None
) -> Iterable[Total]:
    """Return a page of the totals: months in their order, conversations by name.

    :param by: None for each conversation in each month.
    """
    rows = store().execute(_totals(list_id, by).offset(start).limit(count))
    # MariaDB's sums are decimals.
    return [Total(row[0], row[1], *map(int, row[2:])) for row in rows]


@public
def size(list_id: str, by: By | None = None) -> int:
    """Return the number of rows of all pages of `totals`."""
    found = _totals(list_id, by).order_by(None).subquery()
    return store().scalar(select(func.count()).select_from(found)) or 0


def _totals(list_id: str, by: By | None) -> Select[Any]:
    none = literal(None, String)
    month = none if by is By.conversation else PostCount.month
    name = none if by is By.month else Conversation.name
    keys = [key for key in (month, name) if key is not none]
    return (
        select(
            month.label('month'),
            name.label('conversation'),
            func.sum(PostCount.posts).label('posts'),
            func.count(PostCount.poster.distinct()).label('posters'),
            func.sum(PostCount.deliveries).label('deliveries'),
            func.sum(PostCount.plain_deliveries).label('plain_deliveries'),
        )
        .select_from(PostCount)
        .outerjoin(
            Conversation, Conversation.id == PostCount.conversation_number
        )
        .where(PostCount.list_id == list_id)
        .group_by(*keys)
        .order_by(*keys)
    )
