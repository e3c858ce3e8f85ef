# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which conversation a message belongs to, or why it is not a post.

Judging writes nothing.  The chain judges to refuse messages that cannot be posted,
after strangers and spam have been settled.  In the pipeline `app.posts.accepting`
judges again, since a moderator may have held the message for weeks.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta

from public import public

from mailman_dlist.app import lookup
from mailman_dlist.app.people.senders import from_address, is_moderator
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.app.posts.threads import Thread
from mailman_dlist.domain import naming
from mailman_dlist.domain.address import Action, Intent
from mailman_dlist.interfaces.conversation import MessageKind, Posting
from mailman_dlist.mail.automatic import no_post
from mailman_dlist.mail.dates import written_at
from mailman_dlist.mail.fields import raw
from mailman_dlist.mail.subjects import base_subject, decode_subject
from mailman_dlist.model.access import is_barred
from mailman_dlist.model.conversations import (
    SUBJECT_LENGTH,
    Conversation,
    ConversationMessage,
    numbered,
)


# How far ahead a sender's clock may be; our choice.
CLOCKS_DIFFER = timedelta(minutes=1)


@public
class Fate(enum.Enum):
    """The outcome for a message."""

    opens = 'it opens a conversation'
    continues = 'it continues a conversation'
    #: All copies of a message with this Message-ID have been queued before.
    repeated = 'it was delivered before'
    #: It is another message, with a Message-ID that has been delivered before.
    reused = 'its Message-ID is that of another message'
    automatic = 'no person wrote it'
    #: The address names no conversation and no command.
    unknown = 'the address names no conversation or command'
    #: It replies to a message of a conversation that a moderator has deleted.
    deleted = 'the conversation was deleted'
    closed = 'the conversation is closed'
    #: A moderator has excluded the author from the conversation.
    barred = 'its author is barred from the conversation'
    #: It does not tell which one address it is from.
    unclear = 'its From is not one address of a member'

    @property
    def is_post(self) -> bool:
        return self in (Fate.opens, Fate.continues)


@public
@dataclass(frozen=True)
class Judgement:
    """The outcome for a message, and the conversation it is about.

    :param why: A phrase for the log, if the fate alone does not explain it.
    """

    fate: Fate
    conversation: Conversation | None = None
    why: str = ''


@public
def judge(arrival: Arrival, found: Thread) -> Judgement:
    """Return the outcome for a message, without writing anything.

    :param found: The thread of the message, as it is known now.
    """
    intent = arrival.intent
    if is_unclear(arrival):
        return Judgement(Fate.unclear)
    # One mail may go to several addresses; that it was posted through one of them does
    # not settle the others.
    seen = found.seen if intent.is_post else None
    if seen is not None and seen.delivered_at is not None:
        if arrival.automatic is None and _is_another(arrival, seen):
            return Judgement(Fate.reused, seen.conversation)
        return Judgement(Fate.repeated, seen.conversation)
    if seen is not None and seen.kind.is_post:
        # Accepted, and then an error occurred.  The earlier outcome still holds, and a
        # shunted message has our List-Id, as if it had passed through the list.
        if seen.conversation is None:
            return Judgement(Fate.deleted)
        return Judgement(Fate.continues, seen.conversation)
    judgement = _find(arrival, found)
    msg = arrival.msg
    # Programs may post, but they get no explanation if a message is not posted.
    why = (
        no_post(msg, msg.get_unixfrom(), arrival.mlist.list_id)
        if judgement.fate.is_post
        else arrival.automatic
    )
    if why is not None:
        return Judgement(Fate.automatic, judgement.conversation, why)
    return judgement


@public
def is_unclear(arrival: Arrival) -> bool:
    """Return whether a message does not clearly come from one address.

    This matters if a member may have meant an alias, and for commands.
    """
    return arrival.hidden is not None or (
        arrival.intent.is_command and not from_address(arrival.msg)
    )


def _is_another(arrival: Arrival, seen: ConversationMessage) -> bool:
    """Return whether a message differs from the delivered one with the same id.

    It was written after that one was posted, or it is not an opening with that subject.
    A message that another list passes on has that list's subject, and maybe its date.
    """
    mlist, msg = arrival.mlist, arrival.msg
    conversation = seen.conversation
    if not seen.kind.is_post or conversation is None or raw(msg, 'List-Id'):
        return False
    written, posted = written_at(msg), seen.posted_at
    if written is not None and posted is not None and written > posted + CLOCKS_DIFFER:
        return True
    if seen.kind is not MessageKind.opening:
        return False
    subjects = decode_subject(msg.get('subject')), conversation.subject
    prefix = mlist.subject_prefix or ''
    one, other = (
        base_subject(each[:SUBJECT_LENGTH], prefix).casefold() for each in subjects
    )
    return one != other


def _find(arrival: Arrival, found: Thread) -> Judgement:
    intent = arrival.intent
    match intent.action:
        case Action.post:
            assert intent.name is not None
            named = _named(arrival, intent.name, found)
            if named is None:
                return Judgement(Fate.unknown)
            return _continue(arrival, named)
        case Action.open | Action.plain:
            nearest = found.nearest or found.seen
            if nearest and nearest.conversation is None and intent.name is None:
                return Judgement(Fate.deleted)
            related = _related(found)
            if related is None or _names_another(intent, related):
                return Judgement(Fate.opens)
            return _continue(arrival, related)
    return Judgement(Fate.unknown)


def _named(arrival: Arrival, name: str, found: Thread) -> Conversation | None:
    """Return the conversation that the address names."""
    # Mostly it is the conversation of the parent message, and already known.
    related = _related(found)
    if related is not None and related.name == name.lower():
        return related
    named = lookup.find(arrival.mlist, name)
    if related is not None and named is not None and _was_split(related, named):
        # The message that it replies to went out from the conversation named.
        return related
    return named


def _was_split(conversation: Conversation, source: Conversation) -> bool:
    """Return whether a conversation was split from another one, maybe in steps."""
    seen = set()
    step: Conversation | None = conversation
    while step is not None and step.id not in seen:
        if step.id == source.id:
            return True
        seen.add(step.id)
        step = None if step.split_from is None else numbered(step.split_from)
    return False


def _related(found: Thread) -> Conversation | None:
    """Return the conversation of the nearest message that this one refers to."""
    # A reply may have arrived before its parent.
    nearest = found.nearest or found.seen
    return None if nearest is None else nearest.conversation


def _names_another(intent: Intent, related: Conversation) -> bool:
    """Return whether a message opens a conversation although it is a reply.

    ``+new+name`` does.  But a member who replies to all of their own copy, or of one
    that they got as a Cc, writes to ``+new+name`` again, and means the conversation
    that it opened.
    """
    return intent.name is not None and not naming.is_namesake(
        related.name, naming.from_given(intent.name)
    )


def _continue(arrival: Arrival, conversation: Conversation) -> Judgement:
    if conversation.posting is Posting.closed and not is_moderator(
        arrival.mlist, arrival.msg, arrival.author
    ):
        return Judgement(Fate.closed, conversation)
    if arrival.settings.bars and _is_barred(arrival, conversation):
        return Judgement(Fate.barred, conversation)
    return Judgement(Fate.continues, conversation)


def _is_barred(arrival: Arrival, conversation: Conversation) -> bool:
    """Return whether the author is barred, also one who posts from an alias."""
    member = arrival.member
    return (
        member is not None
        and not conversation.mandatory
        and is_barred(conversation, member.member_id)
    )
