# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what happened in the demo.

Every number is counted, not computed: deliveries at the mail server behind
Mailman, conversations and their audience by REST.  Only the number of messages
that a plain list would have sent is computed: every post to every member.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailman_dlist.demo.letters import Person
from mailman_dlist.demo.replay import Sent
from mailman_dlist.demo.site import Site


PAGE = 100


@dataclass
class Conversation:
    """A conversation, its number of posts, and how many of them reached each member."""

    name: str
    subject: str
    posts: int
    heard: Counter[str] = field(default_factory=Counter)
    # Address -> why the member receives more or less than by default: opened,
    # replied, follow or mute.
    why: dict[str, str] = field(default_factory=dict)

    @property
    def deliveries(self) -> int:
        return self.heard.total()


@dataclass
class Results:
    people: Sequence[Person]
    conversations: list[Conversation]
    # Confirmations of commands and other automatic mail.
    notices: int
    troubles: list[str]

    @property
    def posts(self) -> int:
        return sum(conversation.posts for conversation in self.conversations)

    @property
    def deliveries(self) -> int:
        return sum(conversation.deliveries for conversation in self.conversations)

    @property
    def plain_deliveries(self) -> int:
        return self.posts * len(self.people)


def collect(
    site: Site, list_id: str, people: Sequence[Person], sent: Sequence[Sent]
) -> Results:
    """Collect the results of a list after all mail has been delivered."""
    base = f'plugins/dlist/lists/{list_id}/conversations'
    order = {
        one.letter.message_id.strip('<>'): number for number, one in enumerate(sent)
    }
    conversations = {}
    for entry in sorted(
        entries(site, base), key=lambda entry: order.get(entry['message_id'], -1)
    ):
        why = _why(site, f'{base}/{entry["name"]}', people)
        conversations[entry['name']] = Conversation(
            entry['name'], entry['subject'], entry['posts'], why=why
        )
    posts = {s.letter.message_id for s in sent if s.accepted and not s.letter.verb}
    unknown: set[str] = set()
    notices = 0
    for delivery in site.outbox.deliveries:
        if delivery.message_id not in posts:
            notices += len(delivery.recipients)
            continue
        name = str(delivery.message['X-Dlist-Conversation'])
        if name in conversations:
            conversations[name].heard.update(map(str.lower, delivery.recipients))
        else:
            unknown.add(name)
    found = list(conversations.values())
    troubles = list(_troubles(site, list_id, sent))
    troubles += [
        f'A delivered message names an unknown conversation: {name!r}.'
        for name in unknown
    ]
    counted = sum(conversation.posts for conversation in found)
    if counted != len(posts):
        troubles.append(f'Posts sent: {len(posts)}; posts on the list: {counted}.')
    return Results(people, found, notices, troubles)


def entries(site: Site, path: str) -> Iterator[Mapping[str, Any]]:
    """Yield all entries of a REST collection, page by page."""
    page = 1
    while True:
        body = site.must(f'{path}?count={PAGE}&page={page}').body
        found = body.get('entries', [])
        yield from found
        if len(found) < PAGE:
            return
        page += 1


def _why(site: Site, path: str, people: Sequence[Person]) -> dict[str, str]:
    choices = {
        entry['member_id']: (entry['choice'], entry['reason'])
        for entry in entries(site, f'{path}/choices')
    }
    listeners = {entry['member_id'] for entry in entries(site, f'{path}/audience')}
    why = {}
    for person in people:
        choice, reason = choices.get(person.member_id, ('', ''))
        if choice == 'mute':
            why[person.email] = 'mute'
        elif choice == 'follow' and person.member_id in listeners:
            why[person.email] = reason if reason in ('opened', 'replied') else 'follow'
    return why


def _troubles(site: Site, list_id: str, sent: Sequence[Sent]) -> Iterator[str]:
    for one in sent:
        if not one.accepted:
            yield (
                f'{one.letter.name} could not write to {one.address or "a command"}:'
                f' {one.code} {one.text}'
            )
    for queue in ('shunt', 'bad', 'retry'):
        waiting = len(list((site.var / 'queue' / queue).glob('*.p*')))
        if waiting:
            yield f'Messages in the queue {queue!r}: {waiting}.'
    held = site.must(f'lists/{list_id}/held').body.get('total_size', 0)
    if held:
        yield f'Posts held for a moderator: {held}.'
