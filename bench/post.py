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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from email.utils import make_msgid
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any
from unittest import mock

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.runners.incoming import IncomingRunner
from mailman.runners.lmtp import LMTPHandler
from mailman.runners.outgoing import OutgoingRunner
from mailman.runners.pipeline import PipelineRunner
from zope.component import getUtility

from bench.core import (
    add_database_option,
    apart,
    databases,
    list_of,
    mailman,
    people,
    settle,
    takes_posts,
)
from bench.measure import Meter, figure, table
from mailman_dlist.app import lists
from mailman_dlist.demo.sink import Outbox, Sink
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.runners.lmtp import DlistLMTPHandler
from tests.databases import Database
from tests.model.stage import counted


LIST_ID = 'ant.example.com'
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
    'wall ms', '/ plain', 'statements', 'recipients',
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


@contextmanager
def mail_server() -> Iterator[tuple[int, Callable[[], int]]]:
    """Give the port of a mail server, and what counts its new recipients."""
    ours, theirs = get_context('spawn').Pipe()
    process = get_context('spawn').Process(target=_serve, args=(theirs,))
    process.start()

    def recipients() -> int:
        ours.send(True)
        return ours.recv()

    yield ours.recv(), recipients
    ours.send(False)
    process.join()


def _serve(bench: Connection) -> None:
    outbox = Outbox()
    sink = Sink(outbox)
    sink.start()
    bench.send(sink.port)
    while bench.recv():
        bench.send(sum(len(each.recipients) for each in outbox.deliveries))
        outbox.clear()
    sink.stop()


def measure(database: Database, size: int, options: Namespace) -> list[list[Any]]:
    """Return the rows of the table for a list of so many members."""
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
        for number in range(max(2, min(options.posts, DELIVERIES // size)) + 1):
            for way in ways.values():
                send(way, stages, senders[number % len(senders)], number > 0)
                way.recipients = recipients()
        if options.parts:
            for name, way in ways.items():
                show_parts(name, way, stages, senders, options)
        shunted = len(config.switchboards['shunt'].files)
        assert not shunted, f'{shunted} messages were shunted'
    return [row(size, name, way, ways['plain']) for name, way in ways.items()]


def row(size: int, name: str, way: Way, plain: Way) -> list[Any]:
    return [
        size,
        name,
        *(figure(meter.cpu_ms) for meter in way.stages.values()),
        figure(way.total('cpu_ms')),
        figure(way.total('cpu_ms') / plain.total('cpu_ms')),
        figure(way.total('wall_ms')),
        figure(way.total('wall_ms') / plain.total('wall_ms')),
        ' + '.join(str(meter.statement_count) for meter in way.stages.values()),
        way.recipients,
    ]


@dataclass
class WatchedPipeline:
    """A pipeline of watched handlers."""

    pipeline: Any
    watch: Callable[[str, Callable[..., Any]], Callable[..., Any]]

    def __iter__(self) -> Iterator[Any]:
        for handler in self.pipeline:
            process = self.watch(handler.name, handler.process)
            yield SimpleNamespace(name=handler.name, process=process)


def show_parts(
    name: str, way: Way, stages: Stages, senders: list[str], options: Namespace
) -> None:
    """Print what each rule and handler took, and perhaps the statements it sent."""
    meters: dict[str, Meter] = defaultdict(Meter)
    texts: dict[str, list[str]] = {}

    def watch(part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any) -> Any:
            with counted() as texts[part], meters[part].running():
                return work(*arguments)

        return watched

    key = PIPELINE if way.dlist else lists.DEFAULT_PIPELINE
    pipeline = WatchedPipeline(config.pipelines[key], watch)
    with ExitStack() as watching:
        watching.enter_context(mock.patch.dict(config.pipelines, {key: pipeline}))
        for rule in config.rules.values():
            watching.enter_context(
                mock.patch.object(rule, 'check', watch(rule.name, rule.check))
            )
        for sender in senders[:10]:
            send(way, stages, sender, measured=False)
    rows = [
        [part, figure(meter.cpu_ms), meter.statement_count]
        for part, meter in sorted(meters.items(), key=lambda item: -item[1].cpu_ms)
        if meter.cpu_ms >= 0.2 or meter.statement_count
    ]
    print(f'\n{name}\n')
    print(table(['rule or handler', 'CPU ms', 'statements'], rows), flush=True)
    if options.sql:
        for part in texts:
            for text in texts[part]:
                print(f'{part}: {" ".join(text.split())}', flush=True)


def main() -> None:
    parser = ArgumentParser(prog='bench.post')
    add_database_option(parser)
    parser.add_argument('--members', type=int, nargs='+', default=[10, 100, 1000])
    parser.add_argument('--posts', type=int, default=20, help='of each kind')
    parser.add_argument('--parts', action='store_true', help='rules and handlers too')
    parser.add_argument('--sql', action='store_true', help='with --parts, statements')
    options = parser.parse_args()
    for database in databases(options):
        rows = []
        for size in options.members:
            rows += apart(measure, database, size, options)
        print(f'\n{database.title}; CPU ms of the stages\n')
        print(table(HEADER, rows), flush=True)


if __name__ == '__main__':
    main()
