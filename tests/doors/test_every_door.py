# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what by which door: every actor, every action, every door.

Mail to plus-addresses and to ``ant-request@`` asks who sent it.  A personal link and
the token of an alias are worth as much as the member they were made for.  REST and the
command line are for programs and people whom the site trusts: they do what is asked
for about any member, banned or not, and know nobody else.

On *ant* Anne is a member, with an alias; so is Bart, who is banned, and with him his
alias.  Cris is a member of *bee*, Mia moderates ant, Olaf owns it, Olga owns it and is
a member as well.  Zoe is nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from mailman.config import config
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import MemberRole
from mailman.interfaces.requests import IListRequests
from mailman.runners.command import CommandRunner
from mailman.runners.incoming import IncomingRunner
from sqlalchemy import delete, select
from zope.component import getUtility

from mailman_dlist import metadata
from mailman_dlist.app import lookup
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.links import making
from mailman_dlist.commands.dlist import dlist
from mailman_dlist.commands.eml_dlist import WORDS
from mailman_dlist.domain.address import COMMANDS, parse
from mailman_dlist.domain.following import Choice, Reason
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.following import (
    MemberChoice,
    MemberSettings,
    Pause,
)
from mailman_dlist.model.notices import NoticeCount
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.alias import TOKEN
from tests.app.post import open_conversation
from tests.app.web import PERSONAL, open_web
from tests.model.stage import (
    choose,
    give_alias,
    join,
    letter,
    new_list,
    queued,
    run,
)
from tests.rest import Client


ANT = 'lists/ant.example.com'
NEW = 'new@other.example'

# What becomes of it.
DONE = 'done'           # and acknowledged to whoever asked, but for links and REST
IGNORED = 'ignored'     # nothing happens, and nobody hears of it but the log
HELD = 'held'           # as a stranger's post: the list's own rule, here a moderator
TOLD = 'told'           # nothing happens, and whoever asked is told that
UNKNOWN = 'unknown'     # nothing happens: there is no such member, or link
NONE = 'none'           # nobody can ask this

DOORS = ('plus', 'request', 'link', 'REST', 'CLI')
EXPECTED = {
    #                  plus     request  link     REST     CLI
    'stranger':       (HELD,    TOLD,    NONE,    UNKNOWN, UNKNOWN),
    'banned stranger': (IGNORED, IGNORED, NONE,   UNKNOWN, UNKNOWN),
    'banned':         (IGNORED, IGNORED, UNKNOWN, DONE,    DONE),
    'member':         (DONE,    DONE,    DONE,    DONE,    DONE),
    'of another list': (HELD,   TOLD,    UNKNOWN, UNKNOWN, UNKNOWN),
    'alias':          (DONE,    DONE,    NONE,    UNKNOWN, UNKNOWN),
    'banned alias':   (IGNORED, IGNORED, NONE,    UNKNOWN, UNKNOWN),
    'alias of banned': (IGNORED, IGNORED, NONE,   UNKNOWN, UNKNOWN),
    'moderator':      (HELD,    TOLD,    UNKNOWN, UNKNOWN, UNKNOWN),
    'owner':          (HELD,    TOLD,    UNKNOWN, UNKNOWN, UNKNOWN),
    'owner, a member': (DONE,   DONE,    DONE,    DONE,    DONE),
}  # fmt: skip
EMAILS = {
    'stranger': 'zoe@example.net',
    'banned stranger': 'zack@example.net',
    'banned': 'bart@example.com',
    'member': 'anne@example.com',
    'of another list': 'cris@example.com',
    'alias': 'jo@elsewhere.example',
    'banned alias': 'ja@elsewhere.example',
    'alias of banned': 'b@elsewhere.example',
    'moderator': 'mia@example.com',
    'owner': 'olaf@example.com',
    'owner, a member': 'olga@example.com',
}
BANNED = ('zack@example.net', 'bart@example.com', 'ja@elsewhere.example')

