# SPDX-License-Identifier: GPL-3.0-or-later
"""What members choose, what they hear therefore, and what outlasts what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from mailman.utilities.datetime import now
from zope.event import subscribers

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Default, Reason, Standing, replaces
from mailman_dlist.interfaces.events import ChoiceChangedEvent
from mailman_dlist.model import audience
from mailman_dlist.model import following as model
from mailman_dlist.model.following import MemberChoice, MemberSettings
from mailman_dlist.model.session import store
from tests.app.post import open_conversation, posted
from tests.model.stage import DAY, count_rows, letter, pass_time


pytestmark = pytest.mark.every_database


FOLLOW, MUTE = Choice.follow, Choice.mute

BY = By(Door.rest)


@contextmanager
def heard_of() -> Iterator[list[ChoiceChangedEvent]]:
    """Collect the events that tell of choices."""
    events: list[ChoiceChangedEvent] = []

    def remember(happening: Any) -> None:
        if isinstance(happening, ChoiceChangedEvent):
            events.append(happening)

    subscribers.append(remember)
    try:
        yield events
    finally:
        subscribers.remove(remember)


def test_a_member_without_a_choice_stands_by_the_default(mlist, picnic, anne):
    for default in Default:
        choices.settings_of(mlist, anne).default = default
        store().commit()
        assert choices.default_of(mlist, anne) is default
        assert choices.standing(mlist, picnic, anne) == Standing(default)


@pytest.mark.parametrize('choice', Choice)
@pytest.mark.parametrize('default', Default)
def test_a_wish_is_recorded_even_where_it_repeats_the_default(
    default, choice, mlist, picnic, anne
):
    choices.settings_of(mlist, anne).default = default
    assert choices.choose(mlist, picnic, anne, choice, By(Door.mail))
    store().commit()
    standing = Standing(default, choice, Reason.mail)
    assert choices.standing(mlist, picnic, anne) == standing
    choices.forget(mlist, picnic, anne, By(Door.mail))
    store().commit()
    assert choices.standing(mlist, picnic, anne) == Standing(default)
    assert count_rows(MemberChoice) == {'dlist_choice': 0}


@pytest.mark.parametrize('old', [None, *Reason])
def test_what_comes_about_by_itself_never_replaces_what_a_person_chose(
    old, mlist, picnic, anne
):
    for new in Reason:
        choices.forget(mlist, picnic, anne, BY)
        store().flush()
        if old is not None:
            assert choices.choose(mlist, picnic, anne, MUTE, BY, reason=old)
        replaced = choices.choose(mlist, picnic, anne, FOLLOW, BY, reason=new)
        assert replaced is replaces(new, old)
        standing = choices.standing(mlist, picnic, anne)
        assert (standing.choice, standing.reason) == (
            (FOLLOW, new) if replaced else (MUTE, old)
        )


def test_a_choice_for_a_while_ends_by_itself(mlist, picnic, anne):
    choices.choose(mlist, picnic, anne, MUTE, By(Door.mail), now() + 7 * DAY)
    store().commit()
    pass_time(6 * DAY)
    assert choices.standing(mlist, picnic, anne).choice is MUTE
    assert 'anne@example.com' not in who_hears(mlist, picnic)
    pass_time(DAY)
    assert choices.standing(mlist, picnic, anne) == Standing(Default.everything)
    assert 'anne@example.com' in who_hears(mlist, picnic)


def test_where_a_choice_has_ended_answering_is_following_again(mlist, picnic, anne):
    choices.choose(mlist, picnic, anne, MUTE, By(Door.mail), now() + DAY)
    assert not choices.choose(mlist, picnic, anne, FOLLOW, BY, reason=Reason.replied)
    pass_time(DAY)
    assert choices.choose(mlist, picnic, anne, FOLLOW, BY, reason=Reason.replied)
    store().commit()
    row, pause = model.choices_about(picnic, anne.member_id)
    assert row is not None
    assert (row.choice, row.reason, row.made_at) == (FOLLOW, Reason.replied, now())
    assert pause is None


def test_a_lasting_choice_takes_the_place_of_a_timed_one(mlist, picnic, anne):
    choices.choose(mlist, picnic, anne, MUTE, By(Door.mail), now() + DAY)
    choices.choose(mlist, picnic, anne, MUTE, By(Door.mail))
    store().commit()
    pass_time(2 * DAY)
    assert choices.standing(mlist, picnic, anne).choice is MUTE


def test_whoever_listens_hears_of_every_choice_and_of_nothing_else(
    mlist, picnic, anne
):
    with heard_of() as events:
        choices.forget(mlist, picnic, anne, By(Door.mail))
        choices.choose(mlist, picnic, anne, MUTE, By(Door.mail))
        choices.choose(mlist, picnic, anne, FOLLOW, BY, reason=Reason.replied)
        choices.forget(mlist, picnic, anne, By(Door.web))
        store().commit()
    told = [(each.member, each.choice, each.reason) for each in events]
    assert told == [(anne, MUTE, Reason.mail), (anne, None, Reason.web)]
    assert all((each.mlist, each.conversation) == (mlist, picnic) for each in events)


def test_asking_for_a_default_writes_nothing(mlist, picnic, anne):
    assert choices.default_of(mlist, anne) is Default.everything
    choices.standing(mlist, picnic, anne)
    store().commit()
    assert count_rows(MemberSettings) == {'dlist_member': 0}


def test_settings_to_change_start_as_they_were(mlist, anne):
    lists.settings(mlist).base_default = Default.openings
    settings = choices.settings_of(mlist, anne)
    store().commit()
    assert settings.default is Default.openings
    assert settings.follow_opened
    assert settings.follow_replied
    assert settings.list_id == mlist.list_id


@pytest.mark.parametrize(('opened', 'replied'), list(product([True, False], repeat=2)))
def test_posting_is_following_unless_a_member_minds(opened, replied, mlist, anne):
    walk = open_conversation(mlist, 'walk')
    settings = choices.settings_of(mlist, anne)
    settings.default = Default.nothing
    settings.follow_opened, settings.follow_replied = opened, replied
    own = posted(mlist, letter(anne, 'Picnic')).conversation
    posted(mlist, letter(anne, 'Re: Walk'), 'walk')
    nothing = Standing(Default.nothing)
    assert choices.standing(mlist, own, anne) == (
        Standing(Default.nothing, FOLLOW, Reason.opened) if opened else nothing
    )
    assert choices.standing(mlist, walk, anne) == (
        Standing(Default.nothing, FOLLOW, Reason.replied) if replied else nothing
    )


def test_posting_to_what_you_have_muted_does_not_un_mute_it(mlist, picnic, anne):
    choices.choose(mlist, picnic, anne, MUTE, By(Door.mail))
    posted(mlist, letter(anne, 'Re: Picnic'), 'picnic')
    assert choices.standing(mlist, picnic, anne).choice is MUTE


def test_a_stranger_who_posts_follows_nothing(mlist):
    posted(mlist, letter('stranger@example.net'))
    assert count_rows(MemberChoice, MemberSettings) == {
        'dlist_choice': 0,
        'dlist_member': 0,
    }


def who_hears(mlist: Any, conversation: Any) -> set[str]:
    return set(audience.recipients(choices.hearing(mlist, conversation)))
