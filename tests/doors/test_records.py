# SPDX-License-Identifier: GPL-3.0-or-later
"""What owners and programs see of changes and numbers, by REST and command line.

Each door leaves its name and the actor with a change.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from mailman.config import config
from mailman.runners.command import CommandRunner
from mailman.runners.pipeline import PipelineRunner

from mailman_dlist.app import lookup
from mailman_dlist.app.links import keys, pressing
from mailman_dlist.domain.following import Choice
from mailman_dlist.domain.links import token
from mailman_dlist.domain.links.token import Link, LinkAction
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.metadata import EXTENSION
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.doors.scene import ANT, LIST_ID, PICNIC, Scene, picnic, rename
from tests.doors.test_cli import prints, shows
from tests.doors.test_cli import run as type_in
from tests.model.stage import DAY, letter, now, pass_time, queued, run
from tests.rest import Client


FIELDS = 'actor', 'door', 'action', 'conversation', 'before', 'after'
EVENTS = f'{ANT}/events'
STATS = f'{ANT}/stats'


@pytest.fixture
def scene(mailman: Any) -> Scene:
    """Bart has muted picnic by mail."""
    return picnic()


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


def latest(client: Client) -> tuple[Any, ...]:
    first, *_others = client.get(EVENTS)['entries']
    return tuple(first[name] for name in FIELDS)


# Each door.

OLGA = 'olga@example.com'
BY_WEB = {'door': 'web', 'actor': OLGA}
CRIS = f'{PICNIC}/choices/CRIS'
ALIASES = f'{ANT}/members/CRIS/aliases'


@pytest.mark.parametrize(('method', 'path', 'body', 'event'), [
    ('PUT', CRIS, {'choice': 'follow'}, ('follow', 'picnic', '', 'follow')),
    ('DELETE', f'{PICNIC}/choices/BART', {}, ('reset', 'picnic', 'mute', '')),
    ('PATCH', f'{ANT}/members/CRIS', {'default': 'openings'},
     ('default', None, 'everything', 'openings')),
    ('PATCH', PICNIC, {'posting': 'held'}, ('hold', 'picnic', 'open', 'held')),
    ('PATCH', PICNIC, {'name': 'lake'}, ('rename', 'lake', 'picnic', 'lake')),
    ('DELETE', PICNIC, {}, ('delete', 'picnic', 'picnic', '')),
    ('PATCH', ANT, {'footers': 'no'}, ('footers', None, 'yes', 'no')),
    ('PATCH', ANT, {'enabled': 'no'}, ('enabled', None, 'yes', 'no')),
])
@pytest.mark.parametrize('kind', ['form', 'json'])
def test_rest_names_the_actor_and_the_door(
    kind, method, path, body, event, scene, client
):
    given = {kind: body | BY_WEB}
    answer = client.ask(scene.at(path), method, **given)
    assert answer.status_code == 204, answer.text
    client.ask(ANT, 'PATCH', {'enabled': 'yes'})
    found = [
        tuple(each[name] for name in FIELDS) for each in client.get(EVENTS)['entries']
    ]
    assert (OLGA, 'web', *event) in found


@pytest.mark.parametrize(('method', 'path', 'body', 'after'), [
    ('POST', ALIASES, {'email': 'c@other.example'}, 'requested'),
    ('DELETE', f'{ANT}/members/BART/aliases/b@other.example', {}, 'removed'),
    ('DELETE', f'{ANT}/members/BART/aliases', {}, 'cleared'),
])
def test_rest_shows_that_aliases_change_but_not_whose(
    method, path, body, after, scene, client
):
    answer = client.ask(scene.at(path), method, body | BY_WEB)
    assert answer.status_code in (202, 204)
    queued('virgin')
    assert latest(client) == ('', 'web', 'alias', None, '', after)
    [event, *_others] = client.get(EVENTS)['entries']
    assert event['member_id'] is None
    for name in 'BART', 'CRIS':
        found = client.get(scene.at(f'{EVENTS}?member_id={name}'))['entries']
        assert 'alias' not in {each['action'] for each in found}


def test_a_link_names_its_member(scene, client):
    with_key = keys.signing()
    member = lookup.member_with_id(scene.mlist, scene.bart)
    conversation = lookup.find(scene.mlist, 'picnic')
    link = Link(
        member.member_id,
        conversation.id,
        LinkAction.follow,
        (now() + 30 * DAY).date(),
    )
    pressing.act(token.write(link, *with_key), Choice.follow)
    assert latest(client) == (
        'bart@example.com', 'link', 'follow', 'picnic', 'mute', 'follow',
    )


@pytest.mark.parametrize(('line', 'event'), [
    ('mute ant@example.com picnic cris@example.com', ('mute', 'picnic', '', 'mute')),
    ('reset ant@example.com picnic bart@example.com', ('reset', 'picnic', 'mute', '')),
    ('members ant@example.com bart@example.com default=openings',
     ('default', None, 'everything', 'openings')),
    ('settings ant@example.com footers=no', ('footers', None, 'yes', 'no')),
    ('essay ant@example.com --set /dev/null',
     ('essay', None, 'no', 'yes')),
    ('alias ant@example.com bart@example.com --clear', ('alias', None, '', 'cleared')),
])
def test_the_command_line_does_not_know_who_types(line, event, scene, client):
    assert type_in(line).exit_code == 0
    assert latest(client) == ('', 'cli', *event)


@pytest.mark.parametrize(('extension', 'event'), [
    ('picnic+subscribe', ('follow', 'picnic', 'mute', 'follow')),
    ('picnic+reset', ('reset', 'picnic', 'mute', '')),
])
def test_a_command_by_mail_names_its_sender(extension, event, scene, client):
    msg = letter('bart@example.com')
    config.switchboards['dlist'].enqueue(msg, listid=LIST_ID, **{EXTENSION: extension})
    run(DlistRunner, 'dlist')
    queued('virgin')
    assert latest(client) == ('bart@example.com', 'mail', *event)


@pytest.mark.parametrize(('sender', 'actor', 'when'), [
    ('bart@example.com', 'bart@example.com', '2005-08-01T08:49:23Z'),
    # Its hour would show whose alias it is.
    ('b@other.example', '', '2005-08-01T00:00:00Z'),
])
def test_a_request_by_mail_names_the_member(sender, actor, when, scene, client):
    msg = letter(sender, to='ant-request@example.com')
    msg.set_payload('dlist default nothing')
    config.switchboards['command'].enqueue(msg, listid=LIST_ID, subaddress='request')
    run(CommandRunner, 'command')
    queued('virgin')
    [event] = [
        each
        for each in client.get(EVENTS)['entries']
        if each['action'] == 'default'
    ]
    assert (event['actor'], event['when']) == (actor, when)
    assert event['member_id'] == scene.bart.hex


# Looking events up.


def test_an_event(scene, client):
    [event] = client.get(EVENTS)['entries']
    del event['http_etag']
    assert event == {
        'when': '2005-08-01T08:49:23Z',
        'actor': '',
        'door': 'mail',
        'action': 'mute',
        'conversation': 'picnic',
        'member_id': scene.bart.hex,
        # He had answered.
        'before': 'follow (replied)',
        'after': 'mute',
    }


def test_events_of_a_member_and_of_a_conversation(scene, client):
    client.ask(scene.at(CRIS), 'PUT', {'choice': 'mute'})
    client.ask(scene.at(f'{ANT}/members/CRIS'), 'PATCH', {'default': 'nothing'})
    rename('picnic', 'lake')
    store().commit()
    for query, actions in (
        ('', ['default', 'mute', 'mute']),
        ('?member_id=CRIS', ['default', 'mute']),
        ('?member_id=ANNE', []),
        ('?conversation=lake', ['mute', 'mute']),
        ('?conversation=picnic&member_id=CRIS', ['mute']),
    ):
        found = client.get(scene.at(EVENTS + query))
        assert [each['action'] for each in found['entries']] == actions
        assert found['total_size'] == len(actions)
    page = client.get(f'{EVENTS}?count=2&page=2')
    assert [each['action'] for each in page['entries']] == ['mute']
    assert (page['start'], page['total_size']) == (2, 3)


@pytest.mark.parametrize(('query', 'status', 'sentence'), [
    ('member_id=bart', 400, "member_id: 'bart' must be a member_id as Mailman shows"),
    ('conversation=pond', 404, 'ant@example.com has no conversation "pond"'),
    ('conversation=%C3%A9t%C3%A9%00', 404, 'ant@example.com has no conversation'),
    ('member=anne', 400, 'member: unknown name'),
    ('count=two&page=1', 400, 'count:'),
])
def test_a_bad_question_about_events(query, status, sentence, scene, client):
    answer = client.ask(f'{EVENTS}?{query}')
    assert answer.status_code == status
    assert answer.json['description'].startswith(sentence)


def test_events_on_the_command_line(scene, client):
    client.ask(scene.at(CRIS), 'PUT', {'choice': 'mute'} | BY_WEB)
    assert prints('events ant@example.com') == (
        'WHEN                  DOOR  ACTOR             CONVERSATION  ACTION  '
        'BEFORE            AFTER  MEMBER\n'
        '2005-08-01T08:49:23Z  web   olga@example.com  picnic        mute    '
        '                  mute   cris@example.com\n'
        '2005-08-01T08:49:23Z  mail                    picnic        mute    '
        'follow (replied)  mute   bart@example.com\n'
    )
    of_bart = shows('events ant@example.com --member bart@example.com')
    assert [each['member_id'] for each in of_bart] == [scene.bart.hex]
    assert len(shows('events ant@example.com --conversation picnic')) == 2
    for since, size in (
        ('2005-08-01', 2), ('2005-08-02', 0), ('2005-08-01T08:49:24Z', 0),
    ):
        assert len(shows(f'events ant@example.com --since {since}')) == size
    assert prints('events ant@example.com --since 2005-08-02') == (
        'No such changes on ant@example.com.\n'
    )


@pytest.mark.parametrize(('arguments', 'code', 'sentence'), [
    ('--conversation pond', 1, 'ant@example.com has no conversation "pond"'),
    ('--member zoe@example.net', 1, 'ant@example.com has no member'),
    ('--since yesterday', 2, 'a date such as 2026-07-01'),
])
def test_a_bad_question_on_the_command_line(arguments, code, sentence, scene):
    result = type_in(f'events ant@example.com {arguments}')
    assert result.exit_code == code
    assert sentence in result.stderr


# Numbers.


@pytest.fixture
def posts(scene: Scene) -> None:
    """Two in *goat*, one of them a month later, and one in *lake*."""
    deliver('anne@example.com', 'new+goat')
    deliver('bart@example.com', 'new+lake')
    pass_time(31 * DAY)
    deliver('anne@example.com', 'goat')


def deliver(sender: str, extension: str) -> None:
    config.switchboards['pipeline'].enqueue(
        letter(sender), listid=LIST_ID, pipeline=PIPELINE, **{EXTENSION: extension}
    )
    run(PipelineRunner, 'pipeline')
    queued('out')


GOAT = ('2005-08', 'goat', 1, 1, 3, 3), ('2005-09', 'goat', 1, 1, 3, 3)
LAKE = ('2005-08', 'lake', 1, 1, 3, 3)


@pytest.mark.parametrize(('by', 'rows'), [
    ('', [GOAT[0], LAKE, GOAT[1]]),
    ('month', [('2005-08', None, 2, 2, 6, 6), ('2005-09', None, 1, 1, 3, 3)]),
    ('conversation', [(None, 'goat', 2, 1, 6, 6), (None, 'lake', 1, 1, 3, 3)]),
])
def test_numbers(by, rows, posts, client):
    names = ('month', 'conversation', 'posts', 'posters', 'deliveries')
    entries = client.get(STATS + (by and f'?by={by}'))
    found = [
        tuple(each[name] for name in (*names, 'plain_deliveries'))
        for each in entries['entries']
    ]
    assert found == rows
    assert entries['total_size'] == len(rows)
    option = f' --by {by}' if by else ''
    shown = shows(f'stats ant@example.com{option}')
    assert [tuple(each.values()) for each in shown] == rows
    table = csv.DictReader(io.StringIO(prints(f'stats ant@example.com{option} --csv')))
    assert [tuple(each.values()) for each in table] == [
        tuple('' if value is None else str(value) for value in row) for row in rows
    ]


def test_a_page_of_numbers(posts, client):
    page = client.get(f'{STATS}?by=month&count=1&page=2')
    assert [each['month'] for each in page['entries']] == ['2005-09']
    assert (page['start'], page['total_size']) == (1, 2)


def test_a_chart(scene, client):
    deliver('anne@example.com', 'new+goat')
    for name in 'ANNE', 'CRIS':
        path = scene.at(f'{ANT}/conversations/goat/choices/{name}')
        client.ask(path, 'PUT', {'choice': 'mute'})
    deliver('bart@example.com', 'goat')
    assert prints('stats ant@example.com --by conversation') == (
        'CONVERSATION  POSTS  POSTERS  DELIVERIES  PLAIN LIST\n'
        'goat          2      2        4           6\n'
        '\n'
        'Deliveries made (#), and saved in comparison with a plain list (.):\n'
        f'goat  {"#" * 34}{"." * 16}\n'
    )


def test_without_posts_there_is_no_chart(scene):
    assert prints('stats ant@example.com') == (
        'Nothing was posted to ant@example.com yet.\n'
    )


def test_bad_questions_about_numbers(scene, client):
    assert client.ask(f'{STATS}?by=year').status_code == 400
    assert type_in('stats ant@example.com --by year').exit_code == 2
    assert type_in('stats ant@example.com --json --csv').exit_code == 2
