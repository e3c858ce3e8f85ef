# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out what an address already is on a list or a site.

Each query is one statement that reads only columns.  It takes the same time whatever
the result is, so nobody can learn the result from the time.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from mailman.interfaces.member import MemberRole
from public import public
from sqlalchemy import or_, select

from mailman_dlist.model.aliases import Alias
from mailman_dlist.model.core import address, ban, domain, lists, member
from mailman_dlist.model.memberships import is_live, with_address
from mailman_dlist.model.session import store


@public
class Membership(NamedTuple):
    """A membership and its address."""

    member_id: UUID
    email: str


@public
def memberships(list_id: str, email: str) -> list[Membership]:
    """Return the memberships of an address on a list, and those of its user.

    :param email: In lower case.
    """
    kin = address.alias('kin')
    users = select(address.c.user_id).where(address.c.email == email)
    addresses = select(kin.c.id).where(
        or_(kin.c.email == email, kin.c.user_id.in_(users))
    )
    found = select(member.c._member_id, address.c.email).select_from(member)
    rows = store().execute(
        with_address(found).where(
            member.c.list_id == list_id,
            member.c.role == MemberRole.member,
            or_(member.c.address_id.in_(addresses), member.c.user_id.in_(users)),
        )
    )
    return [Membership(*row) for row in rows]


@public
def owner(list_id: str, email: str) -> UUID | None:
    """Return the member whose alias an address is."""
    return store().scalar(
        select(Alias.member_id).where(
            Alias.list_id == list_id, Alias.email == email, is_live(Alias.member_id)
        )
    )


@public
def bans(list_id: str, email: str) -> list[str]:
    """Return the bans of the list and the site that may apply to an address.

    A ban is an address, or begins with ``^`` and is a pattern.
    """
    return list(
        store().scalars(
            select(ban.c.email).where(
                or_(ban.c.list_id == list_id, ban.c.list_id.is_(None)),
                or_(ban.c.email == email, ban.c.email.startswith('^')),
            )
        )
    )


@public
def lists_named(names: Collection[str], host: str) -> list[tuple[str, str]]:
    """Return names and hosts of the lists with one of these names.

    The longest name first.

    :param host: Of the domain, or its alias.
    """
    rows = store().execute(
        select(lists.c.list_name, lists.c.mail_host)
        .outerjoin(domain, domain.c.mail_host == lists.c.mail_host)
        .where(
            lists.c.list_name.in_(names),
            or_(lists.c.mail_host == host, domain.c.alias_domain == host),
        )
    )
    found = [(name, mail_host) for name, mail_host in rows]
    return sorted(found, key=lambda each: len(each[0]), reverse=True)
