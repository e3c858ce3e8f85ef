# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of members' choices: for the whole list, and for one conversation.

For a conversation a member has at most one lasting choice, and in addition at most one
pause, a choice for a limited time.  `domain.following.counting` decides which of them
counts at a moment for one member, and `with_choices` for any number of them in SQL; a
test compares the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from mailman.database import types
from public import public
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    delete,
    exists,
    func,
    select,
    true,
    union,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from zope.interface import implementer

from mailman_dlist.domain.errors import Gone
from mailman_dlist.domain.following import Choice, Default, Reason, counting
from mailman_dlist.interfaces.following import (
    IChoice,
    IMemberSettings,
    IPause,
    Ruling,
)
from mailman_dlist.model.base import Base
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.core import address, lists, member
from mailman_dlist.model.memberships import with_address
from mailman_dlist.model.session import store


@public
@implementer(IMemberSettings)
class MemberSettings(Base):
    """See `IMemberSettings`.  A member without a row has the list's base default."""

    __tablename__ = 'dlist_member'
    __table_args__ = (
        # For members who receive everything, on a list where most do not.
        Index('ix_dlist_member_list_id', 'list_id', 'default', 'member_id'),
    )

    member_id: Mapped[UUID] = mapped_column(types.UUID, primary_key=True)
    list_id: Mapped[str] = mapped_column(types.SAUnicode)
    default: Mapped[Default | None] = mapped_column(types.Enum(Default))
    follow_opened: Mapped[bool] = mapped_column(default=True)
    follow_replied: Mapped[bool] = mapped_column(default=True)


@public
@implementer(IChoice)
class MemberChoice(Base):
    """See `IChoice`."""

    __tablename__ = 'dlist_choice'

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id), primary_key=True
    )
    member_id: Mapped[UUID] = mapped_column(
        types.UUID, primary_key=True, index=True
    )
    choice: Mapped[Choice | None] = mapped_column(types.Enum(Choice))
    reason: Mapped[Reason] = mapped_column(types.Enum(Reason))
    made_at: Mapped[datetime]
    told: Mapped[bool] = mapped_column(default=False)
    ruling: Mapped[Ruling | None] = mapped_column(types.Enum(Ruling))

    conversation: Mapped[Conversation] = relationship()


@public
@implementer(IPause)
class Pause(Base):
    """See `IPause`.  Digests need the times of a mute that is over."""

    __tablename__ = 'dlist_pause'
    __table_args__ = (
        UniqueConstraint('conversation_id', 'member_id', 'running'),
        Index('ix_dlist_pause_running', 'running', 'ends'),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id))
    member_id: Mapped[UUID] = mapped_column(types.UUID, index=True)
    choice: Mapped[Choice] = mapped_column(types.Enum(Choice))
    reason: Mapped[Reason] = mapped_column(types.Enum(Reason))
    began: Mapped[datetime]
    ends: Mapped[datetime]
    told: Mapped[bool] = mapped_column(default=False)
    # True, or NULL once its end has been handled: a unique key lets a member have
    # one of the first and any number of the second.
    running: Mapped[bool | None] = mapped_column(default=True)
    # A number only: nobody needs to know which posts came from an alias.
    own_posts: Mapped[int] = mapped_column(default=0)

    conversation: Mapped[Conversation] = relationship()


chosen: Any = MemberChoice.__table__
pauses: Any = Pause.__table__

_is_running = pauses.c.running == true()

# A request to follow is stored as a row without a choice.
_is_choice = chosen.c.choice.is_not(None)


@public
def settings_of(member_id: UUID) -> MemberSettings | None:
    """Return a member's settings for the whole list, if there are any."""
    return store().get(MemberSettings, member_id)


@public
class Choices(NamedTuple):
    """The choices of one member about one conversation.

    :param pause: A pause that is running, or over without its end being handled.
    """

    lasting: MemberChoice | None = None
    pause: Pause | None = None

    def counting(self, moment: datetime) -> MemberChoice | Pause | None:
        """Return the choice that counts at a moment; a request to follow is none."""
        lasting = self.lasting
        if lasting is not None and lasting.choice is None:
            lasting = None
        return counting(lasting, self.pause, moment)

    @property
    def ruling(self) -> Ruling | None:
        """Return the decision of a moderator, or that one is asked for."""
        return None if self.lasting is None else self.lasting.ruling


@public
def choices_of(
    member_id: UUID, conversation_ids: Collection[int]
) -> dict[int, Choices]:
    """Return a member's choices about each of some conversations."""
    rows = store().execute(
        select(Conversation.id, MemberChoice, Pause)
        .outerjoin(
            MemberChoice,
            and_(
                MemberChoice.conversation_id == Conversation.id,
                MemberChoice.member_id == member_id,
            ),
        )
        .outerjoin(
            Pause,
            and_(
                Pause.conversation_id == Conversation.id,
                Pause.member_id == member_id,
                _is_running,
            ),
        )
        .where(Conversation.id.in_(conversation_ids))
    )
    return {key: Choices(lasting, pause) for key, lasting, pause in rows}


@public
def choices_about(conversation: Conversation, member_id: UUID) -> Choices:
    """Return a member's choices about one conversation.

    :raises Gone: if the conversation does not exist any more.
    """
    found = choices_of(member_id, [conversation.id]).get(conversation.id)
    if found is None:
        raise Gone
    return found


