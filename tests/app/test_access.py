# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may follow a conversation, what is said to those who may not, and who decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from mailman.config import config
from sqlalchemy import update
from zope.event import subscribers

from mailman_dlist.app import lists
from mailman_dlist.app.access import requests, states, terms
from mailman_dlist.app.access.states import Outcome
from mailman_dlist.app.following import choices
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.domain.access import AccessRefused, Action, State
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Access, Choice, Default, Reason, Ruling
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.model import access as model
from mailman_dlist.model import audience, life
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import MemberChoice, Pause, choices_about
from mailman_dlist.model.session import committed, store
from tests.app.post import accept, open_conversation, posted
from tests.model.stage import (
    DAY,
    choose,
    count_rows,
    counted,
    give_alias,
    join,
    join_all,
    letter,
    new_list,
    now,
    pass_time,
    queued,
)


pytestmark = pytest.mark.every_database


OPEN, MODERATED, INVITATION = Access
FOLLOW, MUTE = Choice
OWNER = By(Door.rest, 'owner@example.com')
MEMBER = By(Door.mail, 'anne@example.com')


@contextmanager
def recorded() -> Iterator[list[tuple[str, str, str]]]:
    """Collect what the audit is told: the action, before and after."""
    events: list[tuple[str, str, str]] = []

    def remember(happening: Any) -> None:
        if isinstance(happening, ChangedEvent):
            events.append((happening.action, happening.before, happening.after))

    subscribers.append(remember)
    try:
        yield events
    finally:
        subscribers.remove(remember)


def stored(conversation: Any, member: Any) -> tuple[Any, ...] | None:
    """Return what is written down about a member, without a pause."""
    store().rollback()
    row = choices_about(conversation, member.member_id).lasting
    return None if row is None else (row.choice, row.ruling, row.reason)


def act(mlist: Any, conversation: Any, member: Any, action: Action) -> State:
    """Let a moderator do something about a member."""
    return committed(lambda: states.act(mlist, conversation, member, action, OWNER))


def change(mlist: Any, conversation: Any, **changes: Any) -> None:
    committed(lambda: terms.change(mlist, conversation, OWNER, **changes))


def put(mlist: Any, conversation: Any, member: Any, state: State) -> None:
    """Put a member into a state, by what leads there."""
    steps = {
        State.subscribed: [Action.add_subscriber],
        State.unsubscribed: [Action.remove_subscriber],
        State.subscription_override: [Action.add_subscription_override],
        State.unsubscription_override: [Action.add_unsubscription_override],
        State.pending: [Action.request_subscription],
    }
    access = conversation.access
    if state is State.pending:
        conversation.access = Access.moderated
        store().commit()
    for action in steps.get(state, []):
        act(mlist, conversation, member, action)
    default = Default.everything if state is State.implicit else Default.openings
    choices.settings_of(mlist, member).default = default
    conversation.access = access
    store().commit()


def say(mlist: Any, conversation: Any, member: Any, wish: str) -> Any:
    """Let a member wish something; return what becomes of it."""
    verb, _, days = wish.partition(' ')
    choice = None if verb == 'reset' else Choice[verb]
    until = now() + int(days) * DAY if days else None
    try:
        return committed(
            lambda: states.wish(
                mlist, conversation, member, choice, MEMBER, until=until, as_member=True
            )
        )
    except AccessRefused as refused:
        return refused.code.removeprefix('subman_')


DONE, ASKED = Outcome.done, Outcome.asked
BY_MAIL = Reason.mail
FOLLOWS, MUTED = (FOLLOW, None, BY_MAIL), (MUTE, None, BY_MAIL)
PENDING = (None, Ruling.pending, BY_MAIL)
PINNED = (FOLLOW, Ruling.pinned, Reason.owner)
BARRED = (MUTE, Ruling.barred, Reason.owner)
IS_BARRED = 'self_is-unsubscription-overridden'

