# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes to find out who receives a message.

    python -m bench.audience --members 1000 10000 100000
    python -m bench.audience --members 10000 --database postgresql --explain

Our one statement against Mailman's own ``member-recipients``, which asks five
times for each member, and against the floor: the same addresses, read from a
table that has nothing else.  All must find the people whom the rule for one
member names, and the last column says whether they do.
"""

from __future__ import annotations

import random
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    and_,
    event,
    func,
    literal,
    or_,
    select,
)
from zope.component import getUtility

from bench.core import (
    Call,
    add_database_option,
    apart,
    databases,
    list_of,
    mailman,
    people,
    settle,
    takes_posts,
)
from bench.measure import Meter, figure, table, taken_in_turns
from mailman_dlist.domain.following import Choice, Default, Reason, receives
from mailman_dlist.interfaces.conversation import Access
from mailman_dlist.model import audience
from mailman_dlist.model.audience import Hearing
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.core import address, member
from mailman_dlist.model.following import chosen, counting_choice, with_choices
from mailman_dlist.model.memberships import delivery_mode, delivery_status, members
from mailman_dlist.model.session import store
from tests.databases import Database
from tests.model.stage import Newcomer, letter


MOMENT = datetime(2026, 1, 1)
LIST_ID = 'ant.example.com'

# Followers of the conversations that we ask about; a tenth as many have muted.
FOLLOWERS = (10, 100, 1000)

# There have been others: on average each member has chosen about two.
CHOICES_IN_OTHERS = 100

# It takes so long that noise matters little.
STOCK_ROUNDS = 2

# A conversation that has just been opened; nobody has chosen about it.
NEWEST = 1_000_000

EXPLAIN = {
    'sqlite': 'EXPLAIN QUERY PLAN',
    'postgresql': 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)',
    'mysql': 'EXPLAIN',
}

HEADER = [
    'message', 'recipients', 'asked by', 'ms', '/ floor', 'stock /', 'CPU ms',
    'statements', 'same people',
]  # fmt: skip

Ask = Callable[[], set[str]]


@dataclass
class Crowd:
    """The members of a list and what they have chosen."""

    members: list[Newcomer]
    defaults: dict[UUID, Default]
    choices: dict[tuple[int | None, UUID], Choice]

    def hearers(self, hearing: Hearing) -> set[str]:
        """Ask the rule for one member about each of them."""
        number = hearing.conversation_id
        assert number is None or isinstance(number, int)
        return {
            each.email
            for each in self.members
            if takes_posts(each)
            and receives(
                self.defaults.get(each.member_id, hearing.base_default),
                self.choices.get((number, each.member_id)),
                opening=hearing.opening,
            )
        }


def gather(size: int) -> Crowd:
    """Invent a list in the middle of its life: one in fifty has an own default."""
    members = people(size)
    chance = random.Random(size)
    defaults = {}
    for index, each in enumerate(chance.sample(members, size // 50)):
        defaults[each.member_id] = (Default.everything, Default.openings)[index % 2]
    choices: dict[tuple[int | None, UUID], Choice] = {}
    for key, followers in enumerate(FOLLOWERS, start=1):
        choosers = chance.sample(members, min(size, followers * 11 // 10))
        for index, each in enumerate(choosers):
            choice = Choice.follow if index < followers else Choice.mute
            choices[key, each.member_id] = choice
    for key in range(len(FOLLOWERS) + 1, len(FOLLOWERS) + 1 + size // 50):
        for each in chance.sample(members, min(size, CHOICES_IN_OTHERS)):
            choices[key, each.member_id] = chance.choice(list(Choice))
    return Crowd(members, defaults, choices)


def write(crowd: Crowd) -> None:
    """Write what they have chosen in the rows that the plugin would write."""
    conversations = [
        {
            'id': key, 'list_id': LIST_ID, 'name': f'c{key}', 'subject': '',
            'opened_at': MOMENT, 'last_post_at': MOMENT, 'access': Access.open,
            'mandatory': False,
        }
        for key in sorted({key or 0 for key, _member_id in crowd.choices})
    ]  # fmt: skip
    choices = [
        {
            'conversation_id': key, 'member_id': member_id, 'choice': choice,
            'reason': Reason.mail, 'made_at': MOMENT,
        }
        for (key, member_id), choice in crowd.choices.items()
    ]  # fmt: skip
    defaults = [
        {
            'member_id': member_id, 'list_id': LIST_ID, 'default': default,
            'follow_opened': True, 'follow_replied': True,
        }
        for member_id, default in crowd.defaults.items()
    ]  # fmt: skip
    insert(Conversation.__table__, conversations)
    insert(chosen, choices)
    insert(audience.settings, defaults)


def insert(into: Any, rows: list[dict[str, Any]]) -> None:
    with config.db.engine.begin() as connection:
        for start in range(0, len(rows), 10_000):
            connection.execute(into.insert(), rows[start : start + 10_000])


def hearings() -> dict[str, Hearing]:
    """Return the messages that we ask about, by what tells them apart."""
    found = {
        'opening': Hearing(LIST_ID, Default.everything, NEWEST, True, MOMENT),
        'reply, default everything': Hearing(
            LIST_ID, Default.everything, 2, False, MOMENT
        ),
    }
    for key, followers in enumerate(FOLLOWERS, start=1):
        found[f'reply, default openings, {followers} follow'] = Hearing(
            LIST_ID, Default.openings, key, False, MOMENT
        )
    return found


def ours(hearing: Hearing) -> set[str]:
    return set(audience.recipients(hearing))


def from_all(hearing: Hearing) -> set[str]:
    """Ask about every member of the list who receives a reply.

    Where few do, our statement begins with those few; this is what that saves.
    """
    own = audience.settings.c.default
    default = func.coalesce(own, literal(hearing.base_default, own.type))
    source = members(member).outerjoin(
        audience.settings, audience.settings.c.member_id == member.c._member_id
    )
    statement = (
        select(address.c.email)
        .select_from(with_choices(source, hearing.conversation_id, hearing.moment))
        .where(
            member.c.list_id == hearing.list_id,
            member.c.role.between(MemberRole.member, MemberRole.member),
            delivery_mode == DeliveryMode.regular,
            delivery_status == DeliveryStatus.enabled,
            or_(
                counting_choice == Choice.follow,
                and_(counting_choice.is_(None), default == Default.everything),
            ),
        )
    )
    return set(store().scalars(statement))


def stock() -> set[str]:
    """Ask Mailman's handler, which knows neither conversations nor choices."""
    mlist = getUtility(IListManager).get_by_list_id(LIST_ID)
    msgdata: dict[str, Any] = {}
    msg = letter('eve@elsewhere.example')
    config.handlers['member-recipients'].process(mlist, msg, msgdata)
    return msgdata['recipients']


