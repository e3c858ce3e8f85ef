# SPDX-License-Identifier: GPL-3.0-or-later
"""A message on its way out: to whom, in which groups, each step once."""

from __future__ import annotations

from typing import Any

import pytest
from mailman.config import config

from mailman_dlist.app.following import choices
from mailman_dlist.app.posts import delivery
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Default, Why
from mailman_dlist.model.conversations import Step
from mailman_dlist.model.session import store
from tests.app.post import open_conversation, posted
from tests.model.stage import join, join_all, letter


@pytest.mark.parametrize('as_user', [False, True])
@pytest.mark.parametrize('level', ['member', 'address', 'user', None])
@pytest.mark.parametrize('wanted', [False, True])
def test_own_posts_come_back_as_on_a_plain_list(wanted, level, as_user, mlist):
    anne = join(mlist, 'Anne', as_user=as_user)
    join(mlist, 'Bart')
    party = {'member': anne, 'address': anne.address, 'user': anne.user, None: None}
    if party[level] is not None:
        party[level].preferences.receive_own_postings = wanted
    msg = letter(anne)
    msgdata: dict[str, Any] = {}
    config.handlers['member-recipients'].process(mlist, msg, msgdata)
    heard = delivery.recipients(posted(mlist, msg))
    assert heard.keys() == msgdata['recipients']
    assert ('anne@example.com' in heard) is (wanted or level is None)


def test_an_opening_goes_to_two_groups_that_share_nobody(mlist):
    anne, bart, cris, dora, emma = join_all(
        mlist, 'Anne', 'Bart', 'Cris', 'Dora', 'Emma'
    )
    choices.settings_of(mlist, bart).default = Default.openings
    choices.settings_of(mlist, cris).default = Default.nothing
    # Who opens a conversation follows it, whatever the default.
    choices.settings_of(mlist, dora).default = Default.openings
    accepted = posted(mlist, letter(dora))
    heard = delivery.recipients(accepted)
    told = {
        anne: Why.everything,
        bart: Why.openings,
        dora: Why.opened,
        emma: Why.everything,
    }
    assert heard == {member.address.email: why for member, why in told.items()}
    groups = {
        group.step: group for group in delivery.groups(accepted, heard, heard)
    }
    assert groups.keys() == {Step.hearing, Step.opening}
    assert groups[Step.opening].recipients == {'bart@example.com'}
    assert groups[Step.hearing].recipients == heard.keys() - {'bart@example.com'}
    footers = {step: group.decoration for step, group in groups.items()}
    assert footers[Step.hearing]['dlist_footer'] == 'dlist:footer:conversation'
    assert footers[Step.opening]['dlist_footer'] == 'dlist:footer:opening'


def test_a_reply_goes_to_one_group_of_those_who_hear_it(mlist):
    picnic = open_conversation(mlist)
    anne, bart, cris = join_all(mlist, 'Anne', 'Bart', 'Cris')
    choices.choose(mlist, picnic, bart, Choice.mute, By(Door.mail))
    choices.settings_of(mlist, cris).default = Default.openings
    accepted = posted(mlist, letter(anne), 'picnic')
    heard = delivery.recipients(accepted)
    assert heard == {'anne@example.com': Why.replied}
    [group] = delivery.groups(accepted, heard, heard)
    assert group.step is Step.hearing


@pytest.mark.parametrize(('left', 'groups'), [
    (set(), []),
    # Somebody was named in Cc, and core's handler took them out.
    ({'anne@example.com'}, [{'anne@example.com'}]),
    # Somebody was added by a handler that we do not know.
    ({'anne@example.com', 'x@example.net'}, [{'anne@example.com', 'x@example.net'}]),
    ({'bart@example.com', 'x@example.net'}, [{'x@example.net'}, {'bart@example.com'}]),
])
def test_groups_are_of_those_whom_other_handlers_left(left, groups, mlist):
    accepted = posted(mlist, letter('stranger'))
    heard = {'anne@example.com': Why.everything, 'bart@example.com': Why.openings}
    made = [group.recipients for group in delivery.groups(accepted, heard, left)]
    assert made == groups


