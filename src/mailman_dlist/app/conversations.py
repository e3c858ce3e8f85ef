# SPDX-License-Identifier: GPL-3.0-or-later
"""Which conversation a message belongs to, and how it comes into being.

A message is judged twice.  The chain judges to refuse what cannot be posted,
after strangers and spam have been settled; it writes nothing, since a moderator
may discard what is held.  The pipeline judges again and accepts: only there a
conversation comes into being, committed before anything leaves.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.app import following, lists
from mailman_dlist.app.senders import is_moderator
from mailman_dlist.app.site import ready
from mailman_dlist.app.threads import Thread, thread
from mailman_dlist.domain import naming, references
from mailman_dlist.domain.address import Action, Intent
from mailman_dlist.domain.automatic import automatic, is_generated
from mailman_dlist.domain.following import Reason
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.interfaces.events import ConversationOpenedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
)
from mailman_dlist.model.session import committed, store


# How many names a notice offers to who mistyped one.
NEAREST_NAMES = 3


@public
class Fate(enum.Enum):
    """What becomes of a message."""

    opens = 'it opens a conversation'
    continues = 'it continues a conversation'
    #: All copies of a message with this message-id have been queued before.
    repeated = 'it was delivered before'
    automatic = 'no person wrote it'
    #: There is no such conversation, or no such command.
    unknown = 'its address means nothing'
    closed = 'the conversation is closed'

    @property
    def is_post(self) -> bool:
        return self in (Fate.opens, Fate.continues)


@public
@dataclass(frozen=True)
class Judgement:
    """What becomes of a message, and the conversation it is about.

    :param why: A phrase for the log, where the fate alone does not say it.
    """

    fate: Fate
    conversation: Conversation | None = None
    why: str = ''


@public
@dataclass(frozen=True)
class Accepted:
    """An accepted message, committed."""

    conversation: Conversation
    message: ConversationMessage
    #: Its author muted the conversation and does not know yet that this stays so.
    into_silence: bool = False
    #: Ids that the message names, which only went out as others, and these.
    hidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def opening(self) -> bool:
        return self.message.kind is MessageKind.opening


@public
def judge(
    mlist: MailingList, msg: Message, intent: Intent, message_id: str
) -> Judgement:
    """Say what becomes of a message; this writes nothing.

    :param intent: What its envelope recipient asks for.
    :param message_id: The one it came with; a later handler may have changed
        that in the message itself.
    """
    ready()
    return _judge(mlist, msg, intent, thread(mlist, msg, message_id))


@public
def accept(
    mlist: MailingList,
    msg: Message,
    intent: Intent,
    message_id: str,
    member: Member | None,
    *,
    by_alias: bool = False,
) -> Judgement | Accepted:
    """Judge a message and, if it is a post, make it part of a conversation.

    What is accepted is committed, and accepting it again gives the same.

    :param member: The member behind the message, None for a stranger.
    :param by_alias: Whether nobody may know that it is this member.
    :return: The judgement where the message is no post.
    """

    def work() -> Judgement | Accepted:
        ready()
        found = thread(mlist, msg, message_id)
        judgement = _judge(mlist, msg, intent, found)
        if not judgement.fate.is_post:
            return judgement
        moment = now()
        conversation = judgement.conversation
        opens = conversation is None
        if conversation is None:
            conversation = _open(mlist, msg, intent, message_id, found, moment)
        kind = MessageKind.opening if opens else MessageKind.reply
        # Without a second look: if another runner was faster with the same
        # message, the unique key says so, and all is judged again.
        message = found.seen or model.add_message(conversation, message_id, kind)
        _record(message, conversation, kind, moment)
        if member is not None:
            reason = Reason.opened if opens else Reason.replied
            following.follow_by_posting(
                mlist, conversation, member, reason, by_alias=by_alias
            )
        into_silence = (
            member is not None
            and not opens
            and following.posts_into_silence(conversation, member)
        )
        return Accepted(conversation, message, into_silence, found.hidden)

    return committed(work)


@public
def find(mlist: MailingList, name: str) -> Conversation | None:
    """Return the conversation that a name leads to, also an old one."""
    return model.named(mlist.list_id, name.lower())


@public
def similar_names(mlist: MailingList, name: str) -> list[str]:
    """Return names of conversations that somebody may have meant."""
    names = model.latest_names(mlist.list_id)
    return difflib.get_close_matches(name, names, NEAREST_NAMES)


def _judge(
    mlist: MailingList,
    msg: Message,
    intent: Intent,
    found: Thread,
) -> Judgement:
    # One mail may go to several addresses; that it was posted by one of them is no
    # answer to the others.
    seen = found.seen if intent.is_post else None
    if seen is not None and seen.delivered_at is not None:
        return Judgement(Fate.repeated, seen.conversation)
    if seen is not None and seen.kind.is_post:
        # Accepted, and then something failed.  What was found then holds, and what
        # was shunted looks as if it had gone through the list: it has our List-Id.
        return Judgement(Fate.continues, seen.conversation)
    judgement = _find(mlist, msg, intent, found)
    why = automatic(msg, msg.get_unixfrom(), mlist.list_id)
    if why is not None and not (judgement.fate is Fate.opens and is_generated(msg)):
        return Judgement(Fate.automatic, judgement.conversation, why)
    return judgement


def _find(
    mlist: MailingList,
    msg: Message,
    intent: Intent,
    found: Thread,
) -> Judgement:
    match intent.action:
        case Action.post:
            assert intent.name is not None
            named = find(mlist, intent.name)
            if named is None:
                return Judgement(Fate.unknown)
            return _continue(mlist, msg, named)
        case Action.open | Action.plain:
            related = _related(found)
            if related is None or _names_another(intent, related):
                return Judgement(Fate.opens)
            return _continue(mlist, msg, related)
    return Judgement(Fate.unknown)


def _related(found: Thread) -> Conversation | None:
    """Return the conversation of the nearest message that this one refers to."""
    # An answer may have come before what it answers.
    nearest = found.nearest or found.seen
    return None if nearest is None else nearest.conversation


def _names_another(intent: Intent, related: Conversation) -> bool:
    """Say whether a message opens a conversation though it answers one.

    ``+new+name`` does.  But who answers all of the copy that they sent, or had as
    a Cc, writes to ``+new+name`` again, and means what it opened.
    """
    return intent.name is not None and not naming.is_namesake(
        related.name, naming.from_given(intent.name)
    )


def _continue(
    mlist: MailingList, msg: Message, conversation: Conversation
) -> Judgement:
    if conversation.closed_at is not None and not is_moderator(mlist, msg):
        return Judgement(Fate.closed, conversation)
    return Judgement(Fate.continues, conversation)


def _open(
    mlist: MailingList,
    msg: Message,
    intent: Intent,
    message_id: str,
    found: Thread,
    moment: datetime,
) -> Conversation:
    subject = naming.decode_subject(msg.get('subject'))
    conversation = Conversation(
        list_id=mlist.list_id,
        name=_name(mlist, intent, subject),
        subject=subject[: model.SUBJECT_LENGTH],
        opened_at=moment,
        last_post_at=moment,
    )
    store().add(conversation)
    store().flush()
    store().add(
        ConversationName(
            list_id=mlist.list_id,
            name=conversation.name,
            conversation_id=conversation.id,
        )
    )
    # Other replies to a message that we have not seen belong here, as does it.
    known = {references.id_hash(each) for each in found.known}
    # Some messages refer to themselves.
    known.add(references.id_hash(message_id))
    for parent in references.owned(found.parents):
        if references.id_hash(parent) not in known:
            model.add_message(conversation, parent, MessageKind.awaited)
    notify(ConversationOpenedEvent(mlist, conversation))
    return conversation


def _name(mlist: MailingList, intent: Intent, subject: str) -> str:
    room = naming.room(mlist.list_name, lists.delimiter())
    given = naming.from_given(intent.name or '')
    from_subject = naming.from_subject(
        subject, mlist.subject_prefix or '', min(room, ready().name_length)
    )
    return model.free_name(
        mlist.list_id, naming.candidates(given or from_subject, room)
    )


def _record(
    message: ConversationMessage,
    conversation: Conversation,
    kind: MessageKind,
    moment: datetime,
) -> None:
    if not message.kind.is_post:
        message.kind = kind
        message.conversation = conversation
    if message.posted_at is None:
        message.posted_at = conversation.last_post_at = moment
    store().flush()
