# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge a conversation into another one.

All its names, Message-IDs and personal links lead to the other one from then on.
"""

from __future__ import annotations

from public import public
from zope.event import notify

from mailman_dlist.app.records import stats
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import life
from mailman_dlist.model.conversations import Conversation


@public
class SameConversation(DlistError):
    """A conversation cannot be merged into itself."""

    def __init__(self, name: str):
        super().__init__(f'"{name}" cannot be merged into itself')


@public
def merge(
    mlist: MailingList, source: Conversation, target: Conversation, by: By
) -> Conversation:
    """Make the messages of one conversation part of another, and return that one.

    It keeps its name and settings.  A choice that a person made outweighs an automatic
    one, and otherwise the later one; bars and pins of both are kept.

    :raises SameConversation: if the two are the same.
    """
    if source.id == target.id:
        raise SameConversation(target.name)
    found = life.lock(source.id, target.id)
    source, target = found[source.id], found[target.id]
    notify(ChangedEvent(mlist, by, 'merge', source, None, source.name, target.name))
    number = source.id
    life.merge(source, target)
    stats.merge(target, number)
    return target
