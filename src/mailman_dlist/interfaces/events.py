# SPDX-License-Identifier: GPL-3.0-or-later
"""Events about conversations, for other programs."""

from __future__ import annotations

from typing import Any

from public import public
from zope.interface import Attribute, Interface, implementer

from mailman_dlist.domain.following import Choice, Reason
from mailman_dlist.interfaces.mailman import MailingList, Member


@public
class IConversationEvent(Interface):
    """Something happened to a conversation."""

    mlist = Attribute('The mailing list.')

    conversation = Attribute('The `IConversation`.')


@public
class IChoiceEvent(IConversationEvent):
    """A member made or removed a choice."""

    member = Attribute('The member.')

    choice = Attribute('The `Choice` that holds now, None for none.')

    reason = Attribute('The `Reason`.')


@public
@implementer(IConversationEvent)
class ConversationOpenedEvent:
    """A conversation was started; notified before it is committed."""

    def __init__(self, mlist: MailingList, conversation: Any):
        self.mlist = mlist
        self.conversation = conversation


@public
@implementer(IChoiceEvent)
class ChoiceChangedEvent:
    """A choice changed; notified before it is committed."""

    def __init__(
        self,
        mlist: MailingList,
        conversation: Any,
        member: Member,
        choice: Choice | None,
        reason: Reason,
    ):
        self.mlist = mlist
        self.conversation = conversation
        self.member = member
        self.choice = choice
        self.reason = reason
