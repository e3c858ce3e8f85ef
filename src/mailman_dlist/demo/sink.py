# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail server that a private site delivers to.

All mail that Mailman sends ends in an `Outbox`, where a demo or a test reads it.
No message leaves the machine.  Addresses can be set to refuse mail, so that
bounces can be tested as well.
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
    """One SMTP transaction: a message and its recipients."""

    # Empty for bounces, as on the wire between the angle brackets.
    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)
    # Seconds since the epoch.
    at: float

    @cached_property
    def message(self) -> EmailMessage:
        """The parsed message; copy it before changing it."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @cached_property
    def message_id(self) -> str:
        """The Message-ID with its angle brackets, unfolded."""
        return str(self.message['Message-ID'] or '').strip()


class Outbox:
    """All deliveries, oldest first; safe to read from any thread."""

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
        """Forget all deliveries; refusals stay set."""
        with self._lock:
            self._deliveries.clear()

    def to(self, address: str) -> list[Delivery]:
        """Return the deliveries to an address, ignoring case."""
        return [
            delivery
            for delivery in self.deliveries
            if address.lower() in map(str.lower, delivery.recipients)
        ]

    def __len__(self) -> int:
        with self._lock:
            return len(self._deliveries)


class Handler:
    """Put all mail into an outbox, and refuse what the outbox says."""

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
    """A local SMTP server with its own port and thread.

    :param port: For example one held by `ports.Reservation`; 0 for any free port.
    """

    def __init__(self, outbox: Outbox, port: int = 0) -> None:
        # Controller() accepts port 0, but then tries to connect to port 0.
        self._listener = socket.create_server((HOST, port))
        # asyncio sets it only on sockets that it creates.  Without it each EHLO, whose
        # lines are sent one by one, waits 40 ms for the client's delayed ACK.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(
            Handler(outbox),
            hostname=HOST,
            port=self._listener.getsockname()[1],
            server_hostname='localhost',
        )

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)