# What is asked by which door.  Before, each member has muted *picnic* on the web.
ACTIONS: dict[str, dict[str, Any]] = {
    'follow': {
        'plus': 'picnic+subscribe', 'link': 'follow', 'CLI': 'follow ant picnic {}',
        'REST': ('PUT', '{}/conversations/picnic/choices/{}', {'choice': 'follow'}),
    },
    'mute': {
        'plus': 'picnic+mute', 'link': 'mute', 'CLI': 'mute ant picnic {}',
        'REST': ('PUT', '{}/conversations/picnic/choices/{}', {'choice': 'mute'}),
    },
    'pause': {
        'plus': 'picnic+mute+7d',
        'REST': (
            'PUT', '{}/conversations/picnic/choices/{}',
            {'choice': 'mute', 'until': '2099-01-01T00:00:00Z'},
        ),
    },
    'reset': {
        'plus': 'picnic+reset', 'link': 'reset', 'CLI': 'reset ant picnic {}',
        'REST': ('DELETE', '{}/conversations/picnic/choices/{}', None),
    },
    'close': {'plus': 'picnic+close'},
    'hold': {'plus': 'picnic+hold'},
    'reopen': {'plus': 'picnic+reopen'},
    'help': {'plus': 'help', 'request': 'dlist help'},
    'conversations': {'plus': 'conversations'},
    'default': {
        'request': 'dlist default openings',
        'REST': ('PATCH', '{}/members/{}', {'default': 'openings'}),
    },
    'autofollow': {
        'request': 'dlist autofollow opened off',
        'REST': ('PATCH', '{}/members/{}', {'follow_opened': 'no'}),
    },
    'essay': {'request': 'dlist essay'},
    'history': {'request': 'dlist history'},
    'alias add': {
        'request': f'dlist alias add {NEW}', 'CLI': f'alias ant {{}} --add {NEW}',
        'REST': ('POST', '{}/members/{}/aliases', {'email': NEW}),
    },
    'alias remove': {
        'request': 'dlist alias remove {alias}',
        'CLI': 'alias ant {} --remove {alias}',
        'REST': ('DELETE', '{}/members/{}/aliases/{alias}', None),
    },
    'alias clear': {
        'request': 'dlist alias clear', 'CLI': 'alias ant {} --clear',
        'REST': ('DELETE', '{}/members/{}/aliases', None),
    },
    'alias list': {
        'request': 'dlist alias list', 'CLI': 'alias ant {}',
        'REST': ('GET', '{}/members/{}/aliases', None),
    },
    # Somebody answers the mail to the new address, or presses its button.
    'alias confirm': {'plus': 'confirm+{token}', 'link': '{token}'},
}  # fmt: skip

# An alias can remove itself, and no more.
NOT_FROM_ALIAS = ('alias add', 'alias clear', 'alias list')

# Moderators may ask for it, members or not; nothing changes before they confirm.
STEERING = ('close', 'hold', 'reopen')
MODERATORS = ('moderator', 'owner', 'owner, a member')

READING = ('help', 'conversations', 'essay', 'history', 'alias list', *STEERING)


@pytest.fixture
def ant(mailman: Any, tmp_path: Path, monkeypatch: Any) -> Iterator[Any]:
    open_web(tmp_path, monkeypatch, max_notices=1000)
    mlist, bee = new_list(), new_list('bee')
    memberships = {
        'banned': join(mlist, 'Bart'),
        'member': join(mlist, 'Anne'),
        'of another list': join(bee, 'Cris'),
        'moderator': join(mlist, 'Mia', role=MemberRole.moderator),
        'owner': join(mlist, 'Olaf', role=MemberRole.owner),
        'owner, a member': join(mlist, 'Olga'),
    }
    join(mlist, 'Olga', role=MemberRole.owner)
    open_conversation(mlist)
    for email in BANNED:
        IBanManager(mlist).ban(email)
    store().commit()
    yield SimpleNamespace(
        client=Client(),
        ids={actor: member.member_id for actor, member in memberships.items()},
    )


def of_ant() -> Any:
    return getUtility(IListManager).get('ant@example.com')


MEMBERS = ('member', 'banned', 'owner, a member')

# For whom something is done if it is done.
BEHIND = {actor: actor for actor in MEMBERS} | {
    'alias': 'member', 'banned alias': 'member', 'alias of banned': 'banned',
}  # fmt: skip
ALIASES = {
    EMAILS['alias']: 'member',
    EMAILS['banned alias']: 'member',
    EMAILS['alias of banned']: 'banned',
    'olga@elsewhere.example': 'owner, a member',
}
TABLES = (MemberChoice, Pause, MemberSettings, Alias, AliasRequest)


def reset(ant: Any) -> None:
    """Let it be as it was before the first."""
    for table in (*TABLES, NoticeCount):
        store().execute(delete(table))
    mlist, picnic = of_ant(), lookup.find(of_ant(), 'picnic')
    members = {who: SimpleNamespace(member_id=ant.ids[who]) for who in MEMBERS}
    for member in members.values():
        choose(picnic, member, Choice.mute, reason=Reason.web)
    for email, who in ALIASES.items():
        give_alias(mlist, members[who], email)
    store().commit()
    queued('virgin')


def state(ant: Any) -> dict[str, list[Any]]:
    """Return what each member has chosen, set, asked for or been given."""
    rows = [
        (type(row).__name__, {
            column.name: getattr(row, column.key) for column in table.__table__.columns
        })
        for table in TABLES
        for row in store().scalars(select(table))
    ]
    store().commit()
    return {
        who: [row for row in rows if row[1]['member_id'] == ant.ids[who]]
        for who in MEMBERS
    }


def alias_of(actor: str) -> str:
    """Return an alias that the actor may remove: itself, or the first of a member's."""
    own = [email for email, who in ALIASES.items() if who == BEHIND.get(actor)]
    return EMAILS[actor] if EMAILS[actor] in own else own[0] if own else NEW