# What a member wishes in which state, of a conversation with open, moderated and
# invitation access; and what is stored then.
WISHES: list[Any] = [
    (State.none, 'follow', (DONE, FOLLOWS), (ASKED, PENDING),
     ('self_not-self-subscribable', None)),
    (State.implicit, 'follow', (DONE, FOLLOWS), (ASKED, PENDING),
     ('self_not-self-subscribable', None)),
    (State.subscribed, 'follow', *3 * [(DONE, FOLLOWS)]),
    (State.unsubscribed, 'follow', (DONE, FOLLOWS), (ASKED, PENDING),
     ('self_not-self-subscribable', (MUTE, None, Reason.owner))),
    (State.subscription_override, 'follow', *3 * [(DONE, (*PINNED[:2], BY_MAIL))]),
    (State.unsubscription_override, 'follow', (IS_BARRED, BARRED), (IS_BARRED, BARRED),
     ('self_not-self-subscribable', BARRED)),
    (State.pending, 'follow', (DONE, FOLLOWS),
     ('self_is-pending', (None, Ruling.pending, Reason.rest)),
     ('self_not-self-subscribable', (None, Ruling.pending, Reason.rest))),
    *((state, 'mute', *3 * [(DONE, MUTED)])
      for state in State if state is not State.unsubscription_override),
    (State.unsubscription_override, 'mute', *3 * [('self_is-unsubscribed', BARRED)]),
    *((state, 'reset', *3 * [(DONE, None)])
      for state in State
      if 'override' not in state.name and state is not State.pending),
    (State.pending, 'reset', *3 * [(Outcome.withdrawn, None)]),
    (State.subscription_override, 'reset',
     *3 * [('managing_is-subscription-overridden', PINNED)]),
    (State.unsubscription_override, 'reset',
     *3 * [('managing_is-unsubscription-overridden', BARRED)]),
]  # fmt: skip


@pytest.mark.parametrize(('place', 'access'), [*enumerate(Access)])
@pytest.mark.parametrize(('state', 'wish', 'open_', 'moderated', 'invitation'), WISHES)
def test_what_becomes_of_the_wish_of_a_member(
    state, wish, open_, moderated, invitation, place, access, mlist, picnic, anne
):
    picnic.access = access
    put(mlist, picnic, anne, state)
    outcome, then = (open_, moderated, invitation)[place]
    assert say(mlist, picnic, anne, wish) == outcome
    assert stored(picnic, anne) == then


def test_the_table_of_wishes_is_whole():
    rows = {(state, wish) for state, wish, *_rest in WISHES}
    assert rows == set(product(State, ['follow', 'mute', 'reset']))


@pytest.mark.parametrize('access', Access)
@pytest.mark.parametrize('state', [
    state for state in State
    if state not in (State.unsubscribed, State.unsubscription_override)
])
def test_a_mandatory_conversation_cannot_be_muted(state, access, mlist, picnic, anne):
    put(mlist, picnic, anne, state)
    picnic.access, picnic.mandatory = access, True
    store().commit()
    before = stored(picnic, anne)
    refused = 'managing_no-unsubscribe-possible'
    # A request is not withdrawn either.
    assert say(mlist, picnic, anne, 'mute') == refused
    assert say(mlist, picnic, anne, 'mute 7') == refused
    assert stored(picnic, anne) == before
    assert hears(mlist, picnic) == {'anne'}


@pytest.mark.parametrize('access', Access)
@pytest.mark.parametrize(('state', 'outcome'), [
    *((state, DONE) for state in State if state is not State.unsubscription_override),
    (State.unsubscription_override, 'self_is-unsubscribed'),
])
def test_a_pause_leaves_the_state_alone(state, outcome, access, mlist, picnic, anne):
    picnic.access = access
    put(mlist, picnic, anne, state)
    before = stored(picnic, anne)
    assert say(mlist, picnic, anne, 'mute 7') == outcome
    assert stored(picnic, anne) == before
    assert count_rows(Pause)['dlist_pause'] == (1 if outcome is DONE else 0)


@pytest.mark.parametrize(('access', 'state', 'outcome'), [
    (OPEN, State.none, DONE),
    *product([MODERATED, INVITATION], [State.none], ['self_not-self-subscribable']),
    *product(Access, [State.subscribed, State.subscription_override], [DONE]),
    (OPEN, State.unsubscription_override, IS_BARRED),
])
def test_a_request_to_follow_is_not_for_a_while(
    access, state, outcome, mlist, picnic, anne
):
    picnic.access = access
    put(mlist, picnic, anne, state)
    before = stored(picnic, anne)
    assert say(mlist, picnic, anne, 'follow 7') == outcome
    assert stored(picnic, anne) == before


