# SPDX-License-Identifier: GPL-3.0-or-later
"""Select Mailman's members with their addresses and preferences.

A membership belongs to an address, or to a user with a preferred address.  A preference
that the membership does not set is taken from its address, then from the user, then
from the system, as in core.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from mailman.core.constants import system_preferences
from mailman.interfaces.member import MemberRole
from mailman.model import member as core
from public import public
from sqlalchemy import ColumnElement, and_, exists, func, literal, select

from mailman_dlist.interfaces.mailman import Member
from mailman_dlist.model.core import address, member, preferences, user
from mailman_dlist.model.session import store


_owner = user.alias('owner')
_subscriber = user.alias('subscriber')
_of_member = preferences.alias('of_member')
_of_address = preferences.alias('of_address')
_of_user = preferences.alias('of_user')


def with_address(source: Any) -> Any:
    """Return memberships joined to `address`.

    :param source: The table `member`, or a join or a selection that has it.
    """
    return source.outerjoin(
        _subscriber,
        and_(_subscriber.c.id == member.c.user_id, member.c.address_id.is_(None)),
    ).join(
        address,
        address.c.id
        == func.coalesce(member.c.address_id, _subscriber.c._preferred_address_id),
    )


def members(source: Any) -> Any:
    """Return members joined to `address` and to their preferences.

    :param source: The table `member`, or a join that selects some of its rows.
    """
    return (
        with_address(source)
        .outerjoin(_of_member, _of_member.c.id == member.c.preferences_id)
        .outerjoin(_of_address, _of_address.c.id == address.c.preferences_id)
        .outerjoin(_owner, _owner.c.id == address.c.user_id)
        .outerjoin(_of_user, _of_user.c.id == _owner.c.preferences_id)
    )


def is_live(member_id: Any) -> ColumnElement[bool]:
    """Return whether a column has the id of a present member, not of a former one."""
    return exists().where(member.c._member_id == member_id)


def emails(member_ids: Collection[UUID]) -> dict[UUID | None, str]:
    """Return the current addresses of members."""
    statement = (
        select(member.c._member_id, address.c.email)
        .select_from(with_address(member))
        .where(member.c._member_id.in_(member_ids))
    )
    return {row[0]: row[1] for row in store().execute(statement)}


def with_preferences(preferences_id: int) -> Member | None:
    """Return the member that these preferences belong to, if any."""
    return store().scalar(
        select(core.Member).where(
            core.Member.preferences_id == preferences_id,
            core.Member.role == MemberRole.member,
        )
    )


def _cascade(name: str) -> ColumnElement[Any]:
    """Return the first preference that is set, or else the system's."""
    columns = [each.c[name] for each in (_of_member, _of_address, _of_user)]
    fallback = literal(getattr(system_preferences, name), columns[0].type)
    return func.coalesce(*columns, fallback)


#: The preferences, as columns of the join of `members`.
delivery_mode = _cascade('delivery_mode')
delivery_status = _cascade('delivery_status')


@public
def emails_among(list_id: str, emails: Collection[str]) -> set[str]:
    """Return those of some addresses at which members receive mail of the list.

    :param emails: In lower case.
    """
    found = select(address.c.email).select_from(member)
    return set(
        store().scalars(
            with_address(found).where(
                member.c.list_id == list_id,
                member.c.role == MemberRole.member,
                address.c.email.in_(emails),
            )
        )
    )
