# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of members in conversations, and requests to follow.

The rule for one member is `domain.access.state_of`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from mailman.interfaces.member import MemberRole
from public import public
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    false,
    func,
    literal,
    select,
    true,
    union,
)

from mailman_dlist.domain.access import STORED, State
from mailman_dlist.domain.following import Choice, Default, Ruling
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.core import address, lists, member
from mailman_dlist.model.following import MemberSettings, chosen, pauses
from mailman_dlist.model.lists import Dlist, is_dlist
from mailman_dlist.model.memberships import is_live, with_address
from mailman_dlist.model.session import store


settings: Any = MemberSettings.__table__
conversations: Any = Conversation.__table__


@public
class InState(NamedTuple):
    """A member in a state.

    :param since: When the stored choice or request was made; None without one.
    """

    email: str
    member_id: UUID
    state: State
    since: datetime | None


@public
def states(
    conversation: Conversation,
    base_default: Default,
    *,
    wanted: State | None = None,
    member_id: UUID | None = None,
    start: int = 0,
    count: int | None = None,
) -> list[InState]:
    """Return a page of the members with their states, by address.

    :param wanted: A state; None for all.
    :param member_id: The member's; None for all.
    """
    state = _state(conversation, base_default)
    found = _members(
        conversation,
        address.c.email,
        member.c._member_id,
        state,
        chosen.c.made_at,
    ).order_by(address.c.email, member.c._member_id)
    if wanted is not None:
        found = found.where(state == wanted.value)
    if member_id is not None:
        found = found.where(member.c._member_id == member_id)
    return [
        InState(email, key, State(number), since)
        for email, key, number, since in store().execute(
            found.offset(start).limit(count)
        )
    ]


@public
def state_count(
    conversation: Conversation, base_default: Default, wanted: State | None = None
) -> int:
    """Return how many members are in a state; None for all."""
    found = _members(conversation, func.count())
    if wanted is not None:
        found = found.where(_state(conversation, base_default) == wanted.value)
    return store().scalar(found) or 0


def _members(conversation: Conversation, *columns: Any) -> Select[Any]:
    source = (
        with_address(member)
        .outerjoin(settings, settings.c.member_id == member.c._member_id)
        .outerjoin(
            chosen,
            and_(
                chosen.c.member_id == member.c._member_id,
                chosen.c.conversation_id == conversation.id,
            ),
        )
    )
    return (
        select(*columns)
        .select_from(source)
        .where(
            member.c.list_id == conversation.list_id,
            # As in `audience`.
            member.c.role.between(MemberRole.member, MemberRole.member),
        )
    )


def _state(
    conversation: Conversation, base_default: Default
) -> ColumnElement[int]:
    """Return the state as a number."""
    terms = conversation.terms
    if terms.mandatory:
        by_default: ColumnElement[bool] = true()
    elif terms.is_restricted:
        by_default = false()
    else:
        base = literal(base_default, settings.c.default.type)
        default = func.coalesce(settings.c.default, base)
        by_default = default == Default.everything
    stored = [
        (_is_stored(*values), state.value)
        for state, values in STORED.items()
        if values is not None
        and not (terms.mandatory and values[0] is Choice.mute)
    ]
    return case(
        *stored, (by_default, State.implicit.value), else_=State.none.value
    )


def _is_stored(choice: Choice | None, ruling: Ruling | None) -> ColumnElement[bool]:
    if ruling is not None:
        return chosen.c.ruling == ruling
    return and_(chosen.c.choice == choice, chosen.c.ruling.is_(None))


@public
def silence_count(conversation: Conversation, moment: datetime) -> int:
    """Return how many members have muted a conversation now, or are barred from it."""
    found = union(
        *(
            select(table.c.member_id).where(condition)
            for table, condition in _silences(conversation, moment)
        )
    ).subquery()
    [member_id] = found.c
    live = select(func.count()).select_from(found).where(is_live(member_id))
    return store().scalar(live) or 0


@public
def clear_silences(conversation: Conversation, moment: datetime) -> None:
    """Delete the mutes and bars of a conversation, also those of former members."""
    for table, condition in _silences(conversation, moment):
        store().execute(delete(table).where(condition))
    store().flush()
    store().expire_all()


def _silences(
    conversation: Conversation, moment: datetime
) -> Iterator[tuple[Any, ColumnElement[bool]]]:
    still = and_(pauses.c.running == true(), pauses.c.ends > moment)
    for table, counts in ((chosen, true()), (pauses, still)):
        yield table, and_(
            table.c.conversation_id == conversation.id,
            table.c.choice == Choice.mute,
            counts,
        )


@public
def is_barred(conversation: Conversation, member_id: UUID) -> bool:
    """Return whether a moderator has barred a member from a conversation."""
    found = select(chosen.c.ruling).where(
        chosen.c.conversation_id == conversation.id, chosen.c.member_id == member_id
    )
    return store().scalar(found) is Ruling.barred


@public
class Request(NamedTuple):
    """A request to follow that no moderator has decided."""

    name: str
    subject: str
    email: str
    member_id: UUID
    asked_at: datetime


@public
def requests(list_id: str) -> list[Request]:
    """Return the requests of members of a list, the oldest first."""
    statement = (
        select(
            conversations.c.name,
            conversations.c.subject,
            address.c.email,
            member.c._member_id,
            chosen.c.made_at,
        )
        .select_from(
            with_address(
                conversations.join(
                    chosen, chosen.c.conversation_id == conversations.c.id
                ).join(member, member.c._member_id == chosen.c.member_id)
            )
        )
        .where(
            conversations.c.list_id == list_id, chosen.c.ruling == Ruling.pending
        )
        .order_by(chosen.c.made_at, conversations.c.name, address.c.email)
    )
    return [Request(*row) for row in store().execute(statement)]


@public
def lists_with_requests_due(moment: datetime) -> list[str]:
    """Return the dlists whose moderators should be told about requests."""
    statement = (
        select(Dlist.list_id)
        .join(lists, lists.c.list_id == Dlist.list_id)
        .where(Dlist.requests_due_at <= moment, is_dlist)
        .order_by(Dlist.requests_due_at)
    )
    return list(store().scalars(statement))
