# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to make a digest for everybody who reads digests.

    python -m bench.digest --members 2000 --messages 300
    python -m bench.digest --database sqlite --parts

The same members and the same mailbox belong to a plain list, whose digest Mailman's
own runner makes, and to a dlist, whose digest is ours.  There some or all of the
readers have chosen by chance what they hear: who wants the same shares a message, and
what is dear is a message of one's own.  Who answers whom is from a real archive where
one is beside the checkout, and otherwise from the story of the demo.
"""

from __future__ import annotations

import random
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

from mailman.app.digests import maybe_send_digest_now
from mailman.config import config
from mailman.core.runner import Runner
from mailman.core.switchboard import Switchboard
from mailman.email.message import Message
from mailman.runners.digest import (
    Digester,
    DigestRunner,
    MIMEDigester,
    RFC1153Digester,
)
from mailman.utilities.datetime import now
from mailman.utilities.scrubber import scrub

from bench.audience import LIST_ID, insert
from bench.core import (
    Call,
    add_database_option,
    apart,
    databases,
    list_of,
    mailman,
    people,
    settle,
)
from bench.measure import (
    Meter,
    figure,
    only_new_objects,
    peak_mb,
    sampling,
    table,
    table_of_shares,
)
from mailman_dlist.app import lists
from mailman_dlist.app.digests import mailbox
from mailman_dlist.demo.letters import STORY, read
from mailman_dlist.demo.run import find_corpus
from mailman_dlist.domain.digest import wanted
from mailman_dlist.domain.following import Choice, Default, Reason
from mailman_dlist.model import digests as model
from mailman_dlist.model.following import chosen
from mailman_dlist.model.following import pauses as timed
from mailman_dlist.runners.digest import DlistDigestRunner
from tests.app.post import posted
from tests.databases import Database
from tests.model.stage import Newcomer


WEEK = timedelta(days=7)
DAY = timedelta(days=1)

# What a chooser wants of twenty conversations.
WISHES = {None: 10, 'follow': 4, 'mute': 4, 'pause': 1, 'past pause': 1}

HEADER = [
    'list', 'digests', 'MB', 'statements', 'CPU s', '/ plain', 'wall s', '/ plain',
    'ms of CPU for each', 'memory MB', 'before',
]  # fmt: skip

PARTS = {
    'the mailbox': mailbox.messages_in,
    'who reads it': model.readers,
    'what they chose': model.wishes,
    'what they want': wanted,
    'contents': Digester.add_to_toc,
    'messages, MIME': MIMEDigester.add_message,
    'messages, plain': RFC1153Digester.add_message,
    'of that, texts': scrub,
    'queue files': Switchboard.enqueue,
}


@dataclass(frozen=True)
class Case:
    """A list, and how many of its members have chosen anything.

    :param choosers: One in so many; None for nobody.
    """

    name: str
    runner: type[Runner] = DlistDigestRunner
    style: str = 'dlist'
    choosers: int | None = None


CASES = (
    Case('plain', DigestRunner, 'legacy-default'),
    Case('dlist, nobody chose'),
    Case('one in fifty chose', choosers=50),
    Case('everybody chose', choosers=1),
)


@dataclass(frozen=True)
class Made:
    """The digests of one mailbox, and what they took.

    :param octets: Of the files in the queue.
    :param before: Memory in MB at its peak, for the bench's own sake.
    :param peak: The same when the digests are made.
    """

    meter: Meter
    count: int
    octets: int
    before: int
    peak: int


def archive(path: Path, count: int) -> list[Message]:
    """Return the posts of a mailbox, from its beginning again where it ends."""
    posts = [each.message.as_bytes() for each in read(path) if not each.verb]
    messages = []
    for number in range(count):
        lap, place = divmod(number, len(posts))
        msg = message_from_bytes(posts[place], Message)
        for name in ('Message-ID', 'In-Reply-To', 'References'):
            if lap and name in msg:
                msg.replace_header(name, str(msg[name]).replace('@', f'@{lap}.'))
        messages.append(msg)
    return messages


def readers(count: int, chance: random.Random) -> list[Newcomer]:
    """Invent members who take digests; one in twenty gets none just now."""
    members = people(count)
    for each in members:
        each.preferences['delivery_mode'] = chance.choice(model.DIGESTS)
    return members


def collect(mlist: Any, messages: list[Message], start: datetime) -> list[int]:
    """Put a week of messages into the list's mailbox; return its conversations."""
    mlist.digest_size_threshold = 0
    conversations: dict[int, None] = {}
    for place, msg in enumerate(messages):
        if lists.is_dlist(mlist):
            accepted = posted(mlist, msg)
            accepted.message.posted_at = start + WEEK * place / len(messages)
            conversations[accepted.conversation.id] = None
        config.handlers['to-digest'].process(mlist, msg, {})
    config.db.commit()
    return list(conversations)


