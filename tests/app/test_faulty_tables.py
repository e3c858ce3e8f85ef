# SPDX-License-Identifier: GPL-3.0-or-later
"""Where our tables are amiss, nothing of ours works, and nothing is lost.

An admin may have upgraded the program and forgotten the tables, or gone back to
an older release.  Dlists wait until that is mended; plain lists go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mailman.app.lifecycle import remove_list
from mailman.config import config
from mailman.core.switchboard import Switchboard
from mailman.interfaces.listmanager import IListManager
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner
from sqlalchemy import text
from zope.component import getUtility

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.site import ready
from mailman_dlist.model import base, schema
from mailman_dlist.model.schema import VERSION_TABLE, SchemaError
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.post import judge
from tests.model.stage import join, letter, new_list, queued, run


pytestmark = pytest.mark.every_database


def execute(statement: str) -> None:
    with config.db.engine.begin() as connection:
        connection.execute(text(statement))


class Amiss:
    """Tables that are not those of this release; once mended, they are."""

    def __init__(self, spoil: Callable[[], None], mend: Callable[[], object]):
        self._spoil, self._mend = spoil, mend

    def spoil(self) -> None:
        # A transaction that is open would keep the tables as they are.
        config.db.close_session()
        self._spoil()
        schema._checked = None

    def mend(self) -> None:
        config.db.close_session()
        self._mend()


def drop_all() -> None:
    base.metadata.drop_all(config.db.engine)
    execute(f'DROP TABLE {VERSION_TABLE}')


@pytest.fixture(params=['missing', 'older', 'newer'])
def amiss(request: pytest.FixtureRequest, mailman: Any) -> Iterator[Amiss]:
    """Not yet: lists and members come first."""
    head = schema.head()

    def stamp(revision: str) -> Callable[[], None]:
        return lambda: execute(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")

    with pytest.MonkeyPatch.context() as patch:
        kinds = {
            'missing': Amiss(drop_all, schema.upgrade),
            'newer': Amiss(stamp('9999'), stamp(head)),
            # The tables are as they were; a newer program has come.
            'older': Amiss(
                lambda: patch.setattr(schema, 'head', lambda: '9999'), patch.undo
            ),
        }
        yield kinds[request.param]
        kinds[request.param].mend()


def again(list_id: str) -> Any:
    """Return a list from the session that Mailman has now."""
    return getUtility(IListManager).get_by_list_id(list_id)


def enqueue(queue: str, mlist: Any, msg: Any, extension: str = '') -> None:
    config.switchboards[queue].enqueue(
        msg, {metadata.EXTENSION: extension}, listid=mlist.list_id, to_list=True
    )


def unshunt() -> None:
    """Do what ``mailman unshunt`` does."""
    for msg, msgdata in queued('shunt'):
        Switchboard.enqueue(config.switchboards[msgdata['whichq']], msg, msgdata)


def test_nothing_of_ours_works(amiss, mlist):
    amiss.spoil()
    ant = again('ant.example.com')
    for attempt in (
        ready,
        lambda: judge(ant, letter('Anne')),
        lambda: join(ant, 'Anne'),
    ):
        with pytest.raises(SchemaError):
            attempt()
        config.db.abort()
    with pytest.raises(ValueError, match='mailman-dlist'):
        new_list('bee')
    assert again('bee.example.com') is None
    amiss.mend()
    assert ready()
    assert lists.is_dlist(new_list('bee'))


def test_mail_to_a_dlist_waits_until_the_tables_are_mended(amiss, mlist):
    join(mlist, 'Anne')
    amiss.spoil()
    ant = again('ant.example.com')
    enqueue('in', ant, letter('Anne', message_id='<held@example.com>'))
    enqueue('pipeline', ant, letter('Anne', message_id='<accepted@example.com>'))
    enqueue('dlist', ant, letter('Anne', 'Hush'), 'picnic+unsubscribe')
    work()
    assert queued('out') == []
    assert queued('virgin') == []
    assert len(config.switchboards['shunt'].files) == 3
    amiss.mend()
    unshunt()
    work()
    sent = [msg['message-id'] for msg, _msgdata in queued('out')]
    assert sorted(sent) == ['<accepted@example.com>', '<held@example.com>']
    # Whichever came first, the command or the picnic: Anne was answered.
    assert len(queued('virgin')) == 1
    assert queued('shunt') == []


def work() -> None:
    for runner, queue in (
        (IncomingRunner, 'in'), (PipelineRunner, 'pipeline'), (DlistRunner, 'dlist'),
    ):
        run(runner, queue)


def test_plain_lists_go_on(amiss, mailman):
    bee = new_list('bee', 'legacy-default')
    join(bee, 'Anne')
    amiss.spoil()
    bee = again('bee.example.com')
    bart = join(bee, 'Bart')
    enqueue('in', bee, letter('Anne', to='bee@example.com'))
    work()
    [(_msg, msgdata)] = queued('out')
    assert msgdata['recipients'] == {'anne@example.com', 'bart@example.com'}
    bart.unsubscribe()
    config.db.commit()
    remove_list(bee)
    config.db.commit()
    assert again('bee.example.com') is None
    assert queued('shunt') == []


def test_members_may_leave_and_lists_may_go(amiss, mlist):
    """What we know of them stays behind; nobody is held back for that."""
    anne, _bart = join(mlist, 'Anne'), join(mlist, 'Bart')
    amiss.spoil()
    ant = again('ant.example.com')
    anne = ant.members.get_member('anne@example.com')
    anne.unsubscribe()
    config.db.commit()
    assert ant.members.member_count == 1
    remove_list(ant)
    config.db.commit()
    assert again('ant.example.com') is None
