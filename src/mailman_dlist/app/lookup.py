# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the list, conversation or member that a path or a command line names."""

from __future__ import annotations

import difflib
from uuid import UUID

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.people import senders
from mailman_dlist.domain import naming
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import conversations as model
from mailman_dlist.model import essays
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.following import Chosen, choices


# The number of names that a notice suggests for a mistyped one.
NEAREST_NAMES = 3


@public
class Unknown(DlistError):
    """There is nothing with that name."""


@public
class UnknownList(Unknown):
    """There is no such list."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'There is no list "{given}"')


@public
class UnknownConversation(Unknown):
    """The list has no such conversation.

    :param similar: Existing names that are similar.
    """

    def __init__(self, mlist: MailingList, given: str, similar: list[str]):
        self.given = given
        self.similar = similar
        hint = f'; did you mean {" or ".join(similar)}?' if similar else ''
        super().__init__(f'{mlist.fqdn_listname} has no conversation "{given}"{hint}')


@public
class UnknownMember(Unknown):
    """The list has no member with that address or id."""

    def __init__(self, mlist: MailingList, given: str):
        self.given = given
        super().__init__(f'{mlist.fqdn_listname} has no member "{given}"')


@public
class UnknownChoice(Unknown):
    """The member has no choice about the conversation."""

    def __init__(self, member: Member, conversation: Conversation):
        email = email_of(member)
        super().__init__(
            f'{email} has no choice for {conversation.name}; '
            'the default of the member applies'
        )


@public
class UnknownEssay(Unknown):
    """There is no request with that token, and no stored answer of such a member."""

    def __init__(self, mlist: MailingList, given: str):
        self.given = given
        super().__init__(
            f'{mlist.fqdn_listname} has no answer "{given}"; an answer is named by the '
            "token of Mailman's request, or by the member_id of the member"
        )


@public
def list_named(given: str) -> MailingList:
    """Return a list, plain or not, by its List-ID or posting address.

    :raises UnknownList: if there is none.
    """
    manager = getUtility(IListManager)
    mlist = manager.get(given.lower()) if _may_stand_in_address(given) else None
    if mlist is None:
        raise UnknownList(given)
    return mlist


@public
def dlist_named(given: str) -> MailingList:
    """Return a dlist by its List-ID or posting address.

    :raises UnknownList: if there is none.
    :raises NotADlist: if it is a plain list.
    """
    mlist = list_named(given)
    if not lists.is_dlist(mlist):
        raise lists.NotADlist(mlist)
    return mlist


@public
def find(mlist: MailingList, name: str) -> Conversation | None:
    """Return the conversation with a name, also by an old one."""
    return model.named(mlist.list_id, name.lower())


@public
def similar_names(mlist: MailingList, name: str) -> list[str]:
    """Return names of conversations that are similar to a name."""
    names = model.latest_names(mlist.list_id)
    return difflib.get_close_matches(name, names, NEAREST_NAMES)


@public
def conversation_named(mlist: MailingList, given: str) -> Conversation:
    """Return a conversation by the name it has, or had.

    :raises UnknownConversation: if there is none.
    """
    is_name = naming.is_name(given.lower())
    found = find(mlist, given) if is_name else None
    if found is None:
        similar = similar_names(mlist, given.lower())
        raise UnknownConversation(mlist, given, similar)
    return found


@public
def member_with_email(mlist: MailingList, given: str) -> Member:
    """Return a member of the list by the address of the membership.

    :raises UnknownMember: if there is none.
    """
    members = mlist.members
    member = members.get_member(given.lower()) if _may_stand_in_address(given) else None
    if member is None:
        raise UnknownMember(mlist, given)
    return member


@public
def member_with_id(mlist: MailingList, member_id: UUID) -> Member:
    """Return a member of the list by the id of the membership.

    :raises UnknownMember: if there is none; a membership of another list, or
        as owner, moderator or nonmember, does not count.
    """
    member = senders.membership(mlist, member_id)
    if member is None:
        raise UnknownMember(mlist, str(member_id))
    return member


@public
def email_of(member: Member) -> str | None:
    """Return a member's address; None for a user without a preferred one."""
    return None if member.address is None else member.address.email


@public
def choice_of(conversation: Conversation, member: Member) -> Chosen:
    """Return the choice of a member about a conversation.

    :raises UnknownChoice: if no choice counts now.
    """
    found = choices(conversation, now(), member_id=member.member_id)
    if not found:
        raise UnknownChoice(member, conversation)
    return found[0]


@public
def essay_of(mlist: MailingList, given: str, member_id: UUID | None) -> Essay:
    """Return the questions and the answer of one person.

    :param given: The token of Mailman's request, or the id of a member.
    :param member_id: The same as an id, if it is one.
    :raises UnknownEssay: if there is none on this list.
    """
    found = None if member_id is None else essays.of_member(member_id)
    if found is None and _may_stand_in_address(given):
        found = essays.with_pending(given)
    if found is None or found.list_id != mlist.list_id:
        raise UnknownEssay(mlist, given)
    return found


def _may_stand_in_address(text: str) -> bool:
    """Return whether a name has only characters that every database can compare."""
    return text.isascii() and text.isprintable()
