# SPDX-License-Identifier: GPL-3.0-or-later
"""Posts from an alias: what leads to the member goes, before anybody sees it [U15].

Moderators, archives, logs and readers get the message as `domain.traces` leaves it,
under an id made with the site's key.  Nothing is stored that leads back, so nothing
can leak later; what the member's own programs still name is found by making the
same id again (see `threads`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from mailman.utilities.datetime import now
from mailman.utilities.email import add_message_hash
from public import public

from mailman_dlist.app.links import keys
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.app.posts.threads import Thread, thread
from mailman_dlist.domain import marks, traces
from mailman_dlist.domain.traces import Author, Published
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.automatic import automatic, is_generated
from mailman_dlist.mail.fields import addresses
from mailman_dlist.model import aliases as model
from mailman_dlist.model import conversations


@public
@dataclass(frozen=True)
class Taken:
    """What must be known of a message after its traces are gone.

    :param message_id: The one that everybody may know.
    :param copied: Whether its author had sent a copy to an own address.
    """

    message_id: str
    copied: bool


@public
def take_traces(
    mlist: MailingList, msg: Message, message_id: str, author: AliasAuthor
) -> Taken:
    """Take out of a message what leads to the member behind its alias.

    :param message_id: The one it came with.
    :raises KeyFileError: when the site has no key to make the new one with.
    """
    _id, key = keys.signing()
    new_id = marks.published_id(message_id, mlist.list_id, mlist.mail_host, key)
    parents = _parents(mlist, thread(mlist, msg, message_id))
    person = Author(
        author.email,
        frozenset(_addresses(author.member)) - {author.email},
        frozenset(_names(author.member)),
    )
    copied = any(
        traces.is_own(address, person) for address in addresses(msg, 'to', 'cc')
    )
    published = Published(new_id, parents, _program(mlist, msg))
    traces.remove(msg, person, published, now())
    add_message_hash(msg)
    return Taken(new_id, copied)


@public
def mark(member: Member, message_id: str) -> str:
    """Return what tells us later, and nobody else, whose post it was."""
    _id, key = keys.signing()
    return marks.mark(member.member_id.hex, message_id, key)


@public
def is_marked(given: str, member: Member, message_id: str) -> bool:
    """Say whether a post was this member's when it was marked."""
    return any(
        hmac.compare_digest(
            marks.mark(member.member_id.hex, message_id, key), given
        )
        for key in keys.accepted().values()
    )


def _program(mlist: MailingList, msg: Message) -> str | None:
    """Return what kind of program wrote; the signs of it are about to go."""
    if is_generated(msg):
        return 'auto-generated'
    why = automatic(msg, msg.get_unixfrom(), mlist.list_id)
    return None if why is None else 'auto-replied'


def _parents(mlist: MailingList, found: Thread) -> dict[str, str]:
    """Return the ids that a post may name, by those that it names.

    These are posts that everybody has.  What only was referred to may be a private
    mail, to which the member answered under another address as well.
    """
    parents = {
        named: row.message_id
        for named, row in found.known.items()
        if row.kind is MessageKind.published
        or (row.kind.is_post and not mlist.anonymous_list)
    }
    if not parents and not mlist.anonymous_list:
        for named, row in found.known.items():
            # So that it stays in its conversation.
            opening = conversations.overview(row.conversation).message_id
            return {} if opening is None else {named: opening}
    return parents


def _addresses(member: Member) -> Iterator[str]:
    """Yield all addresses of the one who is behind a membership."""
    yield member.address.email
    ids = {member.member_id}
    if member.user is not None:
        yield from (address.email for address in member.user.addresses)
        ids |= {each.member_id for each in member.user.memberships.members}
    for each in ids:
        yield from (alias.email for alias in model.aliases_of(each))


def _names(member: Member) -> Iterator[str]:
    """Yield what a member is called."""
    yield member.address.display_name
    if member.user is not None:
        yield member.user.display_name
        yield from (address.display_name for address in member.user.addresses)
