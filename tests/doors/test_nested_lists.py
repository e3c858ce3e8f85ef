# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that are members of lists, and lists that had another address before."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from mailman.config import config
from mailman.interfaces.mailinglist import IAcceptableAliasSet
from mailman.interfaces.requests import IListRequests
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner

from mailman_dlist import metadata
from mailman_dlist.app import nested
from mailman_dlist.commands.dlist import dlist
from tests.app.post import open_conversation
from tests.model.stage import join, letter, new_list, queued, run


def accept_aliases(mlist: Any, *aliases: str) -> None:
    for alias in aliases:
        IAcceptableAliasSet(mlist).add(alias)
    config.db.commit()


def send(mlist: Any, msg: Any, extension: str | None = None) -> list[Any]:
    """Let a mail go as far as it goes; return what goes out."""
    msgdata = {} if extension is None else {metadata.EXTENSION: extension}
    config.switchboards['in'].enqueue(
        msg, msgdata, listid=mlist.list_id, to_list=True
    )
    run(IncomingRunner, 'in')
    run(PipelineRunner, 'pipeline')
    queued('virgin')
    return [sent for sent, _msgdata in queued('out')]


def is_held(mlist: Any) -> bool:
    requests = IListRequests(mlist)
    held = [request.id for request in requests.held_requests]
    for each in held:
        requests.delete_request(each)
    config.db.commit()
    return bool(held)


@pytest.fixture
def kid(mailman: Any) -> Any:
    """A dlist below par@example.com, which is its member."""
    kid = new_list('kid')
    join(kid, 'Anne')
    return kid


# What the list below does with a mail, by its aliases and the field To.
PARENT = '^par(\\+.*)?@example\\.com$'


@pytest.mark.parametrize(('aliases', 'to', 'holds'), [
    ([], 'par+picnic@example.com', True),
    (['par@example.com'], 'par@example.com', False),
    (['par@example.com'], 'par+picnic@example.com', False),
    (['par@example.com'], 'Par+Picnic@Example.com', False),
    (['par@example.com'], '"par+picnic"@example.com', False),
    (['par@example.com'], 'par+new+picnic@example.com', False),
    (['par@example.com'], 'par-owner@example.com', True),
    (['par@example.com'], 'par+picnic@example.net', True),
    (['par@example.com'], 'my.par+picnic@example.com', True),
    (['^par@example\\.com$'], 'par+picnic@example.com', False),
    ([PARENT], 'par+picnic@example.com', False),
    ([PARENT], 'part+picnic@example.com', True),
    # A pattern that cannot be compiled is text, as in Mailman.
    (['^par(@example.com'], 'par+picnic@example.com', True),
])
def test_an_alias_of_a_dlist_is_one_with_an_extension_too(aliases, to, holds, kid):
    accept_aliases(kid, *aliases)
    for field in 'To', 'Cc', 'Resent-To':
        msg = letter('Anne', to='somebody@example.net')
        del msg[field]
        msg[field] = to
        assert bool(send(kid, msg, 'new')) is not holds, field
        assert is_held(kid) is holds, field


def test_the_parents_address_stays_so_that_replies_to_all_reach_it(kid):
    new_list('par')
    accept_aliases(kid, 'par@example.com')
    [sent] = send(kid, letter('Anne', to='par+picnic@example.com'), '')
    assert sent['to'] == 'par+picnic@example.com'
    assert sent['x-dlist-conversation'] == 'picnic'


@pytest.mark.parametrize(('to', 'becomes'), [
    ('stale@example.com', 'kid+picnic@example.com'),
    ('stale+new+x@example.com', 'kid+picnic@example.com'),
    ('Kids <stale+picnic@example.com>', 'Kids <kid+picnic@example.com>'),
    ('stale@example.com, kid@example.com', 'kid+picnic@example.com'),
    ('stale@example.com, bart@example.net',
     'kid+picnic@example.com, bart@example.net'),
    ('par@example.com, stale@example.com', 'par@example.com, kid+picnic@example.com'),
])
def test_a_former_address_becomes_the_conversation(to, becomes, kid):
    new_list('par')
    accept_aliases(kid, 'stale@example.com', 'par@example.com', '^kids@.*$')
    open_conversation(kid)
    [sent] = send(kid, letter('Anne', to=to), 'picnic')
    assert sent['to'] == becomes


def test_the_conversation_stands_once_in_each_field(kid):
    open_conversation(kid)
    msg = letter('Anne', to='kid+picnic@example.com, kid+picnic@example.com')
    msg['Cc'] = 'bart@example.net, kid@example.com, kid+new@example.com'
    msg['Reply-To'] = 'kid@example.com'
    [sent] = send(kid, msg, 'picnic')
    assert sent.get_all('to') == ['kid+picnic@example.com']
    assert sent.get_all('cc') == ['bart@example.net, kid+picnic@example.com']
    assert sent.get_all('reply-to') == ['kid+picnic@example.com']


# Turning the list above into a dlist.


@pytest.fixture
def par(mailman: Any) -> Any:
    """A plain list, with lists below it.

    *held* takes its mail and will hold it; the others go on as before.
    """
    par = new_list('par', 'legacy-default')
    below = {
        'held': ['par@example.com'],
        'patterned': [PARENT],
        'holding': [],
        'anything': ['par@example.com'],
        'dlist': ['par@example.com'],
    }
    for name, aliases in below.items():
        style = 'dlist' if name == 'dlist' else 'legacy-default'
        child = new_list(name, style)
        accept_aliases(child, *aliases)
        child.require_explicit_destination = name != 'anything'
        join(par, child.posting_address)
        join(child, 'Anne')
    # Not a member, and not told about it.
    accept_aliases(new_list('forwarded', 'legacy-default'), 'par@example.com')
    new_list('apart', 'legacy-default')
    join(par, 'Bart', as_user=True)
    return par


@pytest.mark.every_database
def test_lists_that_will_hold_the_mail_are_named(par):
    names = [each.list_name for each in nested.lists_that_will_hold(par)]
    assert names == ['forwarded', 'held']


def test_what_is_said_about_them_is_true(par):
    [_forwarded, child] = nested.lists_that_will_hold(par)
    mail = {'to': 'par+picnic@example.com'}
    assert send(child, letter('Anne', **mail)) == []
    assert is_held(child)
    accept_aliases(child, nested.pattern(par))
    [_sent] = send(child, letter('Anne', **mail))
    assert child not in nested.lists_that_will_hold(par)


def test_enable_names_them(par):
    result = CliRunner().invoke(dlist, ['enable', par.list_id])
    assert result.exit_code == 0, result.output
    _enabled, *warnings = result.stdout.rstrip('\n').split('\n\n')
    assert warnings == [
        f'{name}@example.com will hold the messages that it gets from '
        'par@example.com.\n'
        f'Add this acceptable alias to {name}@example.com: {PARENT}'
        for name in ('forwarded', 'held')
    ]
