# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wants to join answers first: every policy, every door, every kind of answer [U5].

The doors: mail to ``ant-join@``; Mailman's own ``POST members``, which knows of no
answer; our ``POST essays``, which brings one; and ``mailman addmembers --invite``, the
one command that asks.  All newcomers go side by side: everybody takes a step, then
the mail is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest

from tests.journeys.requests import decide, expire, pending
from tests.journeys.storage import everything_of_lists
from tests.village import MailingList, Person, Village, text_of


POLICIES = {
    'ant': 'open',
    'bee': 'confirm',
    'cow': 'moderate',
    'doe': 'confirm_then_moderate',
}
ASK_BY_MAIL = ('mail', 'members', 'invite')
DOORS = (*ASK_BY_MAIL, 'essays')
CASES = ('answered', 'empty', 'twice', 'expired')

ANSWER = 'Ich stricke, und ich schwimme \N{ANT}.\n\n$listname <b>gefällt</b> mir.'
OTHER = 'I do not knit at all.'


@dataclass
class Newcomer:
    """Somebody who wants to join a list by one door."""

    mlist: MailingList
    door: str
    case: str
    person: Person
    asked: EmailMessage | None = None

    @property
    def email(self) -> str:
        return self.person.email

    @property
    def is_decided_on(self) -> bool:
        """Whether moderators decide; an owner who invites has decided."""
        return self.mlist.name in ('cow', 'doe') and self.door != 'invite'

    def asks(self) -> None:
        """Knock at the door; who is invited waits for `invite`."""
        if self.door == 'mail':
            self.joins_by_mail()
        elif self.door == 'members':
            form = {'list_id': self.mlist.list_id, 'subscriber': self.email}
            answer = self.person.village.site.must('members', form)
            assert (answer.status, answer.body['token_owner']) == (202, 'subscriber')
        elif self.door == 'essays':
            status, said = self.posts('' if self.case == 'empty' else ANSWER)
            if self.case == 'empty':
                assert (status, said['title']) == (400, '400 Bad Request')
            else:
                assert (status, said['token_owner']) == (202, 'subscriber')

    def joins_by_mail(self) -> None:
        to = f'{self.mlist.name}-join@{self.person.village.domain}'
        self.person.writes(to, 'join', wait=False)

    def posts(self, answer: str, **more: Any) -> tuple[int, Any]:
        """Send a form that has the answer in it."""
        path = f'plugins/dlist/lists/{self.mlist.list_id}/essays'
        form = {'subscriber': self.email, 'answer': answer, **more}
        return self.person.village.site.rest(path, form)

    def reads_one(self, wanted: str) -> EmailMessage:
        [mail] = self.person.reads()
        assert wanted in text_of(mail)
        return mail

    def answers(self, text: str = ANSWER, **headers: str) -> None:
        assert self.asked is not None
        quoted = ''.join(f'> {line}\n' for line in text_of(self.asked).splitlines())
        text = f'{text}\n\nOn 16.11.26 09:00, {self.asked["from"]} wrote:\n{quoted}'
        self.person.replies(self.asked, text, wait=False, **headers)


@dataclass
class Crowd:
    """All newcomers, or some."""

    village: Village
    newcomers: list[Newcomer]

    @property
    def mlists(self) -> list[MailingList]:
        return list({each.mlist.name: each.mlist for each in self.newcomers}.values())

    def requests(self) -> dict[str, dict[str, Any]]:
        """Return the pending requests of all lists, by address."""
        found: dict[str, dict[str, Any]] = {}
        for mlist in self.mlists:
            found |= pending(mlist)
        return found

    def of(self, case: str, *doors: str) -> Iterator[Newcomer]:
        for each in self.newcomers:
            if each.case == case and each.door in (doors or DOORS):
                yield each


@pytest.fixture
def crowd(village: Village) -> Crowd:
    crowd = Crowd(village, [])
    for name, policy in POLICIES.items():
        mlist = village.new_list(name, 'dlist-essay', subscription_policy=policy)
        mlist.settings(ask_invited='yes')
        mlist.has('Anne')
        crowd.newcomers += [
            Newcomer(mlist, door, case, village.person(f'{name}-{door}-{case}'))
            for door in DOORS
            for case in CASES
        ]
        invited = ''.join(
            f'{each.email}\n'
            for each in crowd.newcomers
            if (each.mlist, each.door) == (mlist, 'invite')
        )
        village.site.mailman(
            'addmembers', '--invite', '-', mlist.list_id, input=invited
        )
    return crowd


