# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners rename, close, merge, split and delete conversations.

Everything that led to a conversation still leads to it, and everybody receives what
they chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from threading import Barrier
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from sqlalchemy import insert, select
from zope.component import getUtility
from zope.event import subscribers

from mailman_dlist.app import lookup
from mailman_dlist.app.life import changing, merging, splitting
from mailman_dlist.app.posts.judging import Fate
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.errors import Gone
from mailman_dlist.domain.following import Choice, Reason
from mailman_dlist.interfaces.conversation import MessageKind, Posting
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.following import Ruling
from mailman_dlist.model import conversations as model
from mailman_dlist.model import life
from mailman_dlist.model.conversations import Conversation, ConversationMessage, Search
from mailman_dlist.model.following import MemberChoice, Pause, chosen, pauses
from mailman_dlist.model.session import committed, store
from tests.app.post import judge, open_conversation, posted
from tests.model.stage import (
    DAY,
    counted,
    join,
    letter,
    new_conversation,
    new_list,
    pass_time,
)


pytestmark = pytest.mark.every_database

OWNER = By(Door.cli, 'owner@example.com')


@pytest.fixture
def events() -> Iterator[list[Any]]:
    """All events that are notified meanwhile."""
    told: list[Any] = []
    subscribers.append(told.append)
    yield told
    subscribers.remove(told.append)


def rename(mlist: Any, name: str, to: str) -> None:
    committed(lambda: changing.rename(mlist, named(mlist, name), to, OWNER))


def put(mlist: Any, name: str, posting: Posting) -> None:
    committed(
        lambda: changing.set_posting(mlist, named(mlist, name), posting, OWNER)
    )


def merge(mlist: Any, name: str, into: str) -> None:
    committed(
        lambda: merging.merge(mlist, named(mlist, name), named(mlist, into), OWNER)
    )


def split(mlist: Any, which: str, message_id: str, subject: str, **more: Any) -> str:
    new = committed(
        lambda: splitting.split(
            mlist, named(mlist, which), message_id, subject, OWNER, **more
        )
    )
    return new.name


def named(mlist: Any, name: str) -> Conversation:
    return lookup.conversation_named(mlist, name)


def reply(mlist: Any, to: str, key: str, extension: str = '') -> Any:
    msg = letter(
        'stranger', f'Re: {to}', answers=f'<{to}@example.com>',
        message_id=f'<{key}@example.com>',
    )
    return posted(mlist, msg, extension)


def conversation_of(mlist: Any, key: str) -> str | None:
    row = model.message(mlist.list_id, f'{key}@example.com')
    assert row is not None
    return row.conversation and row.conversation.name


# Rename.


def test_old_names_lead_to_the_present_one(mlist):
    open_conversation(mlist)
    rename(mlist, 'picnic', 'Lake')
    rename(mlist, 'picnic', 'lake-trip')
    assert {named(mlist, each).name for each in ('picnic', 'lake', 'lake-trip')} == {
        'lake-trip'
    }
    rename(mlist, 'lake-trip', 'picnic')
    assert named(mlist, 'lake').name == 'picnic'


@pytest.mark.parametrize('given', [
    '', 'Two words', 'help', 'hold', '2026', 'a--b', 'a+b', 'é', 42 * 'x',
])
def test_not_everything_can_be_a_name(given, mlist):
    open_conversation(mlist)
    with pytest.raises(changing.BadName):
        rename(mlist, 'picnic', given)
    assert named(mlist, 'picnic').name == 'picnic'


def test_the_name_of_another_conversation_is_taken(mlist):
    open_conversation(mlist)
    open_conversation(mlist, 'dinner')
    rename(mlist, 'dinner', 'supper')
    for each in 'dinner', 'supper':
        with pytest.raises(changing.NameTaken):
            rename(mlist, 'picnic', each)
    open_conversation(new_list('bee'), 'lunch')
    rename(mlist, 'picnic', 'lunch')
    assert named(mlist, 'picnic').name == 'lunch'


