# SPDX-License-Identifier: GPL-3.0-or-later
"""What members have chosen: for the whole list, and for one conversation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from mailman.database import types
from public import public
from sqlalchemy import (
    CursorResult,
    ForeignKey,
    Index,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from zope.interface import implementer

from mailman_dlist.domain.following import Choice, Default, Reason
from mailman_dlist.interfaces.following import IChoice, IMemberSettings
from mailman_dlist.model.base import Base
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.core import address, lists, member
from mailman_dlist.model.memberships import with_address
from mailman_dlist.model.session import store


@public
@implementer(IMemberSettings)
class MemberSettings(Base):
    """See `IMemberSettings`.  A member without a row has the list's base default."""

    __tablename__ = 'dlist_member'
    __table_args__ = (
        # Who hears everything, on a list where most do not.
        Index('ix_dlist_member_list_id', 'list_id', 'default', 'member_id'),
    )

    member_id: Mapped[UUID] = mapped_column(types.UUID, primary_key=True)
    list_id: Mapped[str] = mapped_column(types.SAUnicode)
    default: Mapped[Default | None] = mapped_column(types.Enum(Default))
    follow_opened: Mapped[bool] = mapped_column(default=True)
    follow_replied: Mapped[bool] = mapped_column(default=True)


@public
@implementer(IChoice)
class MemberChoice(Base):
    """See `IChoice`."""

    __tablename__ = 'dlist_choice'

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id), primary_key=True
    )
    member_id: Mapped[UUID] = mapped_column(
        types.UUID, primary_key=True, index=True
    )
    choice: Mapped[Choice] = mapped_column(types.Enum(Choice))
    reason: Mapped[Reason] = mapped_column(types.Enum(Reason))
    made_at: Mapped[datetime]
    until: Mapped[datetime | None] = mapped_column(index=True)
    then_choice: Mapped[Choice | None] = mapped_column(types.Enum(Choice))
    then_reason: Mapped[Reason | None] = mapped_column(types.Enum(Reason))
    told: Mapped[bool] = mapped_column(default=False)

    conversation: Mapped[Conversation] = relationship()


@public
class Pause(Base):
    """A mute for a while that is over; digests still ask for it."""

    __tablename__ = 'dlist_pause'

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id), primary_key=True
    )
    member_id: Mapped[UUID] = mapped_column(
        types.UUID, primary_key=True, index=True
    )
    began: Mapped[datetime]
    ended: Mapped[datetime] = mapped_column(primary_key=True)


@public
def settings_of(member_id: UUID) -> MemberSettings | None:
    """Return what a member has chosen for the whole list, if anything."""
    return store().get(MemberSettings, member_id)


@public
def choice_of(conversation: Conversation, member_id: UUID) -> MemberChoice | None:
    """Return the member's choice about the conversation, ended or not."""
    return store().get(MemberChoice, (conversation.id, member_id))


@public
def ended(moment: datetime, limit: int) -> list[MemberChoice]:
    """Return choices that have ended, the earliest first."""
    return list(
        store().scalars(
            select(MemberChoice)
            .where(MemberChoice.until <= moment)
            .order_by(MemberChoice.until)
            .limit(limit)
        )
    )


@public
def end(conversation_id: int, member_id: UUID, until: datetime) -> bool:
    """Put what counted before a choice in its place, now that it has ended.

    That it was a mute stays known to the list's digests, if it makes any.

    :return: False when it was made anew meanwhile, or another runner was quicker.
    """
    this = (
        MemberChoice.conversation_id == conversation_id,
        MemberChoice.member_id == member_id,
        MemberChoice.until == until,
    )
    before = {
        'choice': MemberChoice.then_choice,
        'reason': MemberChoice.then_reason,
        'until': None,
        'then_choice': None,
        'then_reason': None,
    }
    muted = (
        select(
            MemberChoice.conversation_id,
            MemberChoice.member_id,
            MemberChoice.made_at,
            MemberChoice.until,
        )
        .join(Conversation)
        .join(lists, lists.c.list_id == Conversation.list_id)
        .where(*this, MemberChoice.choice == Choice.mute, lists.c.digests_enabled)
    )
    columns = ['conversation_id', 'member_id', 'began', 'ended']
    store().execute(insert(Pause).from_select(columns, muted))
    over_nothing = MemberChoice.then_choice.is_(None)
    return any(
        cast(CursorResult[Any], store().execute(statement)).rowcount
        for statement in (
            delete(MemberChoice).where(*this, over_nothing),
            update(MemberChoice).where(*this).values(before),
        )
    )


@public
def choices_of(
    member_id: UUID, conversation_ids: Collection[int]
) -> dict[int, MemberChoice]:
    """Return a member's choices about some conversations, ended or not."""
    rows = store().scalars(
        select(MemberChoice).where(
            MemberChoice.member_id == member_id,
            MemberChoice.conversation_id.in_(conversation_ids),
        )
    )
    return {row.conversation_id: row for row in rows}


@public
class Chosen(NamedTuple):
    """A choice, and the address by which the member is on the list."""

    email: str
    choice: MemberChoice


@public
def choices(
    conversation: Conversation,
    moment: datetime,
    *,
    member_id: UUID | None = None,
    start: int = 0,
    count: int | None = None,
) -> list[Chosen]:
    """Return a page of the choices that hold at a moment, by address.

    :param member_id: Whose; None for everybody's.
    """
    found = _choices(conversation, moment, address.c.email, MemberChoice)
    if member_id is not None:
        found = found.where(MemberChoice.member_id == member_id)
    rows = store().execute(
        found.order_by(address.c.email, MemberChoice.member_id)
        .offset(start)
        .limit(count)
    )
    return [Chosen(*row) for row in rows]


@public
def choice_count(conversation: Conversation, moment: datetime) -> int:
    """Return how many choices hold at a moment."""
    return store().scalar(_choices(conversation, moment, func.count())) or 0


def _choices(
    conversation: Conversation, moment: datetime, *columns: Any
) -> Select[Any]:
    chosen = (
        select(*columns)
        .select_from(MemberChoice)
        .join(member, member.c._member_id == MemberChoice.member_id)
    )
    return with_address(chosen).where(
        MemberChoice.conversation_id == conversation.id,
        or_(MemberChoice.until.is_(None), MemberChoice.until > moment),
    )
