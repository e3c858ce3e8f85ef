# SPDX-License-Identifier: GPL-3.0-or-later
"""Record changes, and look them up.

Modules that change something notify `ChangedEvent`; this one stores it in the same
transaction.  Only the member sees whose alias an event is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from mailman.utilities.datetime import now
from public import public
from zope.event import subscribers

from mailman_dlist.app import lookup
from mailman_dlist.app.people import senders
from mailman_dlist.app.site import ready
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.interfaces.events import ALIAS, IChangedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import aliases
from mailman_dlist.model import events as model
from mailman_dlist.model.events import Event, Search
from mailman_dlist.model.session import committed, store


# Doors at which the client names the actor.
NAMED = Door.web, Door.rest, Door.cli


@public
def listen() -> None:
    """Register for changes, once per process."""
    if _record not in subscribers:
        subscribers.append(_record)


def _record(happening: Any) -> None:
    if not IChangedEvent.providedBy(happening):
        return
    by, about, conversation = happening.by, happening.member, happening.conversation
    store().add(
        Event(
            list_id=happening.mlist.list_id,
            at=by.dated(now()),
            door=by.door,
            actor=_actor(happening.mlist, by),
            action=happening.action[: model.ACTION_LENGTH],
            conversation_number=None if conversation is None else conversation.id,
            conversation_name=None if conversation is None else conversation.name,
            about=None if about is None else about.member_id,
            before=happening.before[: model.TEXT_LENGTH],
            after=happening.after[: model.TEXT_LENGTH],
        )
    )


def _actor(mlist: MailingList, by: By) -> str:
    """Return the actor; the member in place of an alias that a client names.

    Of a command from an alias, no address is stored: the event says whom it is about.
    """
    if by.from_alias:
        return ''
    if by.door in NAMED and '@' in by.actor:
        # Also on a list that is a plain list now, or does not allow aliases any more.
        alias = aliases.alias(mlist.list_id, by.actor)
        if alias is not None:
            member = senders.membership(mlist, alias.member_id)
            return '' if member is None else lookup.email_of(member) or ''
    return by.actor


@public
def numbers(mlist: MailingList, name: str) -> set[int]:
    """Return the numbers of a conversation in events, by a name that it has or had.

    Events about conversations that were merged into it belong to it; one that was
    deleted is found by the names that it had.

    :raises UnknownConversation: if there never was one.
    """
    found = lookup.find(mlist, name)
    known = model.numbers_of(
        mlist.list_id, name.lower(), None if found is None else found.id
    )
    if not known:
        raise lookup.UnknownConversation(
            mlist, name, lookup.similar_names(mlist, name.lower())
        )
    return known


@public
def own(mlist: MailingList, member: Member, count: int) -> Sequence[Event]:
    """Return the latest events about a member, for this member alone."""
    wanted = Search(mlist.list_id, about=member.member_id, own=True)
    return model.search(wanted, count=count)


@public
def shown_member(event: Event) -> UUID | None:
    """Return the member that an event is about, as owners and moderators may see it."""
    return None if event.action == ALIAS else event.about


@public
def forget_old() -> None:
    """Delete the events that are older than their list keeps them."""
    ready()
    moment = now()

    def work() -> None:
        for list_id, days in model.retentions():
            model.forget(list_id, moment - timedelta(days=days))

    committed(work)
