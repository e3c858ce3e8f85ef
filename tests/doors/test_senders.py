# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sent a mail, however a mail program writes it down.

On *ant* Anne is a member, and jo@elsewhere.example is her alias; Bart is another
member, and has none.  Zoe is a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mailman.config import config
from mailman.email.message import Message
from mailman.interfaces.action import Action
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.requests import IListRequests
from mailman.runners.command import CommandRunner
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.people import senders
from mailman_dlist.app.people.reading import as_written
from mailman_dlist.app.posts.arrival import arrive
from mailman_dlist.model.following import choices_about, settings_of
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.post import open_conversation
from tests.mail.wordings import SPECIALS, clear, names, raw
from tests.model.stage import ant_with, give_alias, letter, queued, run


ANNE, BART, JO = 'anne@example.com', 'bart@example.com', 'jo@elsewhere.example'
ZOE = 'zoe@example.net'
NAMES = names(BART, ZOE)

# Whom others must not see beside Jo.
TRACES = ('anne@', 'annes-laptop')


@pytest.fixture
def ant(mailman: Any) -> Iterator[Any]:
    mlist, anne, bart = ant_with('Anne', 'Bart')
    mlist.default_nonmember_action = Action.hold
    give_alias(mlist, anne, JO)
    picnic = open_conversation(mlist)
    store().commit()
    yield SimpleNamespace(mlist=mlist, anne=anne, bart=bart, picnic=picnic)
    (Path(config.DATA_DIR) / 'dlist.keys').unlink(missing_ok=True)


def written(value: str, sender: str = '', envelope: str = '', **fields: str) -> Any:
    """Write a mail as it comes in by LMTP."""
    given = {'From': value, **({'Sender': sender} if sender else {}), **fields}
    msg = letter(**given)
    if envelope:
        msg.set_unixfrom(envelope)
        msg['X-MailFrom'] = envelope
    return msg


def judged(ant: Any, msg: Any) -> tuple[Any, ...]:
    """Return the address that is answered, and who is what to whom."""
    arrival = arrive(ant.mlist, msg, '1@example.com', 'picnic+mute')
    author = arrival.author
    return (
        msg.sender,
        None if author is None else author.email,
        _email(arrival.member),
        _email(senders.commander(ant.mlist, msg, author)),
        _email(arrival.hidden),
    )


def _email(member: Any) -> str | None:
    return None if member is None else member.address.email


# Whoever else is named: the address in From, and then who is answered, the alias, the
# member behind a post, behind a command, and whom a post would show.
JUDGED = [
    # From, Sender, envelope
    ((ANNE, '', ''), (ANNE, None, ANNE, ANNE, None)),
    ((JO, '', ''), (JO, JO, ANNE, ANNE, None)),
    ((BART, '', ''), (BART, None, BART, BART, None)),
    ((ZOE, '', ''), (ZOE, None, None, None, None)),
    ((ANNE, '', ANNE), (ANNE, None, ANNE, ANNE, None)),
    ((ANNE, BART, ''), (ANNE, None, ANNE, ANNE, None)),
    ((ANNE, JO, JO), (ANNE, None, ANNE, ANNE, None)),
    ((JO, ANNE, ANNE), (JO, JO, ANNE, ANNE, None)),
    ((JO, BART, ZOE), (JO, JO, ANNE, ANNE, None)),
    ((BART, ANNE, JO), (BART, None, BART, BART, None)),
    ((ZOE, JO, JO), (ZOE, None, None, None, None)),
    # Core lets these post for Bart, who hides nothing; Zoe commands nothing.
    ((ZOE, BART, ''), (ZOE, None, BART, None, None)),
    ((ZOE, '', BART), (ZOE, None, BART, None, None)),
    # It may be an alias that was not confirmed, or is gone.
    ((ZOE, ANNE, ''), (ZOE, None, ANNE, None, ANNE)),
    ((ZOE, '', ANNE), (ZOE, None, ANNE, None, ANNE)),
    ((ZOE, BART, ANNE), (ZOE, None, ANNE, None, ANNE)),
]


def test_whoever_is_in_from_sent_it_by_whatever_name(mailman):
    """The whole product, up to where the database is asked about an address."""
    for field in ('From', 'Sender', 'Reply-To'):
        for who in (ANNE, JO, ZOE):
            for name in NAMES:
                for value in clear(name, who):
                    msg = Message()
                    msg[field] = value
                    as_written(msg)
                    assert msg.senders == [who], value
                    named = senders.from_address(msg)
                    assert named == (who if field == 'From' else ''), value