def test_a_pinned_member_comes_back_before_the_pause_is_over(mlist, picnic, anne):
    put(mlist, picnic, anne, State.subscription_override)
    say(mlist, picnic, anne, 'mute 7')
    assert hears(mlist, picnic) == set()
    assert say(mlist, picnic, anne, 'follow') is DONE
    assert hears(mlist, picnic) == {'anne'}
    assert states.state(mlist, picnic, anne) is State.subscription_override


@pytest.mark.parametrize('action', [
    Action.add_subscription_override, Action.add_unsubscription_override,
])
def test_what_a_moderator_decides_replaces_a_pause(action, mlist, picnic, anne):
    for wish in 'mute 7', 'follow 7':
        say(mlist, picnic, anne, wish)
        act(mlist, picnic, anne, action)
        pins = action is Action.add_subscription_override
        assert hears(mlist, picnic) == ({'anne'} if pins else set())
        assert count_rows(Pause) == {'dlist_pause': 0}
        undo = {
            True: Action.remove_subscription_override,
            False: Action.remove_unsubscription_override,
        }[pins]
        act(mlist, picnic, anne, undo)


@pytest.mark.parametrize(('decision', 'hears_then'), [
    (Action.approve_request, {'anne'}), (Action.deny_request, set()),
])
def test_a_decision_leaves_a_pause_beside_the_request(
    decision, hears_then, mlist, picnic, anne
):
    picnic.access = Access.moderated
    store().commit()
    assert say(mlist, picnic, anne, 'follow') is ASKED
    assert say(mlist, picnic, anne, 'mute 7') is DONE
    act(mlist, picnic, anne, decision)
    assert hears(mlist, picnic) == set()
    pass_time(7 * DAY)
    assert hears(mlist, picnic) == hears_then


def test_what_moderators_want_for_a_member(mlist, picnic, anne):
    """A choice by REST or the shell is a moderator's, unless it says otherwise."""

    def decide(choice: Choice | None) -> Any:
        try:
            return committed(
                lambda: states.wish(
                    mlist, picnic, anne, choice, OWNER, as_member=False
                )
            )
        except AccessRefused as refused:
            return refused.code.removeprefix('subman_managing_')

    picnic.access = INVITATION
    store().commit()
    assert decide(FOLLOW) is DONE
    assert stored(picnic, anne) == (FOLLOW, None, Reason.rest)
    assert decide(MUTE) is DONE
    assert decide(None) is DONE
    for state, word in (
        (State.pending, 'is-pending'),
        (State.subscription_override, 'is-subscription-overridden'),
        (State.unsubscription_override, 'is-unsubscription-overridden'),
    ):
        put(mlist, picnic, anne, state)
        before = stored(picnic, anne)
        other = FOLLOW if state is not State.subscription_override else MUTE
        assert [decide(other), decide(None)] == [word, word]
        assert stored(picnic, anne) == before
        store().query(MemberChoice).delete()
        store().commit()


def test_the_audit_is_told_who_did_what(mlist, picnic, anne):
    picnic.access = Access.moderated
    store().commit()
    with recorded() as events:
        say(mlist, picnic, anne, 'follow')
        for action in (
            Action.approve_request, Action.add_subscription_override,
            Action.remove_subscription_override, Action.add_unsubscription_override,
            Action.remove_unsubscription_override, Action.add_subscriber,
            Action.remove_subscriber, Action.reset,
        ):
            act(mlist, picnic, anne, action)
        say(mlist, picnic, anne, 'follow')
        say(mlist, picnic, anne, 'reset')
        say(mlist, picnic, anne, 'follow')
        act(mlist, picnic, anne, Action.block_request)
    assert events == [
        ('ask', '', 'pending'),
        ('approve', 'pending', 'follow'),
        ('pin', 'follow', 'pinned'),
        ('unpin', 'pinned', 'follow'),
        ('bar', 'follow', 'barred'),
        ('unbar', 'barred', 'mute'),
        ('add', 'mute', 'follow'),
        ('remove', 'follow', 'mute'),
        ('reset', 'mute', ''),
        ('ask', '', 'pending'),
        ('cancel', 'pending', ''),
        ('ask', '', 'pending'),
        ('block', 'pending', 'barred'),
    ]


