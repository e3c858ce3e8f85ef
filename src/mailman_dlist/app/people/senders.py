# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the member behind a message, and decisions about its sender."""

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
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.alias import spelled
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.fields import addresses, mailboxes_in
from mailman_dlist.model import address_uses
from mailman_dlist.model import aliases as model


# Actions by which owners decide about a nonmember; other actions are not decisions.
DECISIONS = (Action.hold, Action.reject, Action.discard)

# The number of senders of one mail that are looked up.
MOST_SENDERS = 100


@public
@dataclass(frozen=True)
class AliasAuthor:
    """The author of a message from an alias.

    :param email: The alias, in lower case; others may see it.
    :param member: The member behind it; others may not.
    """

    email: str
    member: Member


@public
def member_of(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return the member who sent the message; None for a stranger.

    Core's own rule decides, including linked addresses, so that a command is carried
    out for the member whose post would be accepted.

    :param author: The author of a message from an alias, else None.
    """
    return _find_sender_member(mlist, msg) if author is None else author.member


@public
def alias_author(mlist: MailingList, msg: Message) -> AliasAuthor | None:
    """Return the author of a message from an alias [U15]; None for other messages."""
    email = from_address(msg)
    member = owner(mlist, email) if email else None
    return None if member is None else AliasAuthor(email, member)


@public
def by_mail(member: Member, *, from_alias: bool) -> By:
    """Return the member as the actor of a command by mail."""
    actor = '' if member.address is None else member.address.email
    return By(Door.mail, actor, from_alias)


@public
def owner(mlist: MailingList, email: str) -> Member | None:
    """Return the member whose confirmed alias an address is."""
    # Some databases fail to compare other characters.
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
    """Return a member of this list by the id of the membership; None if there is none.

    Owners, moderators and nonmembers have such ids as well, but do not count.
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

    '' if From names none or several, or if it cannot be read.
    """
    named = mailboxes_in(msg, 'from')
    found = {spelled(each.address) for each in named if each.address}
    if len(found) != 1 or not all(each.is_clear for each in named):
        return ''
    email = found.pop()
    # Some databases fail to compare other characters.
    return email if email.isascii() and email.isprintable() else ''


@public
def hidden_member(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return a member with aliases whose identity a post might reveal; None for others.

    If From names an alias, or one address of a member, there is no doubt about whom the
    author wants to be.  Otherwise the author may have meant an alias that only other
    fields name; core accepts a member named in any of them.

    :param author: The author of a message from an alias, else None.
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
    """Return those of some addresses that are aliases, or were earlier."""
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
    """Return whether the sender of the message is banned from the list.

    :param author: The author of a message from an alias, else None.
    """
    emails = dict.fromkeys(msg.senders)
    return any(is_address_banned(mlist, each) for each in emails) or (
        author is not None and is_member_banned(mlist, author.member)
    )


@public
def is_member_banned(mlist: MailingList, member: Member) -> bool:
    """Return whether a member is banned from posts, and therefore from commands."""
    address = member.address
    return address is not None and is_address_banned(mlist, address.email)


@public
def is_address_banned(mlist: MailingList, email: str) -> bool:
    """Return whether a ban of the list or the site applies to an address.

    Mailman's own function raises an error if an owner's pattern is not a regular
    expression.
    """
    found = address_uses.bans(mlist.list_id, email)
    return any(_is_about(ban, email) for ban in found)


def _is_about(ban: str, email: str) -> bool:
    # A pattern that is not a regular expression bans nobody.
    with suppress(re.error):
        return ban == email or (
            ban.startswith('^') and re.match(ban, email, re.IGNORECASE) is not None
        )
    return False


@public
def commander(
    mlist: MailingList, msg: Message, author: AliasAuthor | None
) -> Member | None:
    """Return the member who sent a command; None if no member can be named.

    All code that handles commands calls this, after checking that the sender is not
    banned.  A command is carried out for the one member or alias in From.  Core's rule
    about posts believes every field that names a sender, and replies go to the first: a
    stranger who writes *Reply-To: anne@example.com* is Anne to the rule, but the reply
    is not for her.

    :param author: The author of a message from an alias, else None.
    """
    if author is not None:
        return author.member
    return _member_named(mlist, msg.sender) if from_address(msg) else None


@public
def is_decided(nonmember: Member) -> bool:
    """Return whether an owner has decided to hold or refuse a nonmember's mail."""
    return nonmember.moderation_action in DECISIONS


@public
def is_decided_alias(mlist: MailingList, author: AliasAuthor | None) -> bool:
    """Return whether an owner had set an action for an alias before it was one.

    The address was a nonmember's then.

    :param author: The author of a message from an alias, else None.
    """
    if author is None:
        return False
    nonmember = mlist.nonmembers.get_member(author.email)
    return nonmember is not None and is_decided(nonmember)


@public
def is_answered(mlist: MailingList, msg: Message) -> bool:
    """Return whether a reply to a message reaches the member who is behind it.

    Core's rule believes every field that names a sender, and replies go to the first of
    them: a stranger who writes *Reply-To: anne@example.com* is Anne to the rule, but
    the reply is not for her.
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

    Only the one address in From counts.  An alias has none of their rights: using them
    would reveal that it belongs to one of them.

    :param author: The author of a message from an alias, else None.
    """
    email = from_address(msg) if author is None else ''
    return bool(email) and mlist.administrators.get_member(email) is not None
