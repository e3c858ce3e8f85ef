# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to send everybody a copy of their own.

    python -m bench.deliver --members 1000 10000
    python -m bench.deliver --members 1000 --database sqlite --parts

One post to a dlist, as it waits in the outgoing queue, goes to a mail server in
another process: as one message for all (*bulk*), and with a To, footer, link and return
path of one's own for each, by Mailman's agent (*core*) and by ours.  *floor* sends the
bytes of one message to each recipient with Python's smtplib and does nothing else.
"""

from __future__ import annotations

import copy
import smtplib
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from email.generator import Generator
from functools import partial
from pathlib import Path
from typing import Any

from mailman.config import config
from mailman.handlers.decorate import Decorate
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import Personalization
from mailman.interfaces.template import ITemplateManager
from mailman.mta import deliver as core
from mailman.mta.bulk import BulkDelivery
from mailman.mta.personalized import PersonalizedMixin
from mailman.mta.verp import VERPMixin
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
from bench.measure import (
    figure,
    only_new_objects,
    peak_mb,
    sampling,
    table,
    table_of_shares,
    taken_in_turns,
)
from bench.post import LIST_ID, Post, Stages, opening
from bench.server import mail_server
from mailman_dlist import mta
from mailman_dlist.app.copies import lookups, sharing
from mailman_dlist.domain.links import token
from tests.databases import Database
from tests.model.stage import queued


FOOTER = """\
_______________________________________________
$display_name mailing list -- $listname
To unsubscribe, $user_name, send a mail to ${short_listname}-leave@${domain}
This copy went to $user_delivered_to ($user_language).
"""

HEADER = [
    'members', 'agent', 'recipients', 'CPU us each', '/ bulk', 'core /',
    'wall us each', 'statements', 'each',
]  # fmt: skip

PARTS = {
    'who the recipients are': lookups.People.__getitem__,
    'personal links': token.write,
    'copies': sharing.duplicate,
    'footers': Decorate.process,
    'return paths': VERPMixin._get_sender,
    'To': PersonalizedMixin.personalize_to,
    'bytes': Generator.flatten,
    'SMTP': smtplib.SMTP.sendmail,
    'of that, reading addresses': smtplib.quoteaddr,
}


def waiting_post(sender: str) -> Any:
    """Let a post go its way until it waits in the outgoing queue."""
    stages = Stages()
    post: Post = opening(sender)
    for name, stage in stages.of(post, dlist=True).items():
        if name != 'out':
            stage()
    [(msg, msgdata), *_others] = queued('out')
    return msg, msgdata


def delivering(
    deliver: Callable[..., None],
    msg: Any,
    msgdata: dict[str, Any],
    recipients: list[str],
    personal: bool,
) -> None:
    """Deliver as the outgoing runner does, with settings of the list."""
    mlist = getUtility(IListManager).get_by_list_id(LIST_ID)
    mlist.personalize = Personalization.full if personal else Personalization.none
    deliver(
        mlist,
        copy.deepcopy(msg),
        msgdata | {'recipients': recipients, 'verp': personal},
    )


def floor(_mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    connection = BulkDelivery()._connection
    content = msg.as_bytes().replace(b'\n', b'\r\n')
    for recipient in msgdata['recipients']:
        connection.sendmail('ant-bounces@example.com', [recipient], content)
    connection.quit()


def measure(database: Database, size: int, options: Namespace) -> list[list[Any]]:
    """Return the rows of the table for a list of so many members."""
    members = people(size)
    emails = [each.email for each in members]
    senders = [each.email for each in members if takes_posts(each)]
    with (
        tempfile.TemporaryDirectory() as directory,
        mail_server() as (port, taken),
        mailman(database, port),
    ):
        mlist = list_of(members, 'ant', 'dlist')
        # So that copies have personal links.
        settings = Path(directory) / 'dlist.cfg'
        settings.write_text('[dlist]\nweb_base_url: https://lists.example.com\n')
        config.push('web', f'[plugin.dlist]\nconfiguration: {settings}\n')
        if options.names:
            footer = Path(directory) / 'footer.txt'
            footer.write_text(FOOTER)
            getUtility(ITemplateManager).set(
                'list:member:regular:footer', mlist.list_id, footer.as_uri()
            )
            config.db.commit()
        settle()
        msg, msgdata = waiting_post(senders[0])
        # Core's cost for each recipient depends on the list, not on how many get
        # the message; all of them would take minutes.
        some = emails[:: max(1, size // options.core)][: options.core]
        agents = {
            'bulk': (core.deliver, emails, False),
            'floor': (floor, emails, False),
            'ours': (mta.deliver, emails, True),
            'core': (core.deliver, some, True),
        }
        works: dict[str, Callable[[], Any]] = {
            name: partial(delivering, deliver, msg, msgdata, recipients, personal)
            for name, (deliver, recipients, personal) in agents.items()
        }
        # Copies that the mail server counted, so that none costs nothing.
        taken()
        works['core']()
        assert taken() == len(some)
        results = taken_in_turns(works, options.rounds)
        taken()
        if options.parts:
            show_parts(works['ours'])
    each = {
        name: meter.cpu_ms / len(agents[name][1]) * 1000
        for name, (meter, _result) in results.items()
    }
    return [
        [
            size,
            name,
            len(agents[name][1]),
            figure(each[name]),
            figure(each[name] / each['bulk']),
            figure(each['core'] / each[name]),
            figure(meter.wall_ms / len(agents[name][1]) * 1000),
            meter.statement_count,
            figure(meter.statement_count / len(agents[name][1])),
        ]
        for name, (meter, _result) in results.items()
    ]


def show_parts(work: Callable[[], None]) -> None:
    """Print the shares of a delivery."""
    config.db.commit()
    config.db.store.expunge_all()
    with only_new_objects(), sampling(PARTS) as shares:
        work()
    print(f'\nours\n\n{table_of_shares(shares)}')
    print(f'\nMemory at its peak: {peak_mb()} MB', flush=True)


def main(arguments: Sequence[str] | None = None, call: Call = apart) -> None:
    parser = ArgumentParser(prog='bench.deliver')
    add_database_option(parser)
    parser.add_argument('--members', type=int, nargs='+', default=[1000])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument(
        '--core', type=int, default=100, help="recipients of Mailman's own agent"
    )
    parser.add_argument(
        '--names', action='store_true', help='a footer with the name of the reader'
    )
    parser.add_argument('--parts', action='store_true', help='where ours goes')
    options = parser.parse_args(arguments)
    for database in databases(options):
        rows = []
        for size in options.members:
            rows += call(measure, database, size, options)
        print(f'\n{database.title}\n\n{table(HEADER, rows)}', flush=True)


if __name__ == '__main__':
    main()
