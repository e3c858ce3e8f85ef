# SPDX-License-Identifier: GPL-3.0-or-later
"""What a crash leaves of a digest that is being collected is made good [U9]."""

from __future__ import annotations

import os
import shutil
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from mailman.app.digests import maybe_send_digest_now
from mailman.config import config
from mailman.email.message import Message

from mailman_dlist.app.digests import mailbox as collecting
from mailman_dlist.app.digests.locks import locked
from mailman_dlist.domain.following import Default
from mailman_dlist.model.session import store
from mailman_dlist.runners.digest import DlistDigestRunner
from tests.app.digests import delivered, sent, subjects, takes
from tests.app.post import posted
from tests.model.stage import join, letter, queued, run
from tests.together import beside


@pytest.fixture
def mailbox(mlist: Any) -> Path:
    takes(join(mlist, 'Anne'))
    # Other tests have lists of that name.
    shutil.rmtree(mlist.data_path, ignore_errors=True)
    return Path(mlist.data_path) / 'digest.mmdf'


def collect(mlist: Any, subject: str) -> Any:
    msg = letter('stranger', subject)
    posted(mlist, msg)
    collecting.collect(mlist, msg)
    return msg


MARKS = """\
Hello!
\1\1\1\1
\1\1\1\1
From anne@example.com
From: anne@example.com
Subject: Forged
Message-ID: <picnic@example.com>

I resign.
\1\1\1\1"""
ONE_TEXT = '\n{0}'
PARTS = """\
Content-Type: multipart/mixed; boundary=b

{0}
--b

{0}
--b--
{0}"""


@pytest.mark.parametrize('form', [ONE_TEXT, PARTS])
@pytest.mark.parametrize('line_end', ['\n', '\r\n', '\r'])
def test_no_message_ends_in_the_mailbox_before_its_end(mlist, mailbox, form, line_end):
    collect(mlist, 'Picnic')
    head = 'Subject: Goat\nMessage-ID: <goat@example.com>\n'
    raw = (head + form.format(MARKS)).replace('\n', line_end)
    collecting.collect(mlist, message_from_bytes(raw.encode(), Message))
    collect(mlist, 'Bridge')
    digest = sent(mlist)['anne']
    assert subjects(digest) == ['Picnic', 'Bridge', 'Goat']
    assert b'\n>\1\1\1\1\n' in digest.as_bytes()


def test_a_digest_goes_out_without_what_cannot_be_read(mlist, mailbox):
    collect(mlist, 'Picnic')
    # A message with a mark in it, which Mailman put there while the list was plain.
    odd = letter('stranger', 'Goat')
    odd.set_payload('Hello!\n\1\1\1\1\n')
    for each in odd, letter('stranger', 'Bridge'):
        config.handlers['to-digest'].process(mlist, each, {})
    assert subjects(sent(mlist)['anne']) == ['Picnic', 'Goat']


def test_half_a_message_takes_none_of_the_others_along(mlist, mailbox):
    collect(mlist, 'Picnic')
    whole = mailbox.stat().st_size
    msg = collect(mlist, 'Goat')
    # In the mark before it, in its header fields, in its text.
    for octets in (1, 5, 40, 100, mailbox.stat().st_size - whole - 3):
        os.truncate(mailbox, whole + octets)
        collecting.collect(mlist, msg)
    collect(mlist, 'Bridge')
    assert subjects(sent(mlist)['anne']) == ['Picnic', 'Goat', 'Bridge']


@pytest.mark.parametrize('octets', [1, 5, 40, 180])
def test_half_a_message_at_the_end_is_in_no_digest(mlist, mailbox, octets):
    takes(join(mlist, 'Bart'), default=Default.nothing)
    collect(mlist, 'Picnic')
    whole = mailbox.stat().st_size
    msg = collect(mlist, 'Goat')
    os.truncate(mailbox, whole + octets)
    inbox = sent(mlist)
    assert inbox.keys() == {'anne'}
    assert subjects(inbox['anne']) == ['Picnic']
    # Then it comes again.
    collecting.collect(mlist, msg)
    assert subjects(sent(mlist)['anne']) == ['Goat']


def test_a_lock_of_the_dead_is_no_obstacle(mlist, mailbox):
    # Mailman leaves one on a plain list.
    collect(mlist, 'Picnic')
    mailbox.with_name('digest.mmdf.lock').touch()
    collect(mlist, 'Goat')
    assert subjects(sent(mlist)['anne']) == ['Picnic', 'Goat']


def test_who_waited_for_a_mailbox_that_is_let_go_adds_to_the_next(mlist, mailbox):
    let_go = mailbox.with_name('let-go.mmdf')
    collect(mlist, 'Picnic')

    def hold(ready: Any) -> None:
        with locked(mailbox):
            ready()
            time.sleep(0.5)
            mailbox.rename(let_go)

    with beside(hold):
        collect(mlist, 'Goat')
    assert b'Goat' not in let_go.read_bytes()
    assert subjects(sent(mlist)['anne']) == ['Goat']


def test_a_digest_may_be_let_go_by_two_at_once(mlist, mailbox, monkeypatch):
    mlist.digest_size_threshold = 0.01
    let_go = mailbox.with_name('digest.1.1.mmdf')

    def bump(_mlist: Any) -> None:
        # `mailman digests` is a little quicker.
        mailbox.rename(let_go)

    monkeypatch.setattr('mailman.app.digests.bump_digest_number_and_volume', bump)
    collect(mlist, 'Picnic')
    assert b'Picnic' in let_go.read_bytes()


def test_a_digest_waits_for_who_is_adding_to_it(mlist, mailbox):
    collect(mlist, 'Picnic')
    whole = mailbox.stat().st_size
    collect(mlist, 'Goat')
    goat = mailbox.read_bytes()[whole:]
    os.truncate(mailbox, whole)

    def add(ready: Any) -> None:
        with locked(mailbox) as file:
            ready()
            time.sleep(1)
            file.write(goat)

    with beside(add):
        assert subjects(sent(mlist)['anne']) == ['Picnic', 'Goat']


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
