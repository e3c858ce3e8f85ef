# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the members and users behind all recipients of a message at once.

Core looks up one recipient at a time, and each attribute of a member costs another
statement.  This module finds them together: in full as core's own objects, with their
preferences, or in brief with the few columns that most copies need.
"""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, NamedTuple

from mailman.interfaces.member import MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from mailman.model.user import User
from public import public
from sqlalchemy import ColumnElement, and_, func, select, union_all
from sqlalchemy.orm import joinedload

from mailman_dlist.model.core import address, member, user
from mailman_dlist.model.session import store


_by_address = member.alias('by_address')
_as_user = member.alias('as_user')


class Found(NamedTuple):
    """The members and users that were found, by email in lower case.

    If an address is subscribed both directly and as the address of a user, the
    direct subscription counts.
    """

    #: For all addresses that Mailman knows.
    users: dict[str, Any]

    #: The memberships that core's roster of the list has for these emails.
    members: dict[str, Any]


@public
def in_full(list_id: str, emails: Collection[str]) -> Found:
    """Find members and users as core's own objects, with all attributes.

    :param emails: In lower case.
    """
    # First, since the members' own addresses and users are found among these.
    addresses = store().scalars(
        select(Address)
        .where(address.c.email.in_(emails))
        .options(
            joinedload(Address.preferences),
            joinedload(Address.user).joinedload(User.preferences),
        )
    ).all()
    ids = union_all(
        select(member.c.id)
        .join(address, address.c.id == member.c.address_id)
        .where(_is_of(list_id, member), address.c.email.in_(emails)),
        select(member.c.id)
        .join(user, user.c.id == member.c.user_id)
        .join(address, _is_preferred())
        .where(_is_of(list_id, member), address.c.email.in_(emails)),
    )
    members = store().scalars(
        select(Member)
        .where(member.c.id.in_(ids))
        .options(joinedload(Member.preferences))
    ).all()
    as_users = {each.address.email: each for each in members if each.user_id}
    by_address = {each.address.email: each for each in members if each.address_id}
    return Found({each.email: each.user for each in addresses}, as_users | by_address)


@public
def in_brief(list_id: str, emails: Collection[str]) -> Found:
    """Find members and users with the columns for copies that differ in To and a link.

    Users have a ``display_name``; members ``list_id``, ``member_id`` and
    ``address.email``.  It takes less than a quarter of the time of core's objects
    (bench/deliver.py).

    :param emails: In lower case.
    """
    rows = store().execute(
        select(
            address.c.email,
            user.c.id,
            user.c.display_name,
            func.coalesce(_by_address.c._member_id, _as_user.c._member_id),
        )
        .outerjoin(user, user.c.id == address.c.user_id)
        .outerjoin(
            _by_address,
            and_(
                _by_address.c.address_id == address.c.id,
                _is_of(list_id, _by_address),
            ),
        )
        .outerjoin(
            _as_user,
            and_(
                _as_user.c.user_id == user.c.id,
                _is_preferred(),
                _is_of(list_id, _as_user),
            ),
        )
        .where(address.c.email.in_(emails))
    )
    found = Found({}, {})
    for email, user_id, display_name, member_id in rows:
        if user_id is not None:
            found.users[email] = SimpleNamespace(display_name=display_name)
        if member_id is not None:
            found.members[email] = SimpleNamespace(
                list_id=list_id,
                member_id=member_id,
                address=SimpleNamespace(email=email),
            )
    return found


def _is_of(list_id: str, membership: Any) -> ColumnElement[bool]:
    # Equality makes SQLite, which has no statistics here, walk the members of the
    # whole list, or those of the whole site by the index on the role.
    return and_(
        membership.c.list_id.between(list_id, list_id),
        membership.c.role.between(MemberRole.member, MemberRole.member),
    )


def _is_preferred() -> ColumnElement[bool]:
    # A preferred address belongs to its user, and only the user column has an index.
    return and_(
        address.c.user_id == user.c.id, address.c.id == user.c._preferred_address_id
    )
