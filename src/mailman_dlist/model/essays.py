# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of newcomers who were asked, and of their answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mailman.database import types
from public import public
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column
from zope.interface import implementer

from mailman_dlist.domain.confirmation import TOKEN_LENGTH
from mailman_dlist.interfaces.essay import IEssay
from mailman_dlist.model import owners
from mailman_dlist.model.base import LONG_TEXT, Base
from mailman_dlist.model.core import lists, pended
from mailman_dlist.model.lists import Dlist, is_dlist
from mailman_dlist.model.memberships import is_live
from mailman_dlist.model.session import store


@public
@implementer(IEssay)
class Essay(Base):
    """See `IEssay`."""

    __tablename__ = 'dlist_essay'

    token: Mapped[str] = mapped_column(String(TOKEN_LENGTH), primary_key=True)
    list_id: Mapped[str] = mapped_column(types.SAUnicode, index=True)
    email: Mapped[str] = mapped_column(types.SAUnicode)
    pending: Mapped[str | None] = mapped_column(types.SAUnicode, index=True)
    invited: Mapped[bool]
    answer: Mapped[str | None] = mapped_column(LONG_TEXT)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    member_id: Mapped[UUID | None] = mapped_column(types.UUID, index=True)


@public
def essay(token: str) -> Essay | None:
    """Return the request that an answer by mail belongs to."""
    return store().get(Essay, token)


@public
def claimed(token: str) -> Essay | None:
    """Return a request as it is now, locked against changes until a commit."""
    list_id = store().scalar(select(Essay.list_id).where(Essay.token == token))
    if list_id is None:
        return None
    owners.hold(list_id)
    # SQLite has no SELECT FOR UPDATE, but every database locks a row for an update.
    store().execute(
        update(Essay)
        .where(Essay.token == token)
        .values(list_id=Essay.list_id)
        .execution_options(synchronize_session=False)
    )
    return store().get(Essay, token, populate_existing=True)


@public
def end(essay: Essay) -> bool:
    """Delete a request and its answer, unless it has continued since it was read.

    :return: Whether it was deleted.
    """
    result: Any = store().execute(
        update(Essay)
        .where(
            Essay.token == essay.token,
            Essay.pending == essay.pending,
            Essay.member_id.is_(None),
        )
        .values(email='', pending=None, answer=None)
        .execution_options(synchronize_session=False)
    )
    store().expire(essay)
    return bool(result.rowcount)


@public
def with_pending(pending: str) -> Essay | None:
    """Return the request that has this token of Mailman's."""
    return store().scalars(select(Essay).where(Essay.pending == pending)).first()


@public
def of_newcomer(list_id: str, email: str, *, answered: bool) -> Essay | None:
    """Return the latest request of somebody who is not a member yet.

    Two requests at the same moment may both have been accepted.
    """
    has_answer = Essay.answer.is_not(None)
    return store().scalars(
        select(Essay)
        .where(
            Essay.list_id == list_id,
            Essay.email == email,
            Essay.member_id.is_(None),
            has_answer if answered else not_(has_answer),
        )
        .order_by(Essay.asked_at.desc(), Essay.token)
    ).first()


@public
def of_member(member_id: UUID) -> Essay | None:
    """Return the answer that a member gave before joining, while it is stored."""
    return store().scalars(
        select(Essay).where(Essay.member_id == member_id, is_live(Essay.member_id))
    ).first()


@public
def page(list_id: str, start: int = 0, count: int | None = None) -> Sequence[Essay]:
    """Return a page of the people who were asked, pending and stored, oldest first."""
    return store().scalars(
        _alive(list_id)
        .order_by(Essay.asked_at, Essay.token)
        .offset(start)
        .limit(count)
    ).all()


@public
def size(list_id: str) -> int:
    """Return the number of rows of all pages of `page`."""
    alive = _alive(list_id).subquery()
    return store().scalar(select(func.count()).select_from(alive)) or 0


def _alive(list_id: str) -> Select[tuple[Essay]]:
    return select(Essay).where(
        Essay.list_id == list_id,
        or_(
            and_(Essay.pending.is_not(None), Essay.member_id.is_(None)),
            is_live(Essay.member_id),
        ),
    )


@public
def shown(list_id: str, pending: str) -> str | None:
    """Return the answer to show with a request of Mailman's; '' before there is one.

    None for a plain list, and if nobody is asked.
    """
    row = store().execute(
        select(Dlist.essay, Essay.token, Essay.answer)
        .select_from(Dlist)
        .join(lists, lists.c.list_id == Dlist.list_id)
        .outerjoin(
            Essay, and_(Essay.list_id == Dlist.list_id, Essay.pending == pending)
        )
        .where(Dlist.list_id == list_id, is_dlist)
    ).first()
    if row is None or not (row.essay or row.token):
        return None
    return row.answer or ''


@public
def is_pending(token: str) -> bool:
    """Return whether Mailman has a request, after waiting for a process deleting it."""
    found = select(pended.c.id).where(pended.c.token == token)
    return store().scalar(found.with_for_update(read=True)) is not None


@public
def lapsed() -> Sequence[Essay]:
    """Return the rows whose request Mailman has deleted."""
    return store().scalars(
        select(Essay)
        .outerjoin(pended, pended.c.token == Essay.pending)
        .where(
            Essay.pending.is_not(None),
            Essay.member_id.is_(None),
            pended.c.id.is_(None),
        )
        .execution_options(populate_existing=True)
    ).all()


@public
def due(before: datetime, count: int) -> Sequence[Essay]:
    """Return some rows whose mail was due by a time and has not been sent."""
    return store().scalars(
        select(Essay)
        .where(
            Essay.mailed_at.is_(None),
            Essay.pending.is_not(None),
            func.coalesce(Essay.answered_at, Essay.asked_at) < before,
        )
        .order_by(Essay.asked_at)
        .limit(count)
    ).all()


@public
def retentions() -> Sequence[tuple[str, int]]:
    """Return the lists that store answers for a limited time, and the days."""
    return [
        (list_id, days)
        for list_id, days in store().execute(
            select(Dlist.list_id, Dlist.essay_retention).where(
                Dlist.essay_retention > 0
            )
        )
    ]


@public
def forget_joined(list_id: str, before: datetime) -> None:
    """Delete the answers of members who joined before a time."""
    _forget(Essay.list_id == list_id, Essay.joined_at < before)


@public
def forget_of_member(member_id: UUID) -> None:
    """Delete a member's answer."""
    _forget(Essay.member_id == member_id)


@public
def forget_over(before: datetime) -> None:
    """Delete the rest of requests that were made before a time and are over."""
    _forget(
        Essay.pending.is_(None), Essay.member_id.is_(None), Essay.asked_at < before
    )


def _forget(*which: ColumnElement[bool]) -> None:
    # SQLite has one writer, even if it changes nothing.
    if store().scalar(select(Essay.token).where(*which).limit(1)) is not None:
        store().execute(delete(Essay).where(*which))
