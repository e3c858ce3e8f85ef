# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, names and message-ids of conversations, as the tables keep them."""

from __future__ import annotations

from itertools import chain, count

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.mail.references import id_hash
from mailman_dlist.model import conversations
from mailman_dlist.model.conversations import Conversation, ConversationName
from mailman_dlist.model.session import committed, store
from tests.model.stage import DAY, counted, new_conversation, new_list, now


pytestmark = pytest.mark.every_database


def test_a_number_is_never_used_again(mlist):
    numbers = []
    for _ in range(3):
        conversation = new_conversation(mlist)
        numbers.append(conversation.id)
        store().commit()
        for table in ConversationName, Conversation:
            store().execute(delete(table))
        store().commit()
    assert numbers[0] < numbers[1] < numbers[2]


def test_a_message_id_counts_on_its_list_alone(mlist):
    bee = new_list('bee')
    for conversation in new_conversation(mlist), new_conversation(bee):
        conversations.add_message(conversation, '<1@example.com>', MessageKind.opening)
    store().commit()
    for each in mlist, bee:
        found = conversations.message(each.list_id, '<1@example.com>')
        assert found is not None
        assert found.conversation.list_id == each.list_id


def test_a_list_knows_a_message_id_once(mlist):
    conversation = new_conversation(mlist)
    conversations.add_message(conversation, '<1@example.com>', MessageKind.opening)
    store().commit()
    conversations.add_message(conversation, ' 1@example.com ', MessageKind.awaited)
    with pytest.raises(IntegrityError):
        store().flush()
    store().rollback()


@pytest.mark.parametrize('message_id', [
    'a' * 900 + '@example.com',
    'été🐜@example.com',
    "o'hara%_@example.com",
])
def test_any_message_id_is_known_again(message_id, mlist):
    conversations.add_message(new_conversation(mlist), message_id, MessageKind.opening)
    store().commit()
    found = conversations.message(mlist.list_id, f'<{message_id}>')
    assert found is not None
    assert found.message_id == message_id
    assert conversations.message(mlist.list_id, message_id.upper()) is None


def test_of_many_messages_those_are_found_that_the_list_knows(mlist):
    conversation = new_conversation(mlist)
    for name in 'abc':
        conversations.add_message(conversation, name, MessageKind.reply)
    store().commit()
    found = conversations.with_hashes(mlist.list_id, [id_hash('c'), id_hash('x')])
    assert [row.message_id for row in found.values()] == ['c']
    assert conversations.with_hashes(mlist.list_id, []) == {}


def test_a_free_name_is_found_in_few_statements(mlist):
    store().add_all(
        ConversationName(list_id=mlist.list_id, name=f'picnic-{number}')
        for number in range(2, 1000)
    )
    store().commit()
    names = chain(['picnic'], (f'picnic-{number}' for number in count(2)))
    assert conversations.free_name(mlist.list_id, names) == 'picnic'
    store().add(ConversationName(list_id=mlist.list_id, name='picnic'))
    with counted() as statements:
        assert conversations.free_name(mlist.list_id, names) == 'picnic-1000'
    assert len(statements) <= 10
    with pytest.raises(LookupError):
        conversations.free_name(mlist.list_id, iter(['picnic-2']))


def test_the_latest_posts_make_the_latest_names(mlist):
    for age, name in enumerate(['old', 'older', 'oldest']):
        new_conversation(mlist, name).last_post_at = now() - age * DAY
    new_conversation(new_list('bee'), 'elsewhere')
    store().commit()
    assert conversations.latest_names(mlist.list_id) == ['old', 'older', 'oldest']
    assert conversations.latest_names(mlist.list_id, 1) == ['old']


def test_posts_are_counted_and_awaited_messages_are_not(mlist):
    picnic, walk = new_conversation(mlist), new_conversation(mlist, 'walk')
    for name in 'ab':
        row = conversations.add_message(picnic, name, MessageKind.reply)
        row.posted_at = now()
    conversations.add_message(picnic, 'c', MessageKind.awaited)
    store().commit()
    assert conversations.overview(picnic).posts == 2
    assert conversations.overview(walk).posts == 0


def test_a_lost_race_is_run_again(mlist):
    """Two runners open a conversation of one name; both will have one."""
    new_conversation(mlist)
    store().commit()
    names = iter(['picnic', 'picnic', 'picnic-2'])
    assert committed(lambda: new_conversation(mlist, next(names))).name == 'picnic-2'


def test_a_race_that_is_always_lost_is_an_error_and_leaves_nothing(mlist):
    new_conversation(mlist)
    store().commit()
    with pytest.raises(IntegrityError):
        committed(lambda: new_conversation(mlist, 'picnic'))
    assert conversations.latest_names(mlist.list_id) == ['picnic']
