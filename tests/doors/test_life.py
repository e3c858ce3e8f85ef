# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners steer the life of conversations by REST and on the command line."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mailman_dlist.app import lookup
from mailman_dlist.commands import life
from mailman_dlist.commands.dlist import dlist
from mailman_dlist.domain.following import Choice
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.model.following import choices_about
from mailman_dlist.model.session import store
from tests.doors.scene import ANT, PICNIC, Scene, picnic, post
from tests.model.stage import new_list
from tests.rest import Client


@pytest.fixture
def scene(mailman: Any) -> Scene:
    """Beside *picnic* there is *lunch*, which Cris opened."""
    scene = picnic()
    cris = scene.mlist.members.get_member('cris@example.com')
    post(scene.mlist, 'new+lunch', cris, 'Lunch', '3@example.com')
    new_list('bee')
    return scene


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


def run(*words: str) -> Result:
    """Type ``mailman dlist`` and some words."""
    result = CliRunner().invoke(dlist, words, prog_name='mailman dlist')
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    store().rollback()
    return result


def prints(*words: str) -> str:
    result = run(*words)
    assert (result.exit_code, result.stderr) == (0, '')
    return result.stdout


def names(client: Client) -> list[str]:
    entries = client.get(f'{ANT}/conversations')['entries']
    return sorted(each['name'] for each in entries)


def shown(client: Client, name: str = 'picnic') -> Any:
    return client.get(f'{ANT}/conversations/{name}')


def choice_of(scene: Scene, name: str, member_id: Any) -> Choice | None:
    found = lookup.find(scene.mlist, name)
    assert found is not None
    lasting = choices_about(found, member_id).lasting
    return lasting and lasting.choice


# REST.


def test_a_conversation_is_renamed(scene, client):
    answer = client.ask(PICNIC, 'PATCH', {'name': 'lake', 'subject': ' To  the lake '})
    assert (answer.status_code, answer.text) == (204, '')
    for name in 'picnic', 'lake':
        view = shown(client, name)
        assert (view['name'], view['subject']) == ('lake', 'To the lake')
        assert view['self_link'].endswith('/conversations/lake')
    assert client.ask(PICNIC, 'PATCH', {'name': 'Shore'}).status_code == 204
    assert shown(client)['name'] == 'shore'


@pytest.mark.parametrize('posting', Posting)
def test_a_conversation_is_closed_held_and_opened(posting, scene, client):
    for before in Posting:
        client.ask(PICNIC, 'PATCH', {'posting': before.name})
        answer = client.ask(PICNIC, 'PATCH', json={'posting': posting.name})
        assert answer.status_code == 204
        assert shown(client)['posting'] == posting.name
        is_closed = posting is Posting.closed
        assert shown(client)['state'] == ('closed' if is_closed else 'open')


def test_conversations_are_merged(scene, client):
    answer = client.ask(f'{ANT}/conversations/lunch/merge', 'POST', {'into': 'picnic'})
    assert (answer.status_code, answer.text) == (204, '')
    assert names(client) == ['picnic']
    assert shown(client, 'lunch')['name'] == 'picnic'
    assert shown(client)['posts'] == 3
    # Cris follows lunch, having opened it; Bart has muted picnic.
    assert choice_of(scene, 'picnic', scene.cris) is Choice.follow
    assert choice_of(scene, 'picnic', scene.bart) is Choice.mute


def test_a_conversation_is_split(scene, client):
    answer = client.ask(f'{PICNIC}/split', 'POST', {
        'message_id': '<2@example.com>', 'subject': 'Who has a tent?',
    })
    assert (answer.status_code, answer.text) == (201, '')
    assert answer.headers['Location'].endswith(f'{ANT}/conversations/who-has-a-tent')
    view = client.get(answer.headers['Location'])
    assert (view['subject'], view['posts']) == ('Who has a tent?', 1)
    assert shown(client)['posts'] == 1
    assert choice_of(scene, 'who-has-a-tent', scene.bart) is Choice.mute


def test_a_split_conversation_may_be_given_a_name(scene, client):
    answer = client.ask(f'{PICNIC}/split', 'POST', {
        'message_id': '2@example.com', 'subject': 'Who has a tent?', 'name': 'tent',
    })
    assert answer.status_code == 201
    assert names(client) == ['lunch', 'picnic', 'tent']


def test_a_conversation_is_deleted(scene, client):
    answer = client.ask(PICNIC, 'DELETE')
    assert (answer.status_code, answer.text) == (204, '')
    assert names(client) == ['lunch']
    assert client.ask(PICNIC).status_code == 404
    assert client.ask(f'{ANT}/conversations/lunch', 'PATCH', {
        'name': 'picnic',
    }).status_code == 409


