# SPDX-License-Identifier: GPL-3.0-or-later
"""Real archives go through, and every message ends up where it belongs.

The beginnings of two stretches of real lists, of which only the structure is left, are
handed in message by message.  None is shunted, held or lost, and the conversations
are those of the `model`.  The archives are not part of the package; where none is at
hand, the story that the package ships stands in, and the run says so in its last lines.
"""

from __future__ import annotations

import mailbox
import re
from collections import Counter
from email.message import Message
from email.utils import getaddresses, parseaddr
from importlib.resources import as_file, files
from types import SimpleNamespace
from typing import Any

import pytest
from mailman.app.lifecycle import create_list
from mailman.config import config
from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.member import DeliveryStatus
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner
from mailman.testing.helpers import (
    get_queue_messages,
    make_testable_runner,
    subscribe,
)
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.runners.lmtp import DlistLMTPHandler
from tests import archives
from tests.journeys.model import Threads


ARCHIVES = archives.AT_HAND or (archives.STORY,)
LIST = 'demo@lists.test'

# How many messages of each go through chain and pipeline, and how many through all of
# Mailman.  All 972 went through with the same result; they take a minute.
SOME, FEW = 200, 40

# Nothing is to be held; what is left of the messages looks odd enough.
OPEN_DOORS = {
    'send_welcome_message': False,
    'administrivia': False,
    'require_explicit_destination': False,
    'max_message_size': 0,
    'max_num_recipients': 0,
}


def archive(name: str) -> list[Message]:
    if name == archives.STORY:
        return story()
    return list(mailbox.mbox(archives.CORPUS / name))


def story() -> list[Message]:
    """Return the posts of the story, commands left out."""
    with as_file(files('mailman_dlist.demo') / archives.STORY) as path:
        return [each for each in mailbox.mbox(path) if extension(each) in
                ('', 'new', 'new+lamp-oil')]


def author(message: Message) -> str:
    return parseaddr(str(message['from']))[1].lower()


def extension(message: Message) -> str:
    [[_name, address], *_others] = getaddresses([str(message['to'])])
    return address.partition('@')[0].partition('+')[2]


def message_id(message: Message) -> str:
    return str(message['message-id']).strip().strip('<>')


def expected(messages: list[Message]) -> dict[str, str | None]:
    threads = Threads()
    return {message_id(each): threads.receive(each, extension(each))
            for each in messages}


def grouped(conversations: dict[str, Any]) -> set[frozenset[str]]:
    """Return which messages belong together, whatever it is called."""
    groups: dict[Any, set[str]] = {}
    for each, conversation in conversations.items():
        groups.setdefault(conversation, set()).add(each)
    return set(map(frozenset, groups.values()))


def in_this_process(messages: list[Message], posting: str) -> dict[str, str]:
    """Send messages through LMTP handler, chain and pipeline, without processes.

    :return: Message-ids, and the conversation in which each went out.
    """
    domains = getUtility(IDomainManager)
    if (host := posting.partition('@')[2]) not in domains:
        domains.add(host)
    mlist = create_list(posting, style_name='legacy-default')
    for name, value in OPEN_DOORS.items():
        setattr(mlist, name, value)
    lists.enable(mlist)
    for email in sorted(set(map(author, messages))):
        member = subscribe(mlist, email, email=email)
        member.preferences.delivery_status = DeliveryStatus.by_user
    subscribe(mlist, 'Anne')
    config.db.commit()
    handler = DlistLMTPHandler()
    for message in messages:
        to = posting.replace('@', f'+{extension(message)}@').replace('+@', '@')
        envelope = SimpleNamespace(
            mail_from=author(message), rcpt_tos=[to], content=message.as_bytes()
        )
        assert handler._handle_DATA(None, None, envelope) == '250 Ok'
    for runner, queue in ((IncomingRunner, 'in'), (PipelineRunner, 'pipeline')):
        make_testable_runner(runner, queue).run()
    for queue in ('shunt', 'bad', 'virgin', 'in', 'pipeline', 'dlist'):
        assert get_queue_messages(queue) == [], queue
    gone = get_queue_messages('out')
    assert {frozenset(each.msgdata['recipients']) for each in gone} == {
        frozenset({'aperson@example.com'})
    }
    assert len(get_queue_messages('archive')) == len(gone)
    counts = Counter(message_id(each.msg) for each in gone)
    assert set(counts.values()) == {1}
    return {message_id(each.msg): each.msg['x-dlist-conversation'] for each in gone}


@pytest.mark.parametrize('name', ARCHIVES)
def test_a_real_archive_comes_out_as_the_text_of_the_design_says(mailman, name):
    messages = archive(name)[:SOME]
    found = in_this_process(messages, LIST)
    assert set(found) == {message_id(each) for each in messages}
    assert grouped(found) == grouped(expected(messages))


def test_the_story_comes_out_as_the_text_of_the_design_says(mailman):
    messages = story()
    found = in_this_process(messages, 'village@example.org')
    assert set(found) == {message_id(each) for each in messages}
    assert grouped(found) == grouped(expected(messages))
    assert len(set(found.values())) == 5


@pytest.mark.parametrize('name', ARCHIVES)
def test_a_running_mailman_loses_none_of_it(village, name):
    messages = archive(name)[:FEW]
    number = ARCHIVES.index(name)
    ant = village.new_list(f'demo{number}', **OPEN_DOORS)
    anne, bart = ant.has('Anne', 'Bart')
    ant.default(bart, 'openings')
    village.site.mailman(
        'addmembers', '--delivery', 'disabled', '-', ant.list_id,
        input=''.join(f'{email}\n' for email in set(map(author, messages))),
    )
    for message in messages:
        to = ant.at(*filter(None, extension(message).split('+')))
        answers = village.site.deliver(author(message), to, message)
        assert [code for code, _text in answers.values()] == [250]
    village.site.settle()

    found = {message_id(mail): mail['x-dlist-conversation'] for mail in anne.inbox}
    assert len(anne.inbox) == len(messages)
    assert set(found) == {message_id(each) for each in messages}
    conversations = expected(messages)
    assert grouped(found) == grouped(conversations)
    openings = {each for each in conversations if conversations[each] == each}
    assert {message_id(mail) for mail in bart.inbox} == openings
    names = set(found.values())
    assert all(re.fullmatch('[a-z0-9]+(-[a-z0-9]+)*', name) for name in names)