def floor(key: int, emails: set[str]) -> Ask:
    """Make a table of the recipients alone; return what reads it."""
    flat = Table(
        f'bench_floor_{key}', MetaData(), Column('email', String(255), primary_key=True)
    )
    flat.create(config.db.engine)
    insert(flat, [{'email': email} for email in sorted(emails)])
    return lambda: set(store().scalars(select(flat.c.email)))


def measure(database: Database, size: int, options: Namespace) -> list[list[Any]]:
    """Return the rows of the table for a list of so many members."""
    rows: list[list[Any]] = []
    crowd = gather(size)
    with mailman(database):
        list_of(crowd.members, 'ant', 'dlist')
        write(crowd)
        asked = [
            (name, hearing, crowd.hearers(hearing))
            for name, hearing in hearings().items()
        ]
        floors = [floor(key, known) for key, (*_, known) in enumerate(asked)]
        settle()
        for (name, hearing, known), ask in zip(asked, floors, strict=True):
            taken = taken_in_turns({'floor': ask, **ways(hearing)}, options.rounds)
            if hearing.opening and size <= options.stock:
                taken |= taken_in_turns({'stock': stock}, STOCK_ROUNDS)
            rows += compare(name, taken, known)
            if options.explain:
                explain(name, partial(ours, hearing))
    return rows


def ways(hearing: Hearing) -> dict[str, Ask]:
    """Return the ways to ask in one statement for the recipients, by their names."""
    found: dict[str, Ask] = {'ours': partial(ours, hearing)}
    if hearing.base_default is Default.openings:
        found['from all'] = partial(from_all, hearing)
    return found


def compare(
    name: str, taken: dict[str, tuple[Meter, set[str]]], known: set[str]
) -> Iterator[list[Any]]:
    """Yield the rows that say what asking took.

    :param known: Who has to be found.
    """
    lowest, _found = taken['floor']
    for asker, (meter, found) in taken.items():
        ratio = ''
        if 'stock' in taken:
            ratio = figure(taken['stock'][0].wall_ms / meter.wall_ms)
        yield [
            name,
            len(found),
            asker,
            figure(meter.wall_ms),
            figure(meter.wall_ms / lowest.wall_ms),
            ratio,
            figure(meter.cpu_ms),
            meter.statement_count,
            'yes' if found == known else 'NO',
        ]


def explain(name: str, ask: Ask) -> None:
    """Print how the database goes about it."""
    engine = config.db.engine
    with sent(engine) as statements:
        ask()
    for statement, parameters in statements:
        print(f'\n{name}:')
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(
                f'{EXPLAIN[engine.dialect.name]} {statement}', parameters
            )
            for line in plan:
                print('   ', *line, flush=True)


@contextmanager
def sent(engine: Any) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements with their parameters."""
    statements: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, text: str, values: Any, *_more: Any) -> None:
        statements.append((text, values))

    event.listen(engine, 'before_cursor_execute', remember)
    try:
        yield statements
    finally:
        event.remove(engine, 'before_cursor_execute', remember)


def main(arguments: Sequence[str] | None = None, call: Call = apart) -> None:
    parser = ArgumentParser(prog='bench.audience')
    add_database_option(parser)
    parser.add_argument('--members', type=int, nargs='+', default=[1000, 10_000])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument(
        '--stock', type=int, default=1000, help='ask Mailman up to so many members'
    )
    parser.add_argument('--explain', action='store_true', help='print the plans')
    options = parser.parse_args(arguments)
    for database in databases(options):
        for size in options.members:
            rows = call(measure, database, size, options)
            print(f'\n{database.title}, {size:,} members\n')
            print(table(HEADER, rows), flush=True)


if __name__ == '__main__':
    main()
