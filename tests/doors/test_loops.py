# SPDX-License-Identifier: GPL-3.0-or-later
"""Two lists that are members of each other come to an end."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

import pytest
from mailman.config import config
from mailman.email.message import Message
from mailman.interfaces.action import Action
from mailman.interfaces.mailinglist import DMARCMitigateAction
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner
from mailman.testing.helpers import LogFileMark

from mailman_dlist import metadata
from mailman_dlist.app import lists
from tests.model.stage import give_alias, join, letter, new_list, queued, run


# How a list changes what it passes on.
WAYS = ('as it is', 'anonymous', 'wrapped', 'wrapped below a text')

# More rounds than lists; a loop has no end.
ROUNDS = 6


def new(name: str, style: str, way: str) -> Any:
    mlist = new_list(name, style)
    mlist.require_explicit_destination = False
    # The message of an anonymous list is from that list.
    mlist.default_nonmember_action = Action.defer
    mlist.anonymous_list = way == 'anonymous'
    if way.startswith('wrapped'):
        mlist.dmarc_mitigate_action = DMARCMitigateAction.wrap_message
        mlist.dmarc_mitigate_unconditionally = True
    if way == 'wrapped below a text':
        mlist.dmarc_wrapped_message_text = 'It is in the attachment.'
    return mlist


def cross(one: Any, other: Any) -> None:
    """Let two lists be members of each other."""
    join(one, other.posting_address)
    join(other, one.posting_address)


def passed_on(msg: Any) -> Any:
    """Return a message as it comes in through the mail server."""
    octets = msg.as_bytes()
    arrived = message_from_bytes(octets, Message)
    arrived.original_size = len(octets)
    arrived.set_unixfrom(arrived['from'])
    return arrived


def rounds(msg: Any, *mlists: Any) -> int:
    """Post to the first list; return how often anything went out of a list."""
    waiting = [(mlists[0], msg)]
    for number in range(ROUNDS):
        for mlist, msg in waiting:
            entries = {metadata.EXTENSION: ''} if lists.is_dlist(mlist) else {}
            config.switchboards['in'].enqueue(
                msg, entries, listid=mlist.list_id, to_list=True
            )
        run(IncomingRunner, 'in')
        run(PipelineRunner, 'pipeline')
        sent = queued('out')
        queued('virgin')
        assert len(sent) <= 1
        if not sent:
            return number
        [(msg, msgdata)] = sent
        waiting = [
            (mlist, passed_on(msg))
            for mlist in mlists
            if mlist.posting_address in msgdata['recipients']
            and mlist.list_id != msgdata['listid']
        ]
    return ROUNDS


@pytest.mark.parametrize('style', ['dlist', 'legacy-default'])
@pytest.mark.parametrize('others_way', WAYS)
@pytest.mark.parametrize('way', WAYS)
def test_a_message_passes_each_list_once(way, others_way, style, mailman):
    ant, bee = new('ant', 'dlist', way), new('bee', style, others_way)
    cross(ant, bee)
    join(ant, 'Anne')
    join(bee, 'Anne')
    log = LogFileMark('mailman.vette')
    assert rounds(letter('Anne'), ant, bee) == 2
    last = log.read().splitlines()[-1]
    ends = 'it went through this list before', 'it was delivered before'
    assert last.endswith(ends)


@pytest.mark.parametrize('way', WAYS)
def test_so_does_a_post_from_an_alias(way, mailman):
    ant, bee = new('ant', 'dlist', way), new('bee', 'dlist', way)
    cross(ant, bee)
    for mlist in ant, bee:
        give_alias(mlist, join(mlist, 'Anne'), 'x@example.net')
    config.db.commit()
    assert rounds(letter('x@example.net'), ant, bee) == 2


def test_lists_in_a_circle_come_to_an_end_as_well(mailman):
    trio = [new(name, 'dlist', 'anonymous') for name in ('ant', 'bee', 'cow')]
    for mlist, following in zip(trio, trio[1:] + trio[:1], strict=True):
        join(mlist, following.posting_address)
        join(following, mlist.posting_address)
        join(mlist, 'Anne')
    # Each list sends to both others.
    waiting, seen = [(trio[0], letter('Anne'))], 0
    while waiting:
        for mlist, msg in waiting:
            config.switchboards['in'].enqueue(
                msg, {metadata.EXTENSION: ''}, listid=mlist.list_id, to_list=True
            )
        run(IncomingRunner, 'in')
        run(PipelineRunner, 'pipeline')
        sent = queued('out')
        queued('virgin')
        waiting = [
            (mlist, passed_on(msg))
            for msg, msgdata in sent
            for mlist in trio
            if mlist.posting_address in msgdata['recipients']
        ]
        seen += len(sent)
        # Anonymous lists hide that a message came by two ways: both branches pass.
        assert seen <= 5
