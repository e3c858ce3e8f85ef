# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the demo, their authors, and the members who only read.

Letters come from a mailbox file: a short story that ships with the package, or
the archive of a real list.  A letter is a post or a command, according to its
``To:``: ``village+new@`` opens a conversation,
``village+picnic+unsubscribe@`` mutes one.  The conversation of a reply
follows from the message it replies to; the name in the file is there for readers.
"""

from __future__ import annotations

import email.utils
import itertools
import mailbox
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any


STORY = Path(__file__).with_name('story.mbox')
# Commands as the footers of a list write them, and their short names.
FOLLOW = frozenset({'subscribe', 'follow'})
MUTE = frozenset({'unsubscribe', 'mute'})

# At least a dozen people, with every default among them.
CAST = 12
DEFAULTS = ('everything', 'openings', 'everything', 'openings', 'nothing')
READERS = ('Nell Reed', 'Ivo Marsh', 'June Marsh', 'Lou Field', 'Mo Hill', 'Ada Stone')


@dataclass(frozen=True)
class Letter:
    """A message to be sent.

    :param answers: Message-ids that it may reply to, the most likely first.
    :param extension: What follows the plus in its ``To:``.
    """

    message: Message
    sender: str
    name: str
    message_id: str
    answers: tuple[str, ...]
    extension: str = ''

    @property
    def verb(self) -> str:
        """Return the verb of a command; empty for a post."""
        last = self.extension.rpartition('+')[2]
        return last if last in FOLLOW | MUTE else ''

    @property
    def subject(self) -> str:
        return decoded(self.message['Subject'])


@dataclass(frozen=True)
class Person:
    """A member to be, and their default."""

    email: str
    name: str
    default: str
    # Known once they are a member.
    member_id: str = ''


def decoded(header: Any) -> str:
    """Decode a header field into one line of text."""
    try:
        text = str(make_header(decode_header(header or '')))
    except (LookupError, UnicodeError, ValueError):
        text = str(header)
    return ' '.join(text.split())


def read(path: Path) -> list[Letter]:
    """Read a mailbox file; skip letters without a sender or a Message-ID."""
    box = mailbox.mbox(path, create=False)
    try:
        return [letter for letter in map(_letter, box) if letter is not None]
    finally:
        box.close()


def _letter(message: Message) -> Letter | None:
    name, sender = email.utils.parseaddr(decoded(message['From']))
    message_id = str(message['Message-ID'] or '').strip()
    if '@' not in sender or not message_id:
        return None
    return Letter(
        message=message,
        sender=sender.lower(),
        name=name or sender.partition('@')[0],
        message_id=message_id,
        answers=_answers(message),
        extension=_local_part(message).partition('+')[2],
    )


def _answers(message: Message) -> tuple[str, ...]:
    nearest = re.findall(r'<[^<>\s]+>', str(message['In-Reply-To'] or ''))
    further = re.findall(r'<[^<>\s]+>', str(message['References'] or ''))
    return tuple(dict.fromkeys([*nearest, *reversed(further)]))


def _local_part(message: Message) -> str:
    address = email.utils.parseaddr(str(message['To'] or ''))[1]
    return address.rpartition('@')[0].lower()


def for_a_dlist(letters: Iterable[Letter]) -> bool:
    """Tell whether the letters were written for a dlist: some use a plus-address."""
    return any(letter.extension for letter in letters)


def whole_threads(
    letters: Iterable[Letter], *, limit: int, conversations: int
) -> list[Letter]:
    """Choose letters of the first threads that begin in the mailbox.

    Replies to messages that are not in the mailbox are left out, and so are
    messages without replies.  Every other thread is opened through ``+new``.

    :param limit: How many letters at most.
    :param conversations: How many threads at most.
    """
    roots: dict[str, str] = {}
    threads: dict[str, list[Letter]] = {}
    for letter in letters:
        known = next((roots[id] for id in letter.answers if id in roots), None)
        if known is None and (letter.answers or _is_reply(letter.subject)):
            continue
        root = known or letter.message_id
        roots[letter.message_id] = root
        threads.setdefault(root, []).append(letter)
    answered = [root for root, thread in threads.items() if len(thread) > 1]
    chosen = answered[:conversations]
    for root in chosen[::2]:
        threads[root][0] = replace(threads[root][0], extension='new')
    wanted = [letter for root in chosen for letter in threads[root]]
    order = {message_id: place for place, message_id in enumerate(roots)}
    return sorted(wanted, key=lambda letter: order[letter.message_id])[:limit]


def _is_reply(subject: str) -> bool:
    return re.match(r'(\[[^]]*\]\s*)*re:', subject, re.IGNORECASE) is not None


def cast(letters: Sequence[Letter]) -> list[Person]:
    """Return all authors in order of appearance, and some members who only read."""
    names = {letter.sender: letter.name for letter in reversed(letters)}
    writers = dict.fromkeys(letter.sender for letter in letters)
    people = [(email, names[email]) for email in writers]
    domain = letters[0].sender.partition('@')[2]
    for name in READERS[: max(0, CAST - len(people))]:
        people.append((f'{name.split()[0].lower()}@{domain}', name))
    return [
        Person(email, name, default)
        for (email, name), default in zip(
            people, itertools.cycle(DEFAULTS), strict=False
        )
    ]


def with_commands(letters: Sequence[Letter], people: Sequence[Person]) -> list[Letter]:
    """Add follow and mute commands if the mailbox has only posts.

    After the third letter of a thread, one member who receives everything and has
    not written in it mutes it, and one who receives only openings follows it.
    """
    has_some = any(letter.verb for letter in letters)
    return list(letters if has_some else _with_commands(letters, people))


def _with_commands(
    letters: Sequence[Letter], people: Sequence[Person]
) -> Iterator[Letter]:
    roots: dict[str, str] = {}
    writers: dict[str, list[str]] = {}
    weary = itertools.cycle(p for p in people if p.default == 'everything')
    curious = itertools.cycle(p for p in people if p.default != 'everything')
    for letter in letters:
        yield letter
        root = next((roots[i] for i in letter.answers if i in roots), letter.message_id)
        roots[letter.message_id] = root
        thread = writers.setdefault(root, [])
        thread.append(letter.sender)
        if len(thread) == 3:
            for crowd, verb in ((weary, 'unsubscribe'), (curious, 'subscribe')):
                candidates = itertools.islice(crowd, len(people))
                person = next((p for p in candidates if p.email not in thread), None)
                if person is not None:
                    yield _command(person, letter, verb)


def _command(person: Person, about: Letter, verb: str) -> Letter:
    message = Message()
    message['From'] = email.utils.formataddr((person.name, person.email))
    message['Subject'] = about.message['Subject']
    domain = person.email.partition('@')[2]
    message['Message-ID'] = email.utils.make_msgid(domain=domain)
    message['In-Reply-To'] = about.message_id
    message.set_payload('Write anything, the footer says.\n')
    return Letter(
        message=message,
        sender=person.email,
        name=person.name,
        message_id=message['Message-ID'],
        answers=(about.message_id, *about.answers),
        extension=f'+{verb}',
    )
