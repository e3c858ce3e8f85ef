# SPDX-License-Identifier: GPL-3.0-or-later
"""Move the rows of conversations that are merged, split or deleted.

The number of statements does not depend on the number of messages and choices.  Callers
lock the conversations first, so that a post is accepted either before, and is moved, or
afterwards, and is judged again.

On MariaDB, Mailman reads what other transactions have not committed.  So choices are
first copied, then the messages are moved, and only then are the old choices deleted: a
message is always in a conversation with all choices about it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from public import public
from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from mailman_dlist.domain.errors import Gone
from mailman_dlist.domain.following import Reason
from mailman_dlist.interfaces.conversation import MessageKind, Posting
from mailman_dlist.interfaces.following import Ruling
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
    Merged,
)
from mailman_dlist.model.following import chosen, pauses
from mailman_dlist.model.session import has_one_writer, store


messages: Any = ConversationMessage.__table__
names: Any = ConversationName.__table__
merged: Any = Merged.__table__
conversations: Any = Conversation.__table__

# Those of a pause that a copy of it has, too.
_PAUSE = [each for each in pauses.c if each.name not in ('id', 'conversation_id')]
_CHOICE = [each for each in chosen.c if each.name != 'conversation_id']


@public
def lock(*numbers: int) -> dict[int, Conversation]:
    """Lock conversations until the commit, and read them again.

    :raises Gone: if one of them does not exist any more.
    """
    if has_one_writer(store()):
        # What is read before the first write may change until then.
        store().execute(
            update(conversations)
            .where(conversations.c.id.in_(numbers))
            .values(list_id=conversations.c.list_id)
        )
    statement = (
        select(Conversation)
        .where(Conversation.id.in_(numbers))
        # In one order, or two owners could wait for each other.
        .order_by(Conversation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {each.id: each for each in store().scalars(statement)}
    if set(numbers) - found.keys():
        raise Gone
    return found


@public
def owner_of(list_id: str, name: str) -> tuple[bool, int | None]:
    """Return whether a name is or was in use, and the conversation it leads to."""
    row = store().execute(
        select(names.c.conversation_id).where(
            names.c.list_id == list_id, names.c.name == name
        )
    ).one_or_none()
    return (False, None) if row is None else (True, row[0])


@public
def is_first(post: ConversationMessage) -> bool:
    """Return whether a post is the first one of its conversation."""
    earlier = exists().where(
        messages.c.conversation_id == post.conversation_id,
        messages.c.posted_at.is_not(None),
        or_(
            messages.c.posted_at < post.posted_at,
            and_(messages.c.posted_at == post.posted_at, messages.c.id < post.id),
        ),
    )
    return not store().scalar(select(earlier))


@public
def merge(source: Conversation, target: Conversation) -> None:
    """Move all that belongs to one conversation to another, and delete it.

    Of two choices of a member, the one that `_beats` prefers stays.
    """
    _end_outdated_pauses(source.id, target.id)
    for table, columns, beats in (
        (chosen, _CHOICE, _beats),
        (pauses, _PAUSE, _began_later),
    ):
        _lock_rows(table, source.id)
        _improve(table, columns, source.id, target.id, beats)
        _copy(table, columns, source.id, target.id)
    _delete(pauses, target.id, _is_ruled(), _is_single(pauses))
    for table in names, merged, messages:
        store().execute(
            update(table)
            .where(table.c.conversation_id == source.id)
            .values(conversation_id=target.id)
        )
    for table in chosen, pauses:
        _delete(table, source.id)
    target.opened_at = min(source.opened_at, target.opened_at)
    target.last_post_at = max(source.last_post_at, target.last_post_at)
    number = Merged(
        number=source.id, list_id=source.list_id, conversation_id=target.id
    )
    _remove(source)
    store().add(number)
    _read_again()


def _lock_rows(table: Any, conversation_id: int) -> None:
    """Let commands that are changing these rows finish, and others find them gone."""
    store().execute(
        update(table)
        .where(table.c.conversation_id == conversation_id)
        .values(told=table.c.told)
    )


def _improve(
    table: Any,
    columns: list[Any],
    source: int,
    target: int,
    beats: Callable[[Any, Any], Any],
) -> None:
    """Overwrite rows of one conversation with better ones of the same members.

    :param beats: Returns whether one row is better than another, in SQL.
    """
    other: Any = table.alias()
    theirs = and_(_of_same_member(table, other), other.c.conversation_id == source)
    store().execute(
        update(table)
        .where(
            table.c.conversation_id == target,
            exists().where(theirs, beats(other, table)),
        )
        .values(
            {
                each.name: select(other.c[each.name]).where(theirs).scalar_subquery()
                for each in columns
            }
        )
    )


def _copy(table: Any, columns: list[Any], source: int, target: int) -> None:
    """Copy rows of one conversation to another, unless a member has one there."""
    other: Any = table.alias()
    has_one = exists().where(
        _of_same_member(table, other), other.c.conversation_id == target
    )
    store().execute(
        insert(table).from_select(
            ['conversation_id', *(each.name for each in columns)],
            select(literal(target, Integer), *columns).where(
                table.c.conversation_id == source, ~has_one
            ),
        )
    )


def _of_same_member(table: Any, other: Any) -> ColumnElement[bool]:
    return and_(
        other.c.member_id == table.c.member_id, _is_single(table), _is_single(other)
    )


def _is_single(table: Any) -> ColumnElement[bool]:
    """Return whether a row is one that a member can have once in a conversation."""
    return table.c.running.is_not(None) if 'running' in table.c else true()


def _beats(one: Any, other: Any) -> ColumnElement[bool]:
    """Return whether a choice is kept in place of another choice.

    A bar is kept in any case, then a pin; then a person's choice before an automatic
    one, the later before the earlier one; and then a request.
    """
    rank, rank_of_other = _rank(one), _rank(other)
    return or_(
        rank > rank_of_other,
        and_(rank == rank_of_other, one.c.made_at > other.c.made_at),
    )


def _rank(table: Any) -> ColumnElement[int]:
    return case(
        (table.c.ruling == Ruling.barred, 4),
        (table.c.ruling == Ruling.pinned, 3),
        (table.c.ruling == Ruling.pending, 0),
        (table.c.reason.in_(_AUTOMATIC), 1),
        else_=2,
    )


_AUTOMATIC = [each for each in Reason if each.automatic]


def _began_later(one: Any, other: Any) -> ColumnElement[bool]:
    return one.c.began > other.c.began


def _end_outdated_pauses(*numbers: int) -> None:
    """Delete running pauses after which the member chose about the other conversation.

    Within one conversation, a later choice without an end would have replaced them.
    """
    later = exists().where(
        chosen.c.member_id == pauses.c.member_id,
        chosen.c.conversation_id.in_(numbers),
        chosen.c.conversation_id != pauses.c.conversation_id,
        chosen.c.reason.not_in(_AUTOMATIC),
        chosen.c.choice.is_not(None),
        chosen.c.made_at > pauses.c.began,
    )
    store().execute(
        delete(pauses).where(
            pauses.c.conversation_id.in_(numbers), _is_single(pauses), later
        )
    )


def _is_ruled() -> ColumnElement[bool]:
    return exists().where(
        chosen.c.member_id == pauses.c.member_id,
        chosen.c.conversation_id == pauses.c.conversation_id,
        chosen.c.ruling.in_([Ruling.barred, Ruling.pinned]),
    )


@public
def split(source: Conversation, first: ConversationMessage, new: Conversation) -> None:
    """Move a post and all later ones to a new conversation, with copies of all choices.

    :param first: A post that is not the first one of the conversation.
    :param new: Stored, without messages.
    """
    store().flush()
    for table, columns in ((chosen, _CHOICE), (pauses, _PAUSE)):
        _copy(table, columns, source.id, new.id)
    is_moved = or_(
        messages.c.posted_at > first.posted_at,
        and_(messages.c.posted_at == first.posted_at, messages.c.id >= first.id),
    )
    posts = select(messages.c.id).where(
        messages.c.conversation_id == source.id, is_moved
    )
    # MariaDB cannot update a table that the condition reads.
    moved = select(posts.subquery().c.id)
    for own in (messages.c.post_id.in_(moved), is_moved):
        store().execute(
            update(messages)
            .where(messages.c.conversation_id == source.id, own)
            .values(conversation_id=new.id)
        )
    store().execute(
        update(messages)
        .where(messages.c.id == first.id)
        .values(kind=MessageKind.opening)
    )
    for conversation in source, new:
        conversation.last_post_at = _last_post_at(conversation)
    _read_again()


def _last_post_at(conversation: Conversation) -> datetime:
    found = store().scalar(
        select(func.max(messages.c.posted_at)).where(
            messages.c.conversation_id == conversation.id
        )
    )
    return found or conversation.opened_at


@public
def forget(conversation: Conversation) -> None:
    """Delete a conversation; its names stay reserved, and its Message-IDs known."""
    _delete(chosen, conversation.id)
    _delete(pauses, conversation.id)
    _delete(merged, conversation.id)
    for table in names, messages:
        store().execute(
            update(table)
            .where(table.c.conversation_id == conversation.id)
            .values(conversation_id=None)
        )
    _remove(conversation)
    _read_again()


@public
def idle(list_id: str, moment: datetime) -> list[Conversation]:
    """Return the conversations of a list that are not closed, and idle since a moment.

    The longest idle come first.
    """
    return list(
        store().scalars(
            select(Conversation)
            .where(
                Conversation.list_id == list_id,
                Conversation.posting != Posting.closed,
                Conversation.last_post_at < moment,
                or_(
                    Conversation.reopened_at.is_(None),
                    Conversation.reopened_at < moment,
                ),
            )
            .order_by(Conversation.last_post_at)
        )
    )


def _delete(table: Any, conversation_id: int, *only: ColumnElement[bool]) -> None:
    store().execute(
        delete(table).where(table.c.conversation_id == conversation_id, *only)
    )


def _read_again() -> None:
    """Forget the values of objects whose rows have changed in the database."""
    store().flush()
    store().expire_all()


def _remove(conversation: Conversation) -> None:
    """Delete the row of a conversation to which nothing belongs any more."""
    store().flush()
    store().expunge(conversation)
    store().execute(delete(conversations).where(conversations.c.id == conversation.id))
