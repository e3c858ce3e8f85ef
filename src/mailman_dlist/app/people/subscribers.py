# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a program subscribes: Mailman's user or address by its name."""

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
    """What was given is no address, and no user's id."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'"{given}" is neither an email address nor the id of a user')


@public
class NoPreferredAddress(DlistError):
    """A user is named who prefers none of their addresses, or has none."""

    def __init__(self, given: str):
        self.given = given
        # As core says it.
        super().__init__('User has no preferred address')


@public
def subscriber(given: str, user_id: UUID | None, display_name: str) -> Any:
    """Return the user or address that is to be subscribed, as core's REST does.

    An address that Mailman does not know is made.

    :param user_id: What the same text says as the id of a user, if anything.
    :raises BadSubscriber: if there is no such user, or it is no address.
    :raises NoPreferredAddress: if nobody could say which address joins.
    """
    users = getUtility(IUserManager)
    if user_id is not None:
        user = users.get_user_by_id(user_id)
        if user is None:
            raise BadSubscriber(given)
        if user.preferred_address is None:
            raise NoPreferredAddress(given)
        return user
    # Other characters some databases do not even compare.
    if not (given.isascii() and given.isprintable()):
        raise BadSubscriber(given)
    try:
        return users.get_address(given) or users.create_address(given, display_name)
    except InvalidEmailAddressError:
        raise BadSubscriber(given) from None