# Close, hold, reopen.


@pytest.mark.parametrize(('posting', 'fate'), [
    (Posting.open, Fate.continues),
    (Posting.held, Fate.continues),
    (Posting.closed, Fate.closed),
])
def test_a_closed_conversation_takes_no_replies(posting, fate, mlist):
    open_conversation(mlist)
    put(mlist, 'picnic', posting)
    assert judge(mlist, letter('stranger'), 'picnic').fate is fate


def test_reopening_starts_the_idle_clock_anew(mlist):
    picnic = open_conversation(mlist)
    for posting in Posting.held, Posting.open:
        put(mlist, 'picnic', posting)
    assert picnic.reopened_at is None
    for posting in Posting.closed, Posting.held:
        put(mlist, 'picnic', posting)
    assert picnic.reopened_at == now()


# Delete.


def test_a_deleted_conversation_leaves_its_names_and_message_ids(mlist):
    picnic = open_conversation(mlist)
    number = picnic.id
    reply(mlist, 'picnic', 'yes')
    rename(mlist, 'picnic', 'lake')
    anne = join(mlist, 'Anne')
    store().execute(insert(chosen).values(
        conversation_id=number, member_id=anne.member_id, choice=Choice.mute,
        reason=Reason.mail, made_at=now(), told=False,
    ))
    store().commit()
    committed(lambda: changing.forget(mlist, named(mlist, 'lake'), OWNER))
    assert model.numbered(number) is None
    assert store().scalars(select(MemberChoice)).all() == []
    for name in 'picnic', 'lake':
        assert lookup.find(mlist, name) is None
        assert judge(mlist, letter('stranger'), name).fate is Fate.unknown
        opening = posted(mlist, letter('stranger'), f'new+{name}')
        assert opening.conversation.name == f'{name}-2'
    for key in 'picnic', 'yes':
        msg = letter('stranger', answers=f'<{key}@example.com>')
        assert judge(mlist, msg).fate is Fate.deleted
        assert judge(mlist, msg, 'new').fate is Fate.deleted
        assert judge(mlist, msg, 'new+walk').fate is Fate.opens


# Merge.


def test_names_messages_and_numbers_lead_to_the_merged_conversation(mlist):
    dinner = open_conversation(mlist, 'dinner')
    rename(mlist, 'dinner', 'supper')
    number = dinner.id
    pass_time(DAY)
    picnic = open_conversation(mlist)
    reply(mlist, 'dinner', 'yes')
    merge(mlist, 'supper', 'picnic')
    assert named(mlist, 'dinner').name == named(mlist, 'supper').name == 'picnic'
    assert {conversation_of(mlist, each) for each in ('dinner', 'yes', 'picnic')} == {
        'picnic'
    }
    found = model.numbered(number)
    assert found is not None
    assert found.id == picnic.id
    assert picnic.opened_at == now() - DAY
    assert reply(mlist, 'dinner', 'no').conversation.id == picnic.id
    # A chain of mergers.
    walk = open_conversation(mlist, 'walk')
    merge(mlist, 'picnic', 'walk')
    for each in number, picnic.id:
        found = model.numbered(each)
        assert found is not None
        assert found.id == walk.id


def test_a_conversation_is_not_merged_into_itself(mlist):
    open_conversation(mlist)
    rename(mlist, 'picnic', 'lake')
    with pytest.raises(merging.SameConversation):
        merge(mlist, 'lake', 'picnic')
    assert named(mlist, 'lake').name == 'lake'


class Row(NamedTuple):
    """A lasting choice in the model that is kept apart."""

    choice: Choice | None
    reason: Reason
    made_at: datetime
    ruling: Ruling | None = None

    @property
    def is_persons(self) -> bool:
        return self.reason not in (Reason.opened, Reason.replied, Reason.imported)


class Timed(NamedTuple):
    """A pause in that model."""

    began: datetime
    ends: datetime


