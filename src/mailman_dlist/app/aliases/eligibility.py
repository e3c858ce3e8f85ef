# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out why an address cannot be an alias.

Only the reader of that address is ever told.  All checks are always made, even if the
first one decides, so that the time is always the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.people import senders
from mailman_dlist.domain.naming import SUBADDRESSES
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import address_uses


@public
class AddressUse(Enum):
    """The present use of an address."""

    of_list = 'of-list'
    of_member = 'of-member'
    alias = 'alias'
    banned = 'banned'


@public
@dataclass(frozen=True)
class Obstacle:
    """The reason why an address cannot be an alias.

    ``tell`` is the address that may know the reason.  ``list_address`` is the address
    of the list that the address belongs to, if any.
    """

    use: AddressUse
    tell: str
    list_address: str = ''

    @property
    def sentence(self) -> str:
        """The reason as a sentence, in the language that is in use."""
        match self.use:
            case AddressUse.of_list:
                # Named in the sentence.
                list_address = self.list_address  # noqa: F841
                return _('The address belongs to the mailing list ${list_address}.')
            case AddressUse.of_member:
                return _('The address belongs to a member of the list.')
            case AddressUse.alias:
                return _('A member of the list already posts from this address.')
            case AddressUse.banned:
                return _('The address is banned from the list.')


@public
def find(mlist: MailingList, email: str, member_id: UUID) -> Obstacle | None:
    """Return why an address cannot be an alias of a member; None if it can.

    :param email: As aliases are spelled.
    """
    list_id = mlist.list_id
    of_lists = address_uses.lists_named(*_list_names(email))
    memberships = address_uses.memberships(list_id, email)
    owner = address_uses.owner(list_id, email)
    banned = senders.is_address_banned(mlist, email)
    if of_lists:
        # Mail to the list's address would be posted; its owner address reaches people.
        name, host = of_lists[0]
        return Obstacle(AddressUse.of_list, f'{name}-owner@{host}', f'{name}@{host}')
    # The member's own linked addresses may be aliases, but not those of other users.
    linked = {each.member_id for each in memberships}
    subscribed = email in {each.email for each in memberships}
    if subscribed or (linked and member_id not in linked):
        return Obstacle(AddressUse.of_member, email)
    if owner is not None and owner != member_id:
        return Obstacle(AddressUse.alias, email)
    if banned:
        return Obstacle(AddressUse.banned, email)
    return None


def _list_names(email: str) -> tuple[set[str], str]:
    """Return the names of lists that may have this address, and the host.

    They have it whole, before the delimiter, or before a hyphen and one of
    Mailman's subaddresses.
    """
    local_part, _at, host = email.rpartition('@')
    before, _delimiter, _extension = local_part.partition(lists.delimiter())
    names = {local_part, before}
    for name in (local_part, before):
        list_name, hyphen, subaddress = name.rpartition('-')
        if hyphen and subaddress in SUBADDRESSES:
            names.add(list_name)
    return names - {''}, host
