# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain values by name, as other programs see the plugin's objects.

REST responses and the command line's ``--json`` are made of these.  Times are ISO 8601
in UTC, to the second, with a Z; member ids are UUIDs, which REST and the command line
each write in their own way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from public import public

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.following import preferences
from mailman_dlist.app.links.pressing import Landing
from mailman_dlist.app.records import audit
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model.access import InState, Request
from mailman_dlist.model.audience import Listener
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    Overview,
)
from mailman_dlist.model.counts import Total
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.events import Event
from mailman_dlist.model.following import Chosen


View = dict[str, Any]


@public
def time(moment: datetime | None) -> str | None:
    """Write a time.

    >>> time(datetime(2026, 7, 1, 12, 30))
    '2026-07-01T12:30:00Z'
    """
    return None if moment is None else f'{moment.isoformat(timespec="seconds")}Z'


@public
def read_time(text: str) -> datetime | None:
    """Read a time; without a time zone, as Mailman stores it.

    >>> read_time('2026-07-01T12:30:00+00:00')
    datetime.datetime(2026, 7, 1, 12, 30)

    :return: None for an empty text.
    :raises ValueError: with the expected form.
    """
    if not text:
        return None
    try:
        given = datetime.fromisoformat(text.strip().upper())
        if given.tzinfo is None:
            raise ValueError
        return given.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    except (ValueError, OverflowError):
        raise ValueError('a time in UTC, such as 2026-07-01T12:30:00Z') from None


@public
def mailing_list(mlist: MailingList) -> View:
    return {
        'list_id': mlist.list_id,
        'fqdn_listname': mlist.fqdn_listname,
        'display_name': mlist.display_name,
    }


@public
def settings(mlist: MailingList) -> View:
    return mailing_list(mlist) | lists.show(mlist)


@public
def conversation(overview: Overview) -> View:
    row = overview.conversation
    return {
        'name': row.name,
        'subject': row.subject,
        'state': _state(row),
        'posting': row.posting.name,
        'access': row.access.name,
        'mandatory': row.mandatory,
        'posts': overview.posts,
        'opened_at': time(row.opened_at),
        'last_post_at': time(row.last_post_at),
        'message_id': overview.message_id,
    }


def _state(row: Conversation) -> str:
    return 'closed' if row.posting is Posting.closed else 'open'


@public
def landing(found: Landing) -> View:
    """Return the target of a personal link; it contains no address of a person."""
    row, standing = found.conversation, found.standing
    return {
        'list_id': found.mlist.list_id,
        'display_name': found.mlist.display_name,
        'name': row.name,
        'subject': row.subject,
        'state': _state(row),
        'default': standing.default.name,
        'choice': None if standing.choice is None else standing.choice.name,
        'hears_replies': standing.hears_replies,
        'access': row.access.name,
        'mandatory': row.mandatory,
        'ruling': None if standing.ruling is None else standing.ruling.name,
        'action': found.wish.name,
    }


@public
def addresses(mlist: MailingList, conversation: Conversation) -> View:
    ours = lists.addresses(mlist)
    return {
        'reply': ours.conversation(conversation.name),
        'follow': ours.follow(conversation.name),
        'mute': ours.mute(conversation.name),
        'reset': ours.reset(conversation.name),
    }


@public
def message(row: ConversationMessage) -> View:
    return {
        'message_id': row.message_id,
        'kind': row.kind.name,
        'posted_at': time(row.posted_at),
    }


@public
def listener(hearer: Listener) -> View:
    """Return a recipient of a message; the reason is the default or a choice's."""
    return {
        'email': hearer.email,
        'member_id': hearer.member_id,
        'reason': 'default' if hearer.reason is None else hearer.reason.label,
    }


@public
def choice(chosen: Chosen) -> View:
    return {
        'email': chosen.email,
        'member_id': chosen.member_id,
        'choice': chosen.choice.name,
        'reason': chosen.reason.label,
        'made_at': time(chosen.made_at),
        'until': time(chosen.until),
    }


@public
def state(found: InState) -> View:
    """Return a member's state in a conversation, in subman's words."""
    return {
        'email': found.email,
        'member_id': found.member_id,
        'state': found.state.name,
        'since': time(found.since),
    }


@public
def request(found: Request) -> View:
    """Return a request to follow a conversation."""
    return {
        'name': found.name,
        'email': found.email,
        'member_id': found.member_id,
        'asked_at': time(found.asked_at),
    }


@public
def member(mlist: MailingList, member: Member) -> View:
    return {
        'email': lookup.email_of(member),
        'member_id': member.member_id,
    } | preferences.show(mlist, member)


@public
def essay(row: Essay, email: str) -> View:
    """Return the questions and the answer of a person; the token is Mailman's own.

    :param email: The address of the member, or of the request.
    """
    return {
        'email': email,
        'state': keeping.state(row).name,
        'answer': row.answer,
        'when': time(row.answered_at or row.asked_at),
        'token': row.pending,
        'member_id': row.member_id,
    }


@public
def event(row: Event) -> View:
    """Return a change as owners and moderators see it."""
    return {
        'when': time(row.at),
        'actor': row.actor,
        'door': row.door.name,
        'action': row.action,
        'conversation': row.conversation_name,
        'member_id': audit.shown_member(row),
        'before': row.before,
        'after': row.after,
    }


@public
def total(row: Total) -> View:
    return row._asdict()


@public
def alias(email: str, state: AliasState) -> View:
    return {'email': email, 'state': state.name}


@public
def confirmation(mlist: MailingList, email: str, state: AliasState) -> View:
    """Return a request to confirm, for a reader who knows only the address."""
    return {
        'list_id': mlist.list_id,
        'display_name': mlist.display_name,
    } | alias(email, state)