# The conversation itself.


def hears(mlist: Any, conversation: Any) -> set[str]:
    store().rollback()
    heard = audience.recipients(choices.hearing(mlist, conversation))
    return {email.partition('@')[0] for email in heard}


def test_when_access_narrows_those_stay_who_follow_by_a_choice(mlist, picnic):
    people = {state: join(mlist, state.name.replace('_', '-')) for state in State}
    for state, member in people.items():
        put(mlist, picnic, member, state)
    before = {state: stored(picnic, member) for state, member in people.items()}
    for access in MODERATED, INVITATION, OPEN:
        with recorded() as events:
            change(mlist, picnic, access=access)
        assert [event[0] for event in events] == ['access']
        for state, member in people.items():
            assert stored(picnic, member) == before[state]
            # Computed anew: who followed by default.
            is_state = states.state(mlist, picnic, member)
            narrowed = access is not OPEN and state is State.implicit
            assert is_state is (State.none if narrowed else state)
        followers = {'subscribed', 'subscription-override'}
        by_default = {'implicit'} if access is OPEN else set()
        assert hears(mlist, picnic) == followers | by_default


def test_what_is_muted_becomes_mandatory_only_if_mutes_are_cleared(mlist, picnic):
    names = 'muted', 'barred', 'paused', 'both', 'ended', 'pinned', 'asks', 'former'
    people = {name: join(mlist, name) for name in names}
    put(mlist, picnic, people['barred'], State.unsubscription_override)
    put(mlist, picnic, people['pinned'], State.subscription_override)
    put(mlist, picnic, people['asks'], State.pending)
    for name in 'muted', 'both', 'former':
        choose(picnic, people[name], MUTE)
    for name, days in ('paused', 2), ('both', 2), ('ended', 1):
        choose(picnic, people[name], MUTE, now() + days * DAY)
    store().commit()
    people.pop('former').unsubscribe()
    store().commit()
    pass_time(DAY)
    for _ in range(2):
        with pytest.raises(terms.SilencesExist) as raised:
            change(mlist, picnic, access=INVITATION, mandatory=True)
        assert raised.value.number == 4
        assert str(raised.value).startswith('4 members have muted the conversation')
        assert (picnic.access, picnic.mandatory) == (OPEN, False)
        assert model.silence_count(picnic, now()) == 4
    with recorded() as events:
        change(mlist, picnic, mandatory=True, clear=True)
    assert events == [('clear', '4', ''), ('mandatory', 'no', 'yes')]
    assert hears(mlist, picnic) == people.keys()
    left = {each.member_id for each in store().query(MemberChoice)}
    assert left == {people['pinned'].member_id, people['asks'].member_id}
    with recorded() as events:
        change(mlist, picnic, mandatory=True)
    assert events == []
    change(mlist, picnic, mandatory=False)
    assert stored(picnic, people['muted']) is None


def test_new_conversations_are_as_the_list_wants(mlist, anne):
    lists.change(mlist, {'access': 'moderated', 'mandatory': 'yes'}, OWNER)
    choices.settings_of(mlist, anne).default = Default.nothing
    store().commit()
    walk = open_conversation(mlist, 'walk')
    assert (walk.access, walk.mandatory) == (MODERATED, True)
    assert hears(mlist, walk) == {'anne'}
    lists.change(mlist, {'access': 'open', 'mandatory': 'no'}, OWNER)
    store().commit()
    goat = open_conversation(mlist, 'goat')
    assert (goat.access, goat.mandatory) == (OPEN, False)
    assert walk.mandatory


@pytest.mark.parametrize('access', Access)
def test_the_opener_follows_and_a_reply_where_members_may(access, mlist, anne):
    lists.change(mlist, {'access': access.name}, OWNER)
    store().commit()
    bart = join(mlist, 'Bart')
    walk = posted(mlist, letter(anne, 'Walk'), 'new+walk').conversation
    posted(mlist, letter(bart, 'Re: Walk'), 'walk')
    assert stored(walk, anne) == (FOLLOW, None, Reason.opened)
    replied = (FOLLOW, None, Reason.replied)
    assert stored(walk, bart) == (replied if access is OPEN else None)


