# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces for aliases and requests for them."""

from __future__ import annotations

import enum

from public import public
from zope.interface import Attribute, Interface


@public
class AliasState(enum.Enum):
    """The state of a member's alias."""

    #: Not confirmed; the member never learns more about the address.
    pending = 1
    confirmed = 2


@public
class IAlias(Interface):
    """A confirmed address from which a member may post."""

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    email = Attribute('The address, in lower case.')

    member_id = Attribute('The UUID of the membership that it belongs to.')

    confirmed_at = Attribute('When it was confirmed, UTC without a time zone.')


@public
class IAliasRequest(Interface):
    """A member's request for an alias."""

    token = Attribute('The token that confirms it; only mail to the alias has it.')

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    email = Attribute('The address, in lower case.')

    member_id = Attribute('The UUID of the membership that asks.')

    asked_at = Attribute('When, UTC without a time zone.')

    withdrawn = Attribute('True if the member has withdrawn it.')