def test_each_combination_of_people_is_judged_the_same_by_any_name(ant):
    seen = islice(cycle(NAMES), 0, None, 7)
    turn = count(0, 5)
    for (who, sender, envelope), expected in JUDGED:
        for name in islice(seen, 12):
            value = one(clear(name, who), next(turn))
            of_sender = one(clear(name, sender), next(turn)) if sender else ''
            msg = written(value, of_sender, envelope)
            assert judged(ant, msg) == expected, (value, of_sender, envelope)


def one(values: Iterator[str], number: int) -> str:
    found = list(values)
    return found[number % len(found)]


# Of these, some can be read as sent from one address, and some cannot.
SEVERAL = [
    f'{JO}, {ZOE}', f'{ZOE}, {JO}', f'{BART}, {JO}', f'Ants: {JO}, {ZOE};',
    f'"Jo <{JO}>', f'Jo {JO}', 'Jo', '', f'<{JO}> <{ZOE}>', f'Jo (at <{JO}>',
]


def test_what_is_not_quoted_is_the_senders_or_nobodys(mailman):
    for who in (ANNE, JO, ZOE):
        for name in NAMES:
            for value in raw(name, who):
                msg = Message()
                msg['From'] = value
                as_written(msg)
                assert senders.from_address(msg) in (who, ''), value


@pytest.mark.parametrize('value', SEVERAL)
def test_who_has_aliases_is_asked_which_one_address_it_is(value, ant):
    judgement = judged(ant, written(value, ANNE, ANNE))
    assert judgement[1] is None
    assert judgement[3:] == (None, ANNE)


@pytest.mark.parametrize('value', [f'{BART}, {ZOE}', 'Bart', f'Bart {BART}'])
def test_who_has_none_posts_as_on_any_list(value, ant):
    _to, alias, member, commander, hidden = judged(ant, written(value, BART, BART))
    assert (alias, member, hidden) == (None, BART, None)
    assert commander is None


def test_a_list_without_aliases_hides_nobody(ant):
    lists.settings(ant.mlist).aliases = False
    assert judged(ant, written(f'{JO}, {ZOE}', ANNE, ANNE))[2:] == (ANNE, None, None)


# The whole way.


def give(queue: str, msg: Any, mlist: Any, **entries: Any) -> None:
    config.switchboards[queue].enqueue(msg, entries, listid=mlist.list_id)


def held(mlist: Any) -> list[str]:
    """Take what is held; return it as moderators see it."""
    requests = IListRequests(mlist)
    found = []
    for request in list(requests.held_requests):
        key, data = requests.get_request(request.id)
        found.append(f'{key} {data}')
        requests.delete_request(request.id)
    store().commit()
    return found


def texts(queue: str) -> list[tuple[set[str], str]]:
    """Take what waits out of a queue: its recipients, its source, and what it says."""
    return [
        (set(msgdata['recipients']), f'{msg.as_string()}\n{said(msg)}')
        for msg, msgdata in queued(queue)
    ]


def said(msg: Any) -> str:
    octets = b'' if msg.is_multipart() else msg.get_payload(decode=True)
    return ' '.join(octets.decode('utf-8', 'replace').split())


def telling(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text.lower()]


def post(ant: Any, value: str, number: int) -> tuple[Any, Any, list[str]]:
    """Hand in a post of Anne's; return what goes out, the notices, what is held."""
    msg = written(
        value, ANNE, ANNE, message_id=f'<{number}@annes-laptop>',
        subject=f'Tea {number}', Received='from annes-laptop ([192.0.2.7])',
    )
    give('in', msg, ant.mlist, **{metadata.EXTENSION: 'new', 'to_list': True})
    run(IncomingRunner, 'in')
    run(PipelineRunner, 'pipeline')
    assert queued('shunt') == []
    return texts('out'), texts('virgin'), held(ant.mlist)


FORMS = [
    value
    for name in (f'{ZOE}, for', f'<{BART}>', 'Miller, Jo', 'Jo: it', SPECIALS)
    for value in (*list(clear(name, JO))[::13], *list(raw(name, JO))[::3])
]


def test_a_post_is_masked_or_comes_back_and_is_never_lost(ant):
    masked = 0
    for number, value in enumerate(FORMS):
        out, notices, kept = post(ant, value, number)
        assert kept == [], value
        if out:
            masked += 1
            [(to, text)] = out
            assert notices == [], value
            assert to == {ANNE, BART}
            assert telling(text) == [], value
            assert re.search(rf'^From: .*{JO}', text, re.M), value
        else:
            [(to, text)] = notices
            assert to == {ANNE}, value
            assert f'<{number}@annes-laptop>' in text
    assert masked >= 15


