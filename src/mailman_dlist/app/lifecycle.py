# SPDX-License-Identifier: GPL-3.0-or-later
"""What begins with a membership, and what ends with it or with a list [U2-U6].

Mailman deletes members by many doors and asks nobody; its tables are not ours to
hang foreign keys on.  Zope's events tell of lists and new members, SQLAlchemy's
of every member that is deleted, also with an address or a user.  Where our tables are
amiss, plain lists and their members go all the same.
"""

from __future__ import annotations

from typing import Any

from mailman.interfaces.listmanager import ListDeletingEvent
from mailman.interfaces.member import MemberRole, SubscriptionEvent
from mailman.model import member as core
from public import public
from sqlalchemy import Connection, event
from zope.event import subscribers

from mailman_dlist.app import aliases, essays, following, lists
from mailman_dlist.app.site import ready
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import clearing, schema


@public
def listen() -> None:
    """Listen to what ends and begins; once per process."""
    if _handle not in subscribers:
        subscribers.append(_handle)
        event.listen(core.Member, 'after_delete', _after_delete)


def _handle(happening: Any) -> None:
    if isinstance(happening, ListDeletingEvent):
        if schema.usable():
            clearing.forget_list(happening.mailing_list.list_id)
    elif isinstance(happening, SubscriptionEvent):
        _welcome(happening.mlist, happening.member)


def _welcome(mlist: MailingList, member: Member) -> None:
    """Give a new member the default that new members of the list start with.

    What they answered before joining is kept with the membership.  An alias that is
    that very address ends: nobody else posts from a member's.
    """
    if member.role is not MemberRole.member or not lists.is_dlist(mlist):
        return
    ready()
    settings = lists.settings(mlist)
    if settings.new_member_default is not settings.base_default:
        following.settings_of(mlist, member).default = settings.new_member_default
    essays.joined(mlist, member)
    aliases.give_way(mlist, member)


def _after_delete(_mapper: Any, connection: Connection, member: Member) -> None:
    if member.role is MemberRole.member and schema.usable():
        clearing.forget_member(connection, member.member_id)
