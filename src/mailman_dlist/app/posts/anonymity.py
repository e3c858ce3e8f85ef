# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove traces of the member from a post from an alias before anybody sees it [U15].

Moderators, archives, logs and readers get the message as `domain.traces` leaves it,
under an id made with the site's key.  No stored data leads back to the member, so
nothing can leak later.  If the member's own programs still use the original id, it is
matched by making the same id again (see `threads`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mailman.interfaces.action import Action
from mailman.utilities.datetime import now
from mailman.utilities.email import add_message_hash
from public import public

from mailman_dlist.app.links import keys
from mailman_dlist.app.posts.arrival import LOST, Arrival
from mailman_dlist.app.posts.threads import Thread
from mailman_dlist.domain import pseudonyms, traces
from mailman_dlist.domain.traces import Author, Published
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.automatic import is_generated, no_post
from mailman_dlist.mail.fields import addresses
from mailman_dlist.mail.loops import lists_passed, note_lists
from mailman_dlist.model import aliases as model
from mailman_dlist.model import conversations


@public
def take_traces(arrival: Arrival) -> Arrival:
    """Remove the traces of the member behind an alias from a message.

    :return: The facts about the changed message; the same if there is no alias, or if
        this was done before.
    :raises KeyFileError: if the site has no key to make the new Message-ID with.
    """
    author = arrival.author
    if author is None or arrival.mark is not None:
        return arrival
    mlist, msg = arrival.mlist, arrival.msg
    _id, key = keys.signing()
    new_id = pseudonyms.published_id(
        arrival.message_id, mlist.list_id, mlist.mail_host, key
    )
    parents = _parents(mlist, arrival.thread)
    person = Author(
        author.email,
        frozenset(_addresses(author.member)) - {author.email},
        frozenset(_names(author.member)),
    )
    copied = any(
        traces.is_own(address, person) for address in addresses(msg, 'to', 'cc')
    )
    published = Published(new_id, parents, _program(mlist, msg))
    # Lists write these fields, not the author; without them two lists could loop for
    # ever.
    passed = lists_passed(msg)
    traces.remove(msg, person, published, now())
    note_lists(msg, passed)
    add_message_hash(msg)
    mark = pseudonyms.mark(author.member.member_id.hex, new_id, key)
    return replace(arrival, message_id=new_id, mark=mark, copied=copied)


@public
def has_lost_alias(arrival: Arrival) -> bool:
    """Return whether a message came from an alias that its author no longer has."""
    mark, author = arrival.mark, arrival.author
    if mark is None or mark == LOST:
        return False
    return author is None or not any(
        hmac.compare_digest(
            pseudonyms.mark(author.member.member_id.hex, arrival.message_id, key), mark
        )
        for key in keys.accepted().values()
    )


@public
def reasons_for_others(reasons: list[Any], alias: str) -> list[Any]:
    """Return core's reasons for moderation without their quotes from the message."""
    return [_reason_for_others(each, alias) for each in reasons]


def _reason_for_others(reason: Any, alias: str) -> Any:
    if not isinstance(reason, tuple):
        return reason
    text, *values = reason
    return text, *(_value_for_others(each, alias) for each in values)


def _value_for_others(value: Any, alias: str) -> Any:
    if not isinstance(value, str) or value in Action.__members__:
        return value
    field, colon, _quoted = value.partition(':')
    if colon:
        return field
    return alias if '@' in value else value


@public
def rules_for_others(
    hits: list[str], misses: list[str]
) -> tuple[list[str], list[str]]:
    """Return the names of rules, those about header fields without their numbers.

    Owners write these rules, and the numbers would reveal to them the contents of the
    removed fields.
    """
    hits, misses = _without_numbers(hits), _without_numbers(misses)
    return hits, [each for each in misses if each not in hits]


def _without_numbers(rules: list[str]) -> list[str]:
    header_match = 'header-match'
    return list(
        dict.fromkeys(
            header_match if each.startswith(header_match) else each for each in rules
        )
    )


def _program(mlist: MailingList, msg: Message) -> str | None:
    """Return the kind of program that wrote it, before its signs are removed."""
    if no_post(msg, msg.get_unixfrom(), mlist.list_id) is not None:
        return 'auto-replied'
    return 'auto-generated' if is_generated(msg) else None


def _parents(mlist: MailingList, found: Thread) -> dict[str, str]:
    """Return the ids that a post may name, by those that it names.

    These are the ids of posts that everybody has.  Others may belong to private mail,
    to which the member replied under another address as well.
    """
    parents = {
        named: row.message_id
        for named, row in found.known.items()
        if row.kind is MessageKind.published
        or (row.kind.is_post and not mlist.anonymous_list)
    }
    if not parents and not mlist.anonymous_list:
        for named, row in found.known.items():
            if row.conversation is None:
                continue
            # So that the post stays in its conversation.
            opening = conversations.overview(row.conversation).message_id
            return {} if opening is None else {named: opening}
    return parents


def _addresses(member: Member) -> Iterator[str]:
    """Yield all addresses of the person behind a membership."""
    yield member.address.email
    ids = {member.member_id}
    if member.user is not None:
        yield from (address.email for address in member.user.addresses)
        ids |= {each.member_id for each in member.user.memberships.members}
    for each in ids:
        yield from (alias.email for alias in model.aliases_of(each))


def _names(member: Member) -> Iterator[str]:
    """Yield the names of the person behind a membership."""
    yield member.address.display_name
    if member.user is not None:
        yield member.user.display_name
        yield from (address.display_name for address in member.user.addresses)
