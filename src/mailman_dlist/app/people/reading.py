# SPDX-License-Identifier: GPL-3.0-or-later
"""The senders of a message, read as its fields were written.

Mailman decodes these fields before it takes them apart.  Somebody whose name is
``bart@example.com, for Anne``, encoded as mail programs do, would be Bart to its rules,
and be answered at Bart's address.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mailman.config import config
from mailman.email.message import Message as CoreMessage
from mailman.interfaces.address import ExistingAddressError
from mailman.interfaces.usermanager import IUserManager
from public import public
from zope.component import getUtility

from mailman_dlist.interfaces.mailman import Message
from mailman_dlist.mail.fields import addresses
from mailman_dlist.model.session import committed


class _AsWritten(CoreMessage):
    """A message of Mailman's that splits these fields before it decodes them.

    Queues and stores keep it as Mailman's own, so that nothing in them needs us.
    """

    @property
    def senders(self) -> list[str]:
        """See Mailman's `Message`; it decides which fields count, in which order."""
        plain = CoreMessage()
        plain.set_unixfrom(self.get_unixfrom())
        for field in config.mailman.sender_headers.split():
            for address in addresses(self, field):
                if address.isascii():
                    plain[field] = address
        return plain.senders

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        return CoreMessage, (), vars(self)


@public
def as_written(msg: Message) -> None:
    """Let all that Mailman asks of a message be answered by its fields as written."""
    if type(msg) is CoreMessage:
        msg.__class__ = _AsWritten


@public
def register_senders(msg: Message) -> None:
    """Let Mailman know the addresses of a message's senders, as its rules expect.

    Its runner has done so with those that it read itself.
    """
    known = CoreMessage.senders.fget(msg)
    missing = [each for each in msg.senders if each not in known]
    if missing:
        committed(lambda: _register(missing))


def _register(emails: list[str]) -> None:
    manager = getUtility(IUserManager)
    for email in emails:
        with suppress(ExistingAddressError):
            manager.create_address(email)
