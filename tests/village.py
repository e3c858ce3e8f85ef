# SPDX-License-Identifier: GPL-3.0-or-later
"""People who write to lists, and look into their mailboxes.

The cast of journeys.  The journeys of a module share one Mailman, and each gets a
village in it: a mail domain of its own, where no other journey's people or lists are.

    def test_bart_has_heard_enough(ant):
        anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
        anne.writes(ant.at('new'), 'Picnic')
        bart.writes(ant.at('picnic', 'unsubscribe'))
        sunday = cris.writes(ant.at('picnic'), 'Re: Picnic', 'On Sunday?')
        assert sunday.readers == {'Anne', 'Cris'}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, make_msgid
from itertools import count
from typing import Any

from mailman_dlist.demo.lmtp import Status
from mailman_dlist.demo.sink import Delivery
from mailman_dlist.demo.site import Site


NUMBERS = count(1)

# What a site needs so that its lists have an archive, a maildir each.
ARCHIVE = '[archiver.prototype]\nenable: yes\n'


@dataclass
class Village:
    """A mail domain, its lists and its people."""

    site: Site
    domain: str = field(default_factory=lambda: f'v{next(NUMBERS)}.example.com')
    people: dict[str, Person] = field(default_factory=dict)

    def new_list(
        self, name: str = 'ant', style: str = 'dlist', **config: Any
    ) -> MailingList:
        """Create a list.

        :param style: ``dlist``, or ``legacy-default`` for a plain list.
        :param config: Mailman's own settings, as REST names them.
        """
        list_id = self.site.create_list(f'{name}@{self.domain}', style, **config)
        return MailingList(self, list_id)

    def person(self, name: str) -> Person:
        """Return the one of that name; nobody knows strangers before."""
        return self.people.setdefault(
            name, Person(self, name, f'{name.lower()}@{self.domain}')
        )

    def settle(self) -> None:
        """Wait until all that was sent is delivered."""
        # A message is in the next queue before it leaves the last one, so that
        # looking at all of them a few times is enough.
        self.site.settle(quiet=0.1)

    def readers(self, message_id: str) -> set[str]:
        """Return the names of those in whose mailboxes a message is."""
        reached = {
            email.lower()
            for copy in self.copies(message_id)
            for email in copy.recipients
        }
        return {
            person.name for person in self.people.values() if person.email in reached
        }

    def copies(self, message_id: str) -> list[Delivery]:
        """Return what Mailman sent out under a message-id, one for each group."""
        return [
            delivery
            for delivery in self.site.outbox.deliveries
            if delivery.message_id == message_id
        ]


@dataclass
class MailingList:
    """A mailing list of a village."""

    village: Village
    list_id: str
    member_ids: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.list_id.partition('.')[0]

    def at(self, *extension: str) -> str:
        """Return an address of the list.

        ``ant.at('picnic', 'unsubscribe')`` is ``ant+picnic+unsubscribe@...``, and
        ``ant.at()`` the posting address.
        """
        return f'{"+".join((self.name, *extension))}@{self.village.domain}'

    def has(self, *names: str, **settings: Any) -> Sequence[Person]:
        """Subscribe people without questions, and return them in that order.

        :param settings: As `Site.subscribe` takes them.
        """
        people = [self.village.person(name) for name in names]
        for person in people:
            self.member_ids[person.name] = self.village.site.subscribe(
                self.list_id, person.email, person.name, **settings
            )
        return people

    def config(self, **config: Any) -> None:
        """Change settings of Mailman's, as REST names them."""
        self.village.site.must(f'lists/{self.list_id}/config', config, 'PATCH')

    def settings(self, **settings: Any) -> None:
        """Change settings of ours, as REST names them."""
        path = f'plugins/dlist/lists/{self.list_id}'
        self.village.site.must(path, settings, 'PATCH')

    def default(self, person: Person, default: str) -> None:
        """Let a member hear ``everything``, ``openings`` or ``nothing``."""
        member_id = self.member_ids[person.name]
        path = f'plugins/dlist/lists/{self.list_id}/members/{member_id}'
        self.village.site.must(path, {'default': default}, 'PATCH')


