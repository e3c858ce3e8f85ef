# SPDX-License-Identifier: GPL-3.0-or-later
"""Split a conversation at one of its messages.

Replies to the messages that moved belong to the new conversation from then on.
"""

from __future__ import annotations

from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.app.life.changing import NameTaken, check_name, clean_subject
from mailman_dlist.app.records import stats
from mailman_dlist.app.site import ready
from mailman_dlist.domain import naming
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.mail.references import bare
from mailman_dlist.model import conversations, life
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
)
from mailman_dlist.model.session import store


@public
class CannotSplit(DlistError):
    """A conversation cannot be split at that message."""


@public
def split(
    mlist: MailingList,
    conversation: Conversation,
    message_id: str,
    subject: str,
    by: By,
    name: str | None = None,
) -> Conversation:
    """Move a message and all later ones into a new conversation, and return it.

    All choices are copied, so that everybody receives the same messages as before.

    :param message_id: The original or published id of a post that is not the first.
    :param subject: The subject of the new conversation.
    :param name: Its name; None to make one from the subject.
    :raises CannotSplit: if the message is the first one, or of another conversation.
    :raises BadName: or NameTaken, if the new conversation cannot have the name.
    """
    conversation = life.lock(conversation.id)[conversation.id]
    first = _post(conversation, message_id)
    subject = clean_subject(subject)
    new = Conversation(
        list_id=mlist.list_id,
        name=_free_name(mlist, name, subject),
        subject=subject,
        opened_at=first.posted_at,
        last_post_at=first.posted_at,
        posting=conversation.posting,
        access=conversation.access,
        mandatory=conversation.mandatory,
        reopened_at=conversation.reopened_at,
        split_from=conversation.id,
    )
    store().add(new)
    store().flush()
    store().add(
        ConversationName(list_id=mlist.list_id, name=new.name, conversation_id=new.id)
    )
    life.split(conversation, first, new)
    stats.split(conversation, new)
    notify(ChangedEvent(mlist, by, 'split', conversation, None, '', new.name))
    return new


def _post(conversation: Conversation, message_id: str) -> ConversationMessage:
    found = conversations.message(conversation.list_id, bare(message_id))
    post = found and (found.post or found)
    if (
        post is None
        or post.conversation_id != conversation.id
        or post.posted_at is None
    ):
        raise CannotSplit(
            f'"{conversation.name}" has no message with the Message-ID {message_id!r}'
        )
    if life.is_first(post):
        raise CannotSplit(
            f'This is the first message of "{conversation.name}": nothing would be '
            'left.  To give the whole conversation another name, rename it'
        )
    return post


def _free_name(mlist: MailingList, given: str | None, subject: str) -> str:
    if given is not None:
        name = check_name(mlist, given)
        is_used, _owner = life.owner_of(mlist.list_id, name)
        if is_used:
            raise NameTaken(name)
        return name
    room = naming.room(mlist.list_name, lists.delimiter())
    base = naming.from_subject(subject, octets=min(room, ready().name_length))
    return conversations.free_name(mlist.list_id, naming.candidates(base, room))
