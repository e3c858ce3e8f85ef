# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations come into being, once, with a name and all that belongs to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from mailman.app.moderator import handle_message, hold_message
from mailman.config import config
from mailman.interfaces.action import Action
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.requests import IListRequests
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner
from mailman.testing.helpers import LogFileMark
from mailman.utilities.datetime import now
from sqlalchemy import select
from zope.component import getUtility
from zope.event import subscribers

from mailman_dlist import metadata
from mailman_dlist.app import lists, lookup
from mailman_dlist.app.posts import accepting, delivery, judging
from mailman_dlist.app.posts.accepting import Accepted
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.interfaces.conversation import MessageKind, Posting
from mailman_dlist.interfaces.events import ConversationOpenedEvent
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
)
from mailman_dlist.model.following import Choices, choices_about
from mailman_dlist.model.session import store
from tests.app.post import accept, arrived, judge, open_conversation, posted
from tests.model.stage import (
    DAY,
    count_rows,
    give_alias,
    join,
    letter,
    new_list,
    pass_time,
    queued,
    run,
)


def opened_as(mlist: Any, subject: str, extension: str = 'new') -> str:
    return posted(mlist, letter('stranger', subject), extension).conversation.name


@pytest.mark.parametrize(('extension', 'subject', 'name'), [
    ('', 'Picnic', 'picnic'),
    ('new', 'Re: [Ant] Picnic (fwd)', 'picnic'),
    ('new', '=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus dem Süden', 'grusse-aus-dem-suden'),
    ('new', 'Bring cake and lemonade to the lake', 'bring-cake-and-lemonade-to-the'),
    ('new', 'Anti' + 30 * 'anti', 'antiantiantiantiantiantiantian'),
    ('new+lake', 'Picnic', 'lake'),
    ('new+the lake', 'Picnic', 'the-lake'),
    ('new+caf%C3%A9', 'Picnic', 'cafe'),
    ('new+%%%', 'Picnic', 'picnic'),
    ('new', '', 'conversation'),
    ('new', '[Ant]', 'conversation'),
    ('new', '🐜 !!!', 'conversation'),
    # Reserved words and bare numbers.
    ('new', 'Help', 'help-2'),
    ('new', 'new', 'new-2'),
    ('new+owner', 'Picnic', 'owner-2'),
    ('new', '2026', '2026-2'),
    # Given names may be as long as every address made from them allows.
    ('new+' + 20 * 'xyz', 'Picnic', (20 * 'xyz')[:41]),
])
def test_a_conversation_has_a_name(extension, subject, name, mlist):
    assert opened_as(mlist, subject, extension) == name
    found = lookup.find(mlist, name.upper())
    assert found is not None
    assert found.name == name


def test_namesakes_are_numbered_on_each_list(mlist):
    bee = new_list('bee')
    assert [opened_as(mlist, 'Picnic') for _ in range(3)] == [
        'picnic', 'picnic-2', 'picnic-3',
    ]
    assert opened_as(mlist, 'Re: picnic', 'new+picnic-2') == 'picnic-2-2'
    assert opened_as(mlist, 'Help') == 'help-2'
    assert opened_as(mlist, 'Help') == 'help-3'
    assert opened_as(bee, 'Picnic') == 'picnic'


def test_a_name_that_a_conversation_once_had_is_not_given_again(mlist):
    picnic = open_conversation(mlist)
    picnic.name = 'lake'
    store().add(
        ConversationName(
            list_id=mlist.list_id, name='lake', conversation_id=picnic.id
        )
    )
    # Of one that was deleted, the name stays.
    store().add(
        ConversationName(list_id=mlist.list_id, name='walk', conversation_id=None)
    )
    store().commit()
    assert opened_as(mlist, 'Picnic') == 'picnic-2'
    assert opened_as(mlist, 'Lake') == 'lake-2'
    assert opened_as(mlist, 'Walk') == 'walk-2'
    assert lookup.find(mlist, 'walk') is None
    assert lookup.find(mlist, 'picnic') is picnic


