# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the audience of a message in one statement, whatever the size of the list.

It joins our choices to Mailman's members.  Core itself takes five statements per
member for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from public import public
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union,
)

from mailman_dlist.domain.following import (
    OPEN,
    Choice,
    Default,
    Reason,
    Terms,
    Why,
)
from mailman_dlist.model.core import address, member
from mailman_dlist.model.following import (
    MemberSettings,
    choosers,
    counting_choice,
    counting_reason,
    with_choices,
)
from mailman_dlist.model.memberships import delivery_mode, delivery_status, members
from mailman_dlist.model.session import store


settings: Any = MemberSettings.__table__

# Faster than the enumeration itself, for every recipient.
_WHYS = {why.value: why for why in Why}


@public
@dataclass(frozen=True)
class Hearing:
    """A question about the audience: one message of one list at one moment.

    :param base_default: The default of members without settings of their own.
    :param conversation_id: The number, or a query of it; None for a conversation about
        which there are no choices yet.
    :param opening: True for the opening message, False for a reply.
    :param moment: A pause counts until its end.
    :param terms: Of the conversation.
    """

    list_id: str
    base_default: Default
    conversation_id: int | ColumnElement[int] | None
    opening: bool
    moment: datetime
    terms: Terms = OPEN


@public
class Listener(NamedTuple):
    """A member who receives the message, the address and the reason."""

    email: str
    member_id: UUID
    default: Default
    choice: Choice | None
    reason: Reason | None


@public
def recipients(hearing: Hearing) -> dict[str, Why]:
    """Return the addresses that receive a message, and why.

    Addresses are in lower case, as core's own recipients.
    """
    heard: dict[str, Why] = {}
    for email, code in store().execute(
        _audience(hearing, address.c.email, _why(hearing))
    ):
        why = _WHYS[code]
        # One address may have two memberships, as an address and as its user's.
        if why.hears_replies or email not in heard:
            heard[email] = why
    return heard


@public
def listeners(
    hearing: Hearing, *, count: int | None = None, start: int = 0
) -> list[Listener]:
    """Return a page of the members who receive a message, by address."""
    statement = _audience(
        hearing,
        address.c.email,
        member.c._member_id,
        _default(hearing),
        counting_choice,
        counting_reason,
    ).order_by(address.c.email, member.c._member_id)
    rows = store().execute(statement.offset(start).limit(count))
    return [Listener(*row) for row in rows]


@public
def size(hearing: Hearing) -> int:
    """Return how many memberships receive a message."""
    return store().scalar(_audience(hearing, func.count())) or 0


def _audience(hearing: Hearing, *columns: Any) -> Select[Any]:
    """Select the given columns of the members who receive the message.

    The rule is `domain.following.receives`; a test compares them row by row.
    """
    source, of_list = _source(hearing)
    hears = _hears_opening(hearing) if hearing.opening else _hears_replies(hearing)
    of_members = members(source).outerjoin(
        settings, settings.c.member_id == member.c._member_id
    )
    return (
        select(*columns)
        .select_from(with_choices(of_members, hearing.conversation_id, hearing.moment))
        .where(
            of_list,
            # Equality makes SQLite, which has no statistics here, walk the
            # members of the whole site by the index on the role.
            member.c.role.between(MemberRole.member, MemberRole.member),
            delivery_mode == DeliveryMode.regular,
            delivery_status == DeliveryStatus.enabled,
            hears,
        )
    )


def _source(hearing: Hearing) -> tuple[Any, ColumnElement[bool]]:
    """Return the members to search, and the condition for members of the list.

    If most members receive no replies, only those who may are searched; to search the
    whole list is 10 times slower at 100,000 members (bench/audience.py).
    """
    list_id = hearing.list_id
    terms = hearing.terms
    most_hear = not terms.is_restricted and hearing.base_default is Default.everything
    if hearing.opening or terms.mandatory or most_hear:
        return member, member.c.list_id == list_id
    few = _candidates(hearing).subquery()
    [candidate] = few.c
    return (
        few.join(member, member.c._member_id == candidate),
        # Equality makes SQLite walk the whole list for each of the few.
        member.c.list_id.between(list_id, list_id),
    )


def _candidates(hearing: Hearing) -> Any:
    """Select the members who may receive replies although most do not."""
    follow = choosers(hearing.conversation_id, hearing.moment, choice=Choice.follow)
    if hearing.terms.is_restricted:
        return union(*follow)
    return union(
        *follow,
        select(settings.c.member_id).where(
            settings.c.list_id == hearing.list_id,
            settings.c.default == Default.everything,
        ),
    )


def _default(hearing: Hearing) -> ColumnElement[Default]:
    base = literal(hearing.base_default, settings.c.default.type)
    return func.coalesce(settings.c.default, base)


def _hears_opening(hearing: Hearing) -> ColumnElement[bool]:
    if hearing.terms.mandatory:
        return true()
    default = _default(hearing)
    by_default = and_(default != Default.nothing, counting_choice.is_(None))
    follows = counting_choice == Choice.follow
    if hearing.terms.is_restricted:
        return or_(follows, by_default)
    return or_(default == Default.everything, follows, by_default)


def _hears_replies(hearing: Hearing) -> ColumnElement[bool]:
    if hearing.terms.mandatory:
        return true()
    follows = counting_choice == Choice.follow
    if hearing.terms.is_restricted:
        return follows
    is_everything = _default(hearing) == Default.everything
    return or_(follows, and_(counting_choice.is_(None), is_everything))


def _why(hearing: Hearing) -> ColumnElement[int]:
    """Return the reason as a number; the rule is `Standing.why`."""
    follows = case(
        (counting_reason == Reason.opened, Why.opened.value),
        (counting_reason == Reason.replied, Why.replied.value),
        else_=Why.followed.value,
    )
    by_default = Why.mandatory if hearing.terms.mandatory else Why.everything
    return case(
        (counting_choice == Choice.follow, follows),
        (_hears_replies(hearing), by_default.value),
        else_=Why.openings.value,
    )
