# SPDX-License-Identifier: GPL-3.0-or-later
"""Accept messages into conversations, and open conversations.

Only the pipeline accepts messages, and what is accepted is committed before anything is
sent.  `app.posts.judging` decides beforehand whether a message can be posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.app.people.senders import from_address
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.app.posts.judging import Judgement, judge
from mailman_dlist.app.posts.threads import Thread, thread
from mailman_dlist.app.site import ready
from mailman_dlist.domain import naming
from mailman_dlist.domain.posters import poster
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.interfaces.events import ConversationOpenedEvent
from mailman_dlist.mail import references, subjects
from mailman_dlist.mail.automatic import is_generated
from mailman_dlist.model import conversations as model
from mailman_dlist.model import owners
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
)
from mailman_dlist.model.session import committed, store


@public
@dataclass(frozen=True)
class Accepted:
    """An accepted message, committed."""

    arrival: Arrival
    conversation: Conversation
    message: ConversationMessage
    #: Its author muted the conversation and has not been told yet that this stays so.
    into_silence: bool = False
    #: The author's address, if a plain list would send no copy of their own post to it.
    unwanted: str | None = None
    #: Original Message-IDs that the message names, and the ids that replace them.
    hidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def opening(self) -> bool:
        return self.message.kind is MessageKind.opening


@public
def accept(
    arrival: Arrival, judged: Judgement | None = None
) -> Judgement | Accepted:
    """Judge a message and, if it is a post, make it part of a conversation.

    The result is committed; accepting a message again gives the same result.

    :param judged: The earlier judgement at this stage, by `Arrival.thread`.
    :return: The judgement if the message is not a post.
    """
    # For a new message, the unique key tells whether another runner was faster.  A
    # message that came before may have been delivered in the meantime.
    earlier = None if judged is None or arrival.thread.seen else judged

    def work() -> Judgement | Accepted:
        nonlocal earlier
        judgement, earlier = earlier, None
        found = arrival.thread
        if judgement is None:
            found = thread(arrival.mlist, arrival.msg, arrival.message_id)
            judgement = judge(arrival, found)
        if not judgement.fate.is_post:
            return judgement
        member = arrival.member
        owners.hold(
            arrival.mlist.list_id, None if member is None else member.member_id
        )
        moment = now()
        conversation = judgement.conversation
        opens = conversation is None
        if conversation is None:
            conversation = _open(arrival, found, moment)
        kind = MessageKind.opening if opens else MessageKind.reply
        # Without checking again: if another runner was faster with the same message,
        # the unique key raises an error, and the message is judged again.
        message = found.seen or model.add_message(
            conversation, arrival.message_id, kind
        )
        again = message.posted_at is not None
        _record(arrival, message, conversation, kind, moment)
        # A program's mail says nothing about what its owner wants to read.
        into_silence = (
            not is_generated(arrival.msg)
            and member is not None
            and choices.follow_by_posting(
                arrival.mlist,
                conversation,
                member,
                opens=opens,
                by_alias=arrival.author is not None,
                again=again,
            )
        )
        return Accepted(
            arrival,
            conversation,
            message,
            into_silence,
            _unwanted(arrival),
            found.hidden,
        )

    return committed(work)


def _posting_address(arrival: Arrival) -> str:
    """Return the address that tells posters apart; never a member's for an alias."""
    member = arrival.member
    if arrival.author is None and member is not None and member.address is not None:
        # Members also post from other addresses of their users.
        return member.address.email
    return from_address(arrival.msg) or arrival.msg.sender


def _unwanted(arrival: Arrival) -> str | None:
    """Return the author's address if a plain list would not send the post to it.

    A plain list knows neither aliases nor other addresses of users.
    """
    member = arrival.member
    if arrival.author is not None or member is None or member.receive_own_postings:
        return None
    email = member.address.email
    return email if email == arrival.msg.sender.lower() else None


def _open(arrival: Arrival, found: Thread, moment: datetime) -> Conversation:
    mlist = arrival.mlist
    subject = subjects.decode_subject(arrival.msg.get('subject'))
    conversation = Conversation(
        list_id=mlist.list_id,
        name=_name(arrival, subject),
        subject=subject[: model.SUBJECT_LENGTH],
        opened_at=moment,
        last_post_at=moment,
        access=arrival.settings.access,
        mandatory=arrival.settings.mandatory,
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
    # Other replies to a message that we have not seen belong here too, and so does that
    # message.
    known = {references.id_hash(each) for each in found.known}
    # Some messages refer to themselves.
    known.add(references.id_hash(arrival.message_id))
    for parent in references.owned(found.parents):
        if references.id_hash(parent) not in known:
            model.add_message(conversation, parent, MessageKind.awaited)
    notify(ConversationOpenedEvent(mlist, conversation))
    return conversation


def _name(arrival: Arrival, subject: str) -> str:
    mlist = arrival.mlist
    room = naming.room(mlist.list_name, lists.delimiter())
    given = naming.from_given(arrival.intent.name or '')
    from_subject = naming.from_subject(
        subject, mlist.subject_prefix or '', min(room, ready().name_length)
    )
    return model.free_name(
        mlist.list_id, naming.candidates(given or from_subject, room)
    )


def _record(
    arrival: Arrival,
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
        message.poster = poster(arrival.mlist.list_id, _posting_address(arrival))
    store().flush()
