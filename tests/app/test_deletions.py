# SPDX-License-Identifier: GPL-3.0-or-later
"""A list, a member or a conversation is deleted while mail is on its way [U2, U4].

Another process deletes it at each moment that matters in turn: before rows are written,
when they are written and not committed, and after each commit.  Afterwards no row is
left whose owner has gone, since the next list of that name would inherit it.  What a
member had is kept for a day, as `model.former` says.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Thread, get_ident
from typing import Any
from unittest.mock import patch

import pytest
from mailman.app.lifecycle import remove_list
from mailman.config import config
from mailman.email.message import Message
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.member import DeliveryMode
from mailman.interfaces.subscriptions import (
    ISubscriptionManager,
    SubscriptionPendingError,
)
from mailman.runners.pipeline import PipelineRunner
from sqlalchemy import event, func, literal, select, union_all
from sqlalchemy.orm import Session
from zope.component import getUtility

from mailman_dlist import metadata
from mailman_dlist.app import lists as app
from mailman_dlist.app import lookup
from mailman_dlist.app.digests.mailbox import _entry
from mailman_dlist.app.essays import workflow
from mailman_dlist.app.following import choices as following
from mailman_dlist.app.life import changing, merging
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.errors import Gone
from mailman_dlist.domain.following import Choice, Default
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.model import former
from mailman_dlist.model.base import Base
from mailman_dlist.model.base import metadata as tables
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
)
from mailman_dlist.model.core import address, lists, member
from mailman_dlist.model.following import MemberChoice
from mailman_dlist.model.session import LOST_RACES, store
from mailman_dlist.runners import dlist
from mailman_dlist.runners.digest import DlistDigestRunner
from mailman_dlist.runners.dlist import DlistRunner
from tests import core
from tests.app.post import open_conversation
from tests.model.stage import DAY, join, letter, new_list, now, person, queued, run


pytestmark = pytest.mark.every_database


# Seconds.  A deletion that waits for a lock has begun to wait by then; if it has not,
# less is tested.
BLOCKED = 0.1

OWNER = By(Door.cli)

VOUCHED = dict.fromkeys(['pre_verified', 'pre_confirmed', 'pre_approved'], True)

numbers = count()


@pytest.fixture(scope='module')
def site(mailman_database: None) -> Iterator[None]:
    with core.fresh_site():
        yield


# Who deletes.


def delete_list(name: str) -> None:
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    remove_list(mlist)


def delete_member(name: str) -> None:
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    for email in 'anne@example.com', 'gina@example.com':
        member = mlist.members.get_member(email)
        if member is not None:
            member.unsubscribe()


def delete_conversation(name: str) -> None:
    """Delete the conversation that was there first."""
    changing.forget(*picnic(name), OWNER)


def merge_conversation(name: str) -> None:
    """Merge the conversation that was there first into another one."""
    mlist, source = picnic(name)
    target = lookup.conversation_named(mlist, 'dinner')
    merging.merge(mlist, source, target, OWNER)


def picnic(name: str) -> tuple[Any, Conversation]:
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    return mlist, lookup.conversation_named(mlist, 'picnic')


class Deletion:
    """What another process does at one moment of ours.

    :param place: The number of the moment.
    """

    def __init__(self, work: Callable[[], None], place: int):
        self._work = work
        self._place = place
        self._thread: Thread | None = None
        self.error: Exception | None = None

    def moment(self) -> None:
        self._place -= 1
        if self._place == 0:
            self._thread = Thread(target=self._run)
            self._thread.start()
            self._thread.join(BLOCKED)

    def _run(self) -> None:
        try:
            self._work()
            config.db.commit()
        except Exception as error:
            self.error = error
        finally:
            config.db.close_session()

    def finish(self) -> bool:
        """Return whether the moment came at all."""
        if self._thread is None:
            return False
        self._thread.join(60)
        assert not self._thread.is_alive()
        return True


@contextmanager
def moments(deletion: Deletion) -> Iterator[None]:
    """Call the deletion at each moment of the sessions of this thread."""
    ours = get_ident()

    def after_flush(session: Session, *_more: Any) -> None:
        if get_ident() == ours and any(isinstance(each, Base) for each in session.new):
            deletion.moment()

    def after_commit(_session: Session) -> None:
        if get_ident() == ours:
            deletion.moment()

    registered: list[tuple[str, Any, dict[str, Any]]] = [
        # What has been read is not written yet.
        ('before_flush', lambda *given: after_flush(*given), {'insert': True}),
        # Before and after what the plugin does then.
        ('after_flush', lambda *given: after_flush(*given), {'insert': True}),
        ('after_flush', after_flush, {}),
        ('after_commit', after_commit, {}),
    ]
    for name, function, how in registered:
        event.listen(Session, name, function, **how)
    try:
        yield
    finally:
        for name, function, _how in registered:
            event.remove(Session, name, function)


# What is on its way.


def start() -> str:
    """Make a list with a conversation, and what each of the following needs.

    :return: Its name; it has a directory without files.
    """
    name = _start()
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    directory = Path(mlist.data_path)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return name


@core.built_once
def _start() -> str:
    name = f'l{next(numbers)}'
    mlist = new_list(name)
    settings = app.settings(mlist)
    settings.new_member_default = Default.nothing
    settings.essay = True
    mlist.subscription_policy = SubscriptionPolicy.open
    mlist.digests_enabled = True
    mlist.digest_size_threshold = 10_000
    join(mlist, 'Anne')
    join(mlist, 'Dora').preferences.delivery_mode = DeliveryMode.mime_digests
    open_conversation(mlist, sender='Dora')
    store().commit()
    return name


def post(name: str, extension: str) -> None:
    msg = letter('Anne', 'Lake', to=f'{name}@example.com')
    msgdata = {metadata.EXTENSION: extension}
    config.switchboards['pipeline'].enqueue(
        msg, msgdata, listid=f'{name}.example.com', to_list=True
    )
    run(PipelineRunner, 'pipeline')


def command(name: str) -> None:
    msg = letter('Anne', '', to=f'{name}@example.com')
    config.switchboards['dlist'].enqueue(
        msg,
        {metadata.EXTENSION: 'picnic+unsubscribe'},
        listid=f'{name}.example.com',
        to_list=True,
    )
    # The commits of its chores have nothing to do with the command.
    with patch.dict(dlist.CHORES, clear=True):
        run(DlistRunner, 'dlist')


def digest(name: str) -> None:
    # The first mail of the list is in its mailbox.
    config.switchboards['digest'].enqueue(
        Message(), listid=f'{name}.example.com', **issue(name)
    )
    run(DlistDigestRunner, 'digest')


def issue(name: str) -> dict[str, Any]:
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    path = Path(mlist.data_path, 'digest.1.1.mmdf')
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_entry(letter('Dora', message_id='<picnic@example.com>')))
    return {'digest_path': str(path), 'volume': 1, 'digest_number': 1}


def subscribe(name: str) -> None:
    """Join where new members have a default of their own."""
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    address = person('Gina').preferred_address
    with suppress(Gone, SubscriptionPendingError, *LOST_RACES):
        ISubscriptionManager(mlist).register(address, **VOUCHED)
    config.db.abort()


def answer(name: str) -> None:
    """Ask to join where questions are asked, and answer them."""
    mlist = getUtility(IListManager).get_by_list_id(f'{name}.example.com')
    address = person('Gina').preferred_address
    with suppress(Gone, SubscriptionPendingError, *LOST_RACES):
        workflow.subscribe(mlist, address, None, pre_verified=True)
        workflow.subscribe(mlist, address, 'I like ants.', **VOUCHED)
        config.db.commit()
    config.db.abort()


def unshunt() -> None:
    """Do again what was shunted, as ``mailman unshunt`` does."""
    for msg, msgdata in queued('shunt'):
        queue = msgdata.pop('whichq')
        config.switchboards[queue].enqueue(msg, msgdata)
        run(RUNNERS[queue], queue)


def orphans() -> dict[str, int]:
    """Count the rows of each table whose list, member or conversation has gone.

    Those of former members are not among them.
    """
    config.db.abort()
    counts = {str(column): number for column, number in store().execute(ORPHANS)}
    config.db.abort()
    return {column: number for column, number in counts.items() if number}


def _orphans() -> Any:
    """Return one statement for all columns: to write each again takes its time."""
    owners = {
        'list_id': select(lists.c.list_id),
        'member_id': select(member.c._member_id).union(select(former.Former.member_id)),
        'conversation_id': select(Conversation.id),
    }
    columns = [
        (table.c[key], existing)
        for table in tables.sorted_tables
        for key, existing in owners.items()
        if key in table.c
    ]
    assert len(columns) > len(owners)
    return union_all(*(
        select(literal(str(column)), func.count()).where(
            column.is_not(None), column.not_in(existing)
        )
        for column, existing in columns
    ))


ORPHANS = _orphans()


RUNNERS = {
    'pipeline': PipelineRunner, 'dlist': DlistRunner, 'digest': DlistDigestRunner,
}
DELETIONS = {
    each.__name__: each for each in (delete_list, delete_member, delete_conversation)
}
WORKS: dict[str, Callable[[str], None]] = {
    'opening': lambda name: post(name, 'new'),
    'reply': lambda name: post(name, 'picnic'),
    'command': command,
    'digest': digest,
    'subscribe': subscribe,
    'answer': answer,
}


@pytest.mark.parametrize(('work', 'what'), [
    (work, what)
    for work in WORKS
    for what in DELETIONS
    # The others have nothing to do with the conversation.
    if what != 'delete_conversation' or work in ('reply', 'command', 'digest')
])
def test_no_row_outlives_its_owner(work: str, what: str, site: None) -> None:
    for place in count(1):
        name = start()
        deletion = Deletion(partial(DELETIONS[what], name), place)
        with moments(deletion):
            WORKS[work](name)
        came = deletion.finish()
        where = f'{what} at moment {place} of {work}'
        assert deletion.error is None, where
        assert orphans() == {}, where
        unshunt()
        assert orphans() == {}, where
        assert queued('shunt') == [], where
        former.forget(now() + 2 * DAY)
        store().commit()
        assert store().scalars(select(former.Former)).all() == []
        assert orphans() == {}, where
        for queue in 'in', 'out', 'virgin', 'archive', 'digest', 'pipeline', 'dlist':
            queued(queue)
        if not came:
            break
    assert place > 1


@pytest.mark.parametrize('work', ['reply', 'command'])
def test_what_is_on_its_way_is_merged_as_well(work: str, site: None) -> None:
    for place in count(1):
        name = start()
        mlist, conversation = picnic(name)
        bart = join(mlist, 'Bart')
        following.settings_of(mlist, bart).default = Default.everything
        number = open_conversation(mlist, 'dinner', sender='Dora').id
        following.choose(mlist, conversation, bart, Choice.mute, By(Door.mail))
        store().commit()
        merger = Deletion(partial(merge_conversation, name), place)
        with moments(merger):
            WORKS[work](name)
        came = merger.finish()
        if not came:
            merge_conversation(name)
            store().commit()
        where = f'merged at moment {place} of {work}'
        assert merger.error is None, where
        unshunt()
        assert queued('shunt') == [], where
        assert orphans() == {}, where
        sent = [each for _msg, data in queued('out') for each in data['recipients']]
        rows: Any = store().execute(
            select(address.c.email, MemberChoice.choice)
            .join(member, member.c._member_id == MemberChoice.member_id)
            .join(address, address.c.id == member.c.address_id)
            .where(MemberChoice.conversation_id == number)
        ).all()
        choices = dict(rows)
        assert choices['bart@example.com'] is Choice.mute, where
        if work == 'command':
            assert choices['anne@example.com'] is Choice.mute, where
        else:
            assert sent == ['anne@example.com'], where
            assert store().scalar(select(ConversationMessage.conversation_id).where(
                ConversationMessage.list_id == mlist.list_id,
                ConversationMessage.kind == MessageKind.reply,
            )) == number, where
        for queue in 'in', 'out', 'virgin', 'archive', 'digest', 'pipeline', 'dlist':
            queued(queue)
        if not came:
            break
    assert place > 1
