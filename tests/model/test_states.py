# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of members in SQL, for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from sqlalchemy import null

from mailman_dlist.domain.access import STORED, State, state_of
from mailman_dlist.domain.following import (
    Access,
    Choice,
    Default,
    Reason,
    Ruling,
    Terms,
)
from mailman_dlist.model import access as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import MemberChoice, MemberSettings
from mailman_dlist.model.session import store
from tests import core
from tests.model.stage import (
    Newcomer,
    counted,
    crowd,
    new_conversation,
    new_list,
    now,
)


pytestmark = pytest.mark.every_database


DEFAULTS = (None, *Default)
ROWS = [*product(DEFAULTS, [None, *filter(None, STORED.values())])]
TERMS = [Terms(access, mandatory) for access in Access for mandatory in (False, True)]


@dataclass
class Table:
    """A list with a member for every default and every stored state."""

    conversation: Conversation
    members: dict[str, tuple[Newcomer, Default | None, Any]]


@pytest.fixture(scope='module')
def table(mailman_database: None) -> Iterator[Table]:
    with core.fresh_site():
        mlist = new_list()
        rows = {f'm{number:02}@example.com': row for number, row in enumerate(ROWS)}
        newcomers = {email: Newcomer(email) for email in rows}
        crowd(mlist, list(newcomers.values()))
        conversation, other = (new_conversation(mlist, each) for each in ('a', 'b'))
        for email, (default, stored) in rows.items():
            ids = {'member_id': newcomers[email].member_id}
            if default is not None:
                store().add(
                    MemberSettings(list_id=mlist.list_id, default=default, **ids)
                )
            of_other = Choice.mute, Ruling.barred
            for about, values in (conversation, stored), (other, of_other):
                if values is not None:
                    choice, ruling = values
                    store().add(
                        MemberChoice(
                            conversation_id=about.id, choice=choice or null(),
                            ruling=ruling, reason=Reason.mail, made_at=now(), **ids,
                        )
                    )
        store().commit()
        yield Table(
            conversation,
            {email: (newcomers[email], *rows[email]) for email in sorted(rows)},
        )


def expected(table: Table, terms: Terms, base_default: Default) -> dict[str, State]:
    return {
        email: state_of(terms, default or base_default, *(stored or (None, None)))
        for email, (_newcomer, default, stored) in table.members.items()
    }


@pytest.mark.parametrize('base_default', Default)
@pytest.mark.parametrize('terms', TERMS, ids=str)
def test_the_states_are_the_rule_for_everybody(table, terms, base_default):
    conversation = table.conversation
    conversation.access, conversation.mandatory = terms.access, terms.mandatory
    store().commit()
    with counted() as statements:
        found = model.states(conversation, base_default)
    # With the conversation itself, which the commit has expired.
    assert len(statements) <= 2, statements
    wanted = expected(table, terms, base_default)
    assert [each.email for each in found] == list(wanted)
    assert {each.email: each.state for each in found} == wanted
    assert model.state_count(conversation, base_default) == len(wanted)
    for state in State:
        some = model.states(conversation, base_default, wanted=state)
        assert some == [each for each in found if each.state is state]
        assert model.state_count(conversation, base_default, state) == len(some)


def test_states_come_in_pages_and_for_one_member(table):
    found = model.states(table.conversation, Default.everything)
    page = model.states(table.conversation, Default.everything, start=5, count=5)
    assert page == found[5:10]
    for each in found:
        assert [each] == model.states(
            table.conversation, Default.everything, member_id=each.member_id
        )
        _newcomer, _default, stored = table.members[each.email]
        assert (each.since is None) is (stored is None)


def test_requests_are_those_that_no_moderator_has_decided(table):
    found = model.requests(table.conversation.list_id)
    assert [each.email for each in found] == [
        email
        for email, (_newcomer, _default, stored) in table.members.items()
        if stored == (None, Ruling.pending)
    ]
    assert {each.name for each in found} == {'a'}


def test_who_is_barred(table):
    for newcomer, _default, stored in table.members.values():
        barred = stored == (Choice.mute, Ruling.barred)
        assert model.is_barred(table.conversation, newcomer.member_id) is barred
