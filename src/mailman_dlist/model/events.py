# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of changes that owners and members can look up.

A row outlives the member and the conversation that it is about.  It has no text of a
message, no token, and no alias.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailman.database import types
from public import public
from sqlalchemy import ColumnElement, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from mailman_dlist.domain.actors import Door
from mailman_dlist.domain.naming import LOCAL_PART_OCTETS
from mailman_dlist.interfaces.events import ALIAS
from mailman_dlist.model.base import Base
from mailman_dlist.model.conversations import Merged
from mailman_dlist.model.lists import Dlist
from mailman_dlist.model.session import store


# The length of MySQL's VARCHAR.
TEXT_LENGTH = 255

ACTION_LENGTH = 32


@public
class Event(Base):
    """One change.

    :param about: The id of the membership that it is about.  Not called ``member_id``,
        because the membership may have ended.
    :param conversation_number: Likewise, the conversation may have been deleted.
    :param conversation_name: Its name at that time.
    """

    __tablename__ = 'dlist_event'
    __table_args__ = (Index('ix_dlist_event_list_id', 'list_id', 'at'),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(types.SAUnicode)
    at: Mapped[datetime]
    door: Mapped[Door] = mapped_column(types.Enum(Door))
    actor: Mapped[str] = mapped_column(types.SAUnicode)
    action: Mapped[str] = mapped_column(String(ACTION_LENGTH))
    conversation_number: Mapped[int | None]
    conversation_name: Mapped[str | None] = mapped_column(String(LOCAL_PART_OCTETS))
    about: Mapped[UUID | None] = mapped_column(types.UUID, index=True)
    before: Mapped[str] = mapped_column(types.SAUnicode4Byte)
    after: Mapped[str] = mapped_column(types.SAUnicode4Byte)


@public
@dataclass(frozen=True)
class Search:
    """The events of a list to look for.

    :param about: Only those about this member.
    :param own: Whether that member asks.  Nobody else may see whose alias an event is
        about.
    :param numbers: Only those about conversations with these numbers; None for all.
    :param since: Only those from this time on.
    """

    list_id: str
    about: UUID | None = None
    own: bool = False
    numbers: Collection[int] | None = None
    since: datetime | None = None


@public
def search(
    wanted: Search, *, start: int = 0, count: int | None = None
) -> Sequence[Event]:
    """Return a page of the events that match, latest first."""
    return store().scalars(
        select(Event)
        .where(*_matches(wanted))
        .order_by(Event.at.desc(), Event.id.desc())
        .offset(start)
        .limit(count)
    ).all()


@public
def search_size(wanted: Search) -> int:
    """Return how many events match."""
    return store().scalar(select(func.count()).where(*_matches(wanted))) or 0


def _matches(wanted: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Event.list_id == wanted.list_id]
    if wanted.about is not None:
        found.append(Event.about == wanted.about)
        if not wanted.own:
            found.append(Event.action != ALIAS)
    if wanted.numbers is not None:
        found.append(Event.conversation_number.in_(wanted.numbers))
    if wanted.since is not None:
        found.append(Event.at >= wanted.since)
    return found


@public
def numbers_of(list_id: str, name: str, present: int | None) -> set[int]:
    """Return the numbers under which events about a conversation are stored.

    :param name: A name that it has or had, also if it was deleted.
    :param present: Its present number, None if it does not exist any more.
    """
    if present is None:
        found = select(Event.conversation_number).where(
            Event.list_id == list_id,
            Event.conversation_name == name,
            Event.conversation_number.is_not(None),
        )
        return {number for number in store().scalars(found) if number is not None}
    merged = select(Merged.number).where(Merged.conversation_id == present)
    return {present, *store().scalars(merged)}


@public
def retentions() -> Sequence[tuple[str, int]]:
    """Return the lists that keep events for a limited time, and the days."""
    return [
        (list_id, days)
        for list_id, days in store().execute(
            select(Dlist.list_id, Dlist.audit_retention).where(
                Dlist.audit_retention > 0
            )
        )
    ]


@public
def forget(list_id: str, before: datetime) -> None:
    """Delete the events of a list before a time."""
    which = Event.list_id == list_id, Event.at < before
    # SQLite has one writer, even if it changes nothing.
    if store().scalar(select(Event.id).where(*which).limit(1)) is not None:
        store().execute(delete(Event).where(*which))
