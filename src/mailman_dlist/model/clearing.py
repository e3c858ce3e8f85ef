# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete all data of a list or a member."""

from __future__ import annotations

from uuid import UUID

from public import public
from sqlalchemy import Connection, delete, select

from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
)
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.following import MemberChoice, MemberSettings, Pause
from mailman_dlist.model.lists import Dlist
from mailman_dlist.model.session import store


@public
def forget_member(connection: Connection, member_id: UUID) -> None:
    """Delete a member's choices, aliases and answer."""
    for table in (MemberChoice, Pause, MemberSettings, Alias, AliasRequest, Essay):
        connection.execute(delete(table).where(table.member_id == member_id))


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
        ConversationMessage,
        ConversationName,
        Conversation,
        Dlist,
    ):
        store().execute(delete(owned).where(owned.list_id == list_id))
