# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep data of ended memberships for a day.

The rows about a member, in the tables of `OF_MEMBERS`, outlive the membership by
`KEPT`, so that a new membership of the same user or address can take them over:
Postorius changes the address of a subscription by unsubscribing and subscribing again.
In the meantime they belong to nobody.  Queries of these rows must also select the
member, or use `memberships.is_live`.

Every ``member_id`` in these tables is that of a member, or of a row in this table; they
are deleted with that row.  All rows of a list are deleted with the list.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mailman.database import types
from public import public
from sqlalchemy import (
    Connection,
    DateTime,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.base import Base
from mailman_dlist.model.core import address, member, user
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.events import Event
from mailman_dlist.model.following import MemberChoice, MemberSettings, Pause
from mailman_dlist.model.lists import Dlist
from mailman_dlist.model.memberships import is_live
from mailman_dlist.model.session import store


#: How long rows outlive the membership.
KEPT = timedelta(days=1)

#: The tables with rows about one member, in the column ``member_id``.
OF_MEMBERS: tuple[Any, ...] = (
    MemberChoice,
    Pause,
    MemberSettings,
    Alias,
    AliasRequest,
    Essay,
)


@public
class Former(Base):
    """A membership of a dlist that ended less than `KEPT` ago, or a little more.

    :param email: Its address at that time, if it had one.
    :param user_id: Its user at that time, if it had one.
    """

    __tablename__ = 'dlist_former'

    member_id: Mapped[UUID] = mapped_column(types.UUID, primary_key=True)
    list_id: Mapped[str] = mapped_column(types.SAUnicode, index=True)
    email: Mapped[str | None] = mapped_column(types.SAUnicode)
    user_id: Mapped[UUID | None] = mapped_column(types.UUID)
    ended_at: Mapped[datetime] = mapped_column(index=True)


@public
def end(connection: Connection, member_id: UUID, moment: datetime) -> None:
    """Keep the rows about a member whose membership is about to be deleted.

    They are deleted instead if nobody could take them over, if the list has never been
    a dlist, or if it is being deleted.
    """
    # Wait for processes that write rows about the member, see `owners`.
    connection.execute(
        select(member.c.id).where(member.c._member_id == member_id).with_for_update()
    )
    subscriber, owner = user.alias('subscriber'), user.alias('owner')
    whose = func.coalesce(subscriber.c._user_id, owner.c._user_id)
    ended = (
        select(
            member.c._member_id,
            member.c.list_id,
            address.c.email,
            whose,
            literal(moment, DateTime),
        )
        .select_from(member)
        .outerjoin(subscriber, subscriber.c.id == member.c.user_id)
        .outerjoin(
            address,
            address.c.id
            == func.coalesce(member.c.address_id, subscriber.c._preferred_address_id),
        )
        .outerjoin(owner, owner.c.id == address.c.user_id)
        .where(
            member.c._member_id == member_id,
            or_(address.c.email.is_not(None), whose.is_not(None)),
            exists().where(Dlist.list_id == member.c.list_id),
        )
    )
    columns = ['member_id', 'list_id', 'email', 'user_id', 'ended_at']
    result = connection.execute(insert(Former).from_select(columns, ended))
    if not result.rowcount:
        _forget(connection, member_id)


@public
def take_over(
    list_id: str, member_id: UUID, email: str, user_id: UUID | None, moment: datetime
) -> bool:
    """Give a new member what the same user or address had on the list.

    :return: Whether there was a membership to take over.
    """
    before = store().scalar(
        select(Former.member_id)
        .where(
            Former.list_id == list_id,
            Former.ended_at > moment - KEPT,
            or_(Former.email == email, Former.user_id == user_id),
        )
        .order_by(Former.ended_at.desc(), Former.member_id)
        .limit(1)
    )
    if before is None:
        return False
    store().flush()
    for row in list(store()):
        # From now on it has another key.
        if isinstance(row, OF_MEMBERS) and row.member_id == before:
            store().expunge(row)
    for table in OF_MEMBERS:
        store().execute(
            update(table)
            .where(table.member_id == before)
            .values(member_id=member_id)
            .execution_options(synchronize_session=False)
        )
    store().execute(
        update(Event)
        .where(Event.about == before)
        .values(about=member_id)
        .execution_options(synchronize_session=False)
    )
    store().execute(
        delete(Former)
        .where(Former.member_id == before)
        .execution_options(synchronize_session=False)
    )
    return True


@public
def release_alias(list_id: str, email: str) -> None:
    """Delete an alias that a former member had, so that another member can have it."""
    store().execute(
        delete(Alias)
        .where(
            Alias.list_id == list_id,
            Alias.email == email,
            ~is_live(Alias.member_id),
        )
        .execution_options(synchronize_session=False)
    )


@public
def forget(moment: datetime) -> None:
    """Delete what was kept of memberships that ended too long ago to be taken over."""
    ended = store().scalars(
        select(Former.member_id).where(Former.ended_at <= moment - KEPT)
    ).all()
    for member_id in ended:
        _forget(store().connection(), member_id)
        store().execute(delete(Former).where(Former.member_id == member_id))


def _forget(connection: Connection, member_id: UUID) -> None:
    for table in OF_MEMBERS:
        connection.execute(delete(table).where(table.member_id == member_id))
