# SPDX-License-Identifier: GPL-3.0-or-later
"""Which member is behind a message, and what was decided about who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses
from uuid import UUID

from mailman.email.message import Message as NewMessage
from mailman.interfaces.action import Action
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.member import MemberRole
from mailman.interfaces.subscriptions import ISubscriptionService
from mailman.rules.moderation import _find_sender_member
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.domain.alias import spelled
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.model import aliases as model


# What owners may have decided about a nonmember; all else is no decision.
DECISIONS = (Action.hold, Action.reject, Action.discard)


@public
@dataclass(frozen=True)
class AliasAuthor:
    """Who wrote a message from an alias.

    :param email: The alias, in lower case; what others may know.
    :param member: What they may not.
    """

    email: str
    member: Member


@public
def member_behind(mlist: MailingList, msg: Message) -> Member | None:
    """Return the member who sent the message, None for a stranger.

    An alias counts in From alone, and there before all else.
    """
    return member_of(mlist, msg, alias_author(mlist, msg))


@public
def member_of(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return the member who sent the message, None for a stranger.

    Core's own rule decides, linked addresses included, so that a command is
    carried out for whom a post would be accepted.

    :param author: Who wrote it from an alias, None when nobody did.
    """
    return _find_sender_member(mlist, msg) if author is None else author.member


@public
def alias_author(mlist: MailingList, msg: Message) -> AliasAuthor | None:
    """Return who wrote a message from an alias [U15]; None when none did."""
    email = from_address(msg)
    member = owner(mlist, email) if email else None
    return None if member is None else AliasAuthor(email, member)


@public
def owner(mlist: MailingList, email: str) -> Member | None:
    """Return the member whose confirmed alias an address is."""
    # Other characters some databases do not even compare.
    if not (email.isascii() and email.isprintable() and lists.settings(mlist).aliases):
        return None
    found = model.alias(mlist.list_id, email)
    return None if found is None else member_posting_as(mlist, email, found.member_id)


@public
def member_posting_as(
    mlist: MailingList, email: str, member_id: UUID
) -> Member | None:
    """Return the member who confirmed an alias, as long as it may count as one.

    A member's own address is nobody's alias, whatever was confirmed before.
    """
    if mlist.members.get_member(email) is not None:
        return None
    return membership(mlist, member_id)


@public
def membership(mlist: MailingList, member_id: UUID) -> Member | None:
    """Return a member by the id of the membership; None if it is none of this list.

    Owners, moderators and nonmembers have such ids, too.
    """
    member = getUtility(ISubscriptionService).get_member(member_id)
    is_ours = (
        member is not None
        and member.list_id == mlist.list_id
        and member.role is MemberRole.member
    )
    return member if is_ours else None


@public
def from_address(msg: Message) -> str:
    """Return the first address in From, as aliases are spelled; '' without one.

    It is read as core does, who decodes it before it takes it apart.
    """
    for value in msg.get_all('from', []):
        try:
            text = str(make_header(decode_header(value)))
        except (HeaderParseError, LookupError, ValueError):
            text = str(value)
        for _name, address in getaddresses([text.replace('\r', '').replace('\n', '')]):
            if address:
                return spelled(address)
    return ''


@public
def is_banned(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> bool:
    """Say whether who sent the message may not write to the list.

    :param author: Who wrote it from an alias, None when nobody did.
    """
    bans = IBanManager(mlist)
    return any(map(bans.is_banned, msg.senders)) or (
        author is not None and is_member_banned(mlist, author)
    )


@public
def is_member_banned(mlist: MailingList, author: AliasAuthor) -> bool:
    """Say whether the member behind an alias may not write to the list."""
    return IBanManager(mlist).is_banned(author.member.address.email)


@public
def is_decided(nonmember: Member) -> bool:
    """Say whether an owner decided what becomes of a nonmember's mail."""
    return nonmember.moderation_action in DECISIONS


@public
def is_answered(mlist: MailingList, msg: Message) -> bool:
    """Say whether an answer to a message reaches the member who is behind it.

    Core's rule believes every field that names a sender, and answers go to the
    first of them: who writes *Reply-To: anne@example.com* is Anne to the rule, but
    the answer is not for her.
    """
    answered = NewMessage()
    answered['From'] = msg.sender
    return (
        _find_sender_member(mlist, answered) is not None
        or alias_author(mlist, msg) is not None
    )


@public
def is_moderator(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> bool:
    """Say whether an owner or a moderator of the list sent the message.

    An alias has none of their rights: using them would tell that it is one of them.

    :param author: Who wrote it from an alias, None when nobody did.
    """
    administrators = mlist.administrators
    return author is None and any(
        administrators.get_member(sender) is not None for sender in msg.senders
    )