@pytest.mark.parametrize(('subject', 'kept'), [
    ('Picnic', 'Picnic'),
    ('=?utf-8?b?8J+QnCBhbnRz?=', '🐜 ants'),
    ('Two\n lines', 'Two lines'),
    (300 * 'x', 255 * 'x'),
    (300 * '🐜', 255 * '🐜'),
    ('', ''),
])
def test_the_subject_is_kept_as_people_read_it(subject, kept, mlist):
    conversation = posted(mlist, letter('stranger', subject)).conversation
    store().expire(conversation)
    assert conversation.subject == kept


def test_an_opening_is_remembered_with_its_time_and_told(mlist):
    told: list[Any] = []
    subscribers.append(told.append)
    try:
        picnic = open_conversation(mlist)
    finally:
        subscribers.remove(told.append)
    [event] = [each for each in told if isinstance(each, ConversationOpenedEvent)]
    assert (event.mlist, event.conversation) == (mlist, picnic)
    assert picnic.opened_at == picnic.last_post_at == now()
    assert picnic.posting is Posting.open
    pass_time(DAY)
    reply = posted(mlist, letter('stranger', answers='<picnic@example.com>'))
    assert reply.conversation is picnic
    assert not reply.opening
    assert picnic.opened_at == now() - DAY
    assert picnic.last_post_at == reply.message.posted_at == now()


# A thread comes in any order.


def test_replies_to_a_message_that_was_never_seen_find_each_other(mlist):
    first = posted(mlist, letter('Anne', 'Re: Lake', answers='<lost@example.com>'))
    second = posted(mlist, letter('Bart', 'Re: Lake', answers='<lost@example.com>'))
    assert first.opening
    assert not second.opening
    assert second.conversation is first.conversation


def test_a_late_parent_joins_its_replies(mlist):
    late = '<late@example.com>'
    reply = posted(mlist, letter('Anne', 'Re: Lake', answers=late))
    parent = posted(mlist, letter('Bart', 'Lake', message_id=late))
    assert parent.conversation is reply.conversation
    assert parent.message.kind is MessageKind.reply
    assert parent.message.posted_at == now()
    assert judge(mlist, letter('Cris', answers=late)).fate is Fate.continues


def test_a_late_parent_that_opens_a_conversation_by_name_is_its_first_message(mlist):
    late = '<late@example.com>'
    posted(mlist, letter('Anne', 'Re: Lake', answers=late))
    parent = posted(mlist, letter('Bart', 'Lake', message_id=late), 'new+boat')
    assert parent.opening
    assert parent.conversation.name == 'boat'
    answer = posted(mlist, letter('Cris', answers=late))
    assert answer.conversation is parent.conversation


@pytest.mark.parametrize(('unknown', 'owned'), [(0, 0), (1, 1), (20, 20), (25, 20)])
def test_a_conversation_owns_the_nearest_messages_it_refers_to(unknown, owned, mlist):
    ids = [f'<{number}@example.com>' for number in range(unknown)]
    opening = posted(mlist, letter('Anne', references=' '.join(ids)))
    found = (model.message(mlist.list_id, each) for each in ids)
    known = [row for row in found if row is not None]
    assert [row.message_id for row in known] == [
        each.strip('<>') for each in ids[len(ids) - owned:]
    ]
    assert {row.kind for row in known} <= {MessageKind.awaited}
    assert all(row.conversation is opening.conversation for row in known)


def test_what_belongs_elsewhere_already_is_not_taken_from_there(mlist):
    picnic = open_conversation(mlist)
    msg = letter('Anne', references='<picnic@example.com> <lost@example.com>')
    boat = posted(mlist, msg, 'new+boat').conversation
    for name, conversation in (('picnic', picnic), ('lost', boat)):
        parent = model.message(mlist.list_id, f'{name}@example.com')
        assert parent is not None
        assert parent.conversation is conversation


def test_a_message_may_refer_to_itself(mlist):
    own = '<self@example.com>'
    msg = letter('Anne', message_id=own, answers=own, references=own)
    accepted = posted(mlist, msg)
    assert accepted.opening
    assert accepted.message.message_id == 'self@example.com'
    assert rows()['dlist_message'] == 1


# The same message again.


@pytest.mark.parametrize('extension', ['', 'new', 'new+lake', 'picnic'])
def test_accepting_again_after_a_crash_gives_the_same(extension, mlist):
    open_conversation(mlist)
    msg = letter('Anne', 'Lake', references='<lost@example.com>')
    number = posted(mlist, msg, extension).conversation.id
    before = rows()
    pass_time(DAY)
    store().expunge_all()
    again = posted(store().merge(mlist), msg, extension)
    assert again.conversation.id == number
    assert again.opening == (extension != 'picnic')
    assert again.message.posted_at == now() - DAY
    assert rows() == before