@pytest.mark.parametrize(('method', 'path', 'form', 'status', 'sentence'), [
    ('PATCH', PICNIC, {'name': 'lunch'}, 409, '"lunch" belongs to another'),
    ('PATCH', PICNIC, {'name': 'help'}, 400, "'help' cannot be the name"),
    ('PATCH', PICNIC, {'name': ''}, 400, "'' cannot be the name"),
    ('PATCH', PICNIC, {'subject': ' '}, 400, 'subject: '),
    ('PATCH', PICNIC, {'posting': 'shut'}, 400, 'open, held or closed'),
    ('PATCH', PICNIC, {'title': 'x'}, 400, 'title: unknown name'),
    ('PATCH', PICNIC, {'name': 'lake', 'posting': 'shut'}, 400, 'posting'),
    ('PATCH', PICNIC, {'posting': 'held', 'name': 'lunch'}, 409, '"lunch"'),
    ('PATCH', PICNIC, {'name': 'lake', 'door': 'mail'}, 400, 'web, rest or cli'),
    ('PATCH', f'{ANT}/conversations/walk', {'name': 'lake'}, 404, '"walk"'),
    ('DELETE', f'{ANT}/conversations/walk', {}, 404, '"walk"'),
    ('POST', f'{PICNIC}/merge', {'into': 'picnic'}, 409, 'into itself'),
    ('POST', f'{PICNIC}/merge', {'into': 'walk'}, 400, 'no conversation "walk"'),
    ('POST', f'{PICNIC}/merge', {'into': 'a\0'}, 400, 'no conversation'),
    ('POST', f'{PICNIC}/merge', {}, 400, 'into: is required'),
    ('POST', 'lists/bee.example.com/conversations/picnic/merge', {'into': 'lunch'},
     404, 'bee@example.com has no conversation "picnic"'),
    ('POST', f'{PICNIC}/split', {'message_id': '2@example.com'}, 400, 'subject: is'),
    ('POST', f'{PICNIC}/split', {'message_id': '1@example.com', 'subject': 'x'}, 400,
     'the first message of "picnic"'),
    ('POST', f'{PICNIC}/split', {'message_id': '3@example.com', 'subject': 'x'}, 400,
     'has no message'),
    ('POST', f'{PICNIC}/split', {'message_id': '🐜', 'subject': 'x'}, 400,
     'has no message'),
    ('POST', f'{PICNIC}/split',
     {'message_id': '2@example.com', 'subject': 'x', 'name': 'lunch'}, 409, '"lunch"'),
])
def test_what_is_refused_changes_nothing(
    method, path, form, status, sentence, scene, client
):
    before = client.ask(f'{ANT}/conversations').text
    answer = client.ask(path, method, form)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json['description']
    assert client.ask(f'{ANT}/conversations').text == before


@pytest.mark.parametrize(('method', 'path', 'form'), [
    ('DELETE', PICNIC, {}),
    ('POST', f'{PICNIC}/merge', {'into': 'lunch'}),
    ('POST', f'{ANT}/conversations/lunch/merge', {'into': 'picnic'}),
])
def test_what_cannot_be_undone_needs_the_present_name(
    method, path, form, scene, client
):
    client.ask(PICNIC, 'PATCH', {'name': 'lake'})
    answer = client.ask(path, method, form)
    assert answer.status_code == 409
    assert 'is now called "lake"' in answer.json['description']
    assert names(client) == ['lake', 'lunch']


# The command line.


LIFE = [life.rename, life.close, life.hold, life.reopen, life.merge, life.split,
        life.delete]


@pytest.mark.parametrize(('line', 'said', 'left'), [
    ('rename ant@example.com picnic lake', 'picnic is now called lake.',
     ['lake', 'lunch']),
    ('close ant@example.com picnic', 'picnic is closed.', ['lunch']),
    ('hold ant@example.com picnic', 'Replies in picnic wait for a moderator.',
     ['lunch', 'picnic']),
    ('reopen ant@example.com picnic', 'picnic is open.', ['lunch', 'picnic']),
    ('merge ant@example.com lunch picnic',
     'lunch is merged into picnic.  Messages: 1.', ['picnic']),
    ("split ant@example.com picnic 2@example.com 'Who has a tent?'",
     'Messages moved to who-has-a-tent: 1.',
     ['lunch', 'picnic', 'who-has-a-tent']),
    ('delete ant@example.com picnic', 'picnic is deleted.', ['lunch']),
])
def test_the_example_of_each_command_does_it(line, said, left, scene, client):
    words = shlex.split(line)
    [command] = [each for each in LIFE if each.name == words[0]]
    assert f'mailman dlist {line}' in (command.help or '')
    assert prints(*words) == f'{said}\n'
    entries = client.get(f'{ANT}/conversations?state=open')['entries']
    assert sorted(each['name'] for each in entries) == left


@pytest.mark.parametrize(('line', 'said'), [
    ('merge ant@example.com lunch picnic',
     'lunch would be merged into picnic.  Messages: 1.'),
    ('split ant@example.com picnic 2@example.com Tent --name tent',
     'Messages that would be moved to tent: 1.'),
    ('delete ant@example.com picnic', 'picnic would be deleted.  Messages: 2.'),
])
def test_a_dry_run_changes_nothing(line, said, scene, client):
    before = client.ask(f'{ANT}/conversations').text
    assert prints(*shlex.split(line), '--dry-run') == f'{said}\n'
    assert client.ask(f'{ANT}/conversations').text == before


@pytest.mark.parametrize(('line', 'said'), [
    ('rename ant@example.com picnic lunch', '"lunch" belongs to another conversation'),
    ('rename ant@example.com pinic lake', 'did you mean picnic?'),
    ('merge ant@example.com picnic picnic', 'cannot be merged into itself'),
    ('split ant@example.com picnic 1@example.com Tent', 'the first message'),
    ('delete bee@example.com picnic', 'has no conversation "picnic"'),
])
def test_a_refusal_is_one_sentence_on_standard_error(line, said, scene, client):
    result = run(*line.split())
    assert (result.exit_code, result.stdout) == (1, '')
    assert re.fullmatch(r'Error: .*\n', result.stderr)
    assert said in result.stderr
