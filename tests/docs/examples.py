# SPDX-License-Identifier: GPL-3.0-or-later
"""What the examples in the pages under docs can do.

Every page begins with the dlist ant@example.com in a real Mailman; Anne, Bart
and Cris are members and hear everything.  Nobody writes to anybody else.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

from mailman_dlist.demo.site import Site
from tests.rest import without_etags
from tests.village import Letter, MailingList, Person, Village, text_of


class Examples:
    """The village of one page.

    :param site: All that is in it goes when the page ends.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.village = Village(site, 'example.com')
        self.lists: dict[str, MailingList] = {}

    @property
    def names(self) -> dict[str, Callable[..., str | None]]:
        """What a page may call, by its name."""
        ours = (
            self.new_list, self.subscribe, self.set_default, self.take_digests,
            self.deliver, self.reply, self.answer, self.send_digest, self.print_mail,
            self.print_topics, self.print_audience, self.mailman, self.member_id,
            self.rest,
        )  # fmt: skip
        return {each.__name__: each for each in ours}

    # Lists and members.

    def new_list(self, name: str, style: str = 'dlist') -> None:
        """Create a list; ``legacy-default`` makes a plain one."""
        self.lists[name] = self.village.new_list(name, style)

    def subscribe(self, name: str, *emails: str) -> None:
        """Let people join a list, without questions."""
        self.lists[name].has(*(self._person(email).name for email in emails))

    def set_default(self, name: str, email: str, default: str) -> None:
        """Set what a member hears without a choice."""
        self.lists[name].default(self._person(email), default)

    def take_digests(self, name: str, email: str) -> None:
        """Let a member have a digest in the place of single messages."""
        path = f'members/{self.member_id(name, email)}/preferences'
        self.site.must(path, {'delivery_mode': 'mime_digests'}, 'PATCH')

    # Mail.

    def deliver(
        self, sender: str, to: str | list[str], subject: str = '', text: str = ''
    ) -> None:
        """Send a mail to a list, and wait until all that follows is delivered."""
        self._said(self._person(sender).writes(to, subject, text))

    def reply(self, sender: str, text: str = '') -> None:
        """Press Reply-All on the latest mail that came."""
        person = self._person(sender)
        self._said(person.replies(person.inbox[-1], text))

    def answer(self, sender: str) -> None:
        """Press Reply on the latest mail that came, and send it empty."""
        # It may have been sent by another door.
        self.village.settle()
        person = self._person(sender)
        mail = person.inbox[-1]
        self._said(
            person.writes(str(mail['reply-to']), f'Re: {mail["subject"]}', '\n')
        )

    def send_digest(self, name: str) -> None:
        """Let Mailman send what a list has collected for its digest."""
        path = f'lists/{self.lists[name].list_id}/digest'
        self.site.must(path, {'send': True})
        self.village.settle()

    def print_topics(self, email: str) -> None:
        """Print the table of contents of the latest digest that somebody got."""
        mail = self._person(email).inbox[-1]
        print(f'| Subject: {mail["subject"]}\n|')
        _masthead, contents, *_messages = mail.iter_parts()
        for line in contents.get_content().strip().splitlines():
            print(f'| {line}'.rstrip())

    def print_mail(self, email: str) -> None:
        """Print the latest mail that somebody got, as a mail program shows it."""
        mail = self._person(email).inbox[-1]
        shown = [name for name in ('From', 'To', 'Cc', 'Subject') if name in mail]
        fields = [f'{name}: {mail[name]}' for name in shown]
        for line in [*fields, '', *text_of(mail).strip().splitlines()]:
            print(f'| {line}'.rstrip())

    def print_audience(self, name: str, conversation: str) -> None:
        """Print who will hear the next reply."""
        list_id = self.lists[name].list_id
        path = f'plugins/dlist/lists/{list_id}/conversations/{conversation}/audience'
        for listener in self.site.must(path).body.get('entries', []):
            print(listener['email'])

    def _person(self, email: str) -> Person:
        return self.village.person(email.partition('@')[0].capitalize())

    def _said(self, letter: Letter) -> None:
        # What is accepted needs no word.
        if not letter.accepted:
            for to, (code, text) in letter.answers.items():
                print(to, code, text)

    # Other doors.

    def mailman(self, command: str) -> None:
        """Run a mailman command as it is typed, and print what it says."""
        print(self.site.mailman(*shlex.split(command)), end='')

    def member_id(self, name: str, email: str) -> str:
        """Return the id that REST gives to a membership."""
        return self.lists[name].member_ids[self._person(email).name]

    def rest(
        self, path: str, data: dict[str, Any] | None = None, method: str | None = None
    ) -> None:
        """Ask REST for something below ``plugins/dlist``; print what it answers.

        The server's own URL is cut from links, and etags are left out.
        """
        status, body = self.site.rest(f'plugins/dlist/{path}', data, method)
        if status != 200:
            print(status)
        if body is not None:
            text = json.dumps(without_etags(body), indent=2, ensure_ascii=False)
            print(text.replace(self.site.rest_url, '.../'))
