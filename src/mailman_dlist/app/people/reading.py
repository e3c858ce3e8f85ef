# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the senders of a message from its fields as they were written.

Mailman decodes these fields before it splits them.  If somebody's name is
``bart@example.com, for Anne``, encoded as mail programs do, Mailman's rules would take
the sender for Bart, and replies would go to Bart's address.
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

    Queues and stores hold it as Mailman's own class, so that nothing in them depends on
    the plugin.
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
    """Let Mailman read the senders of a message from its fields as written."""
    if type(msg) is CoreMessage:
        msg.__class__ = _AsWritten


@public
def register_senders(msg: Message) -> None:
    """Make Mailman create the addresses of a message's senders, as its rules expect.

    Mailman's runner has done so with the senders that it has read itself.
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