@public
def choices_to_change(conversation: Conversation, member_id: UUID) -> Choices:
    """Return the latest choices of a member, after `life.lock`.

    Other databases than PostgreSQL would show them as they were when the transaction
    began.
    """
    def latest(kind: Any, *conditions: Any) -> Any:
        of_this = kind.conversation_id == conversation.id
        of_member = kind.member_id == member_id
        found = select(kind).where(of_this, of_member, *conditions).with_for_update()
        return store().scalar(found.execution_options(populate_existing=True))

    return Choices(latest(MemberChoice), latest(Pause, _is_running))


@public
class Over(NamedTuple):
    """A pause that is over."""

    conversation_id: int
    member_id: UUID
    choice: Choice
    began: datetime
    ends: datetime
    own_posts: int


@public
def over(moment: datetime, limit: int) -> list[Over]:
    """Return pauses that are over and not handled, the earliest end first."""
    rows = store().execute(
        select(*(pauses.c[name] for name in Over._fields))
        .where(_is_running, pauses.c.ends <= moment)
        .order_by(pauses.c.ends)
        .limit(limit)
    )
    return [Over(*row) for row in rows]


@public
def end(conversation_id: int, member_id: UUID, moment: datetime) -> bool:
    """Record that the end of a member's pause has been handled.

    If the list has digests, they still need the times of a mute.

    :return: False if no pause is over: another runner was faster.
    """
    this = and_(
        pauses.c.conversation_id == conversation_id,
        pauses.c.member_id == member_id,
        _is_running,
        pauses.c.ends <= moment,
    )
    makes_digests = exists().where(
        Conversation.id == conversation_id,
        lists.c.list_id == Conversation.list_id,
        lists.c.digests_enabled,
    )
    is_for_digests = and_(pauses.c.choice == Choice.mute, makes_digests)
    return any(
        cast(CursorResult[Any], store().execute(statement)).rowcount
        for statement in (
            update(pauses).where(this, is_for_digests).values(running=None),
            delete(pauses).where(this),
        )
    )


#: The choice that counts, as columns of the join of `with_choices`.
counting_choice: ColumnElement[Choice] = func.coalesce(
    pauses.c.choice, chosen.c.choice
)
counting_reason: ColumnElement[Reason] = func.coalesce(
    pauses.c.reason, chosen.c.reason
)


@public
def with_choices(
    source: Any, conversation_id: int | ColumnElement[int] | None, moment: datetime
) -> Any:
    """Return members joined to their choices about a conversation.

    A pause that is over at the moment is left out; a running one outweighs the lasting
    choice, see `counting_choice`.

    :param source: The table `member`, or a join or a selection that has it.
    """
    # Two joins by keys: for a join with a union of both tables PostgreSQL sometimes
    # chooses a nested loop, 20 times slower with 2,000 pauses among 10,000 members.
    return source.outerjoin(
        chosen,
        and_(
            chosen.c.member_id == member.c._member_id,
            chosen.c.conversation_id == conversation_id,
            _is_choice,
        ),
    ).outerjoin(
        pauses,
        and_(
            pauses.c.member_id == member.c._member_id,
            pauses.c.conversation_id == conversation_id,
            _lasts_at(moment),
        ),
    )


@public
def choosers(
    conversation_id: int | ColumnElement[int] | None, moment: datetime, **wanted: Any
) -> Iterator[Select[Any]]:
    """Select the members with a lasting choice, then those with a pause.

    A member who has both is in both.

    :param wanted: The required values of some columns of a choice.
    """
    for table, applies in ((chosen, _is_choice), (pauses, _lasts_at(moment))):
        yield select(table.c.member_id).where(
            table.c.conversation_id == conversation_id,
            applies,
            *(table.c[name] == value for name, value in wanted.items()),
        )


def _lasts_at(moment: datetime) -> ColumnElement[bool]:
    return and_(_is_running, pauses.c.ends > moment)


@public
class Chosen(NamedTuple):
    """A choice that counts, and the member's address on the list.

    :param made_at: The time of the choice; of a pause, its beginning.
    :param until: The end of a pause; None for a lasting choice.
    """

    email: str
    member_id: UUID
    choice: Choice
    reason: Reason
    made_at: datetime
    until: datetime | None


@public
def choices(
    conversation: Conversation,
    moment: datetime,
    *,
    member_id: UUID | None = None,
    start: int = 0,
    count: int | None = None,
) -> list[Chosen]:
    """Return a page of the choices that count at a moment, by address.

    :param member_id: The member's; None for all members.
    """
    wanted = {} if member_id is None else {'member_id': member_id}
    found = with_choices(
        _members(choosers(conversation.id, moment, **wanted)), conversation.id, moment
    )
    rows = store().execute(
        select(
            address.c.email,
            member.c._member_id,
            counting_choice,
            counting_reason,
            func.coalesce(pauses.c.began, chosen.c.made_at),
            pauses.c.ends,
        )
        .select_from(found)
        .order_by(address.c.email, member.c._member_id)
        .offset(start)
        .limit(count)
    )
    return [Chosen(*row) for row in rows]


@public
def choice_count(conversation: Conversation, moment: datetime) -> int:
    """Return how many members have a choice that counts at a moment."""
    members = _members(choosers(conversation.id, moment))
    return store().scalar(select(func.count()).select_from(members)) or 0


def _members(some: Iterable[Select[Any]]) -> Any:
    """Return those with these ids, joined to `address`."""
    ids = union(*some).subquery()
    [member_id] = ids.c
    return with_address(ids.join(member, member.c._member_id == member_id))