def test_whoever_answers_joins_as_the_policy_says(crowd):
    village = crowd.village
    for each in crowd.newcomers:
        each.asks()
    village.settle()
    requests = crowd.requests()
    for each in crowd.newcomers:
        request = requests.get(each.email)
        if each.door in ASK_BY_MAIL:
            each.asked = each.reads_one('Who are you')
            assert request['token_owner'] == 'subscriber'
            assert request['essay'] == ''
        elif each.case == 'empty':
            assert request is None
        else:
            # Mailman's own mail confirms the address.
            each.asked = each.reads_one('Email Address Registration Confirmation')
            assert (request['token_owner'], request['essay']) == ('subscriber', ANSWER)

    some_answer(crowd)
    some_say_nothing(crowd)
    some_are_too_late(crowd)

    owner_mail = moderators_accept(crowd)
    for each in crowd.newcomers:
        assert len(owner_mail[each.email]) == each.is_decided_on
    assert crowd.requests() == {}
    for mlist in crowd.mlists:
        names = {each.person.name for each in crowd.newcomers if each.mlist is mlist}
        opening = village.person('Anne').writes(mlist.at('new'), 'Picnic')
        assert opening.readers == {'Anne', *names}
        essays = village.site.must(f'plugins/dlist/lists/{mlist.list_id}/essays').body
        assert [(each['answer'], each['state']) for each in essays['entries']] == (
            [(ANSWER, 'kept')] * len(names)
        )


def some_answer(crowd: Crowd) -> None:
    """The first answer counts; another one comes back to its author."""
    for case in 'answered', 'twice':
        for each in crowd.of(case):
            each.answers()
    crowd.village.settle()
    requests = crowd.requests()
    for case in 'answered', 'twice':
        for each in crowd.of(case):
            told = [str(mail['subject']) for mail in each.person.reads()]
            assert all('has arrived' in subject for subject in told)
            assert len(told) <= each.is_decided_on
            request = requests.get(each.email)
            owner = None if request is None else request['token_owner']
            assert owner == ('moderator' if each.is_decided_on else None)
    for each in crowd.of('twice', *ASK_BY_MAIL):
        # The same once more is no news.
        each.answers()
        each.answers(OTHER)
    for each in crowd.of('twice', 'essays'):
        status, said = each.posts(OTHER)
        assert (status, said['description']) == (
            409,
            'Subscription request already pending'
            if each.is_decided_on
            else 'Member already subscribed',
        )
    crowd.village.settle()
    for each in crowd.of('twice', *ASK_BY_MAIL):
        back = each.reads_one('already answered')
        assert OTHER in back.as_string()


def some_say_nothing(crowd: Crowd) -> None:
    """Who says nothing is asked again, once a day, and may answer then."""
    for each in crowd.of('empty', *ASK_BY_MAIL):
        each.answers(' ')
    crowd.village.settle()
    for each in crowd.of('empty', *ASK_BY_MAIL):
        each.asked = each.reads_one('contained no answer')
        each.answers(' ')
        each.answers('I am on holiday.', Auto_Submitted='auto-replied')
    crowd.village.settle()
    requests = crowd.requests()
    for each in crowd.of('empty', *ASK_BY_MAIL):
        assert each.person.reads() == []
        assert requests[each.email]['token_owner'] == 'subscriber'
        each.answers()
    for each in crowd.of('empty', 'essays'):
        status, said = each.posts(ANSWER, pre_verified='yes', pre_confirmed='yes')
        assert status == (202 if each.is_decided_on else 201), (each, said)
    crowd.village.settle()
    for each in crowd.of('empty'):
        told = [str(mail['subject']) for mail in each.person.reads()]
        assert all('has arrived' in subject for subject in told)


def some_are_too_late(crowd: Crowd) -> None:
    """Who answers an expired request hears so, and asks once more."""
    late = list(crowd.of('expired'))
    expire(crowd.village.site, [each.email for each in late])
    kept, requests = str(everything_of_lists(crowd.village.site)), crowd.requests()
    for each in late:
        assert each.email not in requests
        assert each.email not in kept
        each.answers()
    crowd.village.settle()
    for each in late:
        if each.door in ASK_BY_MAIL:
            back = each.reads_one('arrived too late')
            assert f'{each.mlist.name}-join@' in text_of(back)
            each.joins_by_mail()
        else:
            each.reads_one('Confirmation token did not match')
            status, _said = each.posts(ANSWER, pre_verified='yes', pre_confirmed='yes')
            assert status == (202 if each.is_decided_on else 201)
    crowd.village.settle()
    for each in crowd.of('expired', *ASK_BY_MAIL):
        # An owner's invitation is over as well: from now on it is a request.
        each.door = 'mail'
        each.asked = each.reads_one('Who are you')
        each.answers()
    crowd.village.settle()


def moderators_accept(crowd: Crowd) -> dict[str, list[EmailMessage]]:
    """Return what they got about each newcomer, answer included."""
    requests = crowd.requests()
    for each in crowd.newcomers:
        request = requests.get(each.email)
        assert (request is not None) == each.is_decided_on, each
        if request is not None:
            assert (request['token_owner'], request['essay']) == ('moderator', ANSWER)
            decide(each.mlist, request['token'], 'accept')
    notices = [
        delivery.message
        for name in POLICIES
        for delivery in crowd.village.site.outbox.to(
            f'{name}-owner@{crowd.village.domain}'
        )
    ]
    assert all(text_of(each).rstrip().endswith(ANSWER) for each in notices)
    return {
        each.email: [
            notice for notice in notices if f' {each.email}' in str(notice['subject'])
        ]
        for each in crowd.newcomers
    }
