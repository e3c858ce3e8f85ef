# SPDX-License-Identifier: GPL-3.0-or-later
"""People, lists and letters in the Mailman of the test's own process.

    ant = new_list()
    anne = join(ant, 'Anne')
    picnic = letter(anne, 'Picnic')

Everything here goes through Mailman's own interfaces; where thousands of members
are needed, `crowd` writes the rows that these would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import make_msgid
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from mailman.app.lifecycle import create_list
from mailman.config import config
from mailman.core.runner import Runner
from mailman.database.model import Model
from mailman.email.message import Message
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import DMARCMitigateAction
from mailman.interfaces.member import MemberRole
from mailman.interfaces.usermanager import IUserManager
from mailman.testing.helpers import make_testable_runner
from mailman.utilities.datetime import factory, now
from sqlalchemy import event, func, select
from zope.component import getUtility

from mailman_dlist.domain.following import Choice, Reason
from mailman_dlist.model.aliases import Alias
from mailman_dlist.model.conversations import Conversation, ConversationName
from mailman_dlist.model.following import MemberChoice, Pause
from mailman_dlist.model.session import store
from tests.core import built_once


DAY = timedelta(days=1)


def new_list(name: str = 'ant', style: str = 'dlist') -> Any:
    """Make a list on example.com; newcomers are not greeted."""
    mlist = create_list(f'{name}@example.com', style_name=style)
    # It would ask the DNS about every sender.
    mlist.dmarc_mitigate_action = DMARCMitigateAction.no_mitigation
    mlist.send_welcome_message = False
    config.db.commit()
    return mlist


def email_of(name: str) -> str:
    return name if '@' in name else f'{name.lower()}@example.com'


def person(name: str) -> Any:
    """Return Mailman's user with the verified and preferred address of a name."""
    user = getUtility(IUserManager).make_user(email_of(name), name)
    if user.preferred_address is None:
        verify(*user.addresses)
        user.preferred_address = next(iter(user.addresses))
    return user


def verify(*addresses: Any) -> None:
    for address in addresses:
        address.verified_on = now()


def join(
    mlist: Any,
    name: str,
    *,
    role: Any = MemberRole.member,
    as_user: bool = False,
) -> Any:
    """Subscribe somebody, by address unless told otherwise; return the member."""
    user = person(name)
    member = mlist.subscribe(user if as_user else user.preferred_address, role)
    config.db.commit()
    return member


def join_all(mlist: Any, *names: str) -> list[Any]:
    return [join(mlist, name) for name in names]


def ant_with(*names: str) -> list[Any]:
    """Give a fresh site the list ant with these members; return it and them.

    The clock shows the time at which they joined.
    """
    began = _ant_with(names)()
    # Other tests have turned it.
    pass_time(began - now())
    mlist = getUtility(IListManager).get_by_list_id('ant.example.com')
    # A new list makes its directory.
    Path(mlist.data_path).mkdir(parents=True, exist_ok=True)
    return [mlist, *(mlist.members.get_member(email_of(name)) for name in names)]


@cache
def _ant_with(names: tuple[str, ...]) -> Callable[[], datetime]:
    return built_once(partial(_build_ant, names))


def _build_ant(names: tuple[str, ...]) -> datetime:
    began = now()
    join_all(new_list(), *names)
    return began


def letter(
    sender: Any = 'Anne',
    subject: str | None = 'Picnic',
    to: str = 'ant@example.com',
    *,
    message_id: str | None = None,
    answers: str | None = None,
    references: str | None = None,
    **fields: str,
) -> Any:
    """Write a mail, of a member or of anybody else with a name or an address.

    :param message_id: With its angle brackets; a new one if not given.
    :param answers: What stands in In-Reply-To.
    :param fields: More header fields; ``_`` stands for ``-``.
    """
    msg = Message()
    address = sender if isinstance(sender, str) else sender.address.email
    given = {
        'From': email_of(address),
        'To': to,
        'Subject': subject,
        'Message-ID': message_id or make_msgid(domain='example.com'),
        'In-Reply-To': answers,
        'References': references,
        **{name.replace('_', '-'): value for name, value in fields.items()},
    }
    for name, value in given.items():
        if value is not None:
            msg[name] = value
    msg.set_payload('On Sunday, by the lake.\n')
    msg.original_size = len(msg.as_bytes())
    return msg


def queued(queue: str) -> list[tuple[Any, dict[str, Any]]]:
    """Take what waits in a queue out of it: messages and their metadata."""
    switchboard = config.switchboards[queue]
    entries = []
    for filebase in switchboard.files:
        entries.append(switchboard.dequeue(filebase))
        switchboard.finish(filebase)
    return entries


def run(runner: type[Runner], queue: str) -> None:
    """Let a runner work until its queue is empty."""
    make_testable_runner(runner, queue).run()


