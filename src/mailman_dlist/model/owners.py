# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse a row whose list, member or conversation is deleted at the same moment.

Mailman deletes lists and members while other processes handle their mail, and its
tables cannot have our foreign keys.  A row that is committed after its owner is deleted
would be inherited by the next list of that name.  So the owners are locked against
deletion when rows are written, until the commit, in one statement for a transaction.  A
process that deletes an owner locks it first and then deletes the rows that belong to it
(see `clearing`): either the new rows are deleted as well, or they are refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from mailman.model.mailinglist import MailingList
from mailman.model.member import Member
from public import public
from sqlalchemy import event, select, true
from sqlalchemy.orm import Session

from mailman_dlist.domain.errors import Gone
from mailman_dlist.model.base import Base
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.core import lists, member
from mailman_dlist.model.lists import Dlist
from mailman_dlist.model.session import has_one_writer, store


# A column of an owner's table, and the value of that owner.
Owner = tuple[Any, Any]

_dlist: Any = Dlist.__table__
_conversation: Any = Conversation.__table__

# In this order: a deletion locks the list before its members.
KEYS = (lists.c.list_id, _dlist.c.list_id, member.c._member_id, _conversation.c.id)

# Keys in `Session.info`: the owners to lock with the next statement, and those that are
# locked.
WANTED = 'dlist_wanted'
HELD = 'dlist_held'


@public
def watch() -> None:
    """Register for the events of all sessions; once per process."""
    event.listen(Session, 'before_flush', _before_flush)
    event.listen(Session, 'after_flush', _after_flush)
    event.listen(Session, 'after_transaction_end', _after_transaction_end)


@public
def hold(list_id: str, member_id: UUID | None = None) -> None:
    """Lock a list and optionally a member against deletion until the commit.

    Call it before changing existing rows, or locks would be taken in another order than
    by a deletion.  New rows need no call, but a call saves a statement.

    :raises Gone: if the list or the member does not exist any more.
    """
    owners: set[Owner] = {(_dlist.c.list_id, list_id)}
    if member_id is not None:
        owners.add((member.c._member_id, member_id))
    session = store()
    if has_one_writer(session):
        # Together with the first write.
        session.info.setdefault(WANTED, set()).update(owners)
    else:
        _lock_all(session, owners)


@public
def lock_list(list_id: str) -> None:
    """Wait for processes that write rows of a list, and block others."""
    for key in lists.c.list_id, _dlist.c.list_id:
        store().execute(select(key).where(key == list_id).with_for_update())


def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    # Before the rows: foreign keys lock conversations, and locks are taken in the
    # order in which a deletion takes them.
    if not has_one_writer(session):
        _hold(session)


def _after_flush(session: Session, _context: Any) -> None:
    # SQLite locks no rows.  It has one writer, who sees the present rows after the
    # first write.
    if has_one_writer(session):
        _hold(session)


def _after_transaction_end(session: Session, transaction: Any) -> None:
    if transaction.parent is None or transaction.nested:
        for key in WANTED, HELD:
            session.info.pop(key, None)


def _hold(session: Session) -> None:
    """Lock the owners of all new rows.

    :raises Gone: if one of them does not exist any more.
    """
    rows = [row for row in session.new if isinstance(row, Base)]
    if not rows:
        return
    held = session.info.setdefault(HELD, set())
    # No other process can delete rows that this transaction has added.
    held |= {owner for row in session.new for owner in _identity(row)}
    owners = {owner for row in rows for owner in _owners(row)}
    if not has_one_writer(session):
        # Foreign keys take care of conversations.
        owners = {each for each in owners if each[0].table is not _conversation}
    if owners <= held:
        return
    _lock_all(session, owners | session.info.pop(WANTED, set()))


def _lock_all(session: Session, owners: set[Owner]) -> None:
    """Lock owners that are not locked yet.

    :raises Gone: if one of them does not exist any more.
    """
    held = session.info.setdefault(HELD, set())
    new = owners - held
    if new and not _lock(session, new):
        raise Gone
    held |= new


def _identity(row: Any) -> Iterator[Owner]:
    """Yield the identity of a new row, if it can own others."""
    match row:
        case Dlist():
            yield _dlist.c.list_id, row.list_id
        case Conversation():
            # None before the row is written.
            yield _conversation.c.id, row.id
        case MailingList():
            yield lists.c.list_id, row.list_id
        case Member():
            yield member.c._member_id, row.member_id


def _owners(row: Any) -> Iterator[Owner]:
    """Yield the owners of a row."""
    if isinstance(row, Dlist):
        yield lists.c.list_id, row.list_id
        return
    list_id = getattr(row, 'list_id', None)
    if list_id is not None:
        yield _dlist.c.list_id, list_id
    member_id = getattr(row, 'member_id', None)
    if member_id is not None:
        yield member.c._member_id, member_id
    conversation_id = getattr(row, 'conversation_id', None)
    if conversation_id is not None:
        yield _conversation.c.id, conversation_id


def _lock(session: Session, owners: Iterable[Owner]) -> bool:
    """Lock the owners against deletion; return whether all of them exist."""
    values: dict[Any, set[Any]] = defaultdict(set)
    for key, value in owners:
        values[key].add(value)
    keys = [key for key in KEYS if key in values]
    # As many at once as possible, but not every list with every member.
    single = all(len(values[key]) == 1 for key in keys)
    for some in [keys] if single else [[key] for key in keys]:
        first, *others = some
        source = first.table
        for key in others:
            source = source.join(key.table, true())
        rows = session.connection().execute(
            select(*some)
            .select_from(source)
            .where(*(key.in_(values[key]) for key in some))
            .with_for_update(read=True, key_share=True)
        ).all()
        for place, key in enumerate(some):
            if not values[key] <= {row[place] for row in rows}:
                return False
    return True