def choose(
    members: Collection[Newcomer],
    conversations: Collection[int],
    start: datetime,
    chance: random.Random,
) -> None:
    """Let members choose by chance, in the rows that the plugin would write."""
    defaults: list[dict[str, Any]] = []
    choices: list[dict[str, Any]] = []
    pauses: list[dict[str, Any]] = []
    for each in members:
        defaults.append({
            'member_id': each.member_id, 'list_id': LIST_ID,
            'default': chance.choice([None, *Default]),
            'follow_opened': True, 'follow_replied': True,
        })  # fmt: skip
        wishes = chance.choices(
            list(WISHES), list(WISHES.values()), k=len(conversations)
        )
        for key, wish in zip(conversations, wishes, strict=True):
            made_at = start + WEEK * chance.random()
            if wish is None:
                continue
            made: dict[str, Any] = {
                'conversation_id': key, 'member_id': each.member_id,
                'choice': Choice.follow if wish == 'follow' else Choice.mute,
                'reason': Reason.mail,
            }  # fmt: skip
            if wish == 'past pause':
                pauses.append({
                    **made, 'began': made_at, 'ends': made_at + DAY, 'running': None,
                })  # fmt: skip
            elif wish == 'pause':
                end = start + 2 * WEEK
                pauses.append({
                    **made, 'began': made_at, 'ends': end, 'running': True,
                })  # fmt: skip
            else:
                choices.append(made | {'made_at': made_at})
    insert(model.settings, defaults)
    insert(chosen, choices)
    insert(timed, pauses)


def measure(database: Database, case: Case, options: Namespace) -> Made:
    """Make one digest, in the process of this measurement alone."""
    chance = random.Random(options.seed)
    members = readers(options.members, chance)
    messages = archive(options.corpus, options.messages)
    with mailman(database):
        mlist = list_of(members, 'ant', case.style)
        start = now() - WEEK
        conversations = collect(mlist, messages, start)
        if case.choosers:
            choosers = chance.sample(members, len(members) // case.choosers)
            choose(choosers, conversations, start, chance)
        maybe_send_digest_now(mlist, force=True)
        config.db.commit()
        settle()
        config.db.store.expunge_all()
        runner = case.runner('digest')
        before = peak_mb()
        meter = Meter()
        looking = sampling(PARTS) if options.parts else nullcontext()
        with only_new_objects(), looking as shares, meter.running():
            runner._one_iteration()
        shunted = len(config.switchboards['shunt'].files)
        assert not shunted, f'{shunted} jobs were shunted'
        queue = Path(config.switchboards['virgin'].queue_directory)
        sizes = [path.stat().st_size for path in queue.glob('*.pck')]
        if shares is not None:
            print(f'\n{case.name}\n\n{table_of_shares(shares)}', flush=True)
        return Made(meter, len(sizes), sum(sizes), before, peak_mb())


def row(case: Case, made: Made, plain: Made) -> list[Any]:
    return [
        case.name,
        made.count,
        figure(made.octets / 1e6),
        made.meter.statement_count,
        figure(made.meter.cpu_ms / 1000),
        figure(made.meter.cpu_ms / plain.meter.cpu_ms),
        figure(made.meter.wall_ms / 1000),
        figure(made.meter.wall_ms / plain.meter.wall_ms),
        figure(made.meter.cpu_ms / max(1, made.count)),
        made.peak,
        made.before,
    ]


def main(arguments: Sequence[str] | None = None, call: Call = apart) -> None:
    parser = ArgumentParser(prog='bench.digest')
    add_database_option(parser)
    parser.add_argument('--members', type=int, default=2000, help='all take digests')
    parser.add_argument('--messages', type=int, default=300)
    parser.add_argument('--seed', type=int, default=0, help='of what they choose')
    parser.add_argument(
        '--corpus',
        type=Path,
        default=find_corpus() or STORY,
        help='a mailbox file with the messages',
    )
    parser.add_argument(
        '--parts', action='store_true', help='where it goes, at the price of some time'
    )
    options = parser.parse_args(arguments)
    for database in databases(options):
        made = {case: call(measure, database, case, options) for case in CASES}
        plain, *_ours = made.values()
        rows = [row(case, each, plain) for case, each in made.items()]
        print(
            f'\n{database.title}; {options.messages} messages from '
            f'{options.corpus.name}, {options.members:,} readers\n'
        )
        print(table(HEADER, rows), flush=True)


if __name__ == '__main__':
    main()