def rows() -> dict[str, int]:
    return count_rows(Conversation, ConversationName, ConversationMessage)


def test_what_was_delivered_is_not_posted_again(mlist):
    msg = letter('Anne')
    accepted = posted(mlist, msg)
    delivery.finish(accepted)
    assert accept(mlist, msg) == Judgement(Fate.repeated, accepted.conversation)


@pytest.mark.parametrize('fate', [Fate.unknown, Fate.automatic])
def test_what_is_no_post_leaves_nothing(fate, mlist):
    fields = {'Auto_Submitted': 'auto-replied'} if fate is Fate.automatic else {}
    judgement = accept(mlist, letter('Anne', **fields), 'boat')
    assert isinstance(judgement, Judgement)
    assert judgement.fate is fate
    assert set(rows().values()) == {0}


def test_the_id_that_went_out_leads_to_the_conversation_too(mlist):
    """On an anonymous list people answer an id that its author never saw."""
    accepted = posted(mlist, letter('Anne', message_id='<in@example.com>'))
    delivery.publish(accepted, '<out@example.com>')
    delivery.publish(accepted, '<out@example.com>')
    delivery.publish(accepted, '<in@example.com>')
    store().commit()
    for parent in '<in@example.com>', '<out@example.com>':
        answer = judge(mlist, letter('Bart', answers=parent))
        assert answer.conversation is accepted.conversation
    # Our own message come back.
    ours = letter('Anne', message_id='<out@example.com>')
    assert judge(mlist, ours).fate is Fate.repeated
    assert rows()['dlist_message'] == 2


def test_an_anonymous_list_knows_its_own_outgoing_ids(mlist):
    mlist.anonymous_list = True
    join(mlist, 'Anne')
    send(mlist, letter('Anne', message_id='<in@example.com>'))
    [(sent, _msgdata)] = queued('out')
    assert sent['message-id'] != '<in@example.com>'
    answer = judge(mlist, letter('Bart', answers=sent['message-id']))
    assert answer.fate is Fate.continues


# Held and accepted.


def send(mlist: Any, msg: Any, extension: str = '') -> None:
    """Let a message pass moderation and, if it may, the pipeline."""
    config.switchboards['in'].enqueue(
        msg, {metadata.EXTENSION: extension}, listid=mlist.list_id, to_list=True
    )
    run(IncomingRunner, 'in')
    run(PipelineRunner, 'pipeline')


@pytest.mark.parametrize(('extension', 'name'), [
    ('', 'lake'), ('new', 'lake'), ('new+boat', 'boat'), ('picnic', 'picnic'),
])
def test_what_is_held_is_posted_when_a_moderator_accepts_it(extension, name, mlist):
    open_conversation(mlist)
    anne = join(mlist, 'Anne')
    anne.moderation_action = Action.hold
    before = rows()
    send(mlist, letter('Anne', 'Lake'), extension)
    assert rows() == before
    assert queued('out') == []
    [request] = IListRequests(mlist).held_requests
    handle_message(mlist, request.id, Action.accept)
    run(PipelineRunner, 'pipeline')
    [(sent, _msgdata)] = queued('out')
    assert sent['x-dlist-conversation'] == name
    assert lookup.find(mlist, name) is not None


def test_a_moderator_cannot_post_what_belongs_nowhere(mlist):
    """Accepted messages pass no chain; the pipeline itself refuses."""
    join(mlist, 'Anne')
    msg = letter('Anne', 'Lake')
    msgdata = {metadata.EXTENSION: 'boat', 'listid': mlist.list_id}
    request = hold_message(mlist, msg, msgdata)
    handle_message(mlist, request, Action.accept)
    run(PipelineRunner, 'pipeline')
    assert queued('out') == []
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == 'anne@example.com'
    assert 'ant+new@example.com' in str(notice)
    assert set(rows().values()) == {0}


# Mail of programs.


