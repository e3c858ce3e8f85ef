# SPDX-License-Identifier: GPL-3.0-or-later
"""What an address is already, to a list or to the site.

Each question is one statement that reads columns alone: it takes the same whatever
the answer is, so that nobody who asks learns anything from how long it took.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from mailman.interfaces.member import MemberRole
from mailman.model.address import Address
from mailman.model.bans import Ban
from mailman.model.domain import Domain
from mailman.model.mailinglist import MailingList
from mailman.model.member import Member
from mailman.model.user import User
from public import public
from sqlalchemy import func, or_, select

from mailman_dlist.model.aliases import Alias
from mailman_dlist.model.session import store


# Mailman's classes carry no annotations; their tables are all we need.
member: Any = Member.__table__
address: Any = Address.__table__
user: Any = User.__table__
ban: Any = Ban.__table__
lists: Any = MailingList.__table__
domain: Any = Domain.__table__


@public
class Membership(NamedTuple):
    """That somebody is a member, and by which address."""

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
    rows = store().execute(
        select(member.c._member_id, address.c.email)
        .select_from(member)
        .outerjoin(user, user.c.id == member.c.user_id)
        # A membership is an address's, or a user's with the preferred address.
        .join(
            address,
            address.c.id
            == func.coalesce(member.c.address_id, user.c._preferred_address_id),
        )
        .where(
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
        select(Alias.member_id).where(Alias.list_id == list_id, Alias.email == email)
    )


@public
def bans(list_id: str, email: str) -> list[str]:
    """Return the bans of the list and the site that may be about an address.

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
    """Return names and hosts of the lists that have one of the names.

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
