# SPDX-License-Identifier: GPL-3.0-or-later
"""What a post costs the database, whatever the size of the list.

Core's own handler takes almost five statements per member.  Here the numbers are
those of one post, and they may not depend on members, choices or conversations.

What a post costs beyond Mailman's own is counted exactly.  Whoever changes that
changes the numbers, and names the statement in the commit.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from mailman.config import config
from mailman.core.pipelines import process
from mailman.interfaces.listmanager import IListManager
from mailman.runners.incoming import IncomingRunner
from mailman.runners.outgoing import OutgoingRunner
from mailman.runners.pipeline import PipelineRunner
from sqlalchemy import insert
from zope.component import getUtility

from mailman_dlist import metadata
from mailman_dlist.domain.following import Choice, Default, Reason
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.model.following import MemberChoice, MemberSettings, Pause
from mailman_dlist.model.session import store
from tests import core
from tests.app.post import open_conversation
from tests.model.stage import (
    DAY,
    Newcomer,
    counted,
    crowd,
    join,
    letter,
    new_list,
    now,
    pass_time,
    queued,
    run,
)
from tests.mta.outgoing import mail_server


pytestmark = pytest.mark.every_database


SIZES = (10, 1_000, 5_000)

STAGES = {'in': IncomingRunner, 'pipeline': PipelineRunner, 'out': OutgoingRunner}

# Statements of a post beyond those of one to a plain list whose recipients are known:
# the audience counts among ours, though core takes dozens for that.
BEYOND = {
    'opening': {'in': 1, 'pipeline': 16, 'out': 1},
    # It makes the author follow the conversation.
    'first reply': {'in': 1, 'pipeline': 15, 'out': 1},
    'reply': {'in': 1, 'pipeline': 13, 'out': 1},
}
MOST_BEYOND = 20


@pytest.fixture(scope='module')
def hills(mailman_database: None) -> Iterator[None]:
    """Lists of every size, on which people have chosen all sorts of things."""
    with core.fresh_site():
        for size in SIZES:
            fill(new_list(f'hill-{size}'), size)
        yield


def populate(mlist: Any, size: int) -> list[Newcomer]:
    join(mlist, 'Anne')
    newcomers = [
        Newcomer(f'm{number}@{mlist.list_name}.example.net')
        for number in range(1, size)
    ]
    crowd(mlist, newcomers)
    return newcomers


def fill(mlist: Any, size: int) -> None:
    dice = random.Random(size)
    newcomers = populate(mlist, size)
    picnic = open_conversation(mlist)
    choosers = dice.sample(newcomers, len(newcomers) // 3)
    store().execute(insert(MemberChoice), [
        {
            'conversation_id': picnic.id, 'member_id': each.member_id,
            'choice': dice.choice(list(Choice)), 'reason': Reason.mail,
            'made_at': now(),
        }
        for each in choosers
    ])
    store().execute(insert(Pause), [
        {
            'conversation_id': picnic.id, 'member_id': each.member_id,
            'choice': Choice.mute, 'reason': Reason.mail,
            'began': now(), 'ends': now() + dice.choice([-DAY, DAY]),
        }
        for each in choosers[::3]
    ])
    store().execute(insert(MemberSettings), [
        {
            'member_id': each.member_id, 'list_id': mlist.list_id,
            'default': dice.choice(list(Default)),
            'follow_opened': True, 'follow_replied': True,
        }
        for each in newcomers[::2]
    ])
    store().commit()


def cost(size: int, stage: str, kind: str) -> tuple[list[str], int]:
    """Post to the list of a size.

    :return: The statements of the one stage, and how many people hear the message.
    """
    list_id = f'hill-{size}.example.com'
    # Like a runner that has just begun with this message.
    config.db.close_session()
    mlist = getUtility(IListManager).get_by_list_id(list_id)
    msg = letter(
        'Anne',
        'Lake',
        to=f'hill-{size}@example.com',
        answers='<picnic@example.com>' if kind == 'reply' else None,
    )
    msgdata = {metadata.EXTENSION: '' if kind == 'reply' else 'new'}
    if stage == 'in':
        config.switchboards['in'].enqueue(msg, msgdata, listid=list_id, to_list=True)
        config.db.close_session()
        with counted() as statements:
            run(IncomingRunner, 'in')
        [_accepted] = queued('pipeline')
        return statements, 0
    with counted() as statements:
        process(mlist, msg, msgdata, PIPELINE)
    heard = [msgdata['recipients'] for _msg, msgdata in queued('out')]
    return statements, sum(map(len, heard))


def summary(statements: list[str]) -> str:
    """Return what was done how often, as ``SELECT domain 21``.

    >>> summary(['UPDATE a SET b', 'SELECT a.b FROM a', 'SELECT c FROM a'])
    'SELECT a 2, UPDATE a 1'
    """
    named = [
        re.search(r'(?:FROM|INTO|UPDATE) ["`]?(\w+)', each) for each in statements
    ]
    done = Counter(
        f'{each.split()[0]} {name[1] if name else each}'
        for each, name in zip(statements, named, strict=True)
    )
    return ', '.join(f'{what} {times}' for what, times in done.most_common())


@pytest.mark.parametrize('kind', ['opening', 'reply'])
@pytest.mark.parametrize('stage', ['in', 'pipeline'])
def test_a_post_costs_the_same_on_every_list(stage, kind, hills):
    for size in SIZES:
        # A name that is free and a choice not yet made cost one more or less.
        cost(size, stage, kind)
    costs = {size: cost(size, stage, kind) for size in SIZES}
    numbers = {size: len(statements) for size, (statements, _heard) in costs.items()}
    told = f'SQL statements of {kind} in {stage}, by members: {numbers}'
    assert len(set(numbers.values())) == 1, f'{told}\n{summary(costs[10][0])}'
    if stage == 'pipeline':
        assert costs[5_000][1] > 100 * costs[10][1] > 0


def way(list_id: str, msg: Any, extension: str | None) -> dict[str, list[str]]:
    """Let a post go all its way; return the statements of each stage.

    :param extension: None on a plain list, whose recipients are given.
    """
    entries: dict[str, Any] = (
        {'recipients': {'anne@example.com'}}
        if extension is None
        else {metadata.EXTENSION: extension}
    )
    config.switchboards['in'].enqueue(msg, entries, listid=list_id, to_list=True)
    statements = {}
    pass_time(DAY)
    for stage, runner in STAGES.items():
        # Like a runner of its own.
        config.db.close_session()
        with counted() as statements[stage]:
            run(runner, stage)
    return statements


def test_what_a_post_costs_beyond_mailmans_own(hills: None) -> None:
    plain, dlist = new_list('bee', 'legacy-default'), new_list()
    for mlist in plain, dlist:
        populate(mlist, 10)
    open_conversation(dlist)
    store().commit()
    answers = '<picnic@example.com>'
    posts = {
        'plain': ('bee', letter('Anne', to='bee@example.com'), None),
        'opening': ('ant', letter('Anne', 'Lake'), 'new'),
        'first reply': ('ant', letter('Anne', answers=answers), ''),
        'reply': ('ant', letter('Anne', answers=answers), 'picnic'),
    }
    with mail_server() as server:
        # The first time, Mailman notes which archives the list has.
        for name, extension in ('bee', None), ('ant', 'new'):
            msg = letter('Anne', to=f'{name}@example.com')
            way(f'{name}.example.com', msg, extension)
        server.outbox.clear()
        ways = {
            kind: way(f'{name}.example.com', msg, extension)
            for kind, (name, msg, extension) in posts.items()
        }
        delivered = {
            str(each.message['subject']) for each in server.outbox.deliveries
        }
    assert len(delivered) == 3, delivered
    own = ways.pop('plain')
    beyond = {
        kind: {stage: len(sent[stage]) - len(own[stage]) for stage in STAGES}
        for kind, sent in ways.items()
    }
    told = '\n'.join(
        f'{kind}, {stage}: {summary(sent)}'
        for kind, stages in ({'plain': own} | ways).items()
        for stage, sent in stages.items()
    )
    assert beyond == BEYOND, told
    assert max(sum(each.values()) for each in beyond.values()) <= MOST_BEYOND
