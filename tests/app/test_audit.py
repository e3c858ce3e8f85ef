# SPDX-License-Identifier: GPL-3.0-or-later
"""Each change is one event, in the transaction of the change; nobody's alias shows."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mailman.app.lifecycle import remove_list
from mailman.config import config
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.usermanager import IUserManager
from sqlalchemy import inspect, select
from zope.component import getUtility
from zope.event import notify

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.essays import workflow
from mailman_dlist.app.following import choices, preferences
from mailman_dlist.app.halves import make_whole
from mailman_dlist.app.life import changing
from mailman_dlist.app.records import audit
from mailman_dlist.domain.actors import AUTOMATIC, By, Door
from mailman_dlist.domain.following import Choice, Default
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.model.aliases import AliasRequest
from mailman_dlist.model.conversations import (
    ConversationMessage,
    ConversationName,
    Merged,
)
from mailman_dlist.model.events import Event, Search, search, search_size
from mailman_dlist.model.session import store
from tests.app.post import obey, open_conversation, posted
from tests.model.stage import (
    DAY,
    count_rows,
    give_alias,
    join,
    letter,
    new_list,
    now,
    pass_time,
    person,
    queued,
)


pytestmark = pytest.mark.every_database

ANNE = By(Door.web, 'anne@example.com')
OWNER = By(Door.rest, 'olga@example.com')
ALIAS = 'shade@other.example'
NUMBERS = count(1)


def events(mlist: Any) -> list[tuple[Any, ...]]:
    """Return action, conversation, before and after of each event, earliest first."""
    store().commit()
    return [
        (each.action, each.conversation_name, each.before, each.after)
        for each in rows(mlist)
    ]


def rows(mlist: Any) -> list[Event]:
    found = store().scalars(select(Event).order_by(Event.id))
    return [each for each in found if each.list_id == mlist.list_id]


def test_a_choice_is_an_event(mlist, anne, picnic):
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE)
    [event] = rows(mlist)
    assert (event.at, event.door, event.actor) == (now(), Door.web, 'anne@example.com')
    assert (event.about, event.conversation_number) == (anne.member_id, picnic.id)
    assert events(mlist) == [('mute', 'picnic', '', 'mute')]


def test_choices_follow_each_other(mlist, anne, picnic):
    until = now() + DAY
    written = f'mute until {until.isoformat(timespec="seconds")}Z'
    choices.choose(mlist, picnic, anne, Choice.follow, ANNE)
    choices.choose(mlist, picnic, anne, Choice.follow, ANNE)
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE, until)
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE)
    choices.forget(mlist, picnic, anne, ANNE)
    choices.forget(mlist, picnic, anne, ANNE)
    assert events(mlist) == [
        ('follow', 'picnic', '', 'follow'),
        ('mute', 'picnic', 'follow', written),
        ('mute', 'picnic', written, 'mute'),
        ('reset', 'picnic', 'mute', ''),
    ]


def test_automatic_follows_are_no_events_but_what_replaces_them_is(mlist, anne):
    picnic = open_conversation(mlist, sender=anne)
    bart = join(mlist, 'Bart')
    posted(mlist, letter(bart), 'picnic')
    assert events(mlist) == []
    choices.choose(mlist, picnic, anne, Choice.follow, ANNE)
    choices.forget(mlist, picnic, bart, ANNE)
    assert events(mlist) == [
        ('follow', 'picnic', 'follow (opened)', 'follow'),
        ('reset', 'picnic', 'follow (replied)', ''),
    ]


def test_what_is_rolled_back_is_no_event(mlist, anne, picnic):
    store().commit()
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE)
    store().flush()
    store().rollback()
    assert events(mlist) == []


def test_settings_of_a_member_are_events(mlist, anne):
    change = {'default': 'openings', 'follow_opened': 'no', 'follow_replied': True}
    preferences.change(mlist, anne, change, ANNE)
    preferences.change(mlist, anne, change, ANNE)
    assert events(mlist) == [
        ('default', None, 'everything', 'openings'),
        ('follow_opened', None, 'yes', 'no'),
    ]
    assert {each.about for each in rows(mlist)} == {anne.member_id}


def test_settings_of_a_list_are_events_long_texts_without_the_text(mlist):
    change = {'footers': 'no', 'essay_questions': 'Who are you?', 'plain_posts': 'hold'}
    lists.change(mlist, change, OWNER)
    lists.change(mlist, change, OWNER)
    lists.change(mlist, {'enabled': False}, OWNER)
    lists.change(mlist, {'enabled': False}, OWNER)
    lists.change(mlist, {'enabled': True, 'audit_retention': '30'}, OWNER)
    assert events(mlist) == [
        ('essay_questions', None, '', 'changed'),
        ('footers', None, 'yes', 'no'),
        ('plain_posts', None, 'open', 'hold'),
        ('enabled', None, 'yes', 'no'),
        ('audit_retention', None, '', '30'),
        ('enabled', None, 'no', 'yes'),
    ]
    assert {each.actor for each in rows(mlist)} == {'olga@example.com'}


def test_a_list_that_is_made_plain_by_its_pipeline_has_an_event(mlist):
    mlist.posting_pipeline = 'default-posting-pipeline'
    never = new_list('bee', style='legacy-default')
    never.posting_pipeline = PIPELINE
    config.db.commit()
    make_whole()
    assert events(mlist) == [('enabled', None, 'yes', 'no')]
    assert events(never) == []
    assert rows(mlist)[0].door is Door.automatic


# Other modules.


def test_whatever_is_notified_is_recorded(mlist, anne, picnic):
    notify(ChangedEvent(mlist, OWNER, 'rename', picnic, None, 'picnic', 'lake'))
    notify(ChangedEvent(mlist, OWNER, 'pin', picnic, anne))
    notify(ChangedEvent(mlist, OWNER, 'subject', picnic, None, '🐐' * 300, 'x' * 300))
    assert events(mlist) == [
        ('rename', 'picnic', 'picnic', 'lake'),
        ('pin', 'picnic', '', ''),
        ('subject', 'picnic', '🐐' * 255, 'x' * 255),
    ]


# Aliases.


def everything_stored(mlist: Any) -> str:
    """Return all values of all columns of the events."""
    return ' '.join(
        str(getattr(event, column.key))
        for event in rows(mlist)
        for column in inspect(Event).columns
    )


def test_events_about_aliases_have_no_address(mlist, anne):
    by = By(Door.web, ALIAS)
    for ending in requests.remove, None:
        requests.ask(mlist, anne, ALIAS, by)
        [token] = store().scalars(
            select(AliasRequest.token).where(~AliasRequest.withdrawn)
        )
        requests.confirm(token, by)
        if ending:
            requests.remove(mlist, anne, ALIAS, by)
    requests.clear(mlist, anne, by)
    requests.clear(mlist, anne, by)
    queued('virgin')
    assert [each[3] for each in events(mlist)] == [
        'requested', 'confirmed', 'removed', 'requested', 'confirmed', 'cleared',
    ]
    assert ALIAS not in everything_stored(mlist)
    assert {each.actor for each in rows(mlist)} == {''}
    # Others see that something happened; not about whom, and not by asking.
    assert {audit.shown_member(each) for each in rows(mlist)} == {None}
    assert search(Search(mlist.list_id, about=anne.member_id)) == []
    assert search_size(Search(mlist.list_id, about=anne.member_id)) == 0
    assert len(search(Search(mlist.list_id))) == 6
    # The member sees them.
    assert len(audit.own(mlist, anne, 50)) == 6


def test_an_alias_that_becomes_a_member_is_removed_by_nobody(mlist, anne):
    give_alias(mlist, anne, 'zoe@example.com')
    join(mlist, 'Zoe')
    assert events(mlist) == [('alias', None, '', 'removed')]
    assert rows(mlist)[0].door is Door.automatic
    assert rows(mlist)[0].about == anne.member_id


def test_a_command_from_an_alias_is_an_event_of_that_day(mlist, anne, picnic):
    give_alias(mlist, anne, ALIAS)
    store().commit()
    pass_time(DAY / 3)
    obey(mlist, letter(ALIAS), 'picnic+mute')
    [event] = rows(mlist)
    assert (event.at.hour, event.at.minute, event.at.second) == (0, 0, 0)
    assert event.at.date() == now().date()
    assert (event.about, event.actor) == (anne.member_id, '')
    assert ALIAS not in everything_stored(mlist)


def test_a_post_from_an_alias_looks_like_a_command_from_one(mlist, anne, picnic):
    """Its choice has the reason of a command; without an event it would be the only
    one, and the post of that day tells the alias."""
    give_alias(mlist, anne, ALIAS)
    bart = join(mlist, 'Bart')
    give_alias(mlist, bart, 'b@other.example')
    store().commit()
    posted(mlist, letter(ALIAS), 'picnic')
    obey(mlist, letter('b@other.example'), 'picnic+subscribe')
    one, other = (
        (each.at, each.door, each.action, each.before, each.after)
        for each in rows(mlist)
    )
    assert one == other
    # The events are about them, and name no address.
    assert [each.actor for each in rows(mlist)] == ['', '']


def test_a_client_that_names_an_alias_as_the_actor_names_the_member(
    mlist, anne, picnic
):
    give_alias(mlist, anne, ALIAS)
    choices.choose(mlist, picnic, anne, Choice.mute, By(Door.web, ALIAS))
    assert rows(mlist)[0].actor == 'anne@example.com'
    assert ALIAS not in everything_stored(mlist)


# Essays.


@pytest.fixture
def dora(mlist: Any) -> Any:
    """An address that wants to join; the list asks, and moderators decide."""
    lists.change(mlist, {'essay': 'yes'})
    mlist.subscription_policy = SubscriptionPolicy.moderate
    store().query(Event).delete()
    address = getUtility(IUserManager).create_address('dora@example.com')
    config.db.commit()
    return address


def answered(mlist: Any, dora: Any) -> str:
    token, _owner, _member = workflow.subscribe(
        mlist, dora, 'I have goats.', pre_verified=True, pre_confirmed=True
    )
    config.db.commit()
    return str(token)


def test_a_moderator_accepts_an_answer(mlist, dora):
    token = answered(mlist, dora)
    ISubscriptionManager(mlist).confirm(token)
    assert events(mlist) == [('essay', None, 'answered', 'accepted')]
    member = lookup.member_with_email(mlist, 'dora@example.com')
    assert rows(mlist)[0].about == member.member_id
    assert rows(mlist)[0].door is Door.rest


def test_a_moderator_rejects_or_discards_an_answer(mlist, dora):
    getUtility(IPendings).confirm(answered(mlist, dora))
    assert events(mlist) == [('essay', None, 'answered', 'refused')]
    assert 'dora' not in everything_stored(mlist)
    assert 'goats' not in everything_stored(mlist)


def test_a_request_expires(mlist, dora):
    workflow.subscribe(mlist, dora, None, pre_verified=True, pre_confirmed=True)
    config.db.commit()
    pass_time(DAY * 30)
    getUtility(IPendings).evict()
    assert events(mlist) == [('essay', None, 'asked', 'expired')]
    assert rows(mlist)[0].door is Door.automatic


def test_without_a_moderator_nobody_accepts(mlist, dora):
    mlist.subscription_policy = SubscriptionPolicy.open
    answered(mlist, dora)
    assert events(mlist) == [('essay', None, 'answered', 'accepted')]
    assert rows(mlist)[0].door is Door.automatic


def test_whom_an_owner_subscribes_needs_no_decision(mlist, dora):
    answered(mlist, dora)
    mlist.subscribe(dora)
    assert events(mlist) == []


# How long events live.


def test_events_outlive_the_member_but_not_the_list(mlist, anne, picnic):
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE)
    store().commit()
    member_id = anne.member_id
    anne.unsubscribe()
    config.db.commit()
    pass_time(2 * DAY)
    assert [each.about for each in rows(mlist)] == [member_id]
    remove_list(mlist)
    config.db.commit()
    assert count_rows(Event) == {'dlist_event': 0}


def test_a_member_who_returns_within_a_day_keeps_their_history(mlist, anne, picnic):
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE)
    store().commit()
    anne.unsubscribe()
    config.db.commit()
    again = mlist.subscribe(person('Anne').preferred_address)
    config.db.commit()
    assert [each.action for each in audit.own(mlist, again, 50)] == ['mute']


@pytest.mark.parametrize(('days', 'age', 'kept'), [
    (365, 364, True), (365, 366, False), (1, 2, False), (0, 5000, True),
])
def test_events_are_kept_as_long_as_the_list_says(
    days, age, kept, mlist, anne, picnic
):
    lists.settings(mlist).audit_retention = days
    choices.choose(mlist, picnic, anne, Choice.mute, ANNE)
    bee = new_list('bee')
    lists.settings(bee).audit_retention = 0
    notify(ChangedEvent(bee, OWNER, 'close'))
    store().commit()
    pass_time(age * DAY)
    audit.forget_old()
    assert len(rows(mlist)) == kept
    assert len(rows(bee)) == 1


# Looking them up.


def test_events_of_a_conversation_by_any_name(mlist, picnic):
    goat = open_conversation(mlist, 'goat')
    notify(ChangedEvent(mlist, OWNER, 'close', picnic))
    notify(ChangedEvent(mlist, OWNER, 'close', goat))
    picnic.name = 'lake'
    notify(ChangedEvent(mlist, OWNER, 'reopen', picnic))
    store().add(
        Merged(number=99, list_id=mlist.list_id, conversation_id=picnic.id)
    )
    store().add(
        Event(
            list_id=mlist.list_id, at=now(), door=Door.rest, actor='', action='merge',
            conversation_number=99, conversation_name='pond', before='', after='',
        )
    )
    store().commit()
    numbers = audit.numbers(mlist, 'Picnic')
    found = search(Search(mlist.list_id, numbers=numbers))
    assert {each.action for each in found} == {'close', 'reopen', 'merge'}
    assert len(found) == 3
    with pytest.raises(lookup.UnknownConversation):
        audit.numbers(mlist, 'never')


def test_events_of_a_deleted_conversation(mlist, picnic):
    notify(ChangedEvent(mlist, OWNER, 'rename', picnic, None, 'picnic', 'lake'))
    notify(
        ChangedEvent(mlist, OWNER, 'delete', picnic, None, 'lake', '')
    )
    number = picnic.id
    for row in store().query(ConversationName):
        row.conversation_id = None
    for message in store().query(ConversationMessage):
        message.conversation = None
    store().delete(picnic)
    store().commit()
    assert audit.numbers(mlist, 'picnic') == {number}


# Events account for the state.


# What an action changes, if it is not called the same.
KINDS = {
    'follow': 'choice', 'mute': 'choice', 'reset': 'choice',
    'close': 'posting', 'hold': 'posting', 'reopen': 'posting', 'rename': 'name',
}


def replayed(mlist: Any) -> dict[Any, str]:
    """Return the state that the events alone lead to."""
    state: dict[Any, str] = {}
    for event in rows(mlist):
        what = KINDS.get(event.action, event.action)
        key = event.about, event.conversation_number, what
        assert state.get(key, event.before) == event.before
        state[key] = event.after
    return state


WHO = st.sampled_from(['anne', 'bart'])
NAME = st.sampled_from(['picnic', 'goat'])
STEPS = st.one_of(
    st.tuples(st.just('choose'), WHO, NAME, st.sampled_from(Choice)),
    st.tuples(st.just('pause'), WHO, NAME, st.integers(100, 200)),
    st.tuples(st.just('forget'), WHO, NAME),
    st.tuples(st.just('default'), WHO, st.sampled_from(Default)),
    st.tuples(st.just('footers'), st.booleans()),
    st.tuples(st.just('posting'), NAME, st.sampled_from(Posting)),
    st.tuples(st.just('rename'), NAME, st.sampled_from(['lake', 'pond', 'picnic'])),
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, max_size=12))
def test_events_account_for_the_state(steps, mailman):
    mlist = new_list(f'ant{next(NUMBERS)}')
    people = {name: join(mlist, name) for name in ('anne', 'bart')}
    talks = {name: open_conversation(mlist, name) for name in ('picnic', 'goat')}
    for kind, *how in steps:
        match kind, how:
            case 'choose', [who, name, choice]:
                choices.choose(mlist, talks[name], people[who], choice, ANNE)
            case 'pause', [who, name, days]:
                until = now() + days * DAY
                mute = Choice.mute
                choices.choose(mlist, talks[name], people[who], mute, ANNE, until)
            case 'forget', [who, name]:
                choices.forget(mlist, talks[name], people[who], ANNE)
            case 'default', [who, default]:
                preferences.change(mlist, people[who], {'default': default.name}, ANNE)
            case 'footers', [value]:
                lists.change(mlist, {'footers': value}, OWNER)
            case 'posting', [name, posting]:
                changing.set_posting(mlist, talks[name], posting, OWNER)
            case 'rename', [name, new]:
                with suppress(changing.NameTaken):
                    changing.rename(mlist, talks[name], new, OWNER)
        store().commit()
    state = replayed(mlist)
    for member in people.values():
        for conversation in talks.values():
            standing = choices.standing(mlist, conversation, member)
            written = '' if standing.choice is None else standing.choice.name
            if standing.until is not None:
                written += f' until {standing.until.isoformat(timespec="seconds")}Z'
            key = member.member_id, conversation.id, 'choice'
            assert state.get(key, '') == written
        default = choices.default_of(mlist, member).name
        of_member = member.member_id, None
        assert state.get((*of_member, 'default'), 'everything') == default
    footers = 'yes' if lists.settings(mlist).footers else 'no'
    assert state.get((None, None, 'footers'), 'yes') == footers
    for name, conversation in talks.items():
        of_this = None, conversation.id
        posting = conversation.posting.name
        assert state.get((*of_this, 'posting'), 'open') == posting
        assert state.get((*of_this, 'name'), name) == conversation.name


def test_nobody_in_particular_acts_where_nobody_is_named():
    assert AUTOMATIC.actor == ''
