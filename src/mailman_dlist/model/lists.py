# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of dlists."""

from __future__ import annotations

from mailman.database.types import Enum, SAUnicode
from mailman.model.mailinglist import MailingList
from public import public
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column
from zope.interface import implementer

from mailman_dlist.domain.following import Default
from mailman_dlist.interfaces.dlist import CHAIN, IDlist, OneClick, PlainPosts
from mailman_dlist.model.base import LONG_TEXT, Base
from mailman_dlist.model.core import lists
from mailman_dlist.model.session import store


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


@public
def settings_of(list_id: str) -> Dlist | None:
    """Return the settings of a list that is or was a dlist."""
    return store().get(Dlist, list_id)


@public
def dlists(start: int = 0, count: int | None = None) -> list[MailingList]:
    """Return a page of the lists that are dlists, by their ids."""
    return list(
        store().scalars(
            select(MailingList)
            .where(lists.c.posting_chain == CHAIN)
            .order_by(lists.c.list_id)
            .offset(start)
            .limit(count)
        )
    )


@public
def dlist_count() -> int:
    """Return how many lists are dlists."""
    dlists = select(func.count()).where(lists.c.posting_chain == CHAIN)
    return store().scalar(dlists) or 0
