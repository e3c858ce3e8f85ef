# SPDX-License-Identifier: GPL-3.0-or-later
"""What members and moderators may do, compared with subman itself."""

from __future__ import annotations

from itertools import product

import pytest
from subman import SubscriptionError, SubscriptionInfo, SubscriptionManager
from subman.machine import SUBSCRIPTION_ERROR_MATRIX

from mailman_dlist.domain.access import (
    POLICIES,
    STORED,
    AccessRefused,
    Action,
    State,
    after,
    state_of,
)
from mailman_dlist.domain.following import (
    Access,
    Choice,
    Default,
    Ruling,
    Terms,
    receives,
)


THEIRS = SubscriptionManager()

# Where the description wants something else than subman: a wish is recorded even where
# it repeats the default, and members may reset themselves.
# The value is another state, from which subman allows the same.
ALLOWED = {
    (Action.subscribe, State.implicit): State.none,
    (Action.add_subscriber, State.implicit): State.none,
    (Action.unsubscribe, State.none): State.subscribed,
    (Action.remove_subscriber, State.none): State.subscribed,
}
UNSUBSCRIBED = {State.unsubscribed, State.unsubscription_override}


def expected(
    action: Action, state: State, terms: Terms, as_moderator: bool
) -> State | tuple[str, bool]:
    """Return the state that subman leads to, or its reason to refuse."""
    try:
        return THEIRS.apply_action(
            action,
            policy=POLICIES[terms.access],
            old_state=ALLOWED.get((action, state), state),
            allow_unsub=not terms.mandatory,
            is_privileged=as_moderator or action is Action.reset,
        )
    except SubscriptionError as error:
        return error.msg, isinstance(error, SubscriptionInfo)


@pytest.mark.parametrize('as_moderator', [True, False])
@pytest.mark.parametrize('mandatory', [True, False])
@pytest.mark.parametrize('access', Access)
@pytest.mark.parametrize(('action', 'state'), [*product(Action, State)])
def test_subman_decides(action, state, access, mandatory, as_moderator):
    terms = Terms(access, mandatory)
    if mandatory and state in UNSUBSCRIBED:
        # subman calls that an error of the program; such states cannot be.
        stored = STORED[state] or (None, None)
        assert state_of(terms, Default.nothing, *stored) is State.implicit
        return
    wanted = expected(action, state, terms, as_moderator)
    try:
        found = after(action, state, terms, as_moderator=as_moderator)
    except AccessRefused as refused:
        assert (refused.action, refused.state) == (action, state)
        assert (refused.code, refused.is_so) == wanted
        assert len(str(refused).split()) > 4
    else:
        assert found is wanted


def test_the_exceptions_are_refused_by_subman():
    for action, state in ALLOWED:
        assert isinstance(SUBSCRIPTION_ERROR_MATRIX[action][state], SubscriptionInfo)


@pytest.mark.parametrize('state', State)
def test_what_is_stored_of_a_state_is_read_again(state):
    stored = STORED[state] or (None, None)
    by_default = Default.everything if state is State.implicit else Default.openings
    assert state_of(Terms(), by_default, *stored) is state


@pytest.mark.parametrize(
    ('access', 'mandatory', 'default', 'choice'),
    [*product(Access, [True, False], Default, [None, *Choice])],
)
def test_states_that_subscribe_are_those_in_which_members_receive_replies(
    access, mandatory, default, choice
):
    terms = Terms(access, mandatory)
    rulings = {
        Choice.follow: (None, Ruling.pinned),
        Choice.mute: (None, Ruling.barred),
        None: (None,),
    }
    heard = receives(default, choice, opening=False, terms=terms)
    for ruling in rulings[choice]:
        assert state_of(terms, default, choice, ruling).is_subscribed() is heard


@pytest.mark.parametrize(('access', 'state', 'by_default'), [
    *product(Access, State, [True, False]),
])
def test_nothing_stored_is_obsolete_for_subman(access, state, by_default):
    """There is nothing to clean up when access narrows: the rest is computed."""
    assert THEIRS.is_obsolete(POLICIES[access], state, by_default) is (
        state is State.implicit and not by_default
    )
    assert STORED[State.implicit] is None


@pytest.mark.parametrize(('word', 'number'), [
    (Access.open, 1), (Access.moderated, 2), (Access.invitation, 3),
    (Ruling.pinned, 1), (Ruling.barred, 2), (Ruling.pending, 3),
])
def test_what_is_stored_keeps_its_number(word, number):
    assert word.value == number
