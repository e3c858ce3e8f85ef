# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail server that a private site delivers to.

Whatever Mailman sends ends here, in an `Outbox`, where a demo or a test looks
at it.  No message leaves the machine.  Some addresses can be told to refuse
mail, so that bounces can be watched too.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from typing import Any

from aiosmtpd.controller import Controller


HOST = '127.0.0.1'


@dataclass(frozen=True)
class Delivery:
    """One SMTP transaction: a message and everybody who got it."""

    # Empty for bounces, as on the wire between the angle brackets.
    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)
    # Seconds since the epoch.
    at: float

    @cached_property
    def message(self) -> EmailMessage:
        """The message, to be read; whoever changes it works on a copy."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @cached_property
    def message_id(self) -> str:
        """With its angle brackets; some programs write it on a line of its own."""
        return str(self.message['Message-ID'] or '').strip()


class Outbox:
    """What was delivered, oldest first; for any thread to read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        # Address in lower case -> the SMTP reply that its mail gets, such as
        # '550 5.1.1 no such user' or '451 4.2.2 mailbox is full'.
        self.refuse: dict[str, str] = {}

    @property
    def deliveries(self) -> list[Delivery]:
        with self._lock:
            return list(self._deliveries)

    def add(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.append(delivery)

    def clear(self) -> None:
        """Forget the deliveries; refusals stay."""
        with self._lock:
            self._deliveries.clear()

    def to(self, address: str) -> list[Delivery]:
        """What one address got, whatever the case it was written in."""
        return [
            delivery
            for delivery in self.deliveries
            if address.lower() in map(str.lower, delivery.recipients)
        ]

    def __len__(self) -> int:
        with self._lock:
            return len(self._deliveries)


class _Handler:
    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        refusal = self.outbox.refuse.get(address.lower())
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return '250 2.1.5 Ok'

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        self.outbox.add(
            Delivery(
                sender=(envelope.mail_from or '').removeprefix('<>'),
                recipients=tuple(envelope.rcpt_tos),
                raw=envelope.content,
                at=time.time(),
            )
        )
        return '250 2.0.0 Ok'


class Sink(Controller):
    """A local SMTP server on a port of its own, in a thread of its own.

    :param port: Such as `ports.Reservation` holds; any free one when 0.
    """

    def __init__(self, outbox: Outbox, port: int = 0) -> None:
        # Controller() knows port 0, but then asks port 0 whether it answers.
        self._listener = socket.create_server((HOST, port))
        super().__init__(
            _Handler(outbox),
            hostname=HOST,
            port=self._listener.getsockname()[1],
            server_hostname='localhost',
        )

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)
