# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete all data of a list.  The module `model.former` deletes data of members."""

from __future__ import annotations

from public import public
from sqlalchemy import delete, select

from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
    Merged,
)
from mailman_dlist.model.counts import PostCount
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.events import Event
from mailman_dlist.model.following import MemberChoice, MemberSettings, Pause
from mailman_dlist.model.former import Former
from mailman_dlist.model.lists import Dlist
from mailman_dlist.model.session import store


@public
def forget_list(list_id: str) -> None:
    """Delete all data of a list, children first: SQLite enforces no foreign keys."""
    conversations = select(Conversation.id).where(Conversation.list_id == list_id)
    for table in (MemberChoice, Pause):
        store().execute(delete(table).where(table.conversation_id.in_(conversations)))
    for owned in (
        MemberSettings,
        Alias,
        AliasRequest,
        Essay,
        Former,
        ConversationMessage,
        ConversationName,
        Merged,
        Conversation,
        # After the messages: a post that is sent out now adds to them.
        PostCount,
        Event,
        Dlist,
    ):
        store().execute(delete(owned).where(owned.list_id == list_id))
