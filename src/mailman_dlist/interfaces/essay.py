# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces for questions to newcomers."""

from __future__ import annotations

import enum

from public import public
from zope.interface import Attribute, Interface


@public
class EssayState(enum.Enum):
    """The state of a newcomer's answer."""

    #: Has not answered yet.
    asked = 1
    #: Has answered, and is not a member yet.
    answered = 2
    #: Is a member; the answer is stored.
    kept = 3
    #: Will not become a member by this request; only its token is stored.
    over = 4


@public
class IEssay(Interface):
    """A newcomer who was asked questions, and the answer."""

    token = Attribute('The token that identifies an answer by mail.')

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    email = Attribute("The address that wants to join; '' when it is over.")

    pending = Attribute(
        "Mailman's own token of the request, another after each step.")

    invited = Attribute('True when an owner invited the address.')

    answer = Attribute("The newcomer's own words, None before.")

    asked_at = Attribute('When the request was made, UTC without a time zone.')

    answered_at = Attribute('When it was answered.')

    mailed_at = Attribute("""\
        When the mail that is due was last sent, None while it is due: the questions
        before there is an answer, and the notice to the moderators afterwards.""")

    reminded_at = Attribute('When the last reply without an answer arrived.')

    joined_at = Attribute('When the newcomer became a member.')

    member_id = Attribute('The UUID of the membership, None before.')