Wishes = dict[UUID, tuple[Row | None, Timed | None]]

KINDS = [
    (Choice.follow, Reason.mail, None),
    (Choice.mute, Reason.web, None),
    (Choice.follow, Reason.opened, None),
    (Choice.follow, Reason.replied, None),
    (Choice.mute, Reason.imported, None),
    (Choice.follow, Reason.owner, Ruling.pinned),
    (Choice.mute, Reason.owner, Ruling.barred),
    (None, Reason.mail, Ruling.pending),
]


def wishes(random: Random, members: list[UUID]) -> Wishes:
    """Return what members wish of one conversation, as it could come about."""
    moment = now()
    found: Wishes = {}
    for member in members:
        row = pause = None
        hours = random.sample(range(1, 500), 2)
        made, began = (moment - timedelta(hours=each) for each in sorted(hours)[::-1])
        if random.random() < 0.8:
            choice, reason, ruling = random.choice(KINDS)
            row = Row(choice, reason, made, ruling)
        if random.random() < 0.3 and (row is None or row.ruling is None):
            pause = Timed(began, moment + DAY)
        if row or pause:
            found[member] = row, pause
    return found


def merged(source: Wishes, target: Wishes) -> Wishes:
    """Say what holds after a merger, one member at a time."""
    found: Wishes = {}
    for member in source.keys() | target.keys():
        sides = [source.get(member, (None, None)), target.get(member, (None, None))]
        rows = [row for row, _pause in sides if row is not None]
        best = None
        if rows:
            best = max(reversed(rows), key=lambda row: (strength(row), row.made_at))
        spans = []
        for (_row, pause), (other, _pause) in zip(sides, sides[::-1], strict=True):
            chosen_later = (
                pause is not None
                and other is not None
                and other.is_persons
                and other.choice is not None
                and other.made_at > pause.began
            )
            if pause is not None and not chosen_later:
                spans.append(pause)
        timed = max(spans, key=lambda each: each.began) if spans else None
        if best and best.ruling in (Ruling.barred, Ruling.pinned):
            timed = None
        found[member] = best, timed
    return {key: value for key, value in found.items() if any(value)}


def strength(row: Row) -> int:
    if row.ruling is Ruling.pending:
        return 0
    if row.ruling is not None:
        return {Ruling.pinned: 3, Ruling.barred: 4}[row.ruling]
    return 2 if row.is_persons else 1


def write(conversation: Conversation, wished: Wishes) -> None:
    lasting, timed = [], []
    for member, (row, pause) in wished.items():
        keys = {'conversation_id': conversation.id, 'member_id': member, 'told': False}
        if row is not None:
            lasting.append(keys | row._asdict())
        if pause is not None:
            timed.append(keys | pause._asdict() | {
                'choice': Choice.mute, 'reason': Reason.mail, 'running': True,
                'own_posts': 0,
            })
    store().execute(insert(chosen), lasting)
    store().execute(insert(pauses), timed)


def read(conversation: Conversation) -> Wishes:
    rows = {
        each.member_id: Row(each.choice, each.reason, each.made_at, each.ruling)
        for each in store().scalars(select(MemberChoice).where(
            MemberChoice.conversation_id == conversation.id
        ))
    }
    spans = {
        each.member_id: Timed(each.began, each.ends)
        for each in store().scalars(select(Pause).where(
            Pause.conversation_id == conversation.id
        ))
    }
    return {
        each: (rows.get(each), spans.get(each)) for each in rows.keys() | spans.keys()
    }


def fill(conversation: Conversation, messages: int) -> None:
    """Give a conversation messages an hour apart, the first of which opened it."""
    first = conversation.opened_at
    store().execute(insert(ConversationMessage), [
        {
            'list_id': conversation.list_id,
            'id_hash': f'{conversation.name}{number:026}'[-32:],
            'message_id': f'{conversation.name}-{number}@example.com',
            'conversation_id': conversation.id,
            'kind': MessageKind.reply if number else MessageKind.opening,
            'posted_at': first + number * timedelta(hours=1),
            'steps': 0,
        }
        for number in range(messages)
    ])


