# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers by REST: with Mailman's own requests, and in our own resources [U5]."""

from __future__ import annotations

from datetime import datetime
from email.header import decode_header, make_header
from typing import Any
from urllib.parse import urlencode

import pytest
from mailman.config import config
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping
from mailman_dlist.domain.essay import LONGEST
from mailman_dlist.model import essays as model
from mailman_dlist.model.following import MemberSettings
from mailman_dlist.model.former import Former
from tests.app.newcomers import ANNE, ANSWER, mails, member, only, replies, text_of
from tests.model.stage import count_rows, join, new_list, now, pass_time
from tests.rest import FORM, Client


ANT = 'lists/ant.example.com'
MONDAY = datetime(2005, 8, 1, 7, 49, 23)


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


@pytest.fixture
def ant(mailman: Any) -> Any:
    # Other tests have turned the clock.
    pass_time(MONDAY - now())
    return make_list('dlist-essay')


def make_list(style: str) -> Any:
    mlist = new_list('ant', style)
    mlist.subscription_policy = SubscriptionPolicy.moderate
    mlist.unsubscription_policy = SubscriptionPolicy.moderate
    config.db.commit()
    return mlist


def the_list() -> Any:
    """Mailman closes its session after each request."""
    return getUtility(IListManager).get_by_list_id('ant.example.com')


def core(client: Client, path: str, form: dict[str, Any] | None = None) -> Any:
    """Ask Mailman's own resources; return the status and what it says."""
    path, _, query = path.partition('?')
    given = {} if form is None else {
        'body': urlencode(form), 'headers': {'Content-Type': FORM},
    }
    answer = client._client.simulate_request(
        'GET' if form is None else 'POST', f'/3.1/{path}', query_string=query, **given
    )
    said = answer.json if answer.content else None
    return answer.status_code, without_etags(said)


def without_etags(said: Any) -> Any:
    if isinstance(said, list):
        return [without_etags(each) for each in said]
    if isinstance(said, dict):
        return {
            name: without_etags(value)
            for name, value in said.items()
            if name != 'http_etag'
        }
    return said


def joins(client: Client, style: str, **more: Any) -> str:
    """Make Anne's request, where the list asks with its answer; return its token."""
    form = {
        'subscriber': ANNE,
        'display_name': 'Anne Person',
        'pre_verified': True,
        'pre_confirmed': True,
        **more,
    }
    if style == 'dlist-essay':
        answer = client.ask(f'{ANT}/essays', 'POST', form | {'answer': ANSWER})
        status, said = answer.status_code, without_etags(answer.json)
    else:
        status, said = core(client, 'members', {'list_id': 'ant.example.com', **form})
    assert (status, said.keys()) == (202, {'token', 'token_owner'})
    assert said['token_owner'] == 'moderator'
    return said['token']


NONE = 200, {'start': 0, 'total_size': 0}


@pytest.mark.parametrize('style', ['dlist-essay', 'dlist', 'legacy-default'])
@pytest.mark.parametrize('action', ['accept', 'discard', 'reject', 'defer', 'hold'])
def test_subscriptions_are_moderated_as_mailman_documents_it(
        action, style, mailman, client):
    pass_time(MONDAY - now())
    make_list(style)
    assert core(client, f'{ANT}/requests') == NONE
    token = joins(client, style)
    request = {
        'display_name': 'Anne Person',
        'email': ANNE,
        'list_id': 'ant.example.com',
        'token': token,
        'token_owner': 'moderator',
        'type': 'subscription',
        'when': '2005-08-01T07:49:23',
    }
    if style == 'dlist-essay':
        request['essay'] = ANSWER
    one = 200, {'start': 0, 'total_size': 1, 'entries': [request]}
    assert core(client, f'{ANT}/requests') == one
    assert core(client, f'{ANT}/requests?token_owner=moderator') == one
    assert core(client, f'{ANT}/requests?token_owner=subscriber') == NONE
    assert core(client, f'{ANT}/requests/count') == (200, {'count': 1})
    assert core(client, f'{ANT}/requests/{token}') == (200, request)
    mails()
    form = {'action': action} | (
        {'reason': 'This is a private list'} if action == 'reject' else {})
    assert core(client, f'{ANT}/requests/{token}', form) == (204, None)
    if action in ('defer', 'hold'):
        assert core(client, f'{ANT}/requests') == one
        assert member(the_list()) is None
        return
    assert core(client, f'{ANT}/requests') == NONE
    assert core(client, f'{ANT}/requests/{token}')[0] == 404
    assert core(client, f'{ANT}/requests/{token}', form)[0] == 404
    found = member(the_list())
    assert (found is not None) == (action == 'accept')
    sent = mails()
    assert [str(make_header(decode_header(str(each['subject'])))) for each in sent] == (
        ['Request to mailing list "Ant" rejected'] if action == 'reject' else [])
    if action == 'reject':
        assert '"This is a private list"' in text_of(sent[0])
    if style == 'dlist-essay':
        kept = action == 'accept'
        assert model.size('ant.example.com') == kept
        assert not kept or keeping.of_member(found) == ANSWER


