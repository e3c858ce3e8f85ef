# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist``: who may follow a conversation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from click.testing import CliRunner

from mailman_dlist.app import lookup
from mailman_dlist.app.access import requests, states
from mailman_dlist.commands.dlist import dlist
from mailman_dlist.domain.access import Action, State
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.interfaces.conversation import Access
from mailman_dlist.model.session import store
from tests.doors.scene import Scene, picnic
from tests.doors.test_cli import prints, run, shows
from tests.model.stage import queued


ABOUT = 'ant@example.com picnic bart@example.com'


@pytest.fixture
def scene(mailman: Any) -> Scene:
    return picnic()


def asks(scene: Scene) -> None:
    """Let Bart ask to follow *picnic*."""
    mlist = scene.mlist
    conversation = lookup.conversation_named(mlist, 'picnic')
    conversation.access = Access.moderated
    store().commit()
    bart = lookup.member_with_id(mlist, scene.bart)
    requests.act(
        mlist, conversation, bart, Action.request_subscription, By(Door.mail)
    )
    queued('virgin')


def state(scene: Scene) -> State:
    mlist = scene.mlist
    bart = lookup.member_with_id(mlist, scene.bart)
    return states.state(mlist, lookup.conversation_named(mlist, 'picnic'), bart)


def examples(name: str) -> list[str]:
    said = CliRunner().invoke(dlist, [name, '--help']).output
    return re.findall(r'^ +mailman dlist (.+)$', said, re.M)


@pytest.mark.parametrize('name', ['access', 'invite', 'pin', 'bar', 'requests'])
def test_the_examples_in_the_help_work(name, scene):
    shown = examples(name)
    assert shown
    for line in shown:
        if name == 'requests' and state(scene) is not State.pending:
            # From whatever has been decided before.
            run(f'bar --undo {ABOUT}')
            run(f'mute {ABOUT}')
            asks(scene)
        assert run(line).exit_code == 0, line


def test_access_is_shown_and_changed(scene):
    assert prints('access ant@example.com picnic') == (
        'access     open\nmandatory  no\n'
    )
    assert shows('access ant@example.com picnic moderated') == {
        'access': 'moderated', 'mandatory': False, 'pinned': [], 'barred': [],
    }
    refused = run('access ant@example.com picnic open --mandatory yes')
    assert refused.stderr == (
        'Error: 1 member has muted the conversation or is barred from it; '
        'with "clear", mutes and bars are removed\n'
    )
    assert shows('access ant@example.com picnic')['access'] == 'moderated'
    assert prints('access ant@example.com picnic --mandatory yes --clear') == (
        'access     moderated\nmandatory  yes\n'
    )
    refused = run(f'mute {ABOUT}')
    assert refused.stderr == (
        'Error: The conversation is mandatory: every member receives it\n'
    )
    assert refused.exit_code == 1


def test_members_are_pinned_barred_and_invited(scene):
    prints('access ant@example.com picnic invitation')
    assert prints(f'bar {ABOUT}') == 'bart@example.com is barred from picnic.\n'
    prints('pin ant@example.com picnic anne@example.com')
    assert prints('access ant@example.com picnic') == (
        'access     invitation\n'
        'mandatory  no\n'
        'pinned     anne@example.com\n'
        'barred     bart@example.com\n'
    )
    for line in f'follow {ABOUT}', f'invite {ABOUT}', f'pin {ABOUT}':
        refused = run(line)
        assert refused.exit_code == 1
        assert refused.stderr == (
            'Error: The member is barred from the conversation\n'
        )
    assert prints(f'bar --undo {ABOUT}') == (
        'bart@example.com is no longer barred from picnic.\n'
    )
    assert state(scene) is State.unsubscribed
    queued('virgin')
    assert prints(f'invite {ABOUT} cris@example.com') == (
        'bart@example.com now follows picnic.\n'
        'cris@example.com now follows picnic.\n'
    )
    told = {msg['to'] for msg, _msgdata in queued('virgin')}
    assert told == {'bart@example.com', 'cris@example.com'}
    assert prints(f'pin {ABOUT}') == 'bart@example.com is pinned to picnic.\n'
    assert prints(f'pin --undo {ABOUT}') == (
        'bart@example.com is no longer pinned to picnic, but follows it.\n'
    )
    assert state(scene) is State.subscribed


@pytest.mark.parametrize(('decision', 'said', 'then'), [
    ('approve', 'bart@example.com now follows picnic.\n', State.subscribed),
    ('deny', 'The request of bart@example.com is denied.\n', State.none),
    ('block', 'bart@example.com is barred from picnic.\n',
     State.unsubscription_override),
])
def test_requests_are_shown_and_decided(decision, said, then, scene):
    assert prints('requests ant@example.com') == 'No requests on ant@example.com.\n'
    asks(scene)
    assert prints('requests ant@example.com') == (
        'NAME    EMAIL             ASKED AT\n'
        'picnic  bart@example.com  2005-08-01T08:49:23Z\n'
    )
    assert shows('requests ant@example.com') == [{
        'name': 'picnic',
        'email': 'bart@example.com',
        'member_id': scene.bart.hex,
        'asked_at': '2005-08-01T08:49:23Z',
    }]
    line = f'requests ant@example.com {decision} picnic bart@example.com'
    assert prints(line) == said
    assert state(scene) is then
    [(mail, _msgdata)] = queued('virgin')
    assert mail['to'] == 'bart@example.com'
    again = run(line)
    assert again.stderr == (
        'Error: The member has not asked to follow the conversation\n'
    )


@pytest.mark.parametrize('line', [
    'access ant@example.com picnic closed',
    'access ant@example.com picnic --mandatory maybe',
    'invite ant@example.com picnic',
    'requests ant@example.com allow picnic bart@example.com',
    'requests ant@example.com approve picnic',
])
def test_a_wrong_usage_is_exit_code_2(line, scene):
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, '')
    assert 'Usage: mailman dlist' in result.stderr