def statements_of_merging(mlist: Any, size: int) -> int:
    """Merge two conversations of members with random wishes; compare the outcome."""
    random = Random(size)
    members = [UUID(int=random.getrandbits(128)) for _ in range(size)]
    one, other = (
        new_conversation(mlist, f'{name}-{size}') for name in ('one', 'other')
    )
    here, there = (
        wishes(random, random.sample(members, 4 * size // 5)) for _ in range(2)
    )
    fill(one, 200 if size > 100 else 2)
    for conversation, wished in ((one, here), (other, there)):
        write(conversation, wished)
    store().commit()
    with counted() as statements:
        committed(lambda: merging.merge(mlist, one, other, OWNER))
    store().expire_all()
    assert read(other) == merged(here, there)
    assert model.overview(other).posts == (200 if size > 100 else 2)
    return len(statements)


def test_a_merger_keeps_the_wishes_of_everybody(mlist):
    few = statements_of_merging(mlist, 60)
    assert statements_of_merging(mlist, 3000) == few
    # Six of them are for the event and the counters.
    assert few <= 28


# Split.


def test_a_split_moves_a_message_and_all_later_ones(mlist):
    picnic = open_conversation(mlist)
    for key, parent in (('cake', 'picnic'), ('wine', 'cake'), ('beer', 'wine')):
        pass_time(DAY)
        reply(mlist, parent, key)
    assert split(mlist, 'picnic', '<wine@example.com>', 'Drinks  at\nthe lake') == (
        'drinks-at-the-lake'
    )
    new = named(mlist, 'drinks-at-the-lake')
    assert new.subject == 'Drinks at the lake'
    assert [conversation_of(mlist, each) for each in (
        'picnic', 'cake', 'wine', 'beer',
    )] == ['picnic', 'picnic', new.name, new.name]
    assert model.overview(new).message_id == 'wine@example.com'
    assert new.opened_at == now() - DAY
    assert new.last_post_at == now()
    assert named(mlist, 'picnic').last_post_at == now() - 2 * DAY
    assert reply(mlist, 'beer', 'water').conversation.id == new.id
    assert reply(mlist, 'cake', 'plate').conversation.id == picnic.id


def test_replies_to_what_moved_follow_it_whatever_they_are_addressed_to(mlist):
    open_conversation(mlist)
    for key, parent in (('cake', 'picnic'), ('wine', 'cake'), ('beer', 'wine')):
        pass_time(DAY)
        reply(mlist, parent, key)
    split(mlist, 'picnic', 'cake@example.com', 'Sweets')
    split(mlist, 'sweets', 'wine@example.com', 'Drinks')
    # They went out with ant+picnic@ in To.
    assert reply(mlist, 'beer', 'water', 'picnic').conversation.name == 'drinks'
    assert reply(mlist, 'cake', 'cream', 'picnic').conversation.name == 'sweets'
    assert reply(mlist, 'picnic', 'plate', 'picnic').conversation.name == 'picnic'
    assert reply(mlist, 'picnic', 'fork', 'sweets').conversation.name == 'sweets'
    assert reply(mlist, 'beer', 'glass', 'sweets').conversation.name == 'drinks'
    # Somebody moves the subject back.
    assert reply(mlist, 'cake', 'crumbs', 'drinks').conversation.name == 'drinks'


def test_what_went_out_under_another_id_moves_along(mlist):
    picnic = open_conversation(mlist)
    cake = reply(mlist, 'picnic', 'cake').message
    public = model.add_message(picnic, 'public@example.com', MessageKind.published)
    public.post = cake
    store().commit()
    split(mlist, 'picnic', 'public@example.com', 'Cake')
    assert conversation_of(mlist, 'public') == conversation_of(mlist, 'cake') == 'cake'


@pytest.mark.parametrize(('given', 'error'), [
    ('picnic@example.com', splitting.CannotSplit),
    ('dinner@example.com', splitting.CannotSplit),
    ('nowhere@example.com', splitting.CannotSplit),
    ('', splitting.CannotSplit),
])
def test_a_conversation_is_split_at_one_of_its_later_messages(given, error, mlist):
    open_conversation(mlist)
    open_conversation(mlist, 'dinner')
    reply(mlist, 'picnic', 'yes')
    with pytest.raises(error):
        split(mlist, 'picnic', given, 'Cake')
    assert lookup.find(mlist, 'cake') is None


@pytest.mark.parametrize(('name', 'error'), [
    ('dinner', changing.NameTaken),
    ('picnic', changing.NameTaken),
    ('Not a name', changing.BadName),
])
def test_the_new_conversation_needs_a_name_of_its_own(name, error, mlist):
    open_conversation(mlist)
    open_conversation(mlist, 'dinner')
    reply(mlist, 'picnic', 'yes')
    with pytest.raises(error):
        split(mlist, 'picnic', 'yes@example.com', 'Cake', name=name)
    assert conversation_of(mlist, 'yes') == 'picnic'


def test_a_split_copies_the_wishes_of_everybody(mlist):
    few, many = (statements_of_splitting(mlist, size) for size in (60, 3000))
    assert many == few
    # Six of them are for the event and the counters.
    assert few <= 28


def statements_of_splitting(mlist: Any, size: int) -> int:
    random = Random(size)
    members = [UUID(int=random.getrandbits(128)) for _ in range(size)]
    old = new_conversation(mlist, f'old-{size}')
    wished = wishes(random, members)
    write(old, wished)
    fill(old, 200)
    first = store().scalars(
        select(ConversationMessage)
        .where(ConversationMessage.conversation_id == old.id)
        .order_by(ConversationMessage.posted_at)
        .offset(120)
        .limit(1)
    ).one()
    new = new_conversation(mlist, f'new-{size}')
    store().commit()
    with counted() as statements:
        life.split(old, first, new)
        store().commit()
    store().expire_all()
    assert read(old) == read(new) == wished
    assert model.overview(old).posts == 120
    assert model.overview(new).posts == 80
    return len(statements)


# Everything at once.


def test_a_name_of_long_ago_leads_through_renaming_and_merging(mlist):
    open_conversation(mlist)
    rename(mlist, 'picnic', 'lake')
    rename(mlist, 'lake', 'shore')
    open_conversation(mlist, 'dinner')
    merge(mlist, 'shore', 'dinner')
    rename(mlist, 'dinner', 'supper')
    assert {named(mlist, each).name for each in (
        'picnic', 'lake', 'shore', 'dinner', 'supper',
    )} == {'supper'}


def test_each_change_is_told_before_it_is_committed(mlist, events):
    open_conversation(mlist)
    open_conversation(mlist, 'dinner')
    reply(mlist, 'picnic', 'yes')
    rename(mlist, 'picnic', 'lake')
    rename(mlist, 'lake', 'lake')
    committed(lambda: changing.set_subject(mlist, named(mlist, 'lake'), 'Tea', OWNER))
    for posting in Posting.held, Posting.held, Posting.closed, Posting.open:
        put(mlist, 'lake', posting)
    split(mlist, 'lake', 'yes@example.com', 'Cake')
    merge(mlist, 'cake', 'lake')
    committed(lambda: changing.forget(mlist, named(mlist, 'lake'), OWNER))
    assert [
        (each.action, each.before, each.after)
        for each in events
        if isinstance(each, ChangedEvent)
    ] == [
        ('rename', 'picnic', 'lake'),
        ('subject', 'picnic', 'Tea'),
        ('hold', 'open', 'held'),
        ('close', 'held', 'closed'),
        ('reopen', 'closed', 'open'),
        ('split', '', 'cake'),
        ('merge', 'cake', 'lake'),
        ('delete', 'lake', ''),
    ]


# Two owners at once.


def change_together(*works: Callable[[], object]) -> list[BaseException | None]:
    """Do some work at the same time, each in a transaction of its own."""
    # No transaction of this thread may hold a lock meanwhile.
    config.db.commit()
    config.db.close_session()
    all_there = Barrier(len(works), timeout=60)

    def change(work: Callable[[], object]) -> None:
        all_there.wait()
        try:
            committed(work)
        finally:
            config.db.close_session()

    with ThreadPoolExecutor() as pool:
        return [each.exception() for each in [pool.submit(change, w) for w in works]]


def the_list() -> Any:
    return getUtility(IListManager).get('ant@example.com')


def ant_does(change: Callable[..., object], *which: str, **how: Any) -> Any:
    """Return work that looks its conversations up, as each request does."""

    def work() -> object:
        mlist = the_list()
        return change(mlist, *(named(mlist, each) for each in which), by=OWNER, **how)

    return work


TIMES = range(5)


@pytest.mark.parametrize('time', TIMES)
def test_of_two_owners_who_want_one_name_one_gets_it(time, mlist):
    open_conversation(mlist)
    open_conversation(mlist, 'dinner')
    errors = change_together(
        ant_does(changing.rename, 'picnic', given='lake'),
        ant_does(changing.rename, 'dinner', given='lake'),
    )
    assert sorted(type(each).__name__ for each in errors) == ['NameTaken', 'NoneType']
    loser = ['picnic', 'dinner'][errors.index(None) - 1]
    assert named(the_list(), loser).name == loser
    assert named(the_list(), 'lake').name == 'lake'


@pytest.mark.parametrize('time', TIMES)
def test_two_owners_rename_one_conversation(time, mlist):
    open_conversation(mlist)
    assert change_together(
        ant_does(changing.rename, 'picnic', given='lake'),
        ant_does(changing.rename, 'picnic', given='shore'),
    ) == [None, None]
    present = named(the_list(), 'picnic').name
    assert present in ('lake', 'shore')
    assert {named(the_list(), each).name for each in ('lake', 'shore')} == {present}


@pytest.mark.parametrize('time', TIMES)
def test_two_owners_merge_in_opposite_directions(time, mlist):
    open_conversation(mlist)
    open_conversation(mlist, 'dinner')
    errors = change_together(
        ant_does(merging.merge, 'picnic', 'dinner'),
        ant_does(merging.merge, 'dinner', 'picnic'),
    )
    # By then, both names lead to one conversation.
    assert sorted(type(each).__name__ for each in errors) in (
        ['NoneType', 'SameConversation'], ['Gone', 'NoneType'],
    )
    assert named(the_list(), 'picnic').id == named(the_list(), 'dinner').id
    assert model.search_size(Search('ant.example.com')) == 1
    assert {conversation_of(the_list(), each) for each in ('picnic', 'dinner')} == {
        named(the_list(), 'picnic').name
    }


@pytest.mark.parametrize('time', TIMES)
def test_one_owner_deletes_what_another_one_splits(time, mlist):
    open_conversation(mlist)
    reply(mlist, 'picnic', 'yes')
    store().commit()
    errors = change_together(
        ant_does(changing.forget, 'picnic'),
        ant_does(
            splitting.split, 'picnic', message_id='yes@example.com', subject='Cake'
        ),
    )
    assert errors[0] is None
    assert lookup.find(the_list(), 'picnic') is None
    rest = store().scalars(select(Conversation)).all()
    if errors[1] is None:
        assert [each.name for each in rest] == ['cake']
        assert conversation_of(the_list(), 'yes') == 'cake'
    else:
        assert isinstance(errors[1], (Gone, lookup.UnknownConversation))
        assert rest == []
        assert conversation_of(the_list(), 'yes') is None
