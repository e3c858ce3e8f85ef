# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces for members' settings and choices."""

from __future__ import annotations

from public import public
from zope.interface import Attribute, Interface

from mailman_dlist.domain.following import Ruling as Ruling


@public
class IMemberSettings(Interface):
    """The settings of one member for the whole list."""

    member_id = Attribute('The UUID of the membership.')

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    default = Attribute('A `Default`: everything, openings or nothing.')

    follow_opened = Attribute('True to follow what the member opens.')

    follow_replied = Attribute('True to follow what the member replies to.')


@public
class IChoice(Interface):
    """A member's choice for one conversation, without an end."""

    conversation = Attribute('The `IConversation`.')

    member_id = Attribute('The UUID of the membership.')

    choice = Attribute("""\
        A `Choice`: follow if the member is pinned, mute if barred; None while a
        request is pending.""")

    ruling = Attribute("A moderator's `Ruling`, None without one.")

    reason = Attribute('A `Reason`: how the choice was made.')

    made_at = Attribute('When, UTC without a time zone.')

    told = Attribute('True when the member knows that posting does not un-mute.')


@public
class IPause(Interface):
    """A member's choice for one conversation, for a limited time.

    It leaves the choice without an end unchanged, and outweighs it until the pause
    ends.
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
