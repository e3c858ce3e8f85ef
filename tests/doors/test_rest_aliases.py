# SPDX-License-Identifier: GPL-3.0-or-later
"""REST for aliases: what members have, and what a token confirms [U14, U16].

The scene's Bart has the alias b@other.example; Cris has none.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from mailman.app.lifecycle import remove_list
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.subscriptions import ISubscriptionService
from zope.component import getUtility

from mailman_dlist.app import lists, site
from mailman_dlist.app.site import SiteSettings
from mailman_dlist.model.aliases import Alias
from mailman_dlist.model.session import store
from tests.doors.scene import ANT, Scene, picnic
from tests.model.stage import DAY, count_rows, counted, join, pass_time, queued
from tests.rest import Client


BELOW = 'http://localhost:9001/3.1/plugins/dlist/'
MINE, HIS = 'me@other.example', 'b@other.example'

TOKEN = re.compile(r'ant\+confirm\+([a-z2-7]{16})@example\.com')


@pytest.fixture
def scene(mailman: Any) -> Scene:
    scene = picnic()
    queued('virgin')
    return scene


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


@pytest.fixture
def cris(scene: Scene) -> str:
    """The path of Cris's aliases."""
    return scene.at(f'{ANT}/members/CRIS/aliases')


@pytest.fixture
def bart(scene: Scene) -> str:
    return scene.at(f'{ANT}/members/BART/aliases')


def shown(client: Client, path: str) -> dict[str, str]:
    return {each['email']: each['state'] for each in client.get(path)['entries']}


def token_for(client: Client, path: str, email: str = MINE) -> str:
    """Let a member ask; return the path of what the mail to the address confirms."""
    assert client.ask(path, 'POST', {'email': email}).status_code == 202
    [(mail, _msgdata)] = queued('virgin')
    [token] = TOKEN.findall(mail['reply-to'])
    return f'aliases/{token}'


def test_an_alias_as_its_member_sees_it(scene, bart, client):
    link = f'{BELOW}{bart}/{HIS}'
    alias = {'email': HIS, 'state': 'confirmed', 'self_link': link}
    [entry] = client.get(bart)['entries']
    ways = (HIS, 'B@Other.EXAMPLE')
    for each in entry, *(client.get(f'{bart}/{email}') for email in ways):
        assert {name: each[name] for name in alias} == alias
        assert each.keys() - alias.keys() == {'http_etag'}


@pytest.mark.parametrize('kind', ['form', 'json'])
def test_a_member_asks_and_nothing_is_said_of_the_address(kind, cris, client):
    answer = client.ask(cris, 'POST', **{kind: {'email': MINE}})
    assert (answer.status_code, answer.text) == (202, '')
    [(mail, _msgdata)] = queued('virgin')
    assert mail['to'] == MINE
    assert shown(client, cris) == {MINE: 'pending'}
    assert client.get(f'{cris}/{MINE}')['state'] == 'pending'


@pytest.mark.parametrize('email', [
    # Of a member, of the list, Bart's alias, and banned.
    'anne@example.com', 'ant+new@example.com', HIS, 'banned@other.example',
])
def test_what_an_address_is_makes_no_difference(email, scene, cris, client):
    IBanManager(scene.mlist).ban('banned@other.example')
    store().commit()
    answers = [client.ask(cris, 'POST', {'email': each}) for each in (MINE, email)]
    assert [each.status_code for each in answers] == [202, 202]
    same, other = (
        dict(each.headers.items()) | {'text': each.text} for each in answers
    )
    assert same == other
    assert len(queued('virgin')) == 2
    assert shown(client, cris) == {MINE: 'pending', email: 'pending'}


@pytest.mark.parametrize(('body', 'status', 'sentence'), [
    ({}, 400, 'email: is required'),
    ({'email': ''}, 400, '"" is not an address such as me@example.com'),
    ({'email': 'me'}, 400, '"me" is not an address'),
    ({'email': f'Me <{MINE}>'}, 400, f'"Me <{MINE}>" is not an address'),
    ({'email': [MINE, HIS]}, 400, 'email: must have exactly one value'),
    ({'email': MINE, 'state': 'confirmed'}, 400, 'state: unknown name'),
    ({'email': HIS}, 409, f'{HIS} is already an alias of this member'),
])
def test_what_is_refused_is_told_at_once(body, status, sentence, bart, client):
    answer = client.ask(bart, 'POST', body)
    assert answer.status_code == status
    assert answer.json['description'].startswith(sentence)
    assert queued('virgin') == []
    assert shown(client, bart) == {HIS: 'confirmed'}


@pytest.mark.parametrize(('limit', 'sentence'), [
    (1, 'This member has reached the limit of aliases, 1; remove one first'),
    (2, 'This member has reached the limit of requests for today, 2; '
        'try again tomorrow'),
])
def test_limits_are_conflicts(limit, sentence, bart, client, monkeypatch):
    settings = SiteSettings(alias_limit=limit)
    monkeypatch.setattr(site, 'site_settings', lambda: settings)
    for _ in range(limit - 1):
        for _ in range(2):
            client.ask(bart, 'POST', {'email': MINE})
    answer = client.ask(bart, 'POST', {'email': MINE})
    assert answer.status_code == 409
    assert answer.json['description'] == sentence


