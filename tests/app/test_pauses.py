# SPDX-License-Identifier: GPL-3.0-or-later
"""Muting for a while: what counts afterwards, and what is told [U12]."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.mailinglist import IListArchiverSet
from mailman.utilities.datetime import now
from sqlalchemy import delete, update
from sqlalchemy.orm import sessionmaker

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices, pauses
from mailman_dlist.app.lifecycle import forget_former
from mailman_dlist.app.notices import sending
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Default, Reason, Standing
from mailman_dlist.metadata import EXTENSION
from mailman_dlist.model import audience
from mailman_dlist.model import following as model
from mailman_dlist.model.core import member
from mailman_dlist.model.following import MemberChoice, Pause
from mailman_dlist.model.session import store
from mailman_dlist.runners import dlist
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.post import obey, posted
from tests.model.stage import (
    DAY,
    choose,
    count_rows,
    give_alias,
    join,
    letter,
    new_conversation,
    new_list,
    pass_time,
    queued,
    run,
)


pytestmark = pytest.mark.every_database


FOLLOW, MUTE = Choice.follow, Choice.mute

NO_ROWS = {'dlist_choice': 0, 'dlist_pause': 0}


def command(mlist: Any, member: Any, extension: str) -> None:
    """Send a command; its answer is not looked at."""
    obey(mlist, letter(member), extension)
    queued('virgin')


def pause(mlist: Any, member: Any, span: str = '7d') -> None:
    command(mlist, member, f'picnic+unsubscribe+{span}')


def hears(mlist: Any, conversation: Any, member: Any) -> bool:
    heard = audience.recipients(choices.hearing(mlist, conversation))
    return member.address.email in heard


def told() -> list[str]:
    """End what is over, and return what members are told."""
    pauses.end_pauses()
    return [
        msg.get_payload(decode=True).decode() for msg, _msgdata in queued('virgin')
    ]


@pytest.mark.parametrize('default', Default)
@pytest.mark.parametrize('before', [
    None, (FOLLOW, Reason.opened), (FOLLOW, Reason.link), (MUTE, Reason.mail),
])
def test_what_counted_before_counts_again(before, default, mlist, picnic, anne):
    choices.settings_of(mlist, anne).default = default
    if before:
        choice, reason = before
        choices.choose(mlist, picnic, anne, choice, By(Door.mail), reason=reason)
    store().commit()
    heard = hears(mlist, picnic, anne)
    standing = choices.standing(mlist, picnic, anne)

    before_it = lasting(picnic, anne)
    pause(mlist, anne)
    paused = Standing(default, MUTE, Reason.mail, now() + 7 * DAY)
    for _day in range(7):
        assert choices.standing(mlist, picnic, anne) == paused
        assert not hears(mlist, picnic, anne)
        assert told() == []
        pass_time(DAY)
    # The end counts at once, whether somebody has looked or not.
    for _look in range(2):
        assert choices.standing(mlist, picnic, anne) == standing
        assert hears(mlist, picnic, anne) is heard
        pauses.end_pauses()
    assert lasting(picnic, anne) == before_it
    assert (before_it and before_it[:2]) == before
    assert model.choices_about(picnic, anne.member_id).pause is None


def lasting(conversation: Any, member: Any) -> Any:
    """Return all that is stored of a choice without an end."""
    store().expire_all()
    row, _pause = model.choices_about(conversation, member.member_id)
    return row and (row.choice, row.reason, row.made_at, row.told)


@pytest.mark.parametrize(('before', 'says'), [
    (None, 'you receive all messages'),
    (FOLLOW, 'you follow it'),
    (MUTE, 'you have muted it'),
])
def test_members_see_what_counts_again_at_once(before, says, mlist, picnic, anne):
    def seen() -> str:
        obey(mlist, letter(anne), 'conversations')
        [(answer, _msgdata)] = queued('virgin')
        return answer.get_payload(decode=True).decode()

    if before:
        choices.choose(mlist, picnic, anne, before, By(Door.mail))
    pause(mlist, anne)
    assert f'picnic: you have muted it until {now() + 7 * DAY:%Y-%m-%d}\n' in seen()
    pass_time(7 * DAY)
    assert f'picnic: {says}\n' in seen()


@pytest.mark.parametrize(('before', 'says'), [
    (None, 'you receive all messages'),
    (FOLLOW, 'you follow it'),
    (MUTE, 'you have muted it'),
])
def test_the_member_is_told_once_what_was_missed(before, says, mlist, picnic, anne):
    if before:
        choices.choose(mlist, picnic, anne, before, By(Door.mail))
    pause(mlist, anne)
    pass_time(DAY)
    for _post in range(3):
        posted(mlist, letter('stranger'), 'picnic')
    pass_time(7 * DAY)
    # After the end, before anybody looked: it was heard.
    posted(mlist, letter('stranger'), 'picnic')
    [notice] = told()
    assert 'Messages posted in the meantime: 3\n' in notice
    assert says in notice
    assert 'ant+picnic+unsubscribe@example.com' in notice
    assert told() == []


def test_members_have_not_missed_what_they_posted_themselves(mlist, picnic, anne):
    posted(mlist, letter(anne), 'picnic')
    pause(mlist, anne)
    pass_time(DAY)
    posted(mlist, letter('stranger'), 'picnic')
    for _attempt in range(2):
        # Accepted a second time, after something failed.
        posted(mlist, letter(anne, message_id='<own@example.com>'), 'picnic')
    give_alias(mlist, anne, 'shade@example.net')
    posted(mlist, letter('shade@example.net'), 'picnic')
    pass_time(7 * DAY)
    # After the end.
    posted(mlist, letter(anne), 'picnic')
    [notice] = [each for each in told() if 'in the meantime' in each]
    assert 'Messages posted in the meantime: 1\n' in notice


def test_the_notice_is_a_mail_that_no_program_answers(mlist, picnic, anne):
    pause(mlist, anne)
    pass_time(7 * DAY)
    pauses.end_pauses()
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == 'anne@example.com'
    assert notice['from'] == 'ant-owner@example.com'
    assert str(notice['subject']) == 'Conversation "picnic" on Ant'
    assert notice['auto-submitted'] == 'auto-generated'
    assert notice['in-reply-to'] is None


@pytest.mark.parametrize(('posts', 'link'), [(0, False), (1, True)])
def test_the_archive_is_named_where_there_is_something_to_read(
    posts, link, mlist, picnic, anne, monkeypatch
):
    address = 'https://lists.example.com/archives/ant'
    [archiver] = {
        each.system_archiver
        for each in IListArchiverSet(mlist).archivers
        if each.is_enabled and each.name == 'prototype'
    } or {next(iter(IListArchiverSet(mlist).archivers)).system_archiver}
    monkeypatch.setattr(type(archiver), 'list_url', staticmethod(lambda _: address))
    monkeypatch.setattr(type(archiver), 'is_enabled', True)
    pause(mlist, anne)
    pass_time(DAY)
    for _post in range(posts):
        posted(mlist, letter('stranger'), 'picnic')
    pass_time(7 * DAY)
    [notice] = told()
    assert (address in notice) is link


def test_a_longer_pause_ends_later_and_counts_from_the_first(mlist, picnic, anne):
    choices.choose(mlist, picnic, anne, FOLLOW, By(Door.mail))
    pause(mlist, anne, '2d')
    pass_time(DAY)
    posted(mlist, letter('stranger'), 'picnic')
    pause(mlist, anne, '1w')
    pass_time(6 * DAY)
    posted(mlist, letter('stranger'), 'picnic')
    assert told() == []
    pass_time(DAY)
    [notice] = told()
    assert 'Messages posted in the meantime: 2\n' in notice
    assert choices.standing(mlist, picnic, anne).choice is FOLLOW


def test_a_shorter_pause_ends_earlier(mlist, picnic, anne):
    pause(mlist, anne, '52w')
    pause(mlist, anne, '1d')
    pass_time(DAY)
    assert len(told()) == 1
    assert choices.standing(mlist, picnic, anne) == Standing(Default.everything)


def test_a_pause_after_one_that_nobody_has_ended_begins_anew(mlist, picnic, anne):
    pause(mlist, anne, '1d')
    pass_time(DAY)
    posted(mlist, letter('stranger'), 'picnic')
    pass_time(DAY)
    pause(mlist, anne, '1d')
    assert told() == []
    pass_time(DAY)
    [notice] = told()
    assert 'Messages posted in the meantime: 0\n' in notice
    assert choices.standing(mlist, picnic, anne) == Standing(Default.everything)


@pytest.mark.parametrize(('extension', 'choice'), [
    ('picnic+reset', None),
    ('picnic+subscribe', FOLLOW),
    ('picnic+unsubscribe', MUTE),
])
def test_who_decides_otherwise_meanwhile_hears_no_more_of_the_pause(
    extension, choice, mlist, picnic, anne
):
    pause(mlist, anne)
    pass_time(DAY)
    command(mlist, anne, extension)
    pass_time(52 * 7 * DAY)
    assert told() == []
    assert choices.standing(mlist, picnic, anne).choice is choice


def test_an_answer_by_whom_it_paused_neither_ends_nor_outlasts_it(
    mlist, picnic, anne
):
    pause(mlist, anne)
    posted(mlist, letter(anne), 'picnic')
    assert choices.standing(mlist, picnic, anne).choice is MUTE
    pass_time(7 * DAY)
    assert len(told()) == 1
    assert choices.standing(mlist, picnic, anne) == Standing(Default.everything)


def test_nothing_is_told_when_following_for_a_while_ends(mlist, picnic, anne):
    choices.settings_of(mlist, anne).default = Default.nothing
    choices.choose(mlist, picnic, anne, FOLLOW, By(Door.rest), now() + DAY)
    store().commit()
    assert hears(mlist, picnic, anne)
    pass_time(DAY)
    assert told() == []
    assert choices.standing(mlist, picnic, anne) == Standing(Default.nothing)
    assert count_rows(MemberChoice, Pause) == NO_ROWS


def test_the_runner_ends_what_ended_while_it_was_down(mlist, picnic, anne):
    pause(mlist, anne)
    posted(mlist, letter('stranger'), 'picnic')
    pass_time(300 * DAY)
    run(DlistRunner, 'dlist')
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == 'anne@example.com'
    assert told() == []


def test_the_runner_survives_what_goes_wrong_and_does_the_rest(
    mlist, picnic, anne, monkeypatch
):
    def broken() -> None:
        raise RuntimeError('the database is gone')

    pause(mlist, anne)
    pass_time(7 * DAY)
    # What comes first may fail, and the others are done all the same.
    monkeypatch.setattr(dlist, 'CHORES', {broken: 10.0} | dlist.CHORES)
    run(DlistRunner, 'dlist')
    assert len(queued('virgin')) == 1


def test_a_runner_that_finds_nothing_to_end_leaves_no_transaction_open(
    mlist, picnic, anne
):
    pause(mlist, anne)
    store().commit()
    DlistRunner('dlist')._do_periodic()
    assert not store().in_transaction()


def test_a_command_of_a_list_made_plain_meanwhile_goes_the_way_of_any_mail(
    mlist, picnic, anne
):
    config.switchboards['dlist'].enqueue(
        letter(anne), listid=mlist.list_id, **{EXTENSION: 'picnic+unsubscribe'}
    )
    lists.disable(mlist)
    store().commit()
    run(DlistRunner, 'dlist')
    assert len(queued('in')) == 1


def test_who_has_left_is_told_nothing(mlist, picnic, anne):
    pause(mlist, anne)
    anne.unsubscribe()
    config.db.commit()
    pass_time(DAY)
    forget_former()
    assert count_rows(MemberChoice, Pause) == NO_ROWS
    pass_time(6 * DAY)
    assert told() == []


def test_a_choice_whose_member_is_gone_ends_in_silence(mlist, picnic, anne):
    pause(mlist, anne)
    # By a program that knows nothing of us.
    store().execute(delete(member).where(member.c._member_id == anne.member_id))
    store().commit()
    pass_time(7 * DAY)
    assert told() == []
    assert model.over(now(), 1) == []


def test_on_a_list_that_is_plain_by_now_nobody_is_told(mlist, picnic, anne):
    bee = new_list('bee')
    bart = join(bee, 'Bart')
    other = new_conversation(bee)
    pause(mlist, anne)
    choices.choose(bee, other, bart, MUTE, By(Door.mail), now() + 7 * DAY)
    lists.disable(mlist)
    store().commit()
    pass_time(7 * DAY)
    pauses.end_pauses()
    assert [msg['to'] for msg, _msgdata in queued('virgin')] == ['bart@example.com']
    assert model.over(now(), 1) == []


def test_after_a_crash_the_pause_is_over_and_not_told(
    mlist, picnic, anne, monkeypatch
):
    def crash(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    pause(mlist, anne)
    pass_time(7 * DAY)
    monkeypatch.setattr(sending, 'send', crash)
    with pytest.raises(KeyboardInterrupt):
        pauses.end_pauses()
    monkeypatch.undo()
    config.db.abort()
    assert choices.standing(mlist, picnic, anne) == Standing(Default.everything)
    assert told() == []


@pytest.mark.parametrize('digests', [True, False])
@pytest.mark.parametrize('before', [None, FOLLOW])
@pytest.mark.parametrize('moment', ['before it looks closer', 'in the same moment'])
def test_of_two_runners_one_tells(
    moment, before, digests, mlist, picnic, anne, monkeypatch
):
    """Both have seen that it is over; the other is quicker."""
    mlist.digests_enabled = digests
    if before:
        choices.choose(mlist, picnic, anne, before, By(Door.mail))
    pause(mlist, anne)
    pass_time(7 * DAY)
    ours = model.end

    def the_other_is_quicker(*over: Any) -> bool:
        monkeypatch.setattr(model, 'end', ours)
        if moment == 'in the same moment':
            assert model.choices_about(picnic, anne.member_id).pause is not None
        other = sessionmaker(config.db.engine)
        with other() as session:
            monkeypatch.setattr(model, 'store', lambda: session)
            assert ours(*over)
            session.commit()
        monkeypatch.setattr(model, 'store', store)
        return ours(*over)

    # What was read must not keep the other from writing.
    store().commit()
    monkeypatch.setattr(model, 'end', the_other_is_quicker)
    assert told() == []
    assert model.end is ours
    standing = Standing(Default.everything, before, before and Reason.mail)
    assert choices.standing(mlist, picnic, anne) == standing
    assert count_rows(Pause) == {'dlist_pause': int(digests)}


def test_what_is_made_anew_in_the_same_moment_lasts(
    mlist, picnic, anne, monkeypatch
):
    pause(mlist, anne, '1d')
    pass_time(DAY)
    later = now() + DAY
    ours = model.end

    def made_anew(*over: Any) -> bool:
        with config.db.engine.begin() as connection:
            connection.execute(update(Pause).values(ends=later))
        return ours(*over)

    monkeypatch.setattr(model, 'end', made_anew)
    assert told() == []
    store().expire_all()
    assert choices.standing(mlist, picnic, anne).choice is MUTE


def test_many_end_a_hundred_at_a_time(mlist, picnic, anne, monkeypatch):
    monkeypatch.setattr(pauses, 'AT_A_TIME', 2)
    for number in range(5):
        member = join(mlist, f'member{number}')
        choose(picnic, member, MUTE, now() + timedelta(minutes=number))
    store().commit()
    pass_time(DAY)
    assert [len(told()) for _look in range(4)] == [2, 2, 1, 0]
