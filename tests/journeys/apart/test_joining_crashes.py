# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman is killed while people join, and goes on as if it had not been [U5].

Every single moment of a request is in tests/app/test_essay_crashes; here the processes
are really gone, with requests before, behind and in the middle of every step.
"""

from __future__ import annotations

import os

import pytest
from sqlalchemy import update

from mailman_dlist.demo.site import until
from tests.journeys.requests import OLD, pending
from tests.journeys.standstill import waiting_reader
from tests.journeys.storage import connected
from tests.village import Village, text_of


ANSWER = 'I have goats.'


@pytest.mark.databases('sqlite')
def test_no_request_is_lost_and_nobody_is_asked_twice(make_site):
    with make_site() as site:
        village = Village(site)
        ant = village.new_list('ant', 'dlist-essay', subscription_policy='moderate')
        early = [village.person(f'Early-{number}') for number in range(10)]
        later = [village.person(f'Later-{number}') for number in range(10)]
        owner = f'ant-owner@{village.domain}'
        templates = site.var / 'templates' / 'lists' / ant.list_id / 'en'
        templates.mkdir(parents=True)
        questions = templates / 'dlist:essay:questions.txt'
        notice = templates / 'list:admin:action:subscribe.txt'
        for pipe in questions, notice:
            os.mkfifo(pipe)

        # The first request is committed, no mail about it written yet.  When Mailman
        # starts, the mail is taken up again, and what is due for long is sent.
        for person in early:
            person.writes(f'ant-join@{village.domain}', 'join', wait=False)
        with waiting_reader(questions):
            site.kill9()
        with connected(site) as (connection, tables):
            connection.execute(update(tables.tables['dlist_essay']).values(asked_at=OLD))
            connection.commit()
        questions.unlink()
        site.start()
        village.settle()
        for person in early:
            [question] = person.reads()
            person.replies(question, ANSWER, wait=False)

        # The first answer is committed, and others are being asked.
        for person in later:
            person.writes(f'ant-join@{village.domain}', 'join', wait=False)
        with waiting_reader(notice):
            site.kill9()
        notice.unlink()
        site.start()
        village.settle()
        requests = pending(ant)
        assert {email: entry['essay'] for email, entry in requests.items()} == {
            **{person.email: ANSWER for person in early},
            **{person.email: '' for person in later},
        }
        for person in early:
            assert person.reads() == []
        for person in later:
            # What was just being sent may be sent again, as any mail.
            [known_by] = {mail['message-id'] for mail in person.reads()}
            assert '.first@' in known_by

        # What is due goes out a minute later.
        with connected(site) as (connection, tables):
            essay = tables.tables['dlist_essay']
            connection.execute(
                update(essay)
                .where(essay.c.mailed_at.is_(None))
                .values(answered_at=OLD)
            )
            connection.commit()
        assert until(lambda: len(site.outbox.to(owner)) == len(early), timeout=300)
        notices = [delivery.message for delivery in site.outbox.to(owner)]
        assert {str(each['subject']).split()[-1] for each in notices} == {
            person.email for person in early
        }
        assert all(text_of(each).rstrip().endswith(ANSWER) for each in notices)
        assert site.shunted() == []
