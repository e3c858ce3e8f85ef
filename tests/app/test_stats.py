# SPDX-License-Identifier: GPL-3.0-or-later
"""The counters of posts and deliveries equal the mails that are queued.

What a plain list would have sent is what Mailman's own handler computes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mailman.app.lifecycle import remove_list
from mailman.config import config
from mailman.interfaces.member import DeliveryMode, DeliveryStatus
from mailman.runners.pipeline import PipelineRunner
from mailman.utilities.datetime import now

from mailman_dlist.app.following import choices
from mailman_dlist.app.life import changing
from mailman_dlist.app.life.merging import merge
from mailman_dlist.app.life.splitting import split
from mailman_dlist.app.records import stats
from mailman_dlist.domain.actors import By as Actor
from mailman_dlist.domain.actors import Door
from mailman_dlist.domain.following import Choice, Default
from mailman_dlist.domain.posters import poster
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.metadata import EXTENSION
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import ConversationMessage
from mailman_dlist.model.counts import By, PostCount, count_post
from mailman_dlist.model.session import store
from tests.model.stage import (
    DAY,
    count_rows,
    give_alias,
    join_all,
    letter,
    new_list,
    pass_time,
    person,
    queued,
    run,
)


pytestmark = pytest.mark.every_database

ALIAS = 'shade@other.example'
BY = Actor(Door.mail)
NUMBERS = count(1)


@dataclass
class Post:
    conversation: str
    month: str
    poster: str
    deliveries: int
    plain_deliveries: int
    message_id: str


@dataclass
class Story:
    """A list, and what its members were sent."""

    mlist: Any
    anne: Any
    bart: Any
    cris: Any
    history: list[Post] = field(default_factory=list)

    def find(self, name: str) -> Any:
        return model.named(self.mlist.list_id, name)

    def posts(self, sender: str, name: str, *, opens: bool = False) -> None:
        plain = self.plain(sender)
        message_id = self.enqueue(sender, f'new+{name}' if opens else name)
        run(PipelineRunner, 'pipeline')
        sent = sum(len(msgdata['recipients']) for _msg, msgdata in queued('out'))
        who = {ANNES: 'anne@example.com'}.get(sender, sender)
        # An old name leads to the present conversation.
        conversation = self.find(name).name
        self.history.append(
            Post(conversation, f'{now():%Y-%m}', who, sent, plain, message_id)
        )

    def enqueue(self, sender: str, extension: str) -> str:
        message_id = f'{next(NUMBERS)}@example.com'
        msg = letter(sender, 'Picnic', message_id=f'<{message_id}>')
        config.switchboards['pipeline'].enqueue(
            msg, listid=self.mlist.list_id, pipeline=PIPELINE, **{EXTENSION: extension}
        )
        return message_id

    def plain(self, sender: str) -> int:
        msgdata: dict[str, Any] = {}
        handler = config.handlers['member-recipients']
        handler.process(self.mlist, letter(sender), msgdata)
        return len(msgdata['recipients'])

    def check(self) -> None:
        for by in None, *By:
            assert list(stats.totals(self.mlist, by)) == self.expected(by)
            assert stats.size(self.mlist, by) == len(self.expected(by))

    def expected(self, by: By | None) -> list[tuple[Any, ...]]:
        groups: dict[tuple[str | None, str | None], list[Post]] = defaultdict(list)
        for post in self.history:
            month = None if by is By.conversation else post.month
            name = None if by is By.month else post.conversation
            groups[month, name].append(post)
        return [
            (
                *key,
                len(posts),
                len({post.poster for post in posts}),
                sum(post.deliveries for post in posts),
                sum(post.plain_deliveries for post in posts),
            )
            for key, posts in sorted(groups.items(), key=str)
        ]


# Another address of Anne's user, which is not subscribed.
ANNES = 'anne@work.example'


def story() -> Story:
    mlist = new_list(f'ant{next(NUMBERS)}')
    anne, bart, cris = join_all(mlist, 'Anne', 'Bart', 'Cris')
    if ANNES not in {each.email for each in anne.user.addresses}:
        person('Anne').register(ANNES).verified_on = now()
    give_alias(mlist, anne, ALIAS)
    config.db.commit()
    return Story(mlist, anne, bart, cris)


def test_a_month_on_a_list(mailman):
    ant = story()
    ant.posts('anne@example.com', 'picnic', opens=True)
    choices.choose(ant.mlist, ant.find('picnic'), ant.bart, Choice.mute, BY)
    choices.settings_of(ant.mlist, ant.cris).default = Default.nothing
    config.db.commit()
    ant.posts(ANNES, 'picnic')
    ant.posts(ALIAS, 'picnic')
    ant.posts('zoe@example.net', 'goat', opens=True)
    assert list(stats.totals(ant.mlist)) == [
        (f'{now():%Y-%m}', 'goat', 1, 1, 2, 3),
        (f'{now():%Y-%m}', 'picnic', 3, 2, 5, 9),
    ]
    ant.check()


@pytest.mark.parametrize(('name', 'value', 'sender', 'plain'), [
    ('receive_own_postings', False, 'anne@example.com', 2),
    ('receive_own_postings', False, 'ANNE@example.com', 2),
    ('receive_own_postings', False, 'bart@example.com', 3),
    # A plain list knows no aliases, and the number does not show whose it is.
    ('receive_own_postings', False, ALIAS, 3),
    ('receive_own_postings', False, ANNES, 3),
    ('delivery_status', DeliveryStatus.by_user, 'bart@example.com', 2),
    ('delivery_mode', DeliveryMode.mime_digests, 'bart@example.com', 2),
    ('delivery_mode', DeliveryMode.mime_digests, 'anne@example.com', 2),
    ('acknowledge_posts', True, 'anne@example.com', 3),
])
def test_what_a_plain_list_would_send(name, value, sender, plain, mailman):
    ant = story()
    setattr(ant.anne.preferences, name, value)
    config.db.commit()
    ant.posts(sender, 'picnic', opens=True)
    assert ant.history[0].plain_deliveries == plain
    ant.check()


def test_an_address_with_two_memberships_counts_once(mailman):
    ant = story()
    ant.mlist.subscribe(person('Anne'))
    config.db.commit()
    ant.posts('bart@example.com', 'picnic', opens=True)
    assert ant.history[0].plain_deliveries == 3
    ant.check()


@pytest.mark.parametrize('fails_at', [1, 2])
def test_a_post_counts_once_although_its_delivery_fails(
    fails_at, mailman, monkeypatch
):
    """Bart takes only openings, so there are two groups; queuing one of them fails."""
    ant = story()
    choices.settings_of(ant.mlist, ant.bart).default = Default.openings
    config.db.commit()
    to_outgoing = config.handlers['to-outgoing']
    calls = count(1)

    def failing(*given: Any) -> None:
        if next(calls) == fails_at:
            raise RuntimeError('disk full')
        type(to_outgoing).process(to_outgoing, *given)

    monkeypatch.setattr(to_outgoing, 'process', failing)
    ant.enqueue('anne@example.com', 'new+picnic')
    run(PipelineRunner, 'pipeline')
    assert list(stats.totals(ant.mlist)) == []
    [(msg, msgdata)] = queued('shunt')
    for _again in range(2):
        config.switchboards['pipeline'].enqueue(msg, msgdata)
        run(PipelineRunner, 'pipeline')
    assert queued('shunt') == []
    sent = [len(each['recipients']) for _msg, each in queued('out')]
    assert sorted(sent) == [1, 2]
    month = f'{now():%Y-%m}'
    assert list(stats.totals(ant.mlist)) == [(month, 'picnic', 1, 1, 3, 3)]


def test_two_processes_with_a_copy_each_count_one_post(mailman):
    ant = story()
    ant.posts('anne@example.com', 'picnic', opens=True)
    message = store().query(ConversationMessage).one()
    count_post(message, None)
    config.db.commit()
    ant.check()


def test_counters_go_along_when_conversations_merge_and_split(mailman):
    ant = story()
    ant.posts('anne@example.com', 'picnic', opens=True)
    ant.posts('bart@example.com', 'goat', opens=True)
    pass_time(40 * DAY)
    for sender in 'anne@example.com', 'bart@example.com', ALIAS:
        ant.posts(sender, 'goat')
    picnic = merge(ant.mlist, ant.find('goat'), ant.find('picnic'), BY)
    config.db.commit()
    for post in ant.history:
        post.conversation = 'picnic'
    ant.check()

    fourth = model.posts(picnic)[3]
    split(ant.mlist, picnic, fourth.message_id, 'Lake', BY, 'lake')
    config.db.commit()
    for post in ant.history[3:]:
        post.conversation = 'lake'
    ant.check()
    # And the next post finds the counters of the right conversation.
    ant.posts('anne@example.com', 'lake')
    ant.check()


def test_a_post_that_moves_while_it_is_sent_counts_where_it_is_now(
    mailman, monkeypatch
):
    ant = story()
    ant.posts('anne@example.com', 'picnic', opens=True)
    ant.posts('bart@example.com', 'goat', opens=True)
    to_outgoing = config.handlers['to-outgoing']

    def merging(*given: Any) -> None:
        """Merge the conversations behind the back of the runner, as another would."""
        with store().no_autoflush:
            table: Any = ConversationMessage.__table__
            store().execute(table.update().values(conversation_id=picnic_id))
        type(to_outgoing).process(to_outgoing, *given)

    picnic_id = ant.find('picnic').id
    monkeypatch.setattr(to_outgoing, 'process', merging)
    ant.posts('cris@example.com', 'goat')
    ant.history[-1].conversation = 'picnic'
    ant.check()


def test_what_a_deleted_conversation_counted_stays(mailman):
    ant = story()
    ant.posts('anne@example.com', 'picnic', opens=True)
    ant.posts('bart@example.com', 'goat', opens=True)
    changing.forget(ant.mlist, ant.find('goat'), BY)
    config.db.commit()
    assert list(stats.totals(ant.mlist, By.month)) == ant.expected(By.month)
    assert {total.conversation for total in stats.totals(ant.mlist)} == {None, 'picnic'}


def test_a_list_leaves_no_counters(mailman):
    ant = story()
    ant.posts('anne@example.com', 'picnic', opens=True)
    remove_list(ant.mlist)
    config.db.commit()
    assert count_rows(PostCount) == {'dlist_post_count': 0}


def test_posters_are_numbers_that_name_nobody():
    numbers = {
        poster(list_id, email)
        for list_id in ('ant.example.com', 'bee.example.com')
        for email in ('anne@example.com', ALIAS)
    }
    assert len(numbers) == 4
    assert all(-2**63 <= each < 2**63 for each in numbers)
    assert poster('ant.example.com', 'Anne@Example.com') in numbers


# Anything that may happen, in any order.

NAMES = ('picnic', 'goat', 'lake')
SENDERS = ('anne@example.com', 'bart@example.com', ANNES, ALIAS, 'zoe@example.net')


def posts(ant: Story, sender: str, name: str) -> None:
    ant.posts(sender, name, opens=ant.find(name) is None)


def chooses(ant: Story, who: str, name: str, choice: Choice) -> None:
    if ant.find(name) is not None:
        choices.choose(ant.mlist, ant.find(name), getattr(ant, who), choice, BY)


def prefers(ant: Story, who: str, default: Default, own: bool, status: Any) -> None:
    member = getattr(ant, who)
    choices.settings_of(ant.mlist, member).default = default
    member.preferences.receive_own_postings = own
    member.preferences.delivery_status = status


def waits(_ant: Story, days: int) -> None:
    pass_time(days * DAY)


def merges(ant: Story, one: str, other: str) -> None:
    into, gone = ant.find(one), ant.find(other)
    if into is None or gone is None or into is gone:
        return
    one, other = into.name, gone.name
    merge(ant.mlist, gone, into, BY)
    for post in ant.history:
        if post.conversation == other:
            post.conversation = one


def splits(ant: Story, name: str, at: int, new: str) -> None:
    found = ant.find(name)
    posts = [] if found is None else model.posts(found)
    if not 0 < at < len(posts) or is_known(ant, new):
        return
    moved = {each.message_id for each in posts[at:]}
    split(ant.mlist, found, posts[at].message_id, 'Lake', BY, new)
    for post in ant.history:
        if post.message_id in moved:
            post.conversation = new


def is_known(ant: Story, name: str) -> bool:
    return store().get(model.ConversationName, (ant.mlist.list_id, name)) is not None


WHO = st.sampled_from(['anne', 'bart', 'cris'])
NAME = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just(posts), st.sampled_from(SENDERS), NAME),
    st.tuples(st.just(posts), st.sampled_from(SENDERS), NAME),
    st.tuples(st.just(chooses), WHO, NAME, st.sampled_from(Choice)),
    st.tuples(
        st.just(prefers),
        WHO,
        st.sampled_from(Default),
        st.booleans(),
        st.sampled_from([DeliveryStatus.enabled, DeliveryStatus.by_user]),
    ),
    st.tuples(st.just(waits), st.integers(1, 40)),
    st.tuples(st.just(merges), NAME, NAME),
    st.tuples(st.just(splits), NAME, st.integers(1, 3), NAME),
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
def test_counters_equal_the_history(steps, mailman):
    ant = story()
    for step in steps:
        act: Callable[..., None] = step[0]
        act(ant, *step[1:])
        config.db.commit()
    ant.check()