def test_a_step_is_done_once_and_again_where_it_failed(mlist):
    accepted = posted(mlist, letter('stranger'))
    done: list[Step] = []

    def fail() -> None:
        raise OSError

    for step in Step.archive, Step.hearing:
        with pytest.raises(OSError):
            delivery.once(accepted, step, fail)
        store().rollback()
        for _ in range(2):
            delivery.once(accepted, step, lambda step=step: done.append(step))
    assert done == [Step.archive, Step.hearing]
    assert accepted.message.steps == Step.archive | Step.hearing
    delivery.finish(accepted)
    assert accepted.message.delivered_at is not None


@pytest.mark.parametrize('step', [Step.digest, Step.after_delivery])
def test_a_step_that_may_be_repeated_is_committed_with_the_next(step, mlist):
    accepted = posted(mlist, letter('stranger'))
    for follows, done in (None, Step.none), (Step.archive, step | Step.archive):
        delivery.once(accepted, step, lambda: None)
        if follows is not None:
            delivery.once(accepted, follows, lambda: None)
        store().rollback()
        assert accepted.message.steps == done


@pytest.mark.parametrize(('step', 'setting'), [
    (Step.digest, 'digests_enabled'),
    (Step.usenet, 'gateway_to_news'),
    (Step.acknowledge, 'acknowledge_posts'),
])
@pytest.mark.parametrize('on', [True, False])
def test_what_is_switched_off_is_done_and_not_recorded(step, setting, on, mlist):
    anne = join(mlist, 'Anne')
    setattr(anne.preferences if step is Step.acknowledge else mlist, setting, on)
    accepted = posted(mlist, letter(anne))
    done: list[Step] = []
    for _ in range(2):
        delivery.once(accepted, step, lambda: done.append(step))
    assert len(done) == (1 if on else 2)
    assert bool(accepted.message.steps & step) is on


@pytest.mark.parametrize('failing', [Step.hearing, Step.opening])
def test_each_group_goes_out_once_though_one_fails(failing, mlist):
    accepted = posted(mlist, letter('stranger'))
    heard = {'anne@example.com': Why.everything, 'bart@example.com': Why.openings}
    gone: list[Step] = []
    failures = iter([OSError])

    def queue(group: delivery.Group) -> None:
        if group.step is failing:
            for failure in failures:
                raise failure
        gone.append(group.step)

    def hand_over() -> None:
        delivery.hand_over(accepted, delivery.groups(accepted, heard, heard), queue)

    with pytest.raises(OSError):
        hand_over()
    store().rollback()
    assert accepted.message.delivered_at is None
    hand_over()
    store().rollback()
    assert gone == [Step.hearing, Step.opening]
    assert accepted.message.delivered_at is not None


def test_a_crash_after_the_last_group_repeats_that_one_alone(mlist, monkeypatch):
    accepted = posted(mlist, letter('stranger'))
    heard = {'anne@example.com': Why.everything, 'bart@example.com': Why.openings}
    gone: list[Step] = []

    def hand_over() -> None:
        groups = delivery.groups(accepted, heard, heard)
        delivery.hand_over(accepted, groups, lambda group: gone.append(group.step))

    with monkeypatch.context() as crash:
        crash.setattr(delivery, 'finish', lambda _accepted: store().rollback())
        hand_over()
    assert accepted.message.steps == Step.hearing
    hand_over()
    assert gone == [Step.hearing, Step.opening, Step.opening]


def test_what_nobody_hears_is_delivered_as_well(mlist):
    accepted = posted(mlist, letter('stranger'))
    delivery.hand_over(accepted, [], lambda group: None)
    store().rollback()
    assert accepted.message.delivered_at is not None
