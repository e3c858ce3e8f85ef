# SPDX-License-Identifier: GPL-3.0-or-later
"""The people behind the recipients of a message, all at once.

Core looks up one recipient at a time, and what it then reads of a member costs a
statement each.  Here members, addresses and users come together, as core's own
objects, and their preferences too where the text of a copy depends on them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mailman.interfaces.member import MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from mailman.model.user import User
from public import public
from sqlalchemy import select, union_all
from sqlalchemy.orm import joinedload

from mailman_dlist.model.session import store


# Mailman's classes carry no annotations; their tables are all we need.
member: Any = Member.__table__
address: Any = Address.__table__
user: Any = User.__table__


@public
def addresses(emails: Collection[str], *, preferences: bool) -> dict[str, Any]:
    """Return the addresses Mailman knows, by email, with their users.

    :param emails: In lower case.
    :param preferences: Whether those of address and user are wanted as well.
    """
    of_user = joinedload(Address.user)
    options = [of_user]
    if preferences:
        options = [
            joinedload(Address.preferences), of_user.joinedload(User.preferences)
        ]
    statement = select(Address).where(address.c.email.in_(emails)).options(*options)
    return {each.email: each for each in store().scalars(statement)}


@public
def members(
    list_id: str, emails: Collection[str], *, preferences: bool
) -> dict[str, Any]:
    """Return the members of a list that core's roster has for these emails.

    Who is subscribed by an address and, with the same one, as a user, counts as
    the first.  Call `addresses` before and keep what it returns: the members'
    own addresses and users are found there without asking again.

    :param preferences: Whether those of the memberships are wanted as well.
    """
    of_list = (
        # Equality makes SQLite, which has no statistics here, walk the members of
        # the whole list, or those of the whole site by the index on the role.
        member.c.list_id.between(list_id, list_id),
        member.c.role.between(MemberRole.member, MemberRole.member),
        address.c.email.in_(emails),
    )
    found = union_all(
        select(member.c.id)
        .join(address, address.c.id == member.c.address_id)
        .where(*of_list),
        select(member.c.id)
        # A preferred address belongs to its user, and only that has an index.
        .join(user, user.c.id == member.c.user_id)
        .join(
            address,
            (address.c.user_id == user.c.id)
            & (address.c.id == user.c._preferred_address_id),
        )
        .where(*of_list),
    )
    statement = select(Member).where(member.c.id.in_(found))
    if preferences:
        statement = statement.options(joinedload(Member.preferences))
    subscribed = store().scalars(statement).all()
    as_users = {each.address.email: each for each in subscribed if each.user_id}
    as_addresses = {each.address.email: each for each in subscribed if each.address_id}
    return as_users | as_addresses