def test_where_there_are_no_aliases_asking_is_a_conflict(scene, bart, client):
    lists.change(scene.mlist, {'aliases': 'no'})
    store().commit()
    answer = client.ask(bart, 'POST', {'email': MINE})
    assert answer.status_code == 409
    assert answer.json['description'] == 'ant@example.com does not allow aliases'
    assert shown(client, bart) == {HIS: 'confirmed'}


def test_one_goes_or_all(bart, client):
    token_for(client, bart)
    token_for(client, bart, 'you@other.example')
    assert client.ask(f'{bart}/{HIS}', 'DELETE').status_code == 204
    assert client.ask(f'{bart}/{HIS}', 'DELETE').status_code == 404
    assert shown(client, bart) == {MINE: 'pending', 'you@other.example': 'pending'}
    assert client.ask(bart, 'DELETE').status_code == 204
    assert shown(client, bart) == {}


def test_an_address_may_have_a_slash(bart, client):
    token_for(client, bart, 'a/b=c@other.example')
    path = f'{bart}/a/b=c@other.example'
    assert client.get(path)['state'] == 'pending'
    assert client.ask(path, 'DELETE').status_code == 204
    assert shown(client, bart) == {HIS: 'confirmed'}


# What the page behind the link in a mail asks.


def test_a_token_shows_what_it_confirms_and_nobody(scene, cris, client):
    path = token_for(client, cris)
    with counted() as statements:
        body = client.get(path)
    assert {each.split()[0] for each in statements} == {'SELECT'}
    assert body.pop('http_etag')
    assert body == {
        'list_id': 'ant.example.com',
        'display_name': 'Ant',
        'email': MINE,
        'state': 'pending',
    }
    headed = client.ask(path, 'HEAD')
    assert (headed.status_code, headed.text) == (200, '')
    assert shown(client, cris) == {MINE: 'pending'}


def test_its_button_confirms_once_and_again(cris, client):
    path = token_for(client, cris)
    for mails in (2, 0):
        answer = client.ask(path, 'POST')
        assert answer.status_code == 200
        assert answer.json['state'] == 'confirmed'
        assert 'cris' not in answer.text.lower()
        assert len(queued('virgin')) == mails
    assert shown(client, cris) == {MINE: 'confirmed'}


def test_who_has_the_token_is_told_what_stands_in_the_way(scene, cris, client):
    path = token_for(client, cris)
    join(scene.mlist, MINE)
    answer = client.ask(path, 'POST')
    assert answer.status_code == 409
    assert answer.json['description'] == (
        'This address cannot be used.  The address belongs to a member of the list.'
    )
    assert shown(client, cris) == {MINE: 'pending'}


def leave(scene: Scene) -> None:
    getUtility(ISubscriptionService).get_member(scene.cris).unsubscribe()


def remove(scene: Scene) -> None:
    remove_list(scene.mlist)


def disable(scene: Scene) -> None:
    lists.disable(scene.mlist)


def switch_off(scene: Scene) -> None:
    lists.change(scene.mlist, {'aliases': 'no'})


def wait(_scene: Scene) -> None:
    pass_time(3 * DAY)


@pytest.mark.parametrize('happens', [leave, remove, disable, switch_off, wait])
def test_what_is_wrong_with_a_token_is_never_told(happens, scene, cris, client):
    path = token_for(client, cris)
    happens(scene)
    store().commit()
    bodies = {
        client.ask(each, method).text
        for each in (path, f'aliases/{"a" * 16}', 'aliases/x', 'aliases/%C3%A9%00')
        for method in ('GET', 'POST')
    }
    assert len(bodies) == 1
    [body] = bodies
    assert 'This token is unknown or has expired' in body
    assert count_rows(Alias)['dlist_alias'] <= 1


def test_a_withdrawn_token_is_dead(cris, client):
    path = token_for(client, cris)
    client.ask(cris, 'DELETE')
    assert client.ask(path).status_code == 404
    assert client.ask(path, 'POST').status_code == 404
    assert shown(client, cris) == {}


@pytest.mark.parametrize('method', ['PUT', 'PATCH', 'DELETE'])
def test_a_token_knows_no_other_methods(method, cris, client):
    assert client.ask(token_for(client, cris), method).status_code == 405


@pytest.mark.parametrize('path', ['aliases', 'aliases/x/y'])
def test_there_is_nothing_beside_tokens(path, scene, client):
    assert client.ask(path).status_code == 404


def test_without_a_password_a_token_is_good_for_nothing(cris, client):
    path = token_for(client, cris)
    for method in ('GET', 'POST'):
        assert Client(password='wrong').ask(path, method).status_code == 401
    assert shown(client, cris) == {MINE: 'pending'}