@pytest.mark.parametrize('value', SEVERAL)
@pytest.mark.parametrize('settings', [
    {}, {'emergency': True}, {'default_member_action': Action.hold},
])
def test_nobody_else_sees_what_names_no_one_address(settings, value, ant, caplog):
    for setting, wanted in settings.items():
        setattr(ant.mlist, setting, wanted)
    out, notices, kept = post(ant, value, 1)
    assert (out, kept) == ([], [])
    [(to, text)] = notices
    assert to == {ANNE}
    assert 'exactly one address' in text
    assert list(ant.mlist.nonmembers.members) == []


@pytest.mark.parametrize('why', ['banned', 'automatic'])
def test_a_program_or_a_banned_sender_is_not_told(why, ant, caplog):
    caplog.set_level('INFO')
    if why == 'banned':
        IBanManager(ant.mlist).ban(ANNE)
    msg = written(f'{JO}, {ZOE}', ANNE, ANNE)
    if why == 'automatic':
        msg['Auto-Submitted'] = 'auto-replied'
    give('in', msg, ant.mlist, **{metadata.EXTENSION: 'new', 'to_list': True})
    run(IncomingRunner, 'in')
    assert (queued('pipeline'), queued('virgin'), held(ant.mlist)) == ([], [], [])
    assert 'was not posted' in caplog.text


# Whoever reads a name as an address takes these for Bart's.
AS_BART = list(clear(f'{BART}, for', '{who}'))[::8]


def test_a_stranger_by_a_members_name_is_a_stranger(ant):
    for number, value in enumerate(AS_BART):
        msg = written(value.format(who=ZOE), message_id=f'<{number}@example.net>')
        give('in', msg, ant.mlist, **{metadata.EXTENSION: 'new', 'to_list': True})
        run(IncomingRunner, 'in')
        assert queued('pipeline') == [], value
        assert len(held(ant.mlist)) == 1
        recipients = [to for to, _text in texts('virgin')]
        assert {BART} not in recipients, value


@pytest.mark.parametrize('who', [ANNE, JO, ZOE])
def test_commands_are_obeyed_for_who_is_in_from(who, ant):
    for number, value in enumerate(AS_BART):
        msg = written(value.format(who=who), message_id=f'<{number}@example.com>')
        give('dlist', msg, ant.mlist, **{metadata.EXTENSION: 'picnic+mute'})
        run(DlistRunner, 'dlist')
        run(IncomingRunner, 'in')
        assert len(held(ant.mlist)) == (who == ZOE), value
        recipients = [to for to, _text in texts('virgin')]
        assert {BART} not in recipients, value
        assert who == ZOE or {who} in recipients, value
        assert not any(choices_about(ant.picnic, ant.bart.member_id)), value
        chosen = choices_about(ant.picnic, ant.anne.member_id)
        assert any(chosen) is (who != ZOE), value
        for row in filter(None, chosen):
            store().delete(row)
        store().commit()


@pytest.mark.parametrize('who', [ANNE, JO, ZOE])
def test_request_obeys_and_answers_who_is_in_from(who, ant):
    for value in AS_BART:
        msg = written(value.format(who=who), subject='dlist default nothing')
        give('command', msg, ant.mlist, subaddress='request')
        run(CommandRunner, 'command')
        assert queued('shunt') == []
        [(recipients, text)] = texts('virgin')
        assert recipients == {who}, value
        assert ('is not subscribed' in text) is (who == ZOE), value
        assert settings_of(ant.bart.member_id) is None
        row = settings_of(ant.anne.member_id)
        assert (row is None) is (who == ZOE), value
        if row is not None:
            store().delete(row)
        store().commit()


@pytest.mark.parametrize('value', SEVERAL)
def test_no_door_obeys_what_names_no_one_address(value, ant):
    msg = written(value, ANNE, ANNE)
    give('dlist', msg, ant.mlist, **{metadata.EXTENSION: 'picnic+mute'})
    run(DlistRunner, 'dlist')
    run(IncomingRunner, 'in')
    [(to, text)] = texts('virgin')
    assert to == {ANNE}
    assert 'exactly one address' in text
    msg = written(value, ANNE, ANNE, subject='dlist default nothing')
    give('command', msg, ant.mlist, subaddress='request')
    run(CommandRunner, 'command')
    [(_to, text)] = texts('virgin')
    assert 'exactly one address' in text
    assert settings_of(ant.anne.member_id) is None
    assert not any(choices_about(ant.picnic, ant.anne.member_id))


def test_what_waits_in_queues_and_stores_is_mailmans_own(ant):
    msg = written(f'{JO}, {ZOE}')
    arrive(ant.mlist, msg, '1@example.com', 'new')
    assert type(msg) is not Message
    give('pipeline', msg, ant.mlist)
    [(again, _msgdata)] = queued('pipeline')
    assert type(again) is Message
    assert again.as_bytes() == msg.as_bytes()
