# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes while people post and join, and nothing is lost or doubled.

Every single moment is in tests/app and tests/journeys/test_crashes; here the processes
are really gone, with mail before, behind and in the middle of every step.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import update

from mailman_dlist.demo.ports import HOST
from mailman_dlist.demo.site import Site, until
from tests import processes
from tests.journeys.requests import OLD, pending
from tests.journeys.standstill import waiting_reader
from tests.journeys.storage import connected, conversations
from tests.journeys.test_crashes import archived, received
from tests.running.sites import running
from tests.village import ARCHIVE, Person, Village, text_of


ANSWER = 'I have goats.'
PATIENCE_SECONDS = 300


@contextmanager
def site_in(directory: Path) -> Iterator[Site]:
    """Give a site that leaves no process and no open port behind."""
    with running(directory, extra=ARCHIVE, unused=['digest']) as site:
        yield site
        assert site.shunted() == []
        site.stop()
        assert processes.naming(site.cfg) == []
        # Once more does no harm.
        site.stop()
    for port in (site.lmtp_port, site.smtp_port, site.rest_port):
        with socket.socket() as nobody:
            assert nobody.connect_ex((HOST, port)) != 0


def cut_the_power(site: Site) -> None:
    assert len(processes.naming(site.cfg)) >= 10
    site.kill9()
    assert processes.naming(site.cfg) == []
    assert not site.running


class Posting:
    """A post on its way when the power goes: archived, and not sent yet."""

    def __init__(self, village: Village, directory: Path):
        self.site, self.village = village.site, village
        self.ant = ant = village.new_list('ant')
        self.anne, self.bart, self.cris = ant.has('Anne', 'Bart', 'Cris')
        ant.default(self.cris, 'openings')
        # Whoever reads this text waits until somebody writes it: the pipeline
        # stands still after the archive and before the outgoing mail.
        self.text = directory / 'thanks.txt'
        os.mkfifo(self.text)
        template = {'list:user:notice:post': self.text.as_uri()}
        self.site.must(f'lists/{ant.list_id}/uris', template, 'PATCH')
        path = f'members/{ant.member_ids["Anne"]}/preferences'
        self.site.must(path, {'acknowledge_posts': True}, 'PATCH')

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        self.opening = self.anne.writes(self.ant.at('new'), 'Picnic', wait=False)
        with waiting_reader(self.text):
            assert conversations(self.site, self.ant.list_id) == ['picnic']
            yield
        assert self.opening.readers == set()
        self.text.unlink()
        self.text.write_text('Thank you.\n')

    def went_on(self) -> None:
        anne, bart, cris = self.anne, self.bart, self.cris
        assert self.opening.conversation == 'picnic'
        assert received(self.opening, anne, bart, cris) == [1, 1, 1]
        assert conversations(self.site, self.ant.list_id) == ['picnic']
        assert archived(self.site, self.ant) == {self.opening.message_id: 1}
        thanks = [mail for mail in anne.inbox if 'Thank you.' in mail.as_string()]
        assert len(thanks) == 1
        # The same message again is known to be delivered.
        anne.sends(self.opening.message, self.ant.at('new'))
        assert received(self.opening, anne, bart, cris) == [1, 1, 1]
        assert bart.replies(self.opening).conversation == 'picnic'


class Joining:
    """People who join, some before and some behind the moment."""

    def __init__(self, village: Village):
        self.site, self.village = village.site, village
        self.bee = bee = village.new_list(
            'bee', 'dlist-essay', subscription_policy='moderate'
        )
        self.early = [village.person(f'Early-{number}') for number in range(10)]
        self.later = [village.person(f'Later-{number}') for number in range(10)]
        self.owner = f'bee-owner@{village.domain}'
        templates = self.site.var / 'templates' / 'lists' / bee.list_id / 'en'
        templates.mkdir(parents=True)
        self.questions = templates / 'dlist:essay:questions.txt'
        self.notice = templates / 'list:admin:action:subscribe.txt'
        for pipe in self.questions, self.notice:
            os.mkfifo(pipe)

    def asks(self, people: list[Person]) -> None:
        for person in people:
            person.writes(f'bee-join@{self.village.domain}', 'join', wait=False)

    def change(self, column: str, *, unmailed: bool = False) -> None:
        """Make something long ago."""
        with connected(self.site) as (connection, tables):
            essay = tables.tables['dlist_essay']
            query = update(essay).values({column: OLD})
            if unmailed:
                query = query.where(essay.c.mailed_at.is_(None))
            connection.execute(query)
            connection.commit()

    @contextmanager
    def being_asked(self) -> Iterator[None]:
        """The first request is committed, no mail about it written yet."""
        self.asks(self.early)
        with waiting_reader(self.questions):
            yield
        # When Mailman starts, the mail is taken up again, and what is due for long
        # is sent.
        self.change('asked_at')
        self.questions.unlink()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """The first answer is committed, and others are being asked."""
        for person in self.early:
            mails = person.reads()
            assert len(mails) == 1, [str(mail) for mail in mails]
            person.replies(mails[0], ANSWER, wait=False)
        self.asks(self.later)
        with waiting_reader(self.notice):
            yield
        self.notice.unlink()

    def went_on(self) -> None:
        requests = pending(self.bee)
        assert {email: entry['essay'] for email, entry in requests.items()} == {
            **{person.email: ANSWER for person in self.early},
            **{person.email: '' for person in self.later},
        }
        for person in self.early:
            # A crash may cost the message that the answer has arrived.
            subjects = [str(mail['subject']) for mail in person.reads()]
            assert subjects in ([], ['Your answer to Bee has arrived'])
        for person in self.later:
            # What was just being sent may be sent again, as any mail.
            [known_by] = {mail['message-id'] for mail in person.reads()}
            assert '.first@' in known_by
        # What is due goes out a minute later.
        self.change('answered_at', unmailed=True)
        assert until(
            lambda: len(self.site.outbox.to(self.owner)) == len(self.early),
            PATIENCE_SECONDS,
        )
        notices = [each.message for each in self.site.outbox.to(self.owner)]
        assert {str(each['subject']).split()[-1] for each in notices} == {
            person.email for person in self.early
        }
        assert all(text_of(each).rstrip().endswith(ANSWER) for each in notices)


# One test, because every power cut costs a start.
def test_nobody_notices_a_power_cut_in_their_mail(tmp_path: Path) -> None:
    with site_in(tmp_path / 'site') as site:
        village = Village(site)
        posting, joining = Posting(village, tmp_path), Joining(village)
        with posting.standing_still(), joining.being_asked():
            cut_the_power(site)
        told: list[tuple[int, int]] = []
        site.start(tell=lambda *counts: told.append(counts))
        assert told == sorted(told)
        # Nine runners and their master.
        assert told[-1] == (10, 10)
        village.settle()
        posting.went_on()
        with joining.answering():
            cut_the_power(site)
        # What a crash leaves of a file that was being written is no mail under way.
        (site.var / 'queue' / 'virgin' / '1+a.pck.tmp').touch()
        site.start()
        village.settle()
        joining.went_on()

