# SPDX-License-Identifier: GPL-3.0-or-later
"""The audience: what members hear, asked of the database for all at once.

The table is as whole as it can be: every default, every lasting choice, every pause
beside it that is over or not, every reason, and every way that Mailman knows
to deliver or not.  What each row receives is written down here a second time, from
the description of standing and not from the code.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count, product
from typing import Any
from uuid import UUID

import pytest
from mailman.interfaces.member import DeliveryMode, DeliveryStatus
from sqlalchemy import null, select

from mailman_dlist.domain.following import (
    OPEN,
    Access,
    Choice,
    Default,
    Reason,
    Ruling,
    Standing,
    Terms,
    counting,
)
from mailman_dlist.model import audience
from mailman_dlist.model import following as model
from mailman_dlist.model.audience import Hearing, Listener
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import MemberChoice, MemberSettings, Pause
from mailman_dlist.model.session import store
from tests import core
from tests.model.stage import (
    DAY,
    Newcomer,
    choose,
    counted,
    crowd,
    new_conversation,
    new_list,
    now,
)


pytestmark = pytest.mark.every_database


NOWHERE = 'no row of settings'
MODES = (None, *DeliveryMode)
STATUSES = (None, *DeliveryStatus)


@dataclass(frozen=True)
class Row:
    """One member of the whole table."""

    #: None for a row that says nothing about it.
    default: Default | str | None
    choice: Choice | None = None
    reason: Reason | None = None
    #: Chosen for a while, until so many days from now.
    pause: Choice | None = None
    pause_reason: Reason | None = None
    ends_in: int = 0
    mode: DeliveryMode | None = None
    status: DeliveryStatus | None = None
    #: Asked to follow, in the place of a choice.
    asks: bool = False

    @property
    def gets_mail(self) -> bool:
        """Whether single messages are delivered to the member at all."""
        return self.mode in (None, DeliveryMode.regular) and self.status in (
            None,
            DeliveryStatus.enabled,
        )

    @property
    def counting(self) -> tuple[Choice | None, Reason | None]:
        """The choice that counts now; a pause that ends now is over."""
        if self.pause is not None and self.ends_in > 0:
            return self.pause, self.pause_reason
        return self.choice, self.reason

    def own(self, base_default: Default) -> Default:
        return self.default if isinstance(self.default, Default) else base_default

    def receives(
        self, base_default: Default, *, opening: bool, terms: Terms = OPEN
    ) -> bool:
        if terms.mandatory:
            return True
        choice, _reason = self.counting
        default = self.own(base_default)
        if terms.access is not Access.open and default is Default.everything:
            default = Default.openings
        of_opening, of_replies = STANDING[default, choice]
        return of_opening if opening else of_replies


# The opening, the replies; as the table of the description has it.
STANDING = {
    (Default.everything, None): (True, True),
    (Default.everything, Choice.follow): (True, True),
    (Default.everything, Choice.mute): (True, False),
    (Default.openings, None): (True, False),
    (Default.openings, Choice.follow): (True, True),
    (Default.openings, Choice.mute): (False, False),
    (Default.nothing, None): (False, False),
    (Default.nothing, Choice.follow): (True, True),
    (Default.nothing, Choice.mute): (False, False),
}

DEFAULTS = (NOWHERE, None, *Default)
REASONS = tuple(Reason)
# What lasts, a pause beside it, and when that ends.
CHOICES = [
    *product((None, *Choice), [None], [0]),
    *product((None, *Choice), Choice, (-1, 0, 1)),
]
numbers = count()


def reasons(choice: Choice | None, pause: Choice | None) -> Iterator[tuple[Any, Any]]:
    """Yield every reason for either, with reasons for the other in turn."""
    for reason in REASONS if choice or pause else (None,):
        other = REASONS[next(numbers) % len(REASONS)]
        yield choice and reason, pause and other


# Reasons do not bear on delivery: every reason for those who get mail, and every
# kind of delivery with one.
ROWS = [
    *(
        Row(default, choice, reason, pause, pause_reason, ends_in)
        for default, (choice, pause, ends_in) in product(DEFAULTS, CHOICES)
        for reason, pause_reason in reasons(choice, pause)
    ),
    *(
        Row(
            default, choice, choice and Reason.replied, pause,
            pause and Reason.mail, ends_in, mode, status,
        )
        for default, (choice, pause, ends_in), mode, status in product(
            DEFAULTS, CHOICES, MODES, STATUSES
        )
    ),
    *(
        Row(default, None, None, pause, pause and Reason.mail, ends_in, asks=True)
        for default, (choice, pause, ends_in) in product(DEFAULTS, CHOICES)
        if choice is None
    ),
]
TERMS = [Terms(access, mandatory) for access in Access for mandatory in (False, True)]
each_terms = pytest.mark.parametrize('terms', TERMS, ids=str)


@dataclass
class Table:
    """A list with one member for every row of the table."""

    list_id: str
    conversation: Conversation
    moment: datetime
    rows: dict[str, Row]
    newcomers: dict[str, Newcomer]

    def hearing(
        self, base_default: Default, *, opening: bool, terms: Terms = OPEN
    ) -> Hearing:
        return Hearing(
            self.list_id, base_default, self.conversation.id, opening, self.moment,
            terms,
        )


@pytest.fixture(scope='module')
def table(mailman_database: None) -> Iterator[Table]:
    """Nobody changes it, so one serves all."""
    with core.fresh_site():
        yield whole_table()


def whole_table() -> Table:
    mlist, moment = new_list(), now()
    rows = {f'm{number:04}@example.com': row for number, row in enumerate(ROWS)}
    newcomers = {
        email: Newcomer(
            email, {'delivery_mode': row.mode, 'delivery_status': row.status}
        )
        for email, row in rows.items()
    }
    crowd(mlist, list(newcomers.values()))
    conversation, other = (new_conversation(mlist, name) for name in ('a', 'b'))
    for number, (email, row) in enumerate(rows.items()):
        newcomer = newcomers[email]
        if row.default != NOWHERE:
            store().add(
                MemberSettings(
                    member_id=newcomer.member_id,
                    list_id=mlist.list_id,
                    default=row.default,
                )
            )
        if row.choice is not None:
            assert row.reason is not None
            choose(conversation, newcomer, row.choice, reason=row.reason)
        if row.asks:
            store().add(
                MemberChoice(
                    conversation_id=conversation.id, member_id=newcomer.member_id,
                    choice=null(), ruling=Ruling.pending, reason=Reason.mail,
                    made_at=moment,
                )
            )
        if row.pause is not None:
            assert row.pause_reason is not None
            ends = moment + row.ends_in * DAY
            choose(
                conversation, newcomer, row.pause, ends, reason=row.pause_reason
            )
        # What they think of another conversation says nothing about this one, nor
        # do pauses whose end has been handled, also when a clock was put back.
        dice = random.Random(number)
        choose(other, newcomer, dice.choice(list(Choice)))
        choose(other, newcomer, dice.choice(list(Choice)), moment + DAY)
        for days in (-1, 1)[: dice.randrange(3)]:
            store().add(
                Pause(
                    conversation_id=conversation.id, member_id=newcomer.member_id,
                    choice=dice.choice(list(Choice)), reason=Reason.mail,
                    began=moment, ends=moment + days * DAY, running=null(),
                )
            )
    store().commit()
    return Table(mlist.list_id, conversation, moment, rows, newcomers)


@each_terms
@pytest.mark.parametrize('opening', [True, False])
@pytest.mark.parametrize('base_default', Default)
def test_the_audience_is_the_rule_for_everybody(table, base_default, opening, terms):
    hearing = table.hearing(base_default, opening=opening, terms=terms)
    with counted() as statements:
        heard = audience.recipients(hearing)
    told = {email: why.hears_replies for email, why in heard.items()}
    expected = {
        email: row.receives(base_default, opening=False, terms=terms)
        for email, row in table.rows.items()
        if row.gets_mail and row.receives(base_default, opening=opening, terms=terms)
    }
    assert told == expected
    assert len(statements) == 1, statements


@pytest.mark.parametrize('terms', [OPEN, Terms(Access.moderated)], ids=str)
@pytest.mark.parametrize('opening', [True, False])
@pytest.mark.parametrize('base_default', Default)
def test_the_short_way_by_followers_finds_the_same(
    table, base_default, opening, terms, monkeypatch
):
    hearing = table.hearing(base_default, opening=opening, terms=terms)
    short = audience.recipients(hearing)
    everybody = select(audience.member.c._member_id)
    monkeypatch.setattr(audience, '_candidates', lambda hearing: everybody)
    assert audience.recipients(hearing) == short


@pytest.mark.parametrize('opening', [True, False])
@pytest.mark.parametrize('base_default', Default)
def test_pages_of_listeners_tell_the_audience_and_why(table, base_default, opening):
    hearing = table.hearing(base_default, opening=opening)
    pages = [
        audience.listeners(hearing, start=start, count=500)
        for start in range(0, len(ROWS), 500)
    ]
    told = [listener for page in pages for listener in page]
    assert [each.email for each in told] == sorted(audience.recipients(hearing))
    assert audience.size(hearing) == len(told)
    assert told == [listener(table, each.email, base_default) for each in told]


@each_terms
@pytest.mark.parametrize('opening', [True, False])
def test_everybody_is_told_why_as_the_rule_for_one_member_has_it(
    table, opening, terms
):
    heard = audience.recipients(
        table.hearing(Default.everything, opening=opening, terms=terms)
    )
    for email, why in heard.items():
        row = table.rows[email]
        choice, reason = row.counting
        default = row.own(Default.everything)
        assert why is Standing(default, choice, reason, terms=terms).why


def listener(table: Table, email: str, base_default: Default) -> Listener:
    row = table.rows[email]
    return Listener(
        email,
        table.newcomers[email].member_id,
        row.own(base_default),
        *row.counting,
    )


@pytest.mark.parametrize('base_default', Default)
def test_nobody_has_chosen_about_a_conversation_yet_to_come(table, base_default):
    hearing = Hearing(table.list_id, base_default, None, True, table.moment)
    assert audience.recipients(hearing).keys() == {
        email
        for email, row in table.rows.items()
        if row.gets_mail and Row(row.default).receives(base_default, opening=True)
    }


def test_what_counts_is_the_rule_for_one_member(table):
    """SQL finds for all of them what `counting` says of each."""

    def rows(kind: Any, *conditions: Any) -> dict[UUID, Any]:
        of_this = kind.conversation_id == table.conversation.id
        found = store().scalars(select(kind).where(of_this, *conditions))
        return {row.member_id: row for row in found}

    is_choice = MemberChoice.choice.is_not(None)
    lasting = rows(MemberChoice, is_choice)
    pauses = rows(Pause, Pause.running.is_not(None))
    expected: dict[str, tuple[Any, ...]] = {}
    for email, newcomer in table.newcomers.items():
        key = newcomer.member_id
        row = counting(lasting.get(key), pauses.get(key), table.moment)
        found = (None, None) if row is None else (row.choice, row.reason)
        assert found == table.rows[email].counting
        if isinstance(row, Pause):
            expected[email] = (key, *found, row.began, row.ends)
        elif row is not None:
            expected[email] = (key, *found, row.made_at, None)
    with counted() as statements:
        everybody = model.choices(table.conversation, table.moment)
    assert {each.email: tuple(each[1:]) for each in everybody} == expected
    assert len(statements) == 1, statements
    assert [each.email for each in everybody] == sorted(expected)
    assert model.choice_count(table.conversation, table.moment) == len(expected)


def test_what_counts_comes_in_pages_and_for_one_member(table):
    found = model.choices(table.conversation, table.moment)
    page = model.choices(table.conversation, table.moment, start=500, count=500)
    assert page == found[500:1000]
    for chosen in found[::500]:
        assert [chosen] == model.choices(
            table.conversation, table.moment, member_id=chosen.member_id
        )
