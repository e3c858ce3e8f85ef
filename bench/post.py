# SPDX-License-Identifier: GPL-3.0-or-later
"""What one post costs, from the mail server and back to it.

    python -m bench.post --members 10 100 1000 10000
    python -m bench.post --members 100 --database sqlite --parts --sql

The same members are those of a plain list, with Mailman's own server, chain and
pipeline, and then of a dlist, where the post opens a conversation or answers in
one.  The runners work one after the other in this process, so that a stage has
its own price; the mail server that takes what goes out is another process.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from email.utils import make_msgid
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any, NamedTuple

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.runners.incoming import IncomingRunner
from mailman.runners.lmtp import LMTPHandler
from mailman.runners.outgoing import OutgoingRunner
from mailman.runners.pipeline import PipelineRunner
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
from bench.measure import Meter, figure, sampling, statements_of, table
from bench.server import mail_server
from mailman_dlist.app import lists
from mailman_dlist.runners.lmtp import DlistLMTPHandler
from tests.databases import Database


LIST_ID = 'ant.example.com'
QUEUES = ('in', 'pipeline', 'out')
NUMBERS = count(1)

# Posts to lists of more members are fewer, so that the bench ends.
DELIVERIES = 20_000

LETTER = """\
From: {sender}
To: {to}
Subject: {subject}
Message-ID: {message_id}
Date: Fri, 02 Jan 2026 08:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset="us-ascii"
{answers}
"""
TEXT = '\r\n'.join(['On Sunday, by the lake, and everybody brings something.'] * 35)

HEADER = [
    'members', 'post', 'lmtp', 'in', 'pipeline', 'out', 'CPU ms', '/ plain',
    'wall ms', '/ plain', 'recipients',
]  # fmt: skip
STATEMENTS = [
    'members', 'post', 'lmtp', 'in', 'pipeline', 'out', 'the last three',
    "beyond core's",
]  # fmt: skip


@dataclass(frozen=True)
class Post:
    """A letter and the address it was sent to."""

    sender: str
    to: str
    subject: str
    answers: str = ''
    message_id: str = field(default_factory=partial(make_msgid, domain='example.com'))

    @property
    def content(self) -> bytes:
        answers = f'In-Reply-To: {self.answers}\n' if self.answers else ''
        head = LETTER.format(
            sender=self.sender,
            to=self.to,
            subject=self.subject,
            message_id=self.message_id,
            answers=answers,
        )
        return (head.replace('\n', '\r\n') + TEXT).encode()


@dataclass
class Way:
    """One kind of post, and what its stages took."""

    #: Whether the list is a dlist when it arrives.
    dlist: bool
    write: Callable[[str], Post]
    stages: dict[str, Meter] = field(default_factory=lambda: defaultdict(Meter))
    recipients: int = 0

    def total(self, unit: str) -> float:
        return sum(getattr(meter, unit) for meter in self.stages.values())

    @property
    def statements_inside(self) -> int:
        """How many statements a post sends between the mail servers."""
        return sum(self.stages[name].statement_count for name in QUEUES)


class Rows(NamedTuple):
    times: list[list[Any]]
    statements: list[list[Any]]


def plain(sender: str) -> Post:
    return Post(sender, 'ant@example.com', f'Picnic {next(NUMBERS)}')


def opening(sender: str) -> Post:
    return Post(sender, 'ant+new@example.com', f'Picnic {next(NUMBERS)}')


class Stages:
    """The stations of a post, one call each."""

    def __init__(self) -> None:
        self.servers = {False: LMTPHandler(), True: DlistLMTPHandler()}
        self.runners = {
            'in': IncomingRunner('in'),
            'pipeline': PipelineRunner('pipeline'),
            'out': OutgoingRunner('out'),
        }

    def of(self, post: Post, dlist: bool) -> dict[str, Callable[[], Any]]:
        return {
            'lmtp': partial(self._take, self.servers[dlist], post),
            **{name: each._one_iteration for name, each in self.runners.items()},
        }

    def _take(self, server: Any, post: Post) -> None:
        envelope = SimpleNamespace(
            mail_from=post.sender, rcpt_tos=[], rcpt_options=[], content=post.content
        )
        server._handle_RCPT(None, None, envelope, post.to, [])
        status = server._handle_DATA(None, None, envelope)
        assert status.startswith('250'), status


def send(way: Way, stages: Stages, sender: str, measured: bool) -> Post:
    """Let one post go all its way."""
    mlist = getUtility(IListManager).get_by_list_id(LIST_ID)
    (lists.enable if way.dlist else lists.disable)(mlist)
    config.db.commit()
    config.db.store.expunge_all()
    post = way.write(sender)
    for name, stage in stages.of(post, way.dlist).items():
        with way.stages[name].running() if measured else nullcontext():
            stage()
    return post


def measure(database: Database, size: int, options: Namespace) -> Rows:
    """Return the rows of the tables for a list of so many members."""
    members = people(size)
    senders = [each.email for each in members if takes_posts(each)][:50]
    with mail_server() as (port, recipients), mailman(database, port):
        list_of(members, 'ant', 'dlist')
        settle()
        stages = Stages()
        picnic = send(Way(True, opening), stages, senders[0], measured=False)

        def reply(sender: str) -> Post:
            name = picnic.subject.lower().replace(' ', '-')
            to = f'ant+{name}@example.com'
            return Post(sender, to, f'Re: {picnic.subject}', picnic.message_id)

        ways = {
            'plain': Way(False, plain),
            'opening': Way(True, opening),
            'reply': Way(True, reply),
        }
        recipients()
        for number in range(min(options.posts, max(2, DELIVERIES // size)) + 1):
            for way in ways.values():
                send(way, stages, senders[number % len(senders)], number > 0)
                way.recipients = recipients()
        finder = {'finder': config.handlers['member-recipients'].process}
        with statements_of(finder) as sent:
            send(ways['plain'], stages, senders[0], measured=False)
        if options.parts:
            for name, way in ways.items():
                show_parts(name, way, stages, senders, options)
        shunted = len(config.switchboards['shunt'].files)
        assert not shunted, f'{shunted} messages were shunted'
    base = ways['plain']
    core = base.statements_inside - len(sent['finder'])
    return Rows(
        [times(size, name, way, base) for name, way in ways.items()],
        [statements(size, name, way, core) for name, way in ways.items()],
    )


def times(size: int, name: str, way: Way, base: Way) -> list[Any]:
    return [
        size,
        name,
        *(figure(meter.cpu_ms) for meter in way.stages.values()),
        figure(way.total('cpu_ms')),
        figure(way.total('cpu_ms') / base.total('cpu_ms')),
        figure(way.total('wall_ms')),
        figure(way.total('wall_ms') / base.total('wall_ms')),
        way.recipients,
    ]


def statements(size: int, name: str, way: Way, core: int) -> list[Any]:
    """Return a row of the table of statements.

    :param core: How many Mailman itself sends in the three queues, whoever the
        recipients are.
    """
    return [
        size,
        name,
        *(meter.statement_count for meter in way.stages.values()),
        way.statements_inside,
        way.statements_inside - core,
    ]


def show_parts(
    name: str, way: Way, stages: Stages, senders: list[str], options: Namespace
) -> None:
    """Print the shares of rules and handlers, and perhaps the statements they send."""
    parts = {rule.name: rule.check for rule in config.rules.values()}
    parts |= {
        handler.name: handler.process for handler in config.handlers.values()
    }
    with sampling(parts) as shares:
        for sender in senders[: options.posts]:
            send(way, stages, sender, measured=False)
    with statements_of(parts) as sent:
        send(way, stages, senders[0], measured=False)
    rows = [
        [part, f'{shares[part]:.1%}', len(sent[part])]
        for part in sorted(parts, key=lambda part: -shares[part])
        if shares[part] >= 0.005 or sent[part]
    ]
    print(f'\n{name}\n')
    print(table(['rule or handler', 'CPU', 'statements'], rows), flush=True)
    if options.sql:
        for part, texts in sent.items():
            for text in texts:
                print(f'{part}: {" ".join(text.split())}', flush=True)


def main(arguments: Sequence[str] | None = None, call: Call = apart) -> None:
    parser = ArgumentParser(prog='bench.post')
    add_database_option(parser)
    parser.add_argument('--members', type=int, nargs='+', default=[10, 100, 1000])
    parser.add_argument('--posts', type=int, default=20, help='of each kind')
    parser.add_argument(
        '--parts', action='store_true', help='the shares of rules and handlers'
    )
    parser.add_argument('--sql', action='store_true', help='with --parts, statements')
    options = parser.parse_args(arguments)
    for database in databases(options):
        rows = [call(measure, database, size, options) for size in options.members]
        print(f'\n{database.title}; CPU ms of the stages\n')
        print(table(HEADER, [row for each in rows for row in each.times]))
        print(f'\n{database.title}; SQL statements\n')
        print(table(STATEMENTS, [row for each in rows for row in each.statements]))


if __name__ == '__main__':
    main()