def token_of(ant: Any, actor: str) -> str:
    """Return what confirms an alias of the member, or a token that never was."""
    if actor not in BEHIND:
        return 'a' * 16
    mlist = of_ant()
    requests.ask(mlist, lookup.member_with_id(mlist, ant.ids[BEHIND[actor]]), NEW)
    [(mail, _msgdata)] = queued('virgin')
    [token] = TOKEN.findall(mail['reply-to'])
    return token


def by_mail(queue: str, runner: Any, actor: str, **entries: Any) -> str:
    """Send a mail; say what becomes of it."""
    subject = entries.pop('subject', 'Please')
    msg = letter(EMAILS[actor], subject, 'ant-request@example.com')
    msg.set_payload('')
    config.switchboards[queue].enqueue(
        msg, entries, listid='ant.example.com', to_list=True
    )
    run(runner, queue)
    if config.switchboards['in'].files:
        run(IncomingRunner, 'in')
    assert queued('pipeline') == queued('shunt') == []
    told = {
        email: f'{msg.as_string()}{msg.get_payload(decode=True)}'
        for msg, msgdata in queued('virgin')
        for email in msgdata['recipients']
    }
    held = IListRequests(of_ant())
    waiting = list(held.held_requests)
    for each in waiting:
        held.delete_request(each.id)
    store().commit()
    if waiting:
        return HELD
    # A new address is told what it was confirmed for, wherever that came from.
    answer = told.get(EMAILS[actor]) or told.get(NEW)
    if answer is None:
        return IGNORED
    refused = (
        'not subscribed', 'no request to confirm', 'The only alias command',
        'Only the owners and moderators',
    )
    return TOLD if any(each in answer for each in refused) else DONE


def at_door(ant: Any, door: str, actor: str, asked: Any, token: str) -> str:
    """Ask, and say what becomes of it."""
    member_id, email = ant.ids.get(actor), EMAILS[actor]
    words = {'token': token, 'alias': alias_of(actor)}
    match door:
        case 'plus':
            entries = {metadata.EXTENSION: asked.format(**words)}
            return by_mail('dlist', DlistRunner, actor, **entries)
        case 'request':
            entries = {'subject': asked.format(**words), 'subaddress': 'request'}
            return by_mail('command', CommandRunner, actor, **entries)
        case 'link' if asked == '{token}':
            answer = ant.client.ask(f'aliases/{token}', 'POST', {})
        case 'link':
            picnic = lookup.find(of_ant(), 'picnic')
            assert picnic is not None
            link = making.personal(member_id, picnic.id, LinkAction.mute)
            store().commit()
            path = f'links/{link.removeprefix(PERSONAL)}'
            looked = ant.client.ask(path).status_code
            answer = ant.client.ask(path, 'POST', {'action': asked})
            assert looked == answer.status_code
        case 'REST':
            method, path, form = asked
            key = member_id.hex if member_id else email
            answer = ant.client.ask(path.format(ANT, key, **words), method, form)
        case _:
            line = asked.replace('ant', 'ant@example.com', 1).format(email, **words)
            result = CliRunner().invoke(dlist, line.split())
            store().rollback()
            return UNKNOWN if result.exit_code else DONE
    assert answer.status_code in (200, 202, 204, 404), answer.text
    return UNKNOWN if answer.status_code == 404 else DONE


def expected_of(actor: str, action: str, door: str) -> str:
    expected = EXPECTED[actor][DOORS.index(door)]
    if action == 'alias confirm':
        # Whoever has the token may, if its member may.
        nobody = BEHIND.get(actor) in (None, 'banned')
        if door == 'plus':
            return IGNORED if expected == IGNORED else TOLD if nobody else DONE
        return UNKNOWN if nobody else DONE
    if action in STEERING and expected != IGNORED:
        if actor in MODERATORS:
            return DONE
        return TOLD if actor in BEHIND else expected
    if actor == 'alias' and action in NOT_FROM_ALIAS and door == 'request':
        return TOLD
    return expected


@pytest.mark.parametrize('actor', EXPECTED)
def test_each_door_judges_the_same(actor, ant):
    found, wanted = {}, {}
    for action, doors in ACTIONS.items():
        for door, asked in doors.items():
            expected = expected_of(actor, action, door)
            if expected == NONE:
                continue
            reset(ant)
            token = token_of(ant, actor) if action == 'alias confirm' else ''
            before = state(ant)
            outcome = at_door(ant, door, actor, asked, token)
            after = state(ant)
            changed = [who for who in MEMBERS if before[who] != after[who]]
            cell = (action, door)
            found[cell] = outcome, changed
            changes = expected == DONE and action not in READING
            wanted[cell] = expected, [BEHIND[actor]] if changes else []
    assert found == wanted


def test_every_action_that_a_door_knows_is_in_the_table():
    words = {
        asked['request'].split()[1] for asked in ACTIONS.values() if 'request' in asked
    }
    assert words == set(WORDS)
    by_plus = {
        parse(doors['plus'], '+').action
        for doors in ACTIONS.values()
        if 'plus' in doors
    }
    assert by_plus == set(COMMANDS)
