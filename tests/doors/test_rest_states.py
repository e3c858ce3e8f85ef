# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of members in a conversation, by REST and in the database.

All of subman's table is walked: its fourteen actions in its seven states, for every
access, in mandatory conversations and in others, by moderators and by members.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from sqlalchemy import null
from subman import SubscriptionError, SubscriptionManager
from zope.component import getUtility

from mailman_dlist.domain.access import (
    POLICIES,
    STORED,
    AccessRefused,
    Action,
    State,
    after,
)
from mailman_dlist.domain.following import Access, Default, Reason, Terms
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import MemberChoice, MemberSettings
from mailman_dlist.model.session import store
from tests import core
from tests.domain.test_access import ALLOWED, UNSUBSCRIBED
from tests.model.stage import Newcomer, crowd, new_conversation, new_list, now, queued
from tests.rest import Client


CELLS = [*product(Action, State)]
BEE = 'lists/bee.example.com/conversations'


class Walk:
    """A list with one member for each cell of subman's table."""

    def __init__(self) -> None:
        mlist = new_list('bee')
        self.client = Client()
        self.cells = {
            cell: Newcomer(f'm{place:02}@example.com')
            for place, cell in enumerate(CELLS)
        }
        crowd(mlist, list(self.cells.values()))
        for (_action, state), newcomer in self.cells.items():
            default = Default.openings
            if state is State.implicit:
                default = Default.everything
            store().add(
                MemberSettings(
                    member_id=newcomer.member_id,
                    list_id=mlist.list_id,
                    default=default,
                )
            )
        store().commit()

    def conversation(self, name: str, terms: Terms) -> None:
        """Make a conversation in which each member is in the state of the cell."""
        mlist = getUtility(IListManager).get('bee@example.com')
        made = new_conversation(mlist, name)
        made.access, made.mandatory = terms.access, terms.mandatory
        for (_action, state), newcomer in self.cells.items():
            values = STORED[state]
            if values is not None:
                choice, ruling = values
                store().add(
                    MemberChoice(
                        conversation_id=made.id, member_id=newcomer.member_id,
                        choice=choice or null(), ruling=ruling,
                        reason=Reason.mail, made_at=now(),
                    )
                )
        store().commit()

    def states(self, name: str) -> dict[str, str]:
        config.db.close_session()
        found = self.client.get(f'{BEE}/{name}/states')
        return {each['email']: each['state'] for each in found['entries']}

    def rows(self, name: str) -> dict[Any, tuple[Any, Any]]:
        store().rollback()
        rows = store().query(MemberChoice).join(Conversation).filter_by(name=name)
        return {each.member_id: (each.choice, each.ruling) for each in rows}


@pytest.fixture(scope='module')
def walk(mailman_database: None) -> Iterator[Walk]:
    with core.fresh_site():
        yield Walk()


@pytest.mark.parametrize('as_moderator', [True, False])
@pytest.mark.parametrize('mandatory', [False, True])
@pytest.mark.parametrize('access', Access)
def test_all_of_the_table(walk, access, mandatory, as_moderator):
    name = f'{access.name}-{mandatory:d}{as_moderator:d}'
    go_through(walk, name, Terms(access, mandatory), as_moderator)


# The rules are the same on each database; the rows are not.
@pytest.mark.every_database
@pytest.mark.parametrize('as_moderator', [True, False])
def test_the_table_of_a_moderated_conversation(walk, as_moderator):
    go_through(walk, f'rows-{as_moderator:d}', Terms(Access.moderated), as_moderator)


def go_through(walk: Walk, name: str, terms: Terms, as_moderator: bool) -> None:
    """Try each action in each state, and compare the outcome with subman's."""
    walk.conversation(name, terms)
    before, rows = walk.states(name), walk.rows(name)
    for (action, state), newcomer in walk.cells.items():
        came_from = shown_in(state, terms)
        assert before[newcomer.email] == came_from.name
        body = {'action': action.name} | ({} if as_moderator else {'as': 'member'})
        path = f'{BEE}/{name}/states/{newcomer.member_id.hex}'
        answer = walk.client.ask(path, 'POST', body)
        wanted = of_subman(action, came_from, terms, as_moderator)
        # What subman allows is done, and what it refuses is 409 with a sentence.
        assert (answer.status_code == 204) is isinstance(wanted, State), answer.text
        if isinstance(wanted, State):
            before[newcomer.email] = shown_in(wanted, terms, of=state).name
            stored = STORED[wanted]
            rows.pop(newcomer.member_id, None)
            if stored is not None:
                rows[newcomer.member_id] = stored
        else:
            assert answer.status_code == 409
            with pytest.raises(AccessRefused) as refused:
                after(action, came_from, terms, as_moderator=as_moderator)
            assert refused.value.code == wanted
            assert answer.json['description'] == str(refused.value)
    assert walk.states(name) == before
    assert walk.rows(name) == rows
    queued('virgin')


def shown_in(state: State, terms: Terms, of: State | None = None) -> State:
    """Return the state that a member with these rows is in.

    :param of: The state of the cell, which decides about the default.
    """
    if terms.mandatory and state in {*UNSUBSCRIBED, State.none, State.implicit}:
        return State.implicit
    if state in (State.implicit, State.none):
        is_everything = (of or state) is State.implicit
        by_default = is_everything and terms.access is Access.open
        return State.implicit if by_default else State.none
    return state


def of_subman(
    action: Action, state: State, terms: Terms, as_moderator: bool
) -> State | str:
    """Ask subman itself; members may reset themselves, and wishes are recorded."""
    try:
        return SubscriptionManager().apply_action(
            action,
            policy=POLICIES[terms.access],
            old_state=ALLOWED.get((action, state), state),
            allow_unsub=not terms.mandatory,
            is_privileged=as_moderator or action is Action.reset,
        )
    except SubscriptionError as error:
        return error.msg
