# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which changes of a member's state in a conversation are allowed.

The library *subman* decides: it knows seven states of a member, and fourteen actions of
members and moderators that lead from one state to another.  This is the only module
that uses it.  *implicit* and *none* are computed from the member's default and never
stored.
"""

from __future__ import annotations

from subman import (
    SubscriptionAction,
    SubscriptionError,
    SubscriptionInfo,
    SubscriptionManager,
    SubscriptionPolicy,
    SubscriptionState,
)
from subman.machine import SUBSCRIPTION_ERROR_MATRIX

from mailman_dlist.domain.errors import DlistError
from mailman_dlist.domain.following import (
    Access,
    Choice,
    Default,
    Ruling,
    Terms,
    receives,
)


State = SubscriptionState
Action = SubscriptionAction

POLICIES = {
    Access.open: SubscriptionPolicy.subscribable,
    Access.moderated: SubscriptionPolicy.moderated_opt_in,
    Access.invitation: SubscriptionPolicy.invitation_only,
}

_RULED = {
    Ruling.pinned: State.subscription_override,
    Ruling.barred: State.unsubscription_override,
    Ruling.pending: State.pending,
}

_CHOSEN = {Choice.follow: State.subscribed, Choice.mute: State.unsubscribed}

#: The choice and ruling stored for a state; None if the state is computed.
STORED: dict[State, tuple[Choice | None, Ruling | None] | None] = {
    State.subscribed: (Choice.follow, None),
    State.unsubscribed: (Choice.mute, None),
    State.subscription_override: (Choice.follow, Ruling.pinned),
    State.unsubscription_override: (Choice.mute, Ruling.barred),
    State.pending: (None, Ruling.pending),
    State.implicit: None,
    State.none: None,
}

# A wish is recorded even if it repeats the default, because the default may change.
WISHES = (
    (Action.subscribe, State.implicit),
    (Action.add_subscriber, State.implicit),
    (Action.unsubscribe, State.none),
    (Action.remove_subscriber, State.none),
)

MATRIX = {
    action: dict(errors) | {state: None for each, state in WISHES if each is action}
    for action, errors in SUBSCRIPTION_ERROR_MATRIX.items()
}

# Members may go back to their default by themselves.
OF_MEMBERS = frozenset({*Action} - Action.managing_actions() | {Action.reset})

_manager = SubscriptionManager(
    error_matrix=MATRIX, unwritten_states={State.implicit, State.none}
)

_SENTENCES = {
    'subman_managing_not-pending':
        'The member has not asked to follow the conversation',
    'subman_managing_is-subscribed': 'The member follows the conversation already',
    'subman_managing_is-unsubscribed': 'The member does not follow the conversation',
    'subman_managing_is-pending':
        'The member has asked to follow the conversation; approve, deny or block the '
        'request first',
    'subman_managing_is-subscription-overridden':
        'The member is pinned to the conversation',
    'subman_managing_not-subscription-overridden':
        'The member is not pinned to the conversation',
    'subman_managing_is-unsubscription-overridden':
        'The member is barred from the conversation',
    'subman_managing_not-unsubscription-overridden':
        'The member is not barred from the conversation',
    'subman_managing_not-subscribable': 'The member cannot follow the conversation',
    'subman_managing_no-unsubscribe-possible':
        'The conversation is mandatory: every member receives it',
    'subman_managing_not-privileged': 'Only moderators may do this',
    'subman_self_is-subscribed': 'The member follows the conversation already',
    'subman_self_is-unsubscribed': 'The member does not follow the conversation',
    'subman_self_is-unsubscription-overridden':
        'The member is barred from the conversation',
    'subman_self_is-pending':
        'The member has already asked to follow the conversation',
    'subman_self_not-pending': 'The member has not asked to follow the conversation',
    'subman_self_not-self-subscribable':
        'Members cannot follow the conversation by themselves',
    'subman_self_not-requestable': 'Members cannot ask to follow the conversation',
}


class AccessRefused(DlistError):
    """The state of a member in a conversation does not allow an action.

    :param code: subman's word for the reason.
    :param is_so: Whether the member is already in the state that is asked for, or in
        one that is as good.
    """

    def __init__(self, action: Action, state: State, code: str, is_so: bool):
        self.action = action
        self.state = state
        self.code = code
        self.is_so = is_so
        super().__init__(_SENTENCES[code])


def state_of(
    terms: Terms, default: Default, choice: Choice | None, ruling: Ruling | None
) -> State:
    """Return the state of a member in a conversation.

    Mutes and bars do not count in a mandatory conversation.  They cannot exist there,
    unless two people change things at the same moment.

    >>> state_of(Terms(), Default.everything, None, None).name
    'implicit'

    :param choice: Without an end; a pause does not change the state.
    """
    if terms.mandatory and choice is Choice.mute:
        return State.implicit
    if ruling is not None:
        return _RULED[ruling]
    if choice is not None:
        return _CHOSEN[choice]
    by_default = receives(default, None, opening=False, terms=terms)
    return State.implicit if by_default else State.none


def after(action: Action, state: State, terms: Terms, *, as_moderator: bool) -> State:
    """Return the state of a member after an action.

    >>> moderated = Terms(Access.moderated)
    >>> action = Action.request_subscription
    >>> after(action, State.none, moderated, as_moderator=False).name
    'pending'

    :raises AccessRefused: if the action is not allowed.
    """
    try:
        return _manager.apply_action(
            action,
            policy=POLICIES[terms.access],
            old_state=state,
            allow_unsub=not terms.mandatory,
            is_privileged=as_moderator or action in OF_MEMBERS,
        )
    except SubscriptionError as error:
        is_so = isinstance(error, SubscriptionInfo)
        raise AccessRefused(action, state, error.msg, is_so) from None
