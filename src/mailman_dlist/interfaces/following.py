# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member hears, and why."""

from __future__ import annotations

from public import public
from zope.interface import Attribute, Interface


@public
class IMemberSettings(Interface):
    """What one member has chosen for the whole list."""

    member_id = Attribute('The UUID of the membership.')

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    default = Attribute('A `Default`: everything, openings or nothing.')

    follow_opened = Attribute('True to follow what the member opens.')

    follow_replied = Attribute('True to follow what the member replies to.')


@public
class IChoice(Interface):
    """What one member has chosen for one conversation, without an end."""

    conversation = Attribute('The `IConversation`.')

    member_id = Attribute('The UUID of the membership.')

    choice = Attribute('A `Choice`: follow or mute.')

    reason = Attribute('A `Reason`: how the choice came about.')

    made_at = Attribute('When, UTC without a time zone.')

    told = Attribute('True when the member knows that posting does not un-mute.')


@public
class IPause(Interface):
    """What one member has chosen for one conversation, for a while.

    It leaves the choice without an end as it is, and outweighs it until its own end.
    """

    conversation = Attribute('The `IConversation`.')

    member_id = Attribute('The UUID of the membership.')

    choice = Attribute('A `Choice`: mute, or follow.')

    reason = Attribute('A `Reason`: how the pause came about.')

    began = Attribute('When it began, UTC without a time zone.')

    ends = Attribute('When it ends, UTC without a time zone.')

    told = Attribute('True when the member knows that posting does not un-mute.')

    running = Attribute('True until its end has been handled, then None.')

    own_posts = Attribute('How many messages the member has posted meanwhile.')
