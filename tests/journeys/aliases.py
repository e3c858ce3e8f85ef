# SPDX-License-Identifier: GPL-3.0-or-later
"""What members and their other addresses do about aliases."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from tests.village import Letter, MailingList, Person, text_of


def asks(mlist: MailingList, person: Person, line: str) -> str:
    """Send a line that begins with *dlist alias*; return what is answered to it."""
    person.reads()
    to = f'{mlist.name}-request@{mlist.village.domain}'
    person.writes(to, f'dlist alias {line}', ' ')
    [answer] = [
        mail for mail in person.reads()
        if mail['subject'] == 'The results of your email commands'
    ]
    _head, _, results = text_of(answer).partition('- Results:')
    return results.partition('If you need help')[0].strip()


def answers(
    other: Person, mail: EmailMessage, text: str = ' ', **headers: Any
) -> Letter:
    """Press Reply in the mailbox of an alias."""
    return other.writes(
        str(mail['reply-to']),
        f'Re: {mail["subject"]}',
        text,
        reply_to=mail,
        **headers,
    )


def confirms(other: Person) -> None:
    """Answer the mail that came last."""
    answers(other, other.inbox[-1])


def own(mlist: MailingList, person: Person) -> dict[str, str]:
    """Return the aliases of a member and their states, as REST has them."""
    path = f'plugins/dlist/lists/{mlist.list_id}/members'
    member_id = mlist.member_ids[person.name]
    body = mlist.village.site.must(f'{path}/{member_id}/aliases').body
    return {each['email']: each['state'] for each in body.get('entries', [])}