@pytest.mark.parametrize('by_alias', [False, True])
def test_a_tracker_posts_a_thread_follows_nothing_and_is_never_answered(
    by_alias, mlist
):
    bugs = join(mlist, 'Bugs')
    bugs.preferences.acknowledge_posts = True
    join(mlist, 'Anne')
    if by_alias:
        give_alias(mlist, bugs, 'desk@example.net')
    sender = 'desk@example.net' if by_alias else 'Bugs'
    thread = letter(sender, 'Oven smokes', message_id='<bug-1@example.com>'), letter(
        sender,
        'Oven',
        message_id='<bug-2@example.com>',
        answers='<bug-1@example.com>',
        X_Auto_Response_Suppress='All',
    )
    for msg in thread:
        msg['Auto-Submitted'] = 'auto-generated'
        send(mlist, msg)
    sent = queued('out')
    assert len(sent) == 2
    assert {msg['x-dlist-conversation'] for msg, _msgdata in sent} == {'oven-smokes'}
    assert {msg['auto-submitted'] for msg, _msgdata in sent} == {'auto-generated'}
    assert queued('virgin') == []
    [conversation] = store().scalars(select(Conversation))
    chosen = choices_about(conversation, bugs.member_id)
    assert chosen == Choices(None, None)


def test_where_new_mail_is_rejected_that_of_a_program_is_discarded(mlist):
    join(mlist, 'Anne')
    lists.change(mlist, {'plain_posts': 'reject'})
    store().commit()
    rejected, discarded = letter('Anne'), letter('Anne')
    discarded['Auto-Submitted'] = 'auto-generated'
    log = LogFileMark('mailman.vette')
    for msg in rejected, discarded:
        send(mlist, msg)
    [(notice, _msgdata)] = queued('virgin')
    assert rejected['message-id'] in str(notice)
    assert f'DISCARD: {discarded["message-id"]}' in log.read()
    assert queued('out') == []


# Many at once.


def at_once(*letters: Any) -> list[tuple[str, int, int]]:
    """Post every letter to *ant* from a thread of its own, all at one moment.

    :return: The name and number of each one's conversation, and its own number.
    """
    # One that fails must not let the others wait.
    together = Barrier(len(letters), timeout=60)

    def post(msg: Any) -> tuple[str, int, int]:
        try:
            ant = getUtility(IListManager).get_by_list_id('ant.example.com')
            together.wait()
            accepted = posted(ant, msg)
            conversation = accepted.conversation
            return conversation.name, conversation.id, accepted.message.id
        finally:
            config.db.close_session()

    with ThreadPoolExecutor(len(letters)) as pool:
        return list(pool.map(post, letters))


@pytest.mark.every_database
def test_openings_of_one_name_at_once_are_as_many_conversations(mlist):
    opened = at_once(*(letter(f'p{number}@example.com') for number in range(6)))
    names, ids, messages = map(set, zip(*opened, strict=True))
    assert names == {'picnic', *(f'picnic-{number}' for number in range(2, 7))}
    assert len(ids) == len(messages) == 6


@pytest.mark.every_database
def test_one_message_that_comes_twice_at_once_opens_one_conversation(mlist):
    first, second = at_once(
        *(letter('Anne', message_id='<1@example.com>') for _ in range(2))
    )
    assert first == second
    assert rows() == {'dlist_conversation': 1, 'dlist_name': 1, 'dlist_message': 1}


@pytest.mark.every_database
@pytest.mark.parametrize('judged_before', [False, True])
def test_a_message_that_another_runner_accepts_meanwhile_is_judged_again(
    judged_before, mlist, monkeypatch
):
    """The other one is ready exactly between our look and our writing."""
    msg = letter('Anne', message_id='<1@example.com>')
    open_it, faster = accepting._open, iter([True])

    def slowly(*args: Any) -> Conversation:
        if next(faster, False):
            at_once(msg)
        return open_it(*args)

    monkeypatch.setattr(accepting, '_open', slowly)
    arrival = arrived(mlist, msg)
    judged = judging.judge(arrival, arrival.thread) if judged_before else None
    accepted = accepting.accept(arrival, judged)
    assert isinstance(accepted, Accepted)
    assert accepted.conversation.name == 'picnic'
    assert accepted.message.conversation is accepted.conversation
    assert rows() == {'dlist_conversation': 1, 'dlist_name': 1, 'dlist_message': 1}
