# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server to deliver to, and all that can be seen of one delivery.

    with mail_server() as server:
        one = outcome(core.deliver, mlist, msg, recipients)
        other = outcome(mta.deliver, mlist, msg, recipients)
        assert one == other
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from mailman.config import config
from mailman.email.message import Message
from mailman.handlers import arc_sign
from mailman.interfaces.mta import SomeRecipientsFailed

from mailman_dlist.demo.ports import HOST
from mailman_dlist.demo.sink import Handler, Outbox, Sink
from tests.model.stage import counted


MTA_CFG = """\
[mta]
smtp_host: {host}
smtp_port: {port}
verp_format: ${{bounces}}+${{local}}=${{domain}}
max_recipients: 3
"""

# The rest of the line differs from one delivery to the next.
SECONDS = re.compile(r'completed in .*')

FIELDS = """\
From: Anne <anne@example.com>
To: Ants <ant@example.com>
Subject: =?utf-8?b?R3LDvMOfZQ==?= from the list, on a line that is longer than most, so
 that it is folded
Message-ID: <picnic@example.net>
Message-ID-Hash: ABCDEFGHIJKLMNOPQRSTUVWXYZ234567
Date: Fri, 20 Nov 2026 10:00:00 +0000
List-Id: <ant.example.com>
Bcc: dora@example.com
MIME-Version: 1.0
"""


class HangingUp(Handler):
    """A mail server that ends the connection when it hears some address."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(outbox)
        self.at: str | None = None

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address == self.at:
            server.transport.abort()
        return await super().handle_RCPT(server, session, envelope, address, options)


@dataclass
class Server:
    outbox: Outbox
    handler: HangingUp


@contextmanager
def mail_server() -> Iterator[Server]:
    """Start a mail server, and let Mailman deliver to it."""
    outbox = Outbox()
    sink = Sink(outbox)
    sink.handler = handler = HangingUp(outbox)
    sink.start()
    config.push('mail server', MTA_CFG.format(host=HOST, port=sink.port))
    try:
        yield Server(outbox, handler)
    finally:
        config.pop('mail server')
        sink.stop()


@dataclass
class Outcome:
    """What a delivery led to."""

    #: Envelope sender, recipients and bytes of each transaction.
    transactions: list[tuple[str, tuple[str, ...], bytes]]
    temporary: list[str]
    permanent: list[tuple[str, int, bytes]]
    error: str
    log: list[str]


def letter(rest: str | bytes = 'Content-Type: text/plain\n\nHello, ants!\n') -> Any:
    """Read a message as it waits in the outgoing queue.

    :param rest: Of its fields, and its body.
    """
    if isinstance(rest, str):
        rest = rest.encode()
    msg = message_from_bytes(FIELDS.encode() + rest, Message)
    msg.original_size = 1234
    return msg


def outcome(
    deliver: Callable[..., None],
    server: Server,
    mlist: Any,
    msg: Any,
    recipients: Any,
    **msgdata: Any,
) -> Outcome:
    """Deliver a message and collect what can be seen of that."""
    # Boundaries of MIME parts are drawn by lot, and signatures bear a time.
    random.seed(4)
    arc_sign.timestamp = 12345
    server.outbox.clear()
    temporary: list[str] = []
    permanent: list[tuple[str, int, bytes]] = []
    error = ''
    with logged() as lines:
        try:
            deliver(mlist, msg, {'recipients': recipients, **msgdata})
        except SomeRecipientsFailed as failed:
            temporary = sorted(failed.temporary_failures)
            permanent = sorted(failed.permanent_failures)
        except Exception as raised:
            error = repr(raised)
        finally:
            arc_sign.timestamp = None
    transactions = [
        (each.sender, each.recipients, each.raw) for each in server.outbox.deliveries
    ]
    return Outcome(sorted(transactions), temporary, permanent, error, lines)


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect what stands in Mailman's log of outgoing mail."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(SECONDS.sub('completed', record.getMessage()))

    log, collector = logging.getLogger('mailman.smtp'), Collector(logging.INFO)
    log.addHandler(collector)
    try:
        yield lines
    finally:
        log.removeHandler(collector)
        lines.sort()


def statements(deliver: Callable[..., None], *arguments: Any) -> list[str]:
    """Return the SQL statements that a delivery takes, as a runner begins it."""
    config.db.commit()
    with counted() as sent:
        deliver(*arguments)
    return sent
