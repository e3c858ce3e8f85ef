# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong addresses are explained at once, and wait for no moderator.

Rules about the content hold a mail without a Subject, or with *unsubscribe* in it.
That is what people send to an address that they take for a command.
"""

from __future__ import annotations

from typing import Any

import pytest
from mailman.app.moderator import handle_message
from mailman.config import config
from mailman.interfaces.action import Action
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.member import MemberRole
from mailman.interfaces.requests import IListRequests
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner

from mailman_dlist import metadata
from mailman_dlist.app.posts import delivery
from mailman_dlist.interfaces.conversation import Posting
from tests.app.post import open_conversation, posted
from tests.model.stage import ant_with, give_alias, join, letter, queued, run


# Mails that rules about the content hold.
MAILS: dict[str, dict[str, Any]] = {
    'blank': {'subject': None},
    'unsubscribe': {'subject': 'unsubscribe'},
    'too large': {'subject': 'Picnic'},
    'for nobody': {'subject': 'Picnic', 'to': 'somebody@example.net'},
}
WRONG = (
    'unsubscribe', 'subscribe', 'mute', 'leave', 'owner', 'coffee', 'tea+stop',
    'picnic+dance', 'picnic+unsubscribe+0d', 'new+a+b', '+', 'dinner',
)


@pytest.fixture
def mlist(mailman: Any) -> Any:
    mlist, _anne, _bart = ant_with('Anne', 'Bart')
    open_conversation(mlist)
    open_conversation(mlist, 'dinner').posting = Posting.closed
    config.db.commit()
    return mlist


def send(mlist: Any, msg: Any, extension: str) -> list[str]:
    """Let a mail go as far as it goes; return who is answered."""
    config.switchboards['in'].enqueue(
        msg,
        {metadata.EXTENSION: extension},
        listid=mlist.list_id,
        to_list=True,
    )
    run(IncomingRunner, 'in')
    run(PipelineRunner, 'pipeline')
    assert queued('out') == []
    return [str(notice['to']) for notice, _msgdata in queued('virgin')]


def mail(kind: str, sender: str = 'bart@example.com') -> Any:
    msg = letter(sender, **MAILS[kind])
    if kind == 'too large':
        msg.original_size = 50_000
    return msg


def held(mlist: Any) -> int:
    return IListRequests(mlist).count


@pytest.mark.parametrize('kind', MAILS)
def test_a_member_is_told_at_once_whatever_the_mail_looks_like(kind, mlist):
    for extension in WRONG:
        told = send(mlist, mail(kind), extension)
        assert told == ['bart@example.com'], extension
    assert held(mlist) == 0
    # The rules are as strict with posts as before.
    send(mlist, mail(kind), 'new')
    assert held(mlist) == 1


@pytest.mark.parametrize(('situation', 'told', 'holds'), [
    ('moderated', True, False),
    ('moderated by default', True, False),
    ('emergency', True, False),
    ('alias', True, False),
    ('alias of somebody moderated', True, False),
    # Mailman tells them in its own words.
    ('rejected', True, False),
    ('discarded', False, False),
    ('banned', False, False),
    ('stranger', False, True),
    ('stranger who may post', True, False),
    # An owner decided about it before.
    ('held alias', False, True),
    ('discarded alias', False, False),
])
def test_what_owners_decided_about_a_sender_counts(situation, told, holds, mlist):
    mlist.respond_to_post_requests = mlist.admin_immed_notify = False
    sender = 'bart@example.com'
    bart = mlist.members.get_member(sender)
    match situation:
        case 'moderated':
            bart.moderation_action = Action.hold
        case 'moderated by default':
            mlist.default_member_action = Action.hold
        case 'emergency':
            mlist.emergency = True
        case 'rejected':
            bart.moderation_action = Action.reject
        case 'discarded':
            bart.moderation_action = Action.discard
        case 'banned':
            IBanManager(mlist).ban(sender)
        case 'stranger' | 'stranger who may post':
            sender = 'dora@example.net'
    if situation == 'stranger who may post':
        mlist.default_nonmember_action = Action.defer
    if 'alias' in situation:
        sender = 'bart@example.net'
        give_alias(mlist, bart, sender)
        if situation == 'alias of somebody moderated':
            bart.moderation_action = Action.hold
        decision = situation.partition(' ')[0]
        if decision in ('held', 'discarded'):
            nonmember = join(mlist, sender, role=MemberRole.nonmember)
            nonmember.moderation_action = {
                'held': Action.hold, 'discarded': Action.discard
            }[decision]
    config.db.commit()
    for extension in 'coffee', 'unsubscribe':
        answered = send(mlist, mail('blank', sender), extension)
        assert answered == ([sender] if told else []), extension
    assert held(mlist) == (2 if holds else 0)


@pytest.mark.parametrize('kind', ['blank', 'unsubscribe'])
def test_a_held_mail_of_a_stranger_is_explained_when_it_is_accepted(kind, mlist):
    mlist.respond_to_post_requests = mlist.admin_immed_notify = False
    config.db.commit()
    assert send(mlist, mail(kind, 'dora@example.net'), 'coffee') == []
    [request] = IListRequests(mlist).held_requests
    handle_message(mlist, request.id, Action.accept)
    run(PipelineRunner, 'pipeline')
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == 'dora@example.net'


@pytest.mark.parametrize(('extension', 'hint'), [
    ('unsubscribe', 'To leave the whole list, write to\n    ant-leave@example.com'),
    ('leave', 'ant-leave@example.com'),
    ('mute', 'ant-leave@example.com'),
    ('subscribe', 'To join the list, write to\n    ant-join@example.com'),
    ('join', 'ant-join@example.com'),
    ('follow', 'ant-join@example.com'),
    ('owner', 'ant-owner@example.com'),
    ('request', 'ant-request@example.com'),
    # The verb stands before the name.
    ('unsubscribe+picnic', 'ant+picnic+unsubscribe@example.com'),
    ('unsubscribe+picnik', 'ant+picnic+unsubscribe@example.com'),
    ('unsubscribe+7d', 'ant-leave@example.com'),
])
def test_who_meant_the_whole_list_is_told_its_address(extension, hint, mlist):
    config.switchboards['in'].enqueue(
        mail('blank'),
        {metadata.EXTENSION: extension},
        listid=mlist.list_id,
        to_list=True,
    )
    run(IncomingRunner, 'in')
    [(notice, _msgdata)] = queued('virgin')
    text = notice.get_payload(0).get_payload(decode=True).decode()
    assert hint in text
    assert ('ant-leave@' in text) is ('ant-leave@' in hint)
    # They do not want to write to everybody.
    assert 'ant+new@' not in text


@pytest.mark.parametrize(('extension', 'is_offered'), [
    ('coffee', True), ('picnik', True), ('new+a+b', True), ('+', True),
    ('picnic+dance', False), ('coffee+mute', False), ('picnic+unsubscribe+0d', False),
    ('unsubscribe', False), ('mute+coffee', False), ('coffee+subscribe', False),
])
def test_the_address_that_writes_to_all_is_offered_only_for_posts(
    extension, is_offered, mlist
):
    config.switchboards['in'].enqueue(
        mail('blank'),
        {metadata.EXTENSION: extension},
        listid=mlist.list_id,
        to_list=True,
    )
    run(IncomingRunner, 'in')
    [(notice, _msgdata)] = queued('virgin')
    text = notice.get_payload(0).get_payload(decode=True).decode()
    assert ('ant+new@' in text) is is_offered


def test_what_was_delivered_or_is_automatic_waits_for_no_moderator(mlist):
    again = letter('Anne', None, message_id='<again@example.com>')
    delivery.finish(posted(mlist, again))
    for fields in {'message_id': '<again@example.com>'}, {'X_Autoreply': 'yes'}:
        msg = letter('Bart', None, **fields)
        assert send(mlist, msg, 'picnic') == []
    assert held(mlist) == 0
