# SPDX-License-Identifier: GPL-3.0-or-later
"""Digest members, their choices, and the posts that a digest has contained.

The number of statements does not depend on the number of readers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from public import public
from sqlalchemy import and_, case, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from mailman_dlist.domain.digest import NO_WISH, Span, Wish
from mailman_dlist.domain.following import Choice, Default, counting
from mailman_dlist.model.conversations import Conversation, ConversationMessage
from mailman_dlist.model.core import address, member
from mailman_dlist.model.core import last_digest as last
from mailman_dlist.model.following import MemberSettings, chosen, pauses
from mailman_dlist.model.memberships import delivery_mode, delivery_status, members
from mailman_dlist.model.session import store


DIGESTS = (
    DeliveryMode.plaintext_digests,
    DeliveryMode.mime_digests,
    DeliveryMode.summary_digests,
)

settings: Any = MemberSettings.__table__
messages: Any = ConversationMessage.__table__


@public
class Reader(NamedTuple):
    """A member who receives the next digest.

    :param email: As its owner spells it.
    :param default: None for the list's base default.
    """

    email: str
    mode: DeliveryMode
    member_id: UUID
    default: Default | None


@public
def readers(list_id: str, number: int) -> list[Reader]:
    """Return the members who receive the next digest of a list.

    Members who have switched digests off receive one more, so that nothing is missing.

    :param number: The number of the list in Mailman's own tables.
    """
    takes_digests = and_(
        delivery_mode.in_(DIGESTS), delivery_status == DeliveryStatus.enabled
    )
    statement = (
        select(
            func.coalesce(address.c._original, address.c.email),
            case((takes_digests, delivery_mode), else_=last.c.delivery_mode),
            member.c._member_id,
            settings.c.default,
        )
        .select_from(members(member))
        .outerjoin(settings, settings.c.member_id == member.c._member_id)
        .outerjoin(
            last,
            and_(last.c.address_id == address.c.id, last.c.mailing_list_id == number),
        )
        .where(
            member.c.list_id == list_id,
            # As in `audience`.
            member.c.role.between(MemberRole.member, MemberRole.member),
            or_(takes_digests, last.c.id.is_not(None)),
        )
    )
    return [Reader(*row) for row in store().execute(statement)]


@public
def last_digests(number: int) -> list[int]:
    """Return the rows for last digests, also those of former members."""
    return list(
        store().scalars(select(last.c.id).where(last.c.mailing_list_id == number))
    )


@public
def wishes(
    conversation_ids: Collection[int], moment: datetime
) -> dict[UUID, dict[int, Wish]]:
    """Return the choices of members for some conversations at a moment."""
    found: dict[UUID, dict[int, Wish]] = {}
    lasting = select(chosen.c.member_id, chosen.c.conversation_id, chosen.c.choice)
    for member_id, conversation_id, choice in store().execute(
        lasting.where(chosen.c.conversation_id.in_(conversation_ids))
    ):
        found.setdefault(member_id, {})[conversation_id] = Wish(choice)
    for pause in store().execute(
        select(pauses).where(pauses.c.conversation_id.in_(conversation_ids))
    ):
        of_member = found.setdefault(pause.member_id, {})
        wish = of_member.get(pause.conversation_id, NO_WISH)
        if pause.choice is Choice.mute:
            silences = (*wish.silences, Span(pause.began, pause.ends))
            wish = replace(wish, silences=silences)
        else:
            wish = replace(wish, choice=counting(wish, pause, moment).choice)
        of_member[pause.conversation_id] = wish
    return found


@public
def with_hashes(
    list_id: str, hashes: Collection[str]
) -> dict[str, ConversationMessage]:
    """Return posts of a list by the hashes of their published ids."""
    statement = (
        select(ConversationMessage)
        .where(
            ConversationMessage.list_id == list_id,
            ConversationMessage.id_hash.in_(hashes),
        )
        .options(
            joinedload(ConversationMessage.conversation),
            joinedload(ConversationMessage.post).joinedload(
                ConversationMessage.conversation
            ),
        )
    )
    return {row.id_hash: row.post or row for row in store().scalars(statement)}


@public
def settle(
    list_id: str,
    posts: Collection[ConversationMessage],
    last_digest_ids: Collection[int],
    moment: datetime,
) -> None:
    """Record that a digest with these posts is queued, for some members the last one.

    Delete timed mutes that ended before its last post.
    """
    if last_digest_ids:
        store().execute(delete(last).where(last.c.id.in_(last_digest_ids)))
    if not posts:
        return
    store().execute(
        update(messages)
        .where(messages.c.id.in_([each.id for each in posts]))
        .values(digested_at=moment)
    )
    latest = max(each.posted_at or moment for each in posts)
    conversations = select(Conversation.id).where(Conversation.list_id == list_id)
    store().execute(
        delete(pauses).where(
            pauses.c.conversation_id.in_(conversations),
            pauses.c.running.is_(None),
            pauses.c.ends <= latest,
        )
    )