@pytest.mark.parametrize('access', Access)
def test_no_choice_shows_who_opened_from_an_alias(access, mlist, anne):
    give_alias(mlist, anne, 'shade@example.net')
    lists.change(mlist, {'access': access.name}, OWNER)
    store().commit()
    walk = posted(mlist, letter('shade@example.net', 'Walk'), 'new+walk').conversation
    follows = (FOLLOW, None, Reason.mail)
    assert stored(walk, anne) == (follows if access is OPEN else None)


def test_a_reply_does_not_answer_a_request(mlist, picnic, anne):
    put(mlist, picnic, anne, State.pending)
    posted(mlist, letter(anne, 'Re: Picnic'), 'picnic')
    assert stored(picnic, anne) == (None, Ruling.pending, Reason.rest)
    # Nor does any other choice that nobody made.
    assert not choices.choose(
        mlist, picnic, anne, FOLLOW, OWNER, reason=Reason.imported
    )


# Two people at the same moment.


def overtaken(monkeypatch: Any, statement: Any) -> None:
    """Let another process be faster, after this one has looked."""
    lock = life.lock

    def late(number: int) -> None:
        monkeypatch.undo()
        with config.db.engine.begin() as connection:
            connection.execute(statement)
        lock(number)

    monkeypatch.setattr(life, 'lock', late)


@pytest.mark.parametrize(('wish', 'refused'), [
    ('follow', IS_BARRED), ('mute', 'self_is-unsubscribed'),
    ('reset', 'managing_is-unsubscription-overridden'),
])
def test_a_bar_is_not_undone_by_a_wish_at_the_same_moment(
    wish, refused, mlist, picnic, anne, monkeypatch
):
    say(mlist, picnic, anne, 'mute' if wish == 'follow' else 'follow')
    # Read before, and kept in the session.
    seen = choices_about(picnic, anne.member_id).lasting
    assert seen is not None
    bar = update(MemberChoice).values(choice=MUTE, ruling=Ruling.barred)
    overtaken(monkeypatch, bar)
    assert say(mlist, picnic, anne, wish) == refused
    row = stored(picnic, anne)
    assert row is not None
    assert row[:2] == (MUTE, Ruling.barred)


def test_a_mute_comes_too_late_for_what_has_become_mandatory(
    mlist, picnic, anne, monkeypatch
):
    overtaken(monkeypatch, update(Conversation).values(mandatory=True))
    assert say(mlist, picnic, anne, 'mute') == 'managing_no-unsubscribe-possible'
    assert stored(picnic, anne) is None


def test_two_moderators_decide_one_request(mlist, picnic, anne, monkeypatch):
    put(mlist, picnic, anne, State.pending)
    queued('virgin')
    deny = update(MemberChoice).values(choice=MUTE, ruling=Ruling.barred)
    overtaken(monkeypatch, deny)
    with pytest.raises(AccessRefused):
        requests.act(mlist, picnic, anne, Action.approve_request, OWNER)
    assert states.state(mlist, picnic, anne) is State.unsubscription_override
    # Only what counts is told.
    assert queued('virgin') == []


# Posts of members who are barred.


def test_a_barred_member_does_not_post_there(mlist, picnic, anne):
    goat = open_conversation(mlist, 'goat')
    put(mlist, picnic, anne, State.unsubscription_override)
    refused = accept(mlist, letter(anne, 'Re: Picnic'), 'picnic')
    assert refused == Judgement(Fate.barred, picnic)
    answer = letter(anne, 'Re: Picnic', answers='<picnic@example.com>')
    assert accept(mlist, answer) == Judgement(Fate.barred, picnic)
    assert posted(mlist, letter(anne, 'Re: Goat'), 'goat').conversation == goat
    give_alias(mlist, anne, 'shade@example.net')
    store().commit()
    by_alias = letter('shade@example.net', 'Re: Picnic')
    assert accept(mlist, by_alias, 'picnic') == Judgement(Fate.barred, picnic)
    act(mlist, picnic, anne, Action.remove_unsubscription_override)
    assert posted(mlist, letter(anne, 'Re: Picnic'), 'picnic').conversation == picnic


