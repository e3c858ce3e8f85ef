# SPDX-License-Identifier: GPL-3.0-or-later
"""Send letters as mail programs do.

Reply-All uses the addresses in the message as the list delivered it: that is how a
reply finds its conversation, and how a member learns the address that mutes it.
A reply waits until the message it replies to has been delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from mailman_dlist.demo.letters import Letter
from mailman_dlist.demo.progress import Progress
from mailman_dlist.demo.site import Site, until


# Seconds a reply waits for the message it replies to.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Sent:
    """A letter that was sent, its recipient, and Mailman's reply."""

    letter: Letter
    address: str
    code: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300


class Replay:
    """Send letters to one list of a site."""

    def __init__(self, site: Site, list_address: str) -> None:
        self.site = site
        self.list_address = list_address
        self.sent: list[Sent] = []
        # Message-ID -> the address its readers reply to.
        self._reply_to: dict[str, str] = {}
        self._looked_at = 0

    def run(self, letters: Sequence[Letter], progress: Progress) -> None:
        for number, letter in enumerate(letters, 1):
            progress.show(number, len(letters), 'messages', _caption(letter))
            self.send(letter)
        self.site.settle()

    def send(self, letter: Letter) -> None:
        address = self._address(letter)
        if not address:
            problem = 'No delivered message contains the address.'
            self.sent.append(Sent(letter, address, 0, problem))
            return
        if letter.verb:
            # The command must not affect earlier letters.
            self.site.settle()
        message = _addressed(letter.message, address)
        [(code, text)] = self.site.deliver(letter.sender, address, message).values()
        self.sent.append(Sent(letter, address, code, text))
        if letter.verb:
            # The command must affect all later letters.
            self.site.settle()

    def _address(self, letter: Letter) -> str:
        conversation = self._conversation(letter)
        if letter.verb:
            return _extended(conversation, letter.verb)
        if conversation:
            return conversation
        return _extended(self.list_address, letter.extension)

    def _conversation(self, letter: Letter) -> str:
        """Return the address of the conversation of a letter, if it has one."""
        posted = {sent.letter.message_id for sent in self.sent if sent.accepted}
        answered = next((id for id in letter.answers if id in posted), None)
        if answered is None:
            return ''
        until(lambda: answered in self._delivered(), PATIENCE_SECONDS)
        return self._delivered().get(answered, '')

    def _delivered(self) -> dict[str, str]:
        deliveries = self.site.outbox.deliveries
        for delivery in deliveries[self._looked_at :]:
            address = self._conversation_address(delivery.message)
            self._reply_to.setdefault(delivery.message_id, address)
        self._looked_at = len(deliveries)
        return self._reply_to

    def _conversation_address(self, message: Message) -> str:
        local, _, domain = self.list_address.partition('@')
        fields = [*message.get_all('To', []), *message.get_all('Cc', [])]
        for _, address in getaddresses(map(str, fields)):
            if address.startswith(f'{local}+') and address.endswith(f'@{domain}'):
                return address
        return ''


def _extended(address: str, extension: str) -> str:
    if not address or not extension:
        return address
    local, _, domain = address.rpartition('@')
    return f'{local}+{extension}@{domain}'


def _addressed(message: Message, address: str) -> Message:
    message = deepcopy(message)
    del message['To']
    del message['Cc']
    message['To'] = address
    return message


def _caption(letter: Letter) -> str:
    what = {'unsubscribe': 'mutes', 'mute': 'mutes'}.get(letter.verb, 'follows')
    return f'{letter.name} {what if letter.verb else "writes"}: {letter.subject}'
