# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of aliases and of requests for aliases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from mailman.database import types
from public import public
from sqlalchemy import String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column
from zope.interface import implementer

from mailman_dlist.domain.confirmation import TOKEN_LENGTH
from mailman_dlist.interfaces.alias import IAlias, IAliasRequest
from mailman_dlist.model.base import Base
from mailman_dlist.model.session import store


@public
@implementer(IAlias)
class Alias(Base):
    """See `IAlias`.  If two members confirm at the same time, the key admits one."""

    __tablename__ = 'dlist_alias'

    list_id: Mapped[str] = mapped_column(types.SAUnicode, primary_key=True)
    email: Mapped[str] = mapped_column(types.SAUnicode, primary_key=True)
    member_id: Mapped[UUID] = mapped_column(types.UUID, index=True)
    confirmed_at: Mapped[datetime]


@public
@implementer(IAliasRequest)
class AliasRequest(Base):
    """See `IAliasRequest`.

    Each request has a row until it expires, which is how requests are counted.
    """

    __tablename__ = 'dlist_alias_request'

    token: Mapped[str] = mapped_column(String(TOKEN_LENGTH), primary_key=True)
    list_id: Mapped[str] = mapped_column(types.SAUnicode)
    member_id: Mapped[UUID] = mapped_column(types.UUID, index=True)
    email: Mapped[str] = mapped_column(types.SAUnicode)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)


@public
def alias(list_id: str, email: str) -> Alias | None:
    """Return the alias with this address on a list, of any member."""
    return store().get(Alias, (list_id, email.lower()))


@public
def aliases_among(list_id: str, emails: Collection[str]) -> list[Alias]:
    """Return those of the addresses that are aliases on a list."""
    wanted = {email.lower() for email in emails}
    return list(
        store().scalars(
            select(Alias).where(Alias.list_id == list_id, Alias.email.in_(wanted))
        )
    )


@public
def remove(member_id: UUID, email: str | None = None) -> None:
    """Delete all aliases of a member, or this one."""
    which = delete(Alias).where(Alias.member_id == member_id)
    if email is not None:
        which = which.where(Alias.email == email.lower())
    store().execute(which)


@public
def aliases_of(member_id: UUID) -> Sequence[Alias]:
    """Return a member's aliases by their addresses."""
    return store().scalars(
        select(Alias).where(Alias.member_id == member_id).order_by(Alias.email)
    ).all()


@public
def requests_of(member_id: UUID, since: datetime) -> Sequence[AliasRequest]:
    """Return a member's requests since a time, also withdrawn ones; latest first."""
    return store().scalars(
        select(AliasRequest)
        .where(AliasRequest.member_id == member_id, AliasRequest.asked_at >= since)
        .order_by(AliasRequest.asked_at.desc(), AliasRequest.token)
    ).all()


@public
def request(token: str) -> AliasRequest | None:
    """Return the request that a token confirms."""
    return store().get(AliasRequest, token)


@public
def withdraw(member_id: UUID, email: str | None = None) -> None:
    """Withdraw all requests of a member, or the one for this address."""
    which = update(AliasRequest).where(AliasRequest.member_id == member_id)
    if email is not None:
        which = which.where(AliasRequest.email == email.lower())
    store().execute(which.values(withdrawn=True))


@public
def forget_requests(before: datetime) -> int:
    """Delete the requests made before a time; return how many."""
    old = store().scalar(
        select(func.count()).where(AliasRequest.asked_at < before)
    )
    if old:
        store().execute(delete(AliasRequest).where(AliasRequest.asked_at < before))
    return old or 0