def test_a_post_asks_nothing_about_bars_where_nobody_was_barred(mlist, picnic, anne):
    def statements() -> list[str]:
        with counted() as sent:
            posted(mlist, letter(anne, 'Re: Picnic'), 'picnic')
        return [each for each in sent if 'ruling' in each and 'LEFT OUTER' not in each]

    assert [each for each in statements() if each.startswith('SELECT')] == []
    bart = join(mlist, 'Bart')
    put(mlist, picnic, bart, State.unsubscription_override)
    assert len([each for each in statements() if each.startswith('SELECT')]) == 1


# Mail to moderators.


def told() -> list[str]:
    """Let the runner look; return what the moderators get."""
    requests.tell_moderators()
    store().commit()
    mails = [msg for msg, _msgdata in queued('virgin')]
    return [
        msg.get_payload(decode=True).decode()
        for msg in mails
        if msg['to'] == 'ant-owner@example.com'
    ]


def names_in(mail: str, *members: Any) -> set[str]:
    emails = (each.address.email for each in members)
    return {email.partition('@')[0] for email in emails if f'    {email} (' in mail}


def test_moderators_get_one_mail_a_day_and_are_reminded(mlist, picnic):
    anne, bart, cris = people = join_all(mlist, 'Anne', 'Bart', 'Cris')
    change(mlist, picnic, access=MODERATED)
    assert told() == []
    say(mlist, picnic, anne, 'follow')
    [mail] = told()
    assert names_in(mail, *people) == {'anne'}
    # Collected until a day has passed.
    pass_time(DAY / 2)
    say(mlist, picnic, bart, 'follow')
    assert told() == []
    pass_time(DAY / 4)
    say(mlist, picnic, cris, 'follow')
    assert told() == []
    pass_time(DAY / 4)
    [mail] = told()
    assert names_in(mail, *people) == {'anne', 'bart', 'cris'}
    for _ in range(2):
        pass_time(3 * DAY - DAY / 24)
        assert told() == []
        pass_time(DAY / 24)
        [mail] = told()
        assert names_in(mail, *people) == {'anne', 'bart', 'cris'}
    # What is decided is not told again.
    for member in people:
        decision = Action.deny_request
        requests.act(mlist, picnic, member, decision, OWNER)
    pass_time(3 * DAY)
    assert told() == []
    assert lists.settings(mlist).requests_due_at is None
    say(mlist, picnic, anne, 'follow')
    assert len(told()) == 1


def test_moderators_of_a_plain_list_or_without_the_member_are_told_nothing(
    mlist, picnic, anne
):
    change(mlist, picnic, access=MODERATED)
    say(mlist, picnic, anne, 'follow')
    lists.disable(mlist)
    store().commit()
    assert told() == []
    lists.enable(mlist)
    anne.unsubscribe()
    store().commit()
    assert told() == []
    # Back within a day, and so is the request.
    anne = join(mlist, 'Anne')
    assert states.state(mlist, picnic, anne) is State.pending


def test_many_requests_are_counted(mlist, picnic, monkeypatch):
    monkeypatch.setattr(requests, 'MOST_SHOWN', 2)
    people = join_all(mlist, 'Anne', 'Bart', 'Cris')
    change(mlist, picnic, access=MODERATED)
    for member in people:
        say(mlist, picnic, member, 'follow')
        pass_time(DAY / 24)
    [mail] = told()
    assert names_in(mail, *people) == {'anne', 'bart'}
    assert 'Shown: 2 of 3, the oldest.' in mail


@pytest.mark.parametrize(('action', 'said'), [
    (Action.approve_request, 'A moderator has approved your request.'),
    (Action.deny_request, 'A moderator has denied your request'),
    (Action.block_request, 'and has barred you from it'),
])
def test_the_member_is_told_the_decision(action, said, mlist, picnic, anne):
    put(mlist, picnic, anne, State.pending)
    queued('virgin')
    requests.act(mlist, picnic, anne, action, OWNER)
    [(mail, _msgdata)] = queued('virgin')
    assert mail['to'] == 'anne@example.com'
    assert said in mail.get_payload(decode=True).decode()
    with pytest.raises(AccessRefused):
        requests.act(mlist, picnic, anne, action, OWNER)
    assert queued('virgin') == []


def test_requests_are_those_of_one_list(mlist, picnic, anne):
    put(mlist, picnic, anne, State.pending)
    new_list('bee')
    config.db.commit()
    found = model.requests('ant.example.com')
    assert [each.email for each in found] == ['anne@example.com']
    assert model.requests('bee.example.com') == []
