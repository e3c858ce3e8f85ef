# SPDX-License-Identifier: GPL-3.0-or-later
"""What a crash leaves of a digest that is being collected is made good [U9]."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from mailbox import ExternalClashError
from pathlib import Path
from typing import Any

import pytest
from mailman.app.digests import maybe_send_digest_now
from mailman.config import config

from mailman_dlist.app import collecting
from mailman_dlist.model.session import store
from mailman_dlist.runners.digest import DlistDigestRunner
from tests.app.digests import delivered, sent, subjects, takes
from tests.app.post import posted
from tests.model.stage import join, letter, queued, run


pytestmark = pytest.mark.databases('sqlite')


@pytest.fixture
def mailbox(mlist: Any) -> Path:
    takes(join(mlist, 'Anne'))
    # Other tests have lists of that name.
    shutil.rmtree(mlist.data_path, ignore_errors=True)
    return Path(mlist.data_path) / 'digest.mmdf'


def collect(mlist: Any, subject: str) -> Any:
    msg = letter('stranger', subject)
    posted(mlist, msg)
    collect_again(mlist, msg)
    return msg


def collect_again(mlist: Any, msg: Any) -> None:
    handler = config.handlers['to-digest']
    collecting.collect(mlist, partial(handler.process, mlist, msg, {}))


def test_half_a_message_takes_none_of_the_others_along(mlist, mailbox):
    collect(mlist, 'Picnic')
    whole = mailbox.stat().st_size
    msg = collect(mlist, 'Goat')
    # In the middle of its header fields, or of its text.
    for octets in (40, 100, mailbox.stat().st_size - whole - 3):
        os.truncate(mailbox, whole + octets)
        collect_again(mlist, msg)
    collect(mlist, 'Bridge')
    found = subjects(sent(mlist)['anne'])
    assert [each for each in found if each] == ['Picnic', 'Goat', 'Bridge']


def test_a_lock_of_the_dead_is_broken(mlist, mailbox):
    collect(mlist, 'Picnic')
    lock = mailbox.with_name('digest.mmdf.lock')
    lock.touch()
    long_ago = time.time() - collecting.PATIENCE_SECONDS - 1
    os.utime(lock, (long_ago, long_ago))
    collect(mlist, 'Goat')
    assert not lock.exists()
    assert subjects(sent(mlist)['anne']) == ['Picnic', 'Goat']


def test_a_lock_of_the_living_is_waited_for_and_kept(mlist, mailbox, monkeypatch):
    monkeypatch.setattr(collecting, 'PAUSE_SECONDS', 0.0)
    collect(mlist, 'Picnic')
    lock = mailbox.with_name('digest.mmdf.lock')
    lock.touch()
    looks = []

    def held(_path: Any) -> None:
        looks.append(lock.exists())
        if len(looks) == 3:
            lock.unlink()

    monkeypatch.setattr(collecting, '_break_old_lock', held)
    collect(mlist, 'Goat')
    assert looks == [True] * 3
    monkeypatch.undo()

    # In the end a human has to look.
    monkeypatch.setattr(collecting, 'PATIENCE_SECONDS', 0.0)
    lock.touch()
    os.utime(lock, (time.time() + 60,) * 2)
    with pytest.raises(ExternalClashError):
        collect(mlist, 'Bridge')
    assert lock.exists()
    lock.unlink()


@pytest.mark.parametrize('job', ['lost', 'queued', 'done'])
def test_a_digest_that_a_crash_left_without_a_number_goes_out(mlist, mailbox, job):
    collect(mlist, 'Picnic')
    maybe_send_digest_now(mlist, force=True)
    # All of the transaction is lost.
    store().rollback()
    if job == 'lost':
        assert queued('digest')
    elif job == 'done':
        run(DlistDigestRunner, 'digest')
        assert subjects(delivered()['anne']) == ['Picnic']
    collect(mlist, 'Goat')
    if job != 'done':
        run(DlistDigestRunner, 'digest')
        assert subjects(delivered()['anne']) == ['Picnic']
        # The number is taken.
        assert mlist.next_digest_number == 2
    assert subjects(sent(mlist)['anne']) == ['Goat']
    assert queued('shunt') == []
