# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may follow a conversation, as programs see it and decide it."""

from __future__ import annotations

from typing import Any

import pytest

from mailman_dlist.domain.access import State
from mailman_dlist.domain.following import Choice
from tests.doors.scene import PICNIC, Scene, picnic
from tests.rest import Client


@pytest.fixture
def scene(mailman: Any) -> Scene:
    return picnic()


@pytest.fixture
def client(scene: Scene) -> Client:
    return Client()


def states(client: Client, query: str = '') -> dict[str, str]:
    found = client.get(f'{PICNIC}/states{query}')
    assert found['total_size'] >= len(found['entries'])
    return {each['email'].partition('@')[0]: each['state'] for each in found['entries']}


def test_states_are_shown_by_member_in_pages_and_selected(scene, client):
    everybody = {'anne': 'subscribed', 'bart': 'unsubscribed', 'cris': 'implicit'}
    assert states(client) == everybody
    for state in State:
        selected = states(client, f'?state={state.name}')
        assert selected == {
            name: word for name, word in everybody.items() if word == state.name
        }
    assert states(client, '?count=1&page=2') == {'bart': 'unsubscribed'}
    one = client.get(scene.at(f'{PICNIC}/states/BART'))
    assert one.pop('http_etag')
    assert one == {
        'email': 'bart@example.com',
        'member_id': scene.bart.hex,
        'state': 'unsubscribed',
        'since': '2005-08-01T08:49:23Z',
        'self_link': one['self_link'],
    }
    assert client.get(one['self_link'])['state'] == 'unsubscribed'


@pytest.mark.parametrize(('path', 'method', 'body', 'status', 'sentence'), [
    ('states?state=muted', 'GET', None, 400, "state: 'muted' must be subscribed, "),
    ('states?action=reset', 'GET', None, 400, 'action: unknown name'),
    ('states/BART', 'POST', {}, 400, 'action: is required'),
    ('states/BART', 'POST', {'action': 'mute'}, 400, "action: 'mute' must be subscri"),
    ('states/BART', 'POST', {'action': 'reset', 'as': 'owner'}, 400,
     "as: 'owner' must be member"),
    ('states/BART', 'POST', {'action': 'reset', 'state': 'none'}, 400,
     'state: unknown name; known names are action'),
    ('states/DORA', 'POST', {'action': 'reset'}, 404, 'ant@example.com has no member'),
    ('states/1', 'GET', None, 404, 'ant@example.com has no member'),
    ('states/BART', 'POST', {'action': 'approve_request'}, 409,
     'The member has not asked to follow the conversation'),
])
def test_what_is_wrong_is_said_and_changes_nothing(
    path, method, body, status, sentence, scene, client
):
    answer = client.ask(scene.at(f'{PICNIC}/{path}'), method, body)
    assert answer.status_code == status
    assert answer.json['description'].startswith(sentence)
    assert states(client)['bart'] == 'unsubscribed'


def test_a_member_who_follows_a_moderated_conversation_asks(scene, client):
    assert client.ask(PICNIC, 'PATCH', {'access': 'moderated'}).status_code == 204
    assert states(client)['cris'] == 'none'
    choice = scene.at(f'{PICNIC}/choices/CRIS')
    follow = {'choice': 'follow', 'as': 'member', 'door': 'web'}
    assert client.ask(choice, 'PUT', follow).status_code == 202
    assert states(client, '?state=pending') == {'cris': 'pending'}
    # It is no choice yet.
    assert client.ask(choice).status_code == 404
    assert client.get(f'{PICNIC}/choices')['total_size'] == 2
    again = client.ask(choice, 'PUT', follow)
    assert again.status_code == 409
    assert again.json['description'] == (
        'The member has already asked to follow the conversation'
    )
    decided = client.ask(
        scene.at(f'{PICNIC}/states/CRIS'), 'POST', {'action': 'approve_request'}
    )
    assert decided.status_code == 204
    assert client.get(choice)['reason'] == 'owner'
    assert client.ask(choice, 'DELETE', {'as': 'member'}).status_code == 204
    # A moderator need not ask.
    assert client.ask(choice, 'PUT', {'choice': 'follow'}).status_code == 204
    assert states(client)['cris'] == 'subscribed'


def test_what_is_muted_becomes_mandatory_when_that_is_cleared(scene, client):
    body = {'mandatory': 'yes', 'access': 'invitation', 'subject': 'News'}
    refused = client.ask(PICNIC, 'PATCH', body)
    assert refused.status_code == 409
    assert refused.json['description'].startswith('1 member has muted')
    shown = client.get(PICNIC)
    told = shown['mandatory'], shown['access'], shown['subject']
    assert told == (False, 'open', 'Picnic')
    assert client.ask(PICNIC, 'PATCH', body | {'clear': 'yes'}).status_code == 204
    shown = client.get(PICNIC)
    told = shown['mandatory'], shown['access'], shown['subject']
    assert told == (True, 'invitation', 'News')
    assert states(client) == {
        'anne': 'subscribed', 'bart': 'implicit', 'cris': 'implicit',
    }
    choice = scene.at(f'{PICNIC}/choices/BART')
    for body in {'choice': 'mute'}, {'choice': 'mute', 'as': 'member'}:
        refused = client.ask(choice, 'PUT', body)
        assert refused.status_code == 409
        assert refused.json['description'] == (
            'The conversation is mandatory: every member receives it'
        )
    assert len(client.get(f'{PICNIC}/audience')['entries']) == 3


def test_a_barred_member_is_seen_by_moderators_alone(scene, client):
    path = scene.at(f'{PICNIC}/states/CRIS')
    bar = {'action': 'add_unsubscription_override'}
    assert client.ask(path, 'POST', bar | {'as': 'member'}).status_code == 409
    assert client.ask(path, 'POST', bar).status_code == 204
    assert states(client, '?state=unsubscription_override') == {
        'cris': 'unsubscription_override'
    }
    choice = client.get(scene.at(f'{PICNIC}/choices/CRIS'))
    assert (choice['choice'], choice['reason']) == (Choice.mute.name, 'owner')
    emails = [each['email'] for each in client.get(f'{PICNIC}/audience')['entries']]
    assert emails == ['anne@example.com']
