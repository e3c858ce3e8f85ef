# SPDX-License-Identifier: GPL-3.0-or-later
"""What an alias is, and the wish to have one."""

from __future__ import annotations

import enum

from public import public
from zope.interface import Attribute, Interface


@public
class AliasState(enum.Enum):
    """What became of a member's wish to have an alias."""

    #: Whatever the address is: the member learns no more.
    pending = 1
    confirmed = 2


@public
class IAlias(Interface):
    """An address that a member posts from, confirmed by who reads its mail."""

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    email = Attribute('The address, in lower case.')

    member_id = Attribute('The UUID of the membership that it belongs to.')

    confirmed_at = Attribute('When it was confirmed, UTC without a time zone.')


@public
class IAliasRequest(Interface):
    """That a member asked for an alias, once."""

    token = Attribute('What confirms it; only mail to the alias has it.')

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    email = Attribute('The address, in lower case.')

    member_id = Attribute('The UUID of the membership that asks.')

    asked_at = Attribute('When, UTC without a time zone.')

    withdrawn = Attribute('True when the member wants it no more.')