def test_requests_to_leave_have_no_answer_and_dlist_data_waits(ant, client):
    lists.settings(ant).new_member_default = lists.Default.openings
    join(ant, 'Bart')
    core_entry = {
        'display_name', 'email', 'list_id', 'token', 'token_owner', 'type', 'when',
    }
    for action, ended in ('defer', 0), ('discard', 0), ('accept', 1):
        if not leaving(client):
            bart = member(the_list(), 'bart@example.com')
            ISubscriptionManager(the_list()).unregister(
                bart.address, pre_confirmed=True)
            config.db.commit()
        assert core(client, f'{ANT}/requests') == NONE
        [request] = leaving(client)
        assert request.keys() == core_entry
        assert core(client, f'{ANT}/requests/{request["token"]}') == (200, request)
        core(client, f'{ANT}/requests/{request["token"]}', {'action': action})
        assert count_rows(MemberSettings, Former) == {
            'dlist_member': 1, 'dlist_former': ended,
        }
    assert leaving(client) == []


def leaving(client: Client) -> list[Any]:
    said = core(client, f'{ANT}/requests?request_type=unsubscription')[1]
    return said.get('entries', [])


def test_who_subscribes_without_an_answer_is_asked(ant, client):
    form = {
        'list_id': 'ant.example.com', 'subscriber': ANNE,
        'pre_verified': True, 'pre_confirmed': True,
    }
    status, said = core(client, 'members', form)
    assert (status, said['token_owner']) == (202, 'subscriber')
    assert core(client, 'members', form) == (202, said)
    _status, request = core(client, f'{ANT}/requests/{said["token"]}')
    assert request['essay'] == ''
    asked, again = mails()
    assert asked['reply-to'] == again['reply-to']
    # Nobody joins by the token alone, whoever has it.
    accepted = core(client, f'{ANT}/requests/{said["token"]}', {'action': 'accept'})
    assert accepted == (204, None)
    assert core(client, f'{ANT}/requests/{said["token"]}') == (200, request)
    replies(the_list(), asked)
    [entry] = core(client, f'{ANT}/requests')[1]['entries']
    assert (entry['token_owner'], entry['essay']) == ('moderator', ANSWER)


def test_answers_are_shown_pending_and_kept(ant, client):
    token = joins(client, 'dlist-essay')
    pending = {
        'email': ANNE,
        'state': 'answered',
        'answer': ANSWER,
        'when': '2005-08-01T07:49:23Z',
        'token': token,
        'member_id': None,
        'self_link': f'http://localhost:9001/3.1/plugins/dlist/{ANT}/essays/{token}',
    }
    assert without_etags(client.get(f'{ANT}/essays')) == {
        'start': 0, 'total_size': 1, 'entries': [pending],
    }
    assert without_etags(client.get(f'{ANT}/essays/{token}')) == pending
    core(client, f'{ANT}/requests/{token}', {'action': 'accept'})
    anne = member(the_list()).member_id
    kept = pending | {
        'state': 'kept',
        'token': None,
        'member_id': anne.hex,
        'self_link': f'http://localhost:9001/3.1/plugins/dlist/{ANT}/essays/{anne.hex}',
    }
    assert without_etags(client.get(f'{ANT}/essays')['entries']) == [kept]
    assert without_etags(client.get(f'{ANT}/essays/{anne.hex}')) == kept
    assert client.ask(f'{ANT}/essays/{token}').status_code == 404


def test_an_answer_is_shown_with_the_address_that_its_author_has_now(ant, client):
    token = joins(client, 'dlist-essay')
    core(client, f'{ANT}/requests/{token}', {'action': 'accept'})
    anne = member(the_list())
    moved = anne.user.register('anne@example.net')
    moved.verified_on = now()
    anne.address = moved
    config.db.commit()
    [entry] = client.get(f'{ANT}/essays')['entries']
    assert entry['email'] == 'anne@example.net'