def pass_time(span: timedelta) -> None:
    """Turn the clock forward, which stands still in tests."""
    # On the class, where Mailman's layer puts it back after each test.
    clock = type(factory)
    clock.predictable_now += span
    clock.predictable_today = clock.predictable_now.date()


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the SQL statements that Mailman sends meanwhile."""
    statements: list[str] = []

    def remember(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(config.db.engine, 'before_cursor_execute', remember)
    try:
        yield statements
    finally:
        event.remove(config.db.engine, 'before_cursor_execute', remember)


def new_conversation(mlist: Any, name: str = 'picnic') -> Conversation:
    """Make a conversation that nobody has posted to."""
    conversation = Conversation(
        list_id=mlist.list_id, name=name, subject='Picnic',
        opened_at=now(), last_post_at=now(),
    )
    store().add(conversation)
    store().flush()
    store().add(
        ConversationName(
            list_id=mlist.list_id, name=name, conversation_id=conversation.id
        )
    )
    store().flush()
    return conversation


def choose(
    conversation: Conversation,
    member: Any,
    choice: Choice,
    until: datetime | None = None,
    *,
    reason: Reason = Reason.mail,
) -> None:
    """Write down a lasting choice or a pause, whatever there was before."""
    given: dict[str, Any] = {
        'conversation_id': conversation.id,
        'member_id': member.member_id,
        'choice': choice,
        'reason': reason,
    }
    store().add(
        MemberChoice(made_at=now(), **given)
        if until is None
        else Pause(began=now(), ends=until, **given)
    )


def give_alias(mlist: Any, member: Any, email: str) -> None:
    """Let an address be a confirmed alias, whatever else it is."""
    store().add(
        Alias(
            list_id=mlist.list_id,
            email=email,
            member_id=member.member_id,
            confirmed_at=now(),
        )
    )
    store().flush()


@dataclass
class Newcomer:
    """One more of many members."""

    email: str
    #: Preferences of the membership, of the address, and of the user.
    preferences: dict[str, Any] = field(default_factory=dict)
    of_address: dict[str, Any] = field(default_factory=dict)
    of_user: dict[str, Any] = field(default_factory=dict)
    as_user: bool = False
    member_id: Any = field(default_factory=uuid4)


def crowd(mlist: Any, newcomers: list[Newcomer]) -> None:
    """Subscribe many at once, in the rows that Mailman would write."""
    tables = Model.metadata.tables
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ('preferences', 'user', 'address', 'member')
    }
    with config.db.engine.begin() as connection:
        first = {
            name: (connection.scalar(select(func.max(tables[name].c.id))) or 0) + 1
            for name in rows
        }
        for index, newcomer in enumerate(newcomers):
            key = {name: number + index for name, number in first.items()}
            owned = first['preferences'] + 3 * index
            for offset, wishes in enumerate(
                (newcomer.preferences, newcomer.of_address, newcomer.of_user)
            ):
                rows['preferences'].append(_preferences(owned + offset, wishes))
            rows['user'].append({
                'id': key['user'], '_user_id': uuid4(), 'display_name': '',
                '_created_on': now(), 'is_server_owner': False,
                'preferences_id': owned + 2,
            })
            rows['address'].append({
                'id': key['address'], 'email': newcomer.email, 'display_name': '',
                'verified_on': now(), 'registered_on': now(),
                'user_id': key['user'], 'preferences_id': owned + 1,
            })
            rows['member'].append({
                'id': key['member'], '_member_id': newcomer.member_id,
                'role': MemberRole.member, 'list_id': mlist.list_id,
                'address_id': None if newcomer.as_user else key['address'],
                'user_id': key['user'] if newcomer.as_user else None,
                'preferences_id': owned, 'bounce_score': 0,
                'last_warning_sent': datetime.min, 'total_warnings_sent': 0,
            })
        for name, many in rows.items():
            connection.execute(tables[name].insert(), many)
        # An address and its user point to each other.
        users, addresses = tables['user'], tables['address']
        connection.execute(
            users.update()
            .where(users.c.id >= first['user'])
            .values(
                _preferred_address_id=select(func.min(addresses.c.id))
                .where(addresses.c.user_id == users.c.id)
                .scalar_subquery()
            )
        )
        if connection.dialect.name == 'postgresql':
            for name in rows:
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), "
                    f'(SELECT max(id) FROM "{name}"))'
                )


def _preferences(key: int, wishes: dict[str, Any]) -> dict[str, Any]:
    names = [
        column.name for column in Model.metadata.tables['preferences'].columns
    ]
    return dict.fromkeys(names) | wishes | {'id': key}


def count_rows(*tables: Any) -> dict[str, int]:
    """Return how many rows each of our tables has."""
    return {
        table.__tablename__: store().scalars(
            select(func.count()).select_from(table)
        ).one()
        for table in tables
    }
