# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliver a message to Mailman as a mail server does.

A mail server speaks LMTP to Mailman (RFC 2033) and gets a reply for every
recipient: some may be refused before the message is sent, others after.
`smtplib` reads only the first of the replies that follow a message.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Sequence
from email.message import Message


Status = tuple[int, str]

# Mailman replies to a message with defects once, whatever the number of
# recipients (3.3.10), and all its answers come in one packet.
PATIENCE_SECONDS = 2.0


def as_bytes(message: bytes | str | Message) -> bytes:
    """Return the message as sent over the wire, with lines ending in CR LF."""
    if isinstance(message, Message):
        message = message.as_bytes()
    elif isinstance(message, str):
        message = message.encode()
    return re.sub(rb'\r\n|\r|\n', b'\r\n', message)


def deliver(
    host: str,
    port: int,
    sender: str,
    recipients: Sequence[str],
    message: bytes | str | Message,
    *,
    timeout: float = 180,
) -> dict[str, Status]:
    """Send one message in one transaction; return the reply for each recipient.

    :param sender: The envelope sender; empty for a bounce.
    :param timeout: Seconds to wait for a reply.
    :raises smtplib.SMTPException: when the transaction as a whole is refused.
    """
    statuses: dict[str, Status] = {}
    accepted: list[str] = []
    with smtplib.LMTP(host, port, local_hostname='localhost', timeout=timeout) as lmtp:
        lmtp.ehlo()
        code, text = lmtp.mail(sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, text, sender)
        for recipient in recipients:
            code, text = lmtp.rcpt(recipient)
            statuses[recipient] = code, text.decode('utf-8', 'replace')
            if code in (250, 251):
                accepted.append(recipient)
        if accepted:
            answers = _data(lmtp, as_bytes(message), len(accepted))
            statuses.update(zip(accepted, answers, strict=True))
    return statuses


def _data(lmtp: smtplib.LMTP, content: bytes, count: int) -> list[Status]:
    answers = [lmtp.data(content)]
    assert lmtp.sock is not None
    lmtp.sock.settimeout(PATIENCE_SECONDS)
    while len(answers) < count:
        try:
            answers.append(lmtp.getreply())
        except (smtplib.SMTPServerDisconnected, TimeoutError):
            answers.append(answers[-1])
            break
    answers += answers[-1:] * (count - len(answers))
    return [(code, text.decode('utf-8', 'replace')) for code, text in answers]
