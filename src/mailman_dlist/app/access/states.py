# SPDX-License-Identifier: GPL-3.0-or-later
"""Change the states of members in conversations, as far as subman allows it.

Each change that a person makes comes through here, from every door: the choices of
members, and what moderators decide about a member.  `domain.access` knows the states
and the actions.  Choices that nobody made are recorded by `app.following.choices`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from mailman.utilities.datetime import now
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.domain.access import (
    STORED,
    AccessRefused,
    Action,
    State,
    after,
    state_of,
)
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.following import Access, Choice, Reason
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import life, owners
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import Choices, choices_about, choices_to_change


# Moderators get at most one mail a day about new requests.
BETWEEN_MAILS = timedelta(days=1)

# The words of the audit.
WORDS = {
    Action.subscribe: 'follow',
    Action.unsubscribe: 'mute',
    Action.reset: 'reset',
    Action.request_subscription: 'ask',
    Action.cancel_request: 'cancel',
    Action.approve_request: 'approve',
    Action.deny_request: 'deny',
    Action.block_request: 'block',
    Action.add_subscriber: 'add',
    Action.remove_subscriber: 'remove',
    Action.add_subscription_override: 'pin',
    Action.remove_subscription_override: 'unpin',
    Action.add_unsubscription_override: 'bar',
    Action.remove_unsubscription_override: 'unbar',
}

# A member who follows explicitly may go on doing so, whatever the access.
FOLLOWING = State.subscribed, State.subscription_override

# A decision about a request says nothing about a timed mute beside it.
DECISIONS = Action.approve_request, Action.deny_request


@public
class Outcome(Enum):
    """The result of a wish."""

    done = 1
    #: A request to follow waits for a moderator.
    asked = 2
    #: Such a request is withdrawn, and nothing else was chosen.
    withdrawn = 3


@public
def state(mlist: MailingList, conversation: Conversation, member: Member) -> State:
    """Return the state of a member in a conversation."""
    chosen = choices_about(conversation, member.member_id)
    return _state(mlist, conversation, member, chosen)


@public
def act(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    action: Action,
    by: By,
    *,
    as_moderator: bool = True,
) -> State:
    """Carry out one of subman's actions; return the new state.

    :param as_moderator: False if the member does it.
    :raises AccessRefused: if the member's state or the access does not allow it.
    """
    chosen = _latest(mlist, conversation, member)
    before = _state(mlist, conversation, member, chosen)
    target = after(action, before, conversation.terms, as_moderator=as_moderator)
    reason = Reason.owner if action.is_managing() else by.door.reason
    _store(mlist, conversation, member, chosen, target, action, by, reason)
    return target


@public
def wish(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    choice: Choice | None,
    by: By,
    *,
    until: datetime | None = None,
    as_member: bool,
) -> Outcome:
    """Record that a member wants to follow or mute a conversation, or the default.

    In a moderated conversation, a member's wish to follow is a request.  A choice is
    recorded even if it repeats the default or an earlier choice.

    :param choice: None for the default.
    :param until: The end of a pause, UTC without a time zone; None if it lasts.
    :param as_member: False if a moderator decides it for the member.
    :raises AccessRefused: if the member's state or the access does not allow it.
    """
    chosen = _latest(mlist, conversation, member)
    state = _state(mlist, conversation, member, chosen)
    withdraws = until is None and choice is not Choice.follow
    if as_member and state is State.pending and withdraws:
        action = Action.cancel_request
        state = after(action, state, conversation.terms, as_moderator=False)
        reason = by.door.reason
        _store(mlist, conversation, member, chosen, state, action, by, reason)
        if choice is None:
            return Outcome.withdrawn
        chosen = _latest(mlist, conversation, member)
        state = _state(mlist, conversation, member, chosen)
    action = _action(choice, conversation, until, as_member)
    target = state
    if choice is not Choice.follow or state not in FOLLOWING:
        try:
            target = after(
                action, state, conversation.terms, as_moderator=not as_member
            )
        except AccessRefused as refused:
            if not (refused.is_so and _satisfies(state, choice, until)):
                raise
    if until is not None:
        assert choice is not None
        choices.record(
            mlist,
            conversation,
            member,
            chosen,
            choice,
            by,
            action=choice.name,
            reason=by.door.reason,
            until=until,
        )
        return Outcome.done
    if target is State.implicit:
        # Mandatory: the member receives it without having to ask.
        return Outcome.done
    reason = by.door.reason
    word = 'reset' if choice is None else choice.name
    _store(mlist, conversation, member, chosen, target, action, by, reason, word)
    return Outcome.asked if target is State.pending else Outcome.done


def _action(
    choice: Choice | None,
    conversation: Conversation,
    until: datetime | None,
    as_member: bool,
) -> Action:
    if choice is None:
        return Action.reset
    if choice is Choice.mute:
        return Action.unsubscribe if as_member else Action.remove_subscriber
    if not as_member:
        return Action.add_subscriber
    # A request cannot be for a while.
    asks = conversation.access is Access.moderated and until is None
    return Action.request_subscription if asks else Action.subscribe


def _satisfies(state: State, choice: Choice | None, until: datetime | None) -> bool:
    """Return whether a wish that changes no state is recorded all the same."""
    if choice is Choice.follow:
        return state.is_subscribed()
    # A member who has asked to follow may be away for a while.
    return state is State.unsubscribed or (
        until is not None and state is State.pending
    )


def _latest(
    mlist: MailingList, conversation: Conversation, member: Member
) -> Choices:
    """Return the member's choices, which no other process can change meanwhile."""
    owners.hold(mlist.list_id, member.member_id)
    life.lock(conversation.id)
    return choices_to_change(conversation, member.member_id)


def _state(
    mlist: MailingList, conversation: Conversation, member: Member, chosen: Choices
) -> State:
    lasting = chosen.lasting
    return state_of(
        conversation.terms,
        choices.default_of(mlist, member),
        None if lasting is None else lasting.choice,
        chosen.ruling,
    )


def _store(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    chosen: Choices,
    target: State,
    action: Action,
    by: By,
    reason: Reason,
    word: str | None = None,
) -> None:
    """Store a state in place of the earlier one.

    :param word: For the audit, if it is not that of the action.
    """
    if target is State.pending:
        word = WORDS[action]
        _moderators_should_know(mlist)
    if target is State.unsubscription_override:
        lists.settings(mlist).bars = True
    about = mlist, conversation, member
    keep_pause = action in DECISIONS
    stored = STORED[target]
    word = word or WORDS[action]
    if stored is None:
        choices.forget(*about, by, chosen, action=word, keep_pause=keep_pause)
    else:
        choice, ruling = stored
        choices.record(
            *about,
            chosen,
            choice,
            by,
            action=word,
            reason=reason,
            ruling=ruling,
            keep_pause=keep_pause,
        )


def _moderators_should_know(mlist: MailingList) -> None:
    """Let the runner write to the moderators, see `app.access.requests`."""
    settings = lists.settings(mlist)
    earliest = now()
    if settings.requests_told_at is not None:
        earliest = max(earliest, settings.requests_told_at + BETWEEN_MAILS)
    due = settings.requests_due_at
    settings.requests_due_at = earliest if due is None else min(due, earliest)
