# SPDX-License-Identifier: GPL-3.0-or-later
"""Which member is behind a message, and what was decided about who sent it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from mailman.email.message import Message as NewMessage
from mailman.interfaces.action import Action
from mailman.interfaces.member import MemberRole
from mailman.interfaces.subscriptions import ISubscriptionService
from mailman.rules.moderation import _find_sender_member
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.domain.alias import spelled
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.fields import addresses, mailboxes_in
from mailman_dlist.model import address_uses
from mailman_dlist.model import aliases as model


# What owners may have decided about a nonmember; all else is no decision.
DECISIONS = (Action.hold, Action.reject, Action.discard)

# How many are looked up of those whom a mail names as its senders.
MOST_SENDERS = 100


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
def member_of(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return the member who sent the message, None for a stranger.

    Core's own rule decides, linked addresses included, so that a command is
    carried out for whom a post would be accepted.

    :param author: Who wrote it from an alias, None if nobody did.
    """
    return _find_sender_member(mlist, msg) if author is None else author.member


@public
def alias_author(mlist: MailingList, msg: Message) -> AliasAuthor | None:
    """Return who wrote a message from an alias [U15]; None if none did."""
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
    """Return the one address in From, as aliases are spelled.

    '' if From names none or several, or where it cannot be read.
    """
    named = mailboxes_in(msg, 'from')
    found = {spelled(each.address) for each in named if each.address}
    if len(found) != 1 or not all(each.is_clear for each in named):
        return ''
    email = found.pop()
    # Other characters some databases do not even compare.
    return email if email.isascii() and email.isprintable() else ''


@public
def hidden_member(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return a member with aliases whom a post might show beside one of them.

    There is none where From names an alias, or one address of a member: then that is
    who the author wants to be.  Else a member may have meant an alias, and only the
    other fields say so; core accepts what any of them names.

    :param author: Who wrote it from an alias, None if nobody did.
    """
    email = from_address(msg)
    if author is not None or (email and {email}.issuperset(msg.senders)):
        return None
    if not lists.settings(mlist).aliases:
        return None
    found = _find_sender_member(mlist, msg)
    if email and (found is None or _member_named(mlist, email) is not None):
        return None
    named = [] if email else addresses(msg, 'from')[:MOST_SENDERS]
    owners = (owner(mlist, each) for each in _aliases(mlist, named))
    members = (_member_named(mlist, each) for each in msg.senders[:MOST_SENDERS])
    for member in filter(None, chain(owners, members)):
        if model.aliases_of(member.member_id):
            return member
    return None


def _aliases(mlist: MailingList, emails: Iterable[str]) -> list[str]:
    """Return those of some addresses that are aliases, or were once."""
    wanted = {
        spelled(each) for each in emails if each.isascii() and each.isprintable()
    }
    return [each.email for each in model.aliases_among(mlist.list_id, wanted)]


def _member_named(mlist: MailingList, email: str) -> Member | None:
    """Return the member whom core finds by an address, linked ones included."""
    letter = NewMessage()
    letter['From'] = email
    return _find_sender_member(mlist, letter)


@public
def is_banned(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> bool:
    """Return whether who sent the message may not write to the list.

    :param author: Who wrote it from an alias, None if nobody did.
    """
    emails = dict.fromkeys(msg.senders)
    return any(is_address_banned(mlist, each) for each in emails) or (
        author is not None and is_member_banned(mlist, author.member)
    )


@public
def is_member_banned(mlist: MailingList, member: Member) -> bool:
    """Return whether a member may not write to the list, and so command nothing."""
    address = member.address
    return address is not None and is_address_banned(mlist, address.email)


@public
def is_address_banned(mlist: MailingList, email: str) -> bool:
    """Return whether a ban of the list or the site is about an address.

    Mailman's own answer raises for an owner's pattern that is no regular expression.
    """
    found = address_uses.bans(mlist.list_id, email)
    return any(_is_about(ban, email) for ban in found)


def _is_about(ban: str, email: str) -> bool:
    # What is no regular expression bans nobody.
    with suppress(re.error):
        return ban == email or (
            ban.startswith('^') and re.match(ban, email, re.IGNORECASE) is not None
        )
    return False


@public
def commander(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return the member whose command a mail is; None if it is nobody's.

    All addresses that take commands ask here, once they know that the sender is not
    banned.  A command is carried out for the one member or alias in From.  Core's rule
    about posts believes every field that names a sender, and answers go to the first:
    a stranger who writes *Reply-To: anne@example.com* is Anne to the rule, but the
    answer is not for her.

    :param author: Who wrote it from an alias, None if nobody did.
    """
    if author is not None:
        return author.member
    return _member_named(mlist, msg.sender) if from_address(msg) else None


@public
def is_decided(nonmember: Member) -> bool:
    """Return whether an owner decided what becomes of a nonmember's mail."""
    return nonmember.moderation_action in DECISIONS


@public
def is_decided_alias(mlist: MailingList, author: AliasAuthor | None) -> bool:
    """Say whether an owner decided about an alias while it was a nonmember's address.

    :param author: Who wrote from it, None if nobody wrote from an alias.
    """
    if author is None:
        return False
    nonmember = mlist.nonmembers.get_member(author.email)
    return nonmember is not None and is_decided(nonmember)


@public
def is_answered(mlist: MailingList, msg: Message) -> bool:
    """Return whether an answer to a message reaches the member who is behind it.

    Core's rule believes every field that names a sender, and answers go to the
    first of them: who writes *Reply-To: anne@example.com* is Anne to the rule, but
    the answer is not for her.
    """
    return (
        _member_named(mlist, msg.sender) is not None
        or alias_author(mlist, msg) is not None
    )


@public
def is_moderator(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> bool:
    """Return whether an owner or a moderator of the list sent the message.

    It is the one address in From that counts.  An alias has none of their rights:
    using them would tell that it is one of them.

    :param author: Who wrote it from an alias, None if nobody did.
    """
    email = from_address(msg) if author is None else ''
    return bool(email) and mlist.administrators.get_member(email) is not None