def test_an_answer_makes_a_member_where_nobody_else_is_asked(ant, client):
    form = {
        'subscriber': ANNE, 'answer': ANSWER, 'pre_verified': 'yes',
        'pre_confirmed': 'yes', 'pre_approved': 'yes',
    }
    answer = client.ask(f'{ANT}/essays', 'POST', form)
    assert answer.status_code == 201
    anne = member(the_list())
    assert answer.headers['location'].endswith(f'/3.1/members/{anne.member_id.hex}')
    assert keeping.of_member(anne) == ANSWER
    assert mails() == []


@pytest.mark.parametrize(('form', 'status', 'sentence'), [
    ({}, 400, 'subscriber: is required'),
    ({'subscriber': ANNE}, 400, 'answer: is required'),
    ({'subscriber': ANNE, 'answer': ' \n'}, 400, 'An answer to the questions'),
    ({'subscriber': ANNE, 'answer': 'a' * (LONGEST + 1)}, 400, 'An answer'),
    ({'subscriber': 'anne', 'answer': 'I'}, 400, 'is neither an email'),
    ({'subscriber': 'ä@example.com', 'answer': 'I'}, 400, 'is neither an email'),
    ({'subscriber': '0' * 32, 'answer': 'I'}, 400, 'nor the id of a user'),
    ({'subscriber': ANNE, 'answer': 'I', 'pre_verified': 'x'}, 400, 'yes or no'),
    ({'subscriber': ANNE, 'answer': 'I', 'color': 'x'}, 400, 'unknown name'),
    ({'subscriber': 'bart@example.com', 'answer': 'I'}, 409, 'Member already'),
    ({'subscriber': 'cris@example.com', 'answer': 'I'}, 409, 'request already'),
    ({'subscriber': 'dora@example.com', 'answer': 'I'}, 400, 'is banned'),
    ({'subscriber': 'ant@example.com', 'answer': 'I'}, 400, 'List posting address'),
])
def test_a_refusal_says_why_and_leaves_nothing(form, status, sentence, ant, client):
    join(ant, 'Bart')
    joins(client, 'dlist-essay', subscriber='cris@example.com')
    IBanManager(the_list()).ban('dora@example.com')
    config.db.commit()
    before = model.size('ant.example.com')
    answer = client.ask(f'{ANT}/essays', 'POST', form)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert model.size('ant.example.com') == before
    assert member(the_list()) is None


@pytest.mark.parametrize('path', [
    f'{ANT}/essays/nobody', f'{ANT}/essays/{"0" * 32}', f'{ANT}/essays/%C3%A4',
    'lists/cow.example.com/essays', f'{ANT}/essays/a/b',
])
def test_what_is_not_there_is_404(path, ant, client):
    assert client.ask(path).status_code == 404


ODD = [
    '<script>alert(1)</script><b>&amp;</b>',
    '$listname ${password} $user_email %s {0} \\n',
    'ש\u05dc\u05d5\u05dd \u202eabc\u202c \N{ANT} \N{FAMILY}',
    '\n'.join(['From here', '.', '-- ', '> quoted', 'dlist essay', 'end']),
    'a' * 20_000,
    '\N{ANT}' * 20_000,
]


@pytest.mark.parametrize('answer', ODD, ids=range(len(ODD)))
def test_any_answer_is_shown_exactly(answer, ant, client):
    form = {'subscriber': ANNE, 'answer': f' {answer}\x00\n', 'pre_verified': True}
    said = client.ask(f'{ANT}/essays', 'POST', form).json
    notice = only('New subscription request', mails())
    assert text_of(notice).endswith(f'\n\n{answer}\n')
    assert core(client, f'{ANT}/requests/{said["token"]}')[1]['essay'] == answer
    assert client.get(f'{ANT}/essays/{said["token"]}')['answer'] == answer


@pytest.mark.parametrize('addresses', [[], ['zoe@example.com']])
def test_a_user_without_a_preferred_address_is_refused_as_by_core(
        addresses, mailman, client):
    for name, style in ('ant', 'dlist-essay'), ('bee', 'legacy-default'):
        new_list(name, style)
    users = getUtility(IUserManager)
    zoe = users.create_user()
    for email in addresses:
        zoe.link(users.create_address(email))
    config.db.commit()
    form = {'subscriber': zoe.user_id.hex}
    for flag in 'pre_verified', 'pre_confirmed', 'pre_approved':
        form[flag] = 'yes'
    answer = client.ask(f'{ANT}/essays', 'POST', form | {'answer': ANSWER})
    status, said = answer.status_code, without_etags(answer.json)
    assert (status, said['description']) == (400, 'User has no preferred address')
    if addresses:
        of_core = core(client, 'members', form | {'list_id': 'bee.example.com'})
        assert of_core == (status, said)
