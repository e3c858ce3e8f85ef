# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and end the plugin's data with memberships and lists [U2-U6].

Mailman deletes members in many ways, and its tables cannot have our foreign keys.
Zope's events report lists and new members.  SQLAlchemy's events report every member
that is deleted, also with an address or a user, and members who switch digests off.  If
our tables are broken, plain lists and their members can still be deleted.
"""

from __future__ import annotations

from typing import Any

from mailman.interfaces.listmanager import ListDeletingEvent
from mailman.interfaces.member import (
    DeliveryMode,
    DeliveryStatus,
    MemberRole,
    SubscriptionEvent,
)
from mailman.model import member as core
from mailman.model.preferences import Preferences
from mailman.utilities.datetime import now
from public import public
from sqlalchemy import Connection, event
from zope.event import subscribers

from mailman_dlist.app import lists
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.following import choices
from mailman_dlist.app.records import audit
from mailman_dlist.app.site import ready
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import clearing, former, memberships, owners, schema
from mailman_dlist.model.session import committed, store


@public
def listen() -> None:
    """Register for the events of lists, members and preferences, once per process."""
    if _handle not in subscribers:
        subscribers.append(_handle)
        audit.listen()
        # Before Mailman unsubscribes the members.
        subscribers.insert(0, _lock_list)
        owners.watch()
        event.listen(core.Member, 'before_delete', _before_delete)
        event.listen(Preferences.delivery_mode, 'set', _before_mode)


def _lock_list(happening: Any) -> None:
    if isinstance(happening, ListDeletingEvent) and schema.usable():
        owners.lock_list(happening.mailing_list.list_id)


def _handle(happening: Any) -> None:
    if isinstance(happening, ListDeletingEvent):
        if schema.usable():
            clearing.forget_list(happening.mailing_list.list_id)
    elif isinstance(happening, SubscriptionEvent):
        _welcome(happening.mlist, happening.member)


def _welcome(mlist: MailingList, member: Member) -> None:
    """Give a new member what the same user or address recently had on the list.

    All others have the default for new members of the list.  Any answer given before
    joining is stored with the membership.  An alias with the same address ends: only
    the member may post from a member's address.
    """
    if member.role is not MemberRole.member or not lists.is_dlist(mlist):
        return
    ready()
    settings = lists.settings(mlist)
    returns = member.address is not None and former.take_over(
        mlist.list_id,
        member.member_id,
        member.address.email,
        None if member.user is None else member.user.user_id,
        now(),
    )
    if not returns and settings.new_member_default is not settings.base_default:
        choices.settings_of(mlist, member).default = settings.new_member_default
    keeping.joined(mlist, member)
    requests.give_way(mlist, member)
    # An error is raised here, not at the end of Mailman's transaction.
    store().flush()


def _before_delete(_mapper: Any, connection: Connection, member: Member) -> None:
    """Keep a member's data for a day: Postorius changes addresses by unsubscribing."""
    if member.role is MemberRole.member and schema.usable():
        former.end(connection, member.member_id, now())


@public
def forget_former() -> None:
    """Delete the data of memberships that ended more than a day ago."""
    ready()
    moment = now()
    committed(lambda: former.forget(moment))


def _before_mode(
    preferences: Any, mode: DeliveryMode | None, _before: Any, _initiator: Any
) -> None:
    """Schedule a last digest for a member who changes to single messages.

    They would not receive the messages collected so far in any other way.  Mailman
    sends such last digests, but nothing in it schedules them.
    """
    if mode is not DeliveryMode.regular or preferences.id is None:
        return
    # Mailman is in the middle of a change.
    with store().no_autoflush:
        member = memberships.with_preferences(preferences.id)
        if member is None or member.address is None:
            return
        mlist = member.mailing_list
        if (
            mlist is not None
            and lists.is_dlist(mlist)
            and mlist.digests_enabled
            and member.delivery_mode is not DeliveryMode.regular
            and member.delivery_status is DeliveryStatus.enabled
        ):
            mlist.send_one_last_digest_to(member.address, member.delivery_mode)
