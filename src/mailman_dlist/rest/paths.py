# SPDX-License-Identifier: GPL-3.0-or-later
"""Base classes that look up the objects named in the path of a request."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from public import public

from mailman_dlist.app import lookup
from mailman_dlist.app.life.changing import check_present
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.rest.answers import Resource


@public
class NotAMemberId(lookup.Unknown):
    """A path does not name a member by the id of the membership."""

    def __init__(self, mlist: MailingList, given: str):
        super().__init__(
            f'{mlist.fqdn_listname} has no member "{given}"; this path needs the '
            'member_id, 32 hexadecimal digits, which Mailman shows in '
            f'members/find?subscriber=ADDRESS&list_id={mlist.list_id}'
        )


@public
class OfAList(Resource):
    """A resource of one list.

    :param list_id: The List-ID, or the posting address, as Mailman allows it.
    """

    def __init__(self, list_id: str):
        self.list_id = list_id

    def mlist(self) -> MailingList:
        """Return the list.

        :raises UnknownList: or NotADlist; both are 404.
        """
        return lookup.dlist_named(self.list_id)

    def member(self, member_id: str) -> Member:
        """Return a member of the list, by the id that Mailman shows.

        :raises UnknownMember: if there is none.
        """
        mlist, key = self.mlist(), self.uuid(member_id)
        if key is not None:
            with suppress(lookup.UnknownMember):
                return lookup.member_with_id(mlist, key)
        raise NotAMemberId(mlist, member_id)

    def uuid(self, given: str) -> UUID | None:
        """Parse an id as Mailman shows it; None if the text is not an id."""
        try:
            return self.api.to_uuid(given)
        except ValueError:
            return None


@public
class OfAMember(OfAList):
    """A resource of one member of a list.

    :param member_id: As Mailman shows it.
    """

    def __init__(self, list_id: str, member_id: str):
        super().__init__(list_id)
        self.member_id = member_id

    def parties(self) -> tuple[MailingList, Member]:
        """Return the list and the member.

        :raises UnknownMember: if there is none.
        """
        return self.mlist(), self.member(self.member_id)


@public
class OfAConversation(OfAList):
    """A resource of one conversation.

    :param name: Its name, or an earlier name.
    """

    def __init__(self, list_id: str, name: str):
        super().__init__(list_id)
        self.name = name

    def conversation(self) -> tuple[MailingList, Conversation]:
        """Return the list and the conversation.

        :raises UnknownConversation: if there is none.
        """
        mlist = self.mlist()
        return mlist, lookup.conversation_named(mlist, self.name)

    def present(self) -> tuple[MailingList, Conversation]:
        """Return the list and the conversation, if it is named as it is now.

        :raises FormerName: if the path has an earlier name.
        """
        mlist, conversation = self.conversation()
        check_present(self.name, conversation)
        return mlist, conversation
