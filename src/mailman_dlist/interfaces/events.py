# SPDX-License-Identifier: GPL-3.0-or-later
"""Events about conversations, for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from public import public
from zope.interface import Attribute, Interface, implementer

from mailman_dlist.domain.actors import By
from mailman_dlist.domain.following import Choice, Reason
from mailman_dlist.interfaces.mailman import MailingList, Member


#: The action of a `ChangedEvent` about an alias.  Only the member may see whose it is:
#: the event has neither the address nor an actor.
ALIAS = 'alias'


#: The action of a `ChangedEvent` about the request of a newcomer with an essay.  It has
#: neither the answer nor, if nobody joins, the address.
ESSAY = 'essay'


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


@public
class IChangedEvent(Interface):
    """An owner, moderator or member changed something that is worth recording."""

    mlist = Attribute('The mailing list.')

    by = Attribute('The actor and the door, a `By`.')

    action = Attribute("""\
        What was done, one word in lower case: `rename`, `close`, `merge`, `pin`.""")

    conversation = Attribute('The `IConversation`, None if it is about the list.')

    member = Attribute('The member it is about, None for none.')

    before = Attribute("The earlier value as a text, '' for none.")

    after = Attribute("The new value as a text, '' for none.")


@public
@implementer(IChangedEvent)
@dataclass(frozen=True)
class ChangedEvent:
    """Something changed; notified before it is committed, in the same transaction."""

    mlist: MailingList
    by: By
    action: str
    conversation: Any = None
    member: Member | None = None
    before: str = ''
    after: str = ''
