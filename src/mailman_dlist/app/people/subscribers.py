# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the user or address that a program subscribes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mailman.interfaces.address import InvalidEmailAddressError
from mailman.interfaces.usermanager import IUserManager
from public import public
from zope.component import getUtility

from mailman_dlist.domain.errors import DlistError


@public
class BadSubscriber(DlistError):
    """The given text is not an address, and not a user's id."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'"{given}" is neither an email address nor the id of a user')


@public
class NoPreferredAddress(DlistError):
    """The given user has no preferred address."""

    def __init__(self, given: str):
        self.given = given
        # The text is core's.
        super().__init__('User has no preferred address')


@public
def subscriber(given: str, user_id: UUID | None, display_name: str) -> Any:
    """Return the user or address to subscribe, as core's REST does.

    An address that Mailman does not know is created.

    :param user_id: The same text as the id of a user, if it is one.
    :raises BadSubscriber: if there is no such user, or it is not an address.
    :raises NoPreferredAddress: if it is not clear which address joins.
    """
    users = getUtility(IUserManager)
    if user_id is not None:
        user = users.get_user_by_id(user_id)
        if user is None:
            raise BadSubscriber(given)
        if user.preferred_address is None:
            raise NoPreferredAddress(given)
        return user
    # Some databases fail to compare other characters.
    if not (given.isascii() and given.isprintable()):
        raise BadSubscriber(given)
    try:
        return users.get_address(given) or users.create_address(given, display_name)
    except InvalidEmailAddressError:
        raise BadSubscriber(given) from None
