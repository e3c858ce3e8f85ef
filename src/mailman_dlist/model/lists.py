# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of dlists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from mailman.database.types import Enum, SAUnicode
from mailman.interfaces.member import MemberRole
from mailman.model.mailinglist import MailingList
from public import public
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column
from zope.interface import implementer

from mailman_dlist.domain.following import Default
from mailman_dlist.interfaces.conversation import Access
from mailman_dlist.interfaces.dlist import (
    CHAIN,
    PIPELINE,
    IDlist,
    OneClick,
    PlainPosts,
)
from mailman_dlist.model.aliases import Alias
from mailman_dlist.model.base import LONG_TEXT, Base
from mailman_dlist.model.core import (
    acceptable_alias,
    address,
    archivers,
    domain,
    lists,
    member,
)
from mailman_dlist.model.memberships import with_address
from mailman_dlist.model.session import store


_has_chain = func.coalesce(lists.c.posting_chain, '') == CHAIN
_has_pipeline = func.coalesce(lists.c.posting_pipeline, '') == PIPELINE

#: Whether a list is a dlist, in SQL; the same rule as `app.lists.is_dlist`.
is_dlist = and_(lists.c.posting_chain == CHAIN, lists.c.posting_pipeline == PIPELINE)


@public
@implementer(IDlist)
class Dlist(Base):
    """See `IDlist`."""

    __tablename__ = 'dlist_list'

    list_id: Mapped[str] = mapped_column(SAUnicode, primary_key=True)
    base_default: Mapped[Default] = mapped_column(Enum(Default))
    new_member_default: Mapped[Default] = mapped_column(Enum(Default))
    plain_posts: Mapped[PlainPosts] = mapped_column(Enum(PlainPosts))
    footers: Mapped[bool]
    previous_chain: Mapped[str] = mapped_column(SAUnicode)
    previous_pipeline: Mapped[str] = mapped_column(SAUnicode)
    one_click: Mapped[OneClick] = mapped_column(Enum(OneClick))
    aliases: Mapped[bool]
    aliases_visible: Mapped[bool]
    essay: Mapped[bool]
    essay_questions: Mapped[str] = mapped_column(LONG_TEXT)
    essay_min_length: Mapped[int]
    ask_invited: Mapped[bool]
    essay_retention: Mapped[int]
    access: Mapped[Access] = mapped_column(Enum(Access))
    mandatory: Mapped[bool]
    close_after: Mapped[int]
    audit_retention: Mapped[int]
    # Whether a moderator has ever barred a member from a conversation; only then each
    # reply is checked.
    bars: Mapped[bool]
    # When the moderators were last told about requests to follow, and when they should
    # be told the next time.
    requests_told_at: Mapped[datetime | None]
    requests_due_at: Mapped[datetime | None]


@public
def settings_of(list_id: str) -> Dlist | None:
    """Return the settings of a list that is or was a dlist."""
    return store().get(Dlist, list_id)


@public
def exists(list_id: str) -> bool:
    """Return whether there is a list, dlist or not."""
    found = select(lists.c.id).where(lists.c.list_id == list_id)
    return store().scalar(found) is not None


@public
def alias_host(mail_host: str) -> str | None:
    """Return the alias of a domain, if it has one."""
    return store().scalar(
        select(domain.c.alias_domain).where(domain.c.mail_host == mail_host)
    )


@public
class PostSettings(NamedTuple):
    """The settings that the processing of a message depends on, unaffected by commits.

    :param access: And mandatory: of a conversation that the message opens.
    :param bars: Whether members may be barred from conversations.
    :param alias_host: The alias of the list's domain, if it has one.
    :param alias_of: The membership whose confirmed alias the sender's address is.
    """

    base_default: Default
    plain_posts: PlainPosts
    footers: bool
    one_click: OneClick
    access: Access
    mandatory: bool
    bars: bool
    alias_host: str | None
    alias_of: UUID | None


@public
def post_settings(list_id: str, mail_host: str, sender: str) -> PostSettings | None:
    """Return the settings for a message from this address, in one statement."""
    row = store().execute(
        select(
            Dlist.base_default,
            Dlist.plain_posts,
            Dlist.footers,
            Dlist.one_click,
            Dlist.access,
            Dlist.mandatory,
            Dlist.bars,
            domain.c.alias_domain,
            Alias.member_id,
        )
        .select_from(Dlist)
        .outerjoin(domain, domain.c.mail_host == mail_host)
        .outerjoin(
            Alias,
            and_(
                Alias.list_id == Dlist.list_id,
                Alias.email == sender.lower(),
                Dlist.aliases,
            ),
        )
        .where(Dlist.list_id == list_id)
    ).one_or_none()
    return None if row is None else PostSettings(*row)


@public
def dlists(start: int = 0, count: int | None = None) -> list[MailingList]:
    """Return a page of the lists that are dlists, by their ids."""
    return list(
        store().scalars(
            select(MailingList)
            .where(is_dlist)
            .order_by(lists.c.list_id)
            .offset(start)
            .limit(count)
        )
    )


@public
def without_archivers(names: Collection[str]) -> list[str]:
    """Return the ids of dlists for which Mailman has not stored all of these archivers.

    Every process asks this when it starts.  Mailman's classes would have to be mapped
    for that, which takes a tenth of a second.
    """
    known = (
        select(func.count(archivers.c.name.distinct()))
        .where(archivers.c.mailing_list_id == lists.c.id, archivers.c.name.in_(names))
        .correlate(lists)
        .scalar_subquery()
    )
    return list(
        store().scalars(
            select(lists.c.list_id).where(
                lists.c.posting_chain == CHAIN, known < len(names)
            )
        )
    )


@public
def closing_lists() -> list[tuple[str, int]]:
    """Return the dlists that close idle conversations, and after how many days."""
    rows = store().execute(
        select(Dlist.list_id, Dlist.close_after)
        .join(lists, lists.c.list_id == Dlist.list_id)
        .where(is_dlist, Dlist.close_after > 0)
        .order_by(Dlist.list_id)
    )
    return [(list_id, days) for list_id, days in rows]


@public
def dlist_count() -> int:
    """Return how many lists are dlists."""
    dlists = select(func.count()).select_from(lists).where(is_dlist)
    return store().scalar(dlists) or 0


@public
def half_dlists(count: int | None = None) -> list[MailingList]:
    """Return the lists that have our chain without our pipeline, or the reverse."""
    halves = or_(and_(_has_chain, ~_has_pipeline), and_(_has_pipeline, ~_has_chain))
    return list(
        store().scalars(
            select(MailingList).where(halves).order_by(lists.c.list_id).limit(count)
        )
    )


@public
def lists_below(list_id: str, posting_address: str) -> list[MailingList]:
    """Return the lists that are members of a list, or accept mail to its address."""
    posting = lists.c.list_name + '@' + lists.c.mail_host
    members = with_address(select(address.c.email).select_from(member)).where(
        member.c.list_id == list_id, member.c.role == MemberRole.member
    )
    accepting = select(acceptable_alias.c.mailing_list_id).where(
        acceptable_alias.c.alias == posting_address
    )
    return list(
        store().scalars(
            select(MailingList)
            .where(or_(posting.in_(members), lists.c.id.in_(accepting)))
            .order_by(lists.c.list_id)
        )
    )
