# SPDX-License-Identifier: GPL-3.0-or-later
"""REST for personal links: looking is free, pressing works, and the rest is 404.

The scene's Bart has muted *picnic* by mail; Cris has chosen nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from mailman.app.lifecycle import remove_list
from mailman.interfaces.subscriptions import ISubscriptionService
from zope.component import getUtility

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.links import keys, making
from mailman_dlist.app.links.pressing import UnknownLink
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.model.following import MemberChoice
from mailman_dlist.model.session import store
from tests.app.web import PERSONAL, open_web
from tests.doors.scene import PICNIC, Scene, picnic
from tests.model.stage import DAY, count_rows, counted, new_list, pass_time
from tests.rest import Client


METHODS = ('GET', 'HEAD', 'POST')

# RFC 8058, section 3.1.
ONE_CLICK = {'List-Unsubscribe': 'One-Click'}


@pytest.fixture
def scene(mailman: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    open_web(tmp_path, monkeypatch, token_lifetime=30)
    return picnic()


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


def token_of(
    scene: Scene, member_id: Any, action: LinkAction = LinkAction.mute
) -> str:
    found = lookup.find(scene.mlist, 'picnic')
    assert found is not None
    return making.personal(member_id, found.id, action).removeprefix(PERSONAL)


def of_cris(scene: Scene, action: LinkAction = LinkAction.mute) -> str:
    return 'links/' + token_of(scene, scene.cris, action)


def choices(scene: Scene, client: Client) -> dict[UUID, tuple[str, str]]:
    """Return who chose what, and how."""
    return {
        UUID(hex=each['member_id']): (each['choice'], each['reason'])
        for each in client.get(f'{PICNIC}/choices')['entries']
    }


BEFORE = {'anne': ('follow', 'opened'), 'bart': ('mute', 'mail')}


def chosen(scene: Scene, **more: tuple[str, str]) -> dict[UUID, tuple[str, str]]:
    return {getattr(scene, who): what for who, what in (BEFORE | more).items()}


# Looking.


def test_a_link_is_shown_without_an_address_of_anyone(scene, client):
    shown = client.get(of_cris(scene))
    assert shown.pop('http_etag')
    assert shown == {
        'list_id': 'ant.example.com',
        'display_name': 'Ant',
        'name': 'picnic',
        'subject': 'Picnic',
        'state': 'open',
        'default': 'everything',
        'choice': None,
        'hears_replies': True,
        'access': 'open',
        'mandatory': False,
        'ruling': None,
        'action': 'mute',
    }


def test_a_link_shows_the_standing_of_its_own_member(scene, client):
    shown = client.get('links/' + token_of(scene, scene.bart, LinkAction.follow))
    assert (shown['choice'], shown['hears_replies']) == ('mute', False)
    assert shown['action'] == 'follow'
    assert 'bart' not in str(shown).lower()
    assert '@' not in str(shown)


@pytest.mark.parametrize('method', ['GET', 'HEAD'])
@pytest.mark.parametrize('query', ['', '?action=mute', '?List-Unsubscribe=One-Click'])
@pytest.mark.parametrize('action', LinkAction)
def test_who_only_looks_changes_nothing(action, query, method, scene, client):
    path = of_cris(scene, action)
    with counted() as statements:
        answer = client.ask(path + query, method)
    assert answer.status_code == 200
    assert {each.split()[0] for each in statements} == {'SELECT'}
    assert bool(answer.text) is (method == 'GET')
    assert choices(scene, client) == chosen(scene)


def test_head_says_what_get_says_but_for_the_body(scene, client):
    path = of_cris(scene)
    got, headed = client.ask(path), client.ask(path, 'HEAD')
    assert headed.headers['content-type'] == got.headers['content-type']
    assert headed.text == ''


# Pressing.


@pytest.mark.parametrize(('action', 'body', 'choice'), [
    *((action, {'action': 'mute'}, 'mute') for action in LinkAction),
    *((action, {'action': 'follow'}, 'follow') for action in LinkAction),
    *((action, {'action': ' Reset '}, None) for action in LinkAction),
    (LinkAction.mute, ONE_CLICK, 'mute'),
    (LinkAction.follow, ONE_CLICK, 'follow'),
])
@pytest.mark.parametrize('kind', ['form', 'json'])
def test_the_button_does_it_once_for_its_member(
    kind, action, body, choice, scene, client
):
    path = of_cris(scene, action)
    after = chosen(scene, **({} if choice is None else {'cris': (choice, 'link')}))
    answers = []
    for _ in range(2):
        answer = client.ask(path, 'POST', **{kind: body})
        assert answer.status_code == 200
        assert answer.json['choice'] == choice
        assert answer.json['hears_replies'] is (choice != 'mute')
        assert choices(scene, client) == after
        made = client.get(f'{PICNIC}/choices')
        answers.append((answer.json, made))
        pass_time(DAY / 24)
    assert answers[0] == answers[1]
    assert client.get(path)['choice'] == choice


def test_a_link_may_be_pressed_again_and_again(scene, client):
    path = of_cris(scene)
    for wish, choice in ('mute', 'mute'), ('follow', 'follow'), ('reset', None):
        assert client.ask(path, 'POST', {'action': wish}).json['choice'] == choice


def test_a_link_of_a_moderated_conversation_asks_once(scene, client):
    assert client.ask(PICNIC, 'PATCH', {'access': 'moderated'}).status_code == 204
    path = of_cris(scene, LinkAction.follow)
    for _ in range(2):
        asked = client.ask(path, 'POST', {'action': 'follow'})
        assert asked.status_code == 200
        told = asked.json['ruling'], asked.json['choice'], asked.json['hears_replies']
        assert told == ('pending', None, False)
    assert client.ask(path, 'POST', {'action': 'reset'}).json['ruling'] is None
    assert client.get(path)['access'] == 'moderated'


@pytest.mark.parametrize(('change', 'action', 'sentence'), [
    ({'access': 'invitation'}, 'follow',
     'Members cannot follow the conversation by themselves'),
    ({'mandatory': 'yes', 'clear': 'yes'}, 'mute',
     'The conversation is mandatory: every member receives it'),
])
def test_a_button_that_the_conversation_does_not_allow(
    change, action, sentence, scene, client
):
    assert client.ask(PICNIC, 'PATCH', change).status_code == 204
    refused = client.ask(of_cris(scene), 'POST', {'action': action})
    assert refused.status_code == 409
    assert refused.json['description'] == sentence
    assert scene.cris not in choices(scene, client)


@pytest.mark.parametrize(('body', 'sentence'), [
    ({}, 'action: is required, or List-Unsubscribe, but not both'),
    ({'action': 'mute', **ONE_CLICK}, 'action: is required'),
    ({'action': ''}, "action: '' must be follow, mute or reset"),
    ({'action': 'leave'}, "action: 'leave' must be follow, mute or reset"),
    ({'action': ['mute', 'follow']}, 'action: must have exactly one value'),
    ({'List-Unsubscribe': 'yes'}, "List-Unsubscribe: 'yes' must be One-Click"),
    ({'list-unsubscribe': 'One-Click'}, 'unknown name'),
    ({'action': 'mute', 'until': ''}, 'until: unknown name'),
])
def test_a_button_that_is_not_there_does_nothing(body, sentence, scene, client):
    answer = client.ask(of_cris(scene), 'POST', body)
    assert answer.status_code == 400
    assert sentence in answer.json['description']
    assert choices(scene, client) == chosen(scene)


@pytest.mark.parametrize('method', ['PUT', 'PATCH', 'DELETE'])
def test_other_methods_are_not_allowed(method, scene, client):
    for path in of_cris(scene), 'links/forged':
        assert client.ask(path, method, {'action': 'mute'}).status_code == 405
    assert choices(scene, client) == chosen(scene)


# What is no link, or is one no longer.


def altered(scene: Scene, token: str) -> str:
    return token[:10] + ('a' if token[10] != 'a' else 'b') + token[11:]


def expired(scene: Scene, token: str) -> str:
    pass_time(31 * DAY)
    return token


def key_file() -> Path:
    return Path(keys.config.DATA_DIR) / keys.FILE_NAME


def key_rotated_away(scene: Scene, token: str) -> str:
    key_file().write_text(f'2 {"b2" * keys.KEY_OCTETS}\n')
    return token


def signed_elsewhere(scene: Scene, token: str) -> str:
    kept = key_file().read_text()
    key_file().write_text(f'1 {"b2" * keys.KEY_OCTETS}\n')
    forged = token_of(scene, scene.cris)
    key_file().write_text(kept)
    return forged


def owner(scene: Scene, token: str) -> str:
    return token_of(scene, scene.dora)


def of_another_list(scene: Scene, token: str) -> str:
    bee = new_list('bee')
    bee.subscribe(next(iter(scene.mlist.members.addresses)))
    store().commit()
    (elsewhere,) = bee.members.members
    return token_of(scene, elsewhere.member_id)


def member_left(scene: Scene, token: str) -> str:
    getUtility(ISubscriptionService).get_member(scene.cris).unsubscribe()
    store().commit()
    return token


def list_plain(scene: Scene, token: str) -> str:
    lists.disable(scene.mlist)
    store().commit()
    return token


def list_gone(scene: Scene, token: str) -> str:
    remove_list(scene.mlist)
    store().commit()
    return token


REFUSED: list[Callable[[Scene, str], str]] = [
    lambda scene, token: 'x',
    lambda scene, token: 'q' * len(token),
    lambda scene, token: token[:-1],
    lambda scene, token: token + 'a',
    lambda scene, token: '%00' + token,
    lambda scene, token: '%F0%9F%90%9C',
    lambda scene, token: scene.cris.hex,
    altered,
    signed_elsewhere,
    expired,
    key_rotated_away,
    owner,
    of_another_list,
    member_left,
    list_plain,
    list_gone,
]


@pytest.mark.parametrize('spoil', REFUSED)
def test_anything_wrong_with_a_token_is_one_and_the_same(spoil, scene, client):
    path = f'links/{spoil(scene, token_of(scene, scene.cris))}'
    before = count_rows(MemberChoice)
    store().close()
    # A bad body is told to nobody who has no good token.
    for body in {'action': 'mute'}, {'action': 'dance'}, ONE_CLICK, {}:
        for method in METHODS:
            answer = client.ask(path, method, body if method == 'POST' else None)
            assert answer.status_code == 404
            if method != 'HEAD':
                assert answer.json == {
                    'title': '404 Not Found',
                    'description': str(UnknownLink()),
                }
    assert count_rows(MemberChoice) == before


@pytest.mark.parametrize('path', ['links', 'links/'])
def test_there_is_no_list_of_links(path, scene, client):
    for method in 'GET', 'POST':
        assert client.ask(path, method).status_code == 404


def test_a_link_is_for_programs_with_the_password_alone(scene):
    stranger = Client(password='wrong')
    for method in METHODS:
        assert stranger.ask(of_cris(scene), method, ONE_CLICK).status_code == 401


def test_a_key_file_with_a_fault_is_a_site_that_is_not_well(scene, client):
    path = of_cris(scene)
    key_file().chmod(0o644)
    for each in path, 'links/forged':
        answer = client.ask(each)
        assert answer.status_code == 503
        assert 'chmod 600' in answer.json['description']