@dataclass
class Person:
    """Somebody with a mailbox, member of a list or not."""

    village: Village
    name: str
    email: str
    seen: int = 0

    def writes(
        self,
        to: str | Sequence[str],
        subject: str = 'Hello',
        text: str = '',
        *,
        reply_to: EmailMessage | Letter | None = None,
        wait: bool = True,
        **headers: str | None,
    ) -> Letter:
        """Send a message, and wait until all that follows from it is delivered.

        :param to: The addresses it goes to, in the envelope and in To.
        :param reply_to: What it answers; sets In-Reply-To and References.
        :param wait: False when more is to be sent first; see `Village.settle`.
        :param headers: Others, underscores for hyphens; they win over ours, and
            None leaves one out.
        """
        recipients = [to] if isinstance(to, str) else list(to)
        message = EmailMessage()
        fields = {
            'From': formataddr((self.name, self.email)),
            'To': ', '.join(recipients),
            'Subject': subject,
            'Date': format_datetime(datetime.now().astimezone()),
            'Message-ID': make_msgid(domain=self.village.domain),
            **answering(reply_to),
            **{name.replace('_', '-'): value for name, value in headers.items()},
        }
        for name, value in fields.items():
            # EmailMessage refuses a field that it has already.
            del message[name]
            if value is not None:
                message[name] = value
        message.set_content(text or 'Hello!\n')
        return self.sends(message, recipients, wait=wait)

    def sends(
        self,
        message: EmailMessage | bytes,
        to: str | Sequence[str],
        *,
        wait: bool = True,
    ) -> Letter:
        """Send a message as it stands, to the last byte.

        :param to: The addresses in the envelope.
        """
        answers = self.village.site.deliver(self.email, to, message)
        if wait:
            self.village.settle()
        if isinstance(message, bytes):
            message = message_from_bytes(message, policy=policy.default)
        return Letter(self.village, message, answers)

    def replies(
        self,
        mail: EmailMessage | Letter,
        text: str = '',
        *,
        wait: bool = True,
        **headers: str | None,
    ) -> Letter:
        """Press Reply-All, as in a mail program (RFC 5322, section 3.6.3).

        People get it from their mail servers, only lists through Mailman.

        :param mail: What came, or the own copy of what was sent.
        :param headers: As for `writes`.
        """
        message = as_message(mail)
        to = emails(message, 'Reply-To') or emails(message, 'From')
        everybody = [*to, *emails(message, 'To', 'Cc')]
        others = [each for each in dict.fromkeys(everybody) if each != self.email]
        people = {person.email for person in self.village.people.values()}
        subject = str(message['subject'])
        fields: dict[str, str | None] = {
            'To': ', '.join(each for each in others if each in to) or None,
            'Cc': ', '.join(each for each in others if each not in to) or None,
        }
        return self.writes(
            [each for each in others if each not in people],
            subject if subject.lower().startswith('re:') else f'Re: {subject}',
            text,
            reply_to=mail,
            wait=wait,
            **fields | headers,
        )

    @property
    def inbox(self) -> list[EmailMessage]:
        """All that ever came, oldest first."""
        return [
            delivery.message for delivery in self.village.site.outbox.to(self.email)
        ]

    def reads(self) -> list[EmailMessage]:
        """Return what came since the last look, oldest first."""
        inbox = self.inbox
        seen, self.seen = self.seen, len(inbox)
        return inbox[seen:]


@dataclass
class Letter:
    """A message as its author sent it, and what Mailman said to that.

    ``answers`` holds the LMTP status for each recipient.
    """

    village: Village
    message: EmailMessage
    answers: dict[str, Status]

    @property
    def message_id(self) -> str:
        return str(self.message['message-id'])

    @property
    def accepted(self) -> bool:
        return bool(self.answers) and all(
            code == 250 for code, _ in self.answers.values()
        )

    @property
    def readers(self) -> set[str]:
        """Names of those who have it in their mailboxes, the author included."""
        return self.village.readers(self.message_id)

    @property
    def copies(self) -> list[Delivery]:
        """What Mailman sent out of it: one message for each group of readers."""
        return self.village.copies(self.message_id)

    @property
    def conversation(self) -> str | None:
        """The conversation that it went out in; None when it did not go out."""
        names = {copy.message['x-dlist-conversation'] for copy in self.copies}
        assert len(names) <= 1, names
        return next(iter(names), None)


def as_message(mail: EmailMessage | Letter) -> EmailMessage:
    return mail.message if isinstance(mail, Letter) else mail


def emails(message: EmailMessage, *fields: str) -> list[str]:
    """Return the addresses in some fields, in lower case."""
    values = [str(value) for name in fields for value in message.get_all(name, [])]
    return [email.lower() for _name, email in getaddresses(values) if email]


def answering(mail: EmailMessage | Letter | None) -> dict[str, str]:
    """Return the fields that make a message an answer (RFC 5322, section 3.6.4)."""
    if mail is None:
        return {}
    message = as_message(mail)
    parent = str(message['message-id'])
    return {
        'In-Reply-To': parent,
        'References': f'{message["references"] or ""} {parent}'.strip(),
    }


def text_of(mail: EmailMessage) -> str:
    """Return all that a reader sees: the text, and the footers below it."""
    texts = [
        part.get_content()
        for part in mail.walk()
        if part.get_content_type() == 'text/plain'
    ]
    return '\n'.join(texts).replace('\r\n', '\n')
