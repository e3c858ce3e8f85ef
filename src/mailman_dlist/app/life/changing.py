# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename, close, hold, reopen and delete conversations.

All of these are safe for mail that is on its way: an old name leads to the present one
for ever, and a message that has been accepted is delivered.
"""

from __future__ import annotations

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.domain import naming
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import life as model
from mailman_dlist.model.conversations import (
    SUBJECT_LENGTH,
    Conversation,
    ConversationName,
)
from mailman_dlist.model.session import store


@public
class BadName(DlistError):
    """A text cannot be the name of a conversation."""

    def __init__(self, given: str, room: int):
        self.given = given
        super().__init__(
            f'{given!r} cannot be the name of a conversation: a name has at most '
            f'{room} lower-case letters, digits and single hyphens; it is neither a '
            'number nor one of the words that stand for commands'
        )


@public
class NameTaken(DlistError):
    """Another conversation of the list has the name, or had it."""

    def __init__(self, name: str):
        self.name = name
        super().__init__(
            f'The name "{name}" belongs to another conversation, now or formerly; '
            'names are never used again'
        )


@public
class FormerName(DlistError):
    """A conversation is named by a name that it had before."""

    def __init__(self, given: str, present: str):
        self.given, self.present = given, present
        super().__init__(
            f'The conversation "{given}" is now called "{present}"; '
            'use the present name for this'
        )


@public
def check_name(mlist: MailingList, given: str) -> str:
    """Return a name that a conversation of the list could have, in lower case.

    :raises BadName: if it could not.
    """
    room = naming.room(mlist.list_name, lists.delimiter())
    name = given.strip().lower()
    if not naming.is_name(name) or len(name) > room:
        raise BadName(given, room)
    return name


@public
def rename(mlist: MailingList, conversation: Conversation, given: str, by: By) -> None:
    """Give a conversation another name; the old ones still lead to it.

    :raises BadName: if no conversation of the list can have the name.
    :raises NameTaken: if it belongs to another conversation.
    """
    name = check_name(mlist, given)
    conversation = _locked(conversation)
    before = conversation.name
    if name == before:
        return
    is_used, owner = model.owner_of(mlist.list_id, name)
    if is_used and owner != conversation.id:
        raise NameTaken(name)
    if not is_used:
        # If somebody else takes it in the meantime, the unique key raises an error.
        store().add(
            ConversationName(
                list_id=mlist.list_id, name=name, conversation_id=conversation.id
            )
        )
    conversation.name = name
    store().flush()
    notify(ChangedEvent(mlist, by, 'rename', conversation, None, before, name))


@public
def set_subject(
    mlist: MailingList, conversation: Conversation, subject: str, by: By
) -> None:
    """Change the subject by which pages and notices call a conversation.

    The subjects of messages are not changed.
    """
    conversation = _locked(conversation)
    before, after = conversation.subject, clean_subject(subject)
    if after != before:
        conversation.subject = after
        notify(ChangedEvent(mlist, by, 'subject', conversation, None, before, after))


@public
def clean_subject(text: str) -> str:
    """Return a subject as one line that can be stored."""
    return ' '.join(text.split())[:SUBJECT_LENGTH]


# The word for each change of `posting`.
ACTIONS = {Posting.open: 'reopen', Posting.held: 'hold', Posting.closed: 'close'}


@public
def set_posting(
    mlist: MailingList, conversation: Conversation, posting: Posting, by: By
) -> bool:
    """Open, hold or close a conversation for replies.

    :return: False if nothing changed.
    """
    conversation = _locked(conversation)
    before = conversation.posting
    if posting is before:
        return False
    conversation.posting = posting
    if before is Posting.closed:
        # It is not idle now.
        conversation.reopened_at = now()
    notify(
        ChangedEvent(
            mlist,
            by,
            ACTIONS[posting],
            conversation,
            None,
            before.name,
            posting.name,
        )
    )
    return True


@public
def check_present(given: str, conversation: Conversation) -> None:
    """Make sure that a conversation is named by its present name.

    :raises FormerName: if it is an earlier one.
    """
    if given.lower() != conversation.name:
        raise FormerName(given, conversation.name)


@public
def forget(mlist: MailingList, conversation: Conversation, by: By) -> None:
    """Delete a conversation with all choices about it.

    Its names stay reserved.  Replies to its messages are returned with an explanation.
    """
    conversation = _locked(conversation)
    notify(ChangedEvent(mlist, by, 'delete', conversation, None, conversation.name))
    model.forget(conversation)


def _locked(conversation: Conversation) -> Conversation:
    return model.lock(conversation.id)[conversation.id]
