# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept about a membership ends with it, by whatever door, and not before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from mailman.app.lifecycle import remove_list
from mailman.interfaces.member import MemberRole
from mailman.interfaces.usermanager import IUserManager
from sqlalchemy import insert, select
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.aliases import eligibility, requests
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.following import choices
from mailman_dlist.app.lifecycle import forget_former
from mailman_dlist.app.people import senders
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Default, Reason, Standing
from mailman_dlist.model import core, essays, following, former
from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.base import metadata
from mailman_dlist.model.following import MemberChoice, MemberSettings
from mailman_dlist.model.former import Former
from mailman_dlist.model.session import store
from tests.app.post import open_conversation, posted
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
    verify,
)
from tests.rest import Client


pytestmark = pytest.mark.every_database


def join_and_choose(mlist: Any, name: str, *conversations: Any, **how: Any) -> Any:
    """Let somebody join who wants openings alone, and mutes these conversations.

    They have an alias, too, and ask for another.
    """
    member = join(mlist, name, **how)
    choices.settings_of(mlist, member).default = Default.openings
    for conversation in conversations:
        choices.choose(mlist, conversation, member, Choice.mute, By(Door.mail))
    give_alias(mlist, member, f'{member.member_id.hex}@alias.example')
    requests.ask(mlist, member, 'new@alias.example')
    store().commit()
    return member


def kept() -> tuple[int, int]:
    """Return how many choices and how many settings of members there are.

    There are as many aliases and wishes for one as settings.
    """
    rows = count_rows(MemberChoice, MemberSettings, Alias, AliasRequest)
    assert rows['dlist_alias'] == rows['dlist_alias_request'] == rows['dlist_member']
    return rows['dlist_choice'], rows['dlist_member']


def by_unsubscribing(member: Any) -> None:
    member.unsubscribe()


def by_the_list(member: Any) -> None:
    remove_list(member.mailing_list)


def by_the_address(member: Any) -> None:
    getUtility(IUserManager).delete_address(member.address)


def by_the_user(member: Any) -> None:
    getUtility(IUserManager).delete_user(member.user)


def by_rest(member: Any) -> None:
    path = f'members/{member.member_id.hex}'
    assert Client().core('DELETE', path).status_code == 204


def by_rest_with_the_user(member: Any) -> None:
    path = f'users/{member.user.user_id.hex}'
    assert Client().core('DELETE', path).status_code == 204


DOORS = [
    by_unsubscribing,
    by_the_list,
    by_the_address,
    by_the_user,
    by_rest,
    by_rest_with_the_user,
]


@pytest.mark.parametrize(('door', 'as_user'), [
    (door, as_user)
    for door in DOORS
    for as_user in (False, True)
    # There the address is not what is subscribed.
    if not (as_user and door is by_the_address)
])
def test_what_a_member_chose_ends_with_the_membership(
    door: Callable[[Any], None], as_user, mlist, picnic
):
    bee = new_list('bee')
    walk = open_conversation(bee, 'walk')
    anne = join_and_choose(mlist, 'Anne', picnic, as_user=as_user)
    join_and_choose(bee, 'Bart', walk)
    assert kept() == (2, 2)
    door(anne)
    store().commit()
    # For a day, unless the list has gone.
    assert kept() == ((1, 1) if door is by_the_list else (2, 2))
    assert orphans() == set()
    pass_time(former.KEPT)
    forget_former()
    assert kept() == (1, 1)
    assert count_rows(Former) == {'dlist_former': 0}


def orphans() -> set[UUID]:
    """Return whom our rows are about that is neither a member nor was one lately."""
    named = {
        member_id
        for table in former.OF_MEMBERS
        for member_id in store().scalars(select(table.member_id))
        if member_id is not None
    }
    members = set(store().scalars(select(core.member.c._member_id)))
    return named - members - set(store().scalars(select(Former.member_id)))


def test_an_address_that_goes_leaves_the_membership_of_its_user(mlist, picnic):
    anne = join_and_choose(mlist, 'Anne', picnic, as_user=True)
    user = anne.user
    other = user.register('anne@example.net')
    verify(other)
    user.preferred_address = other
    store().commit()
    getUtility(IUserManager).delete_address(
        getUtility(IUserManager).get_address('anne@example.com')
    )
    store().commit()
    assert kept() == (1, 1)


@pytest.mark.parametrize('as_user', [False, True])
def test_what_a_member_chose_survives_a_change_of_address(as_user, mlist, picnic):
    anne = join_and_choose(mlist, 'Anne', picnic, as_user=as_user)
    other = anne.user.register('anne@example.net')
    verify(other)
    if as_user:
        anne.user.preferred_address = other
    else:
        anne.address = other
    store().commit()
    standing = Standing(Default.openings, Choice.mute, Reason.mail)
    assert choices.standing(mlist, picnic, anne) == standing
    assert anne.address.email == 'anne@example.net'
    assert kept() == (1, 1)


def test_of_two_memberships_of_a_person_one_may_end(mlist, picnic):
    anne = join_and_choose(mlist, 'Anne', picnic)
    as_user = join_and_choose(mlist, 'Anne', picnic, as_user=True)
    anne.unsubscribe()
    store().commit()
    assert choices.standing(mlist, picnic, as_user).choice is Choice.mute
    pass_time(DAY)
    forget_former()
    assert kept() == (1, 1)
    assert choices.standing(mlist, picnic, as_user).choice is Choice.mute


@pytest.mark.parametrize('new_default', [Default.everything, Default.nothing])
@pytest.mark.parametrize('after', [timedelta(0), DAY - timedelta(seconds=1), DAY])
def test_who_joins_again_within_a_day_goes_on(after, new_default, mlist, picnic):
    anne = join_and_choose(mlist, 'Anne', picnic)
    settings = choices.settings_of(mlist, anne)
    settings.follow_replied = False
    before = requests.show(anne)
    anne.unsubscribe()
    store().commit()
    lists.settings(mlist).new_member_default = new_default
    pass_time(after)
    anne = join(mlist, 'Anne')
    standing = choices.standing(mlist, picnic, anne)
    if after < DAY:
        assert standing == Standing(Default.openings, Choice.mute, Reason.mail)
        assert not choices.settings_of(mlist, anne).follow_replied
        assert [each for each in before if each in requests.show(anne)] == before
        assert count_rows(Former) == {'dlist_former': 0}
    else:
        assert standing == Standing(new_default)
        assert requests.show(anne) == []
    assert orphans() == set()
    forget_former()
    assert choices.standing(mlist, picnic, anne) == standing


@pytest.mark.parametrize('as_user', [False, True])
def test_a_member_who_had_chosen_nothing_keeps_the_default_of_then(as_user, mlist):
    anne = join(mlist, 'Anne', as_user=as_user)
    lists.change(mlist, {'new_member_default': 'nothing'})
    anne.unsubscribe()
    store().commit()
    assert choices.default_of(mlist, join(mlist, 'Anne')) is Default.everything
    assert choices.default_of(mlist, join(mlist, 'Bart')) is Default.nothing


def second_address(name: str) -> Any:
    address = person(name).register(f'{name.lower()}@example.net')
    verify(address)
    return address


def test_another_address_of_the_same_user_takes_over(mlist, picnic):
    """As Postorius changes the address of a subscription."""
    anne = join_and_choose(mlist, 'Anne', picnic)
    keeping.start(mlist, 'anne@example.com', 'I knit.', invited=False)
    keeping.joined(mlist, anne)
    # It is an alias, and cannot be one any more.
    other = second_address('Anne')
    give_alias(mlist, anne, other.email)
    store().commit()
    anne.unsubscribe()
    store().commit()
    queued('virgin')
    mlist.subscribe(other)
    store().commit()
    [anne] = mlist.members.members
    assert anne.address.email == 'anne@example.net'
    assert choices.standing(mlist, picnic, anne).choice is Choice.mute
    assert keeping.of_member(anne) == 'I knit.'
    assert other.email not in {each.email for each in requests.show(anne)}
    assert len(requests.show(anne)) == 2
    # Nobody took it away from her.
    assert queued('virgin') == []


def test_other_people_and_other_lists_take_nothing_over(mlist, picnic):
    join_and_choose(mlist, 'Anne', picnic).unsubscribe()
    store().commit()
    bee = new_list('bee')
    for each, name in ((mlist, 'Bart'), (bee, 'Anne')):
        member = join(each, name)
        assert choices.default_of(each, member) is Default.everything
        assert requests.show(member) == []
    assert count_rows(Former) == {'dlist_former': 1}


def test_of_several_memberships_the_last_is_taken_over_and_once(mlist, picnic):
    other = second_address('Anne')
    first = join_and_choose(mlist, 'Anne', picnic)
    second = mlist.subscribe(other)
    store().commit()
    first.unsubscribe()
    store().commit()
    pass_time(timedelta(minutes=1))
    second.unsubscribe()
    store().commit()
    # By her user: of both, what she had last.
    again = mlist.subscribe(other)
    assert choices.default_of(mlist, again) is Default.everything
    anne = join(mlist, 'Anne')
    assert choices.standing(mlist, picnic, anne).choice is Choice.mute


def test_an_answer_given_anew_replaces_the_one_that_was_kept(mlist):
    anne = join(mlist, 'Anne')
    for text in 'I knit.', 'I swim.':
        keeping.start(mlist, 'anne@example.com', text, invited=False)
        keeping.joined(mlist, anne)
        store().commit()
        assert keeping.of_member(anne) == text
        anne.unsubscribe()
        store().commit()
        anne = join(mlist, 'Anne')
    assert keeping.of_member(anne) == 'I swim.'


def test_what_is_kept_of_a_former_member_is_used_by_nobody(mlist, picnic):
    anne = join_and_choose(mlist, 'Anne', picnic)
    alias = 'me@alias.example'
    give_alias(mlist, anne, alias)
    keeping.start(mlist, 'anne@example.com', 'I knit.', invited=False)
    keeping.joined(mlist, anne)
    store().commit()
    anne_id = anne.member_id
    anne.unsubscribe()
    store().commit()
    assert senders.alias_author(mlist, letter(alias)) is None
    assert essays.page(mlist.list_id) == []
    assert essays.size(mlist.list_id) == 0
    assert essays.of_member(anne_id) is None
    assert following.choice_count(picnic, now()) == 0
    assert following.choices(picnic, now()) == []
    # Another member can have the alias.
    bart = join(mlist, 'Bart')
    assert eligibility.find(mlist, alias, bart.member_id) is None
    requests.ask(mlist, bart, alias)
    token = store().scalar(
        select(AliasRequest.token).where(AliasRequest.email == alias)
    )
    requests.confirm(str(token))
    assert alias in {each.email for each in requests.show(bart)}
    anne = join(mlist, 'Anne')
    assert alias not in {each.email for each in requests.show(anne)}
    assert orphans() == set()


def test_nothing_is_kept_about_members_of_lists_that_were_never_dlists(mailman):
    join(new_list('bee', 'legacy-default'), 'Anne').unsubscribe()
    store().commit()
    assert count_rows(Former) == {'dlist_former': 0}


def test_who_is_merged_into_another_user_keeps_what_they_chose(mlist, picnic):
    join_and_choose(mlist, 'Anne', picnic)
    person('Anna').absorb(person('Anne'))
    store().commit()
    assert kept() == (1, 1)


def test_a_membership_that_the_other_user_has_too_ends_with_the_merger(mlist, picnic):
    for name in 'Anne', 'Anna':
        join_and_choose(mlist, name, picnic, as_user=True)
    person('Anna').absorb(person('Anne'))
    store().commit()
    pass_time(DAY)
    forget_former()
    assert kept() == (1, 1)


@pytest.mark.parametrize('role', [
    MemberRole.owner, MemberRole.moderator, MemberRole.nonmember,
])
def test_only_members_in_that_role_have_settings(role, mlist):
    lists.settings(mlist).new_member_default = Default.nothing
    anne = join(mlist, 'Anne', role=role)
    assert kept() == (0, 0)
    anne.unsubscribe()
    store().commit()


def test_an_owner_who_steps_down_stays_a_member_with_choices(mlist, picnic):
    join_and_choose(mlist, 'Anne', picnic)
    join(mlist, 'Anne', role=MemberRole.owner).unsubscribe()
    store().commit()
    assert kept() == (1, 1)


@pytest.mark.parametrize('as_user', [False, True])
@pytest.mark.parametrize('default', Default)
def test_a_new_member_starts_with_the_default_for_new_members(
    default, as_user, mlist
):
    bart = join(mlist, 'Bart')
    lists.change(mlist, {'new_member_default': default.name})
    store().commit()
    anne = join(mlist, 'Anne', as_user=as_user)
    assert choices.default_of(mlist, anne) is default
    assert choices.default_of(mlist, bart) is Default.everything


def test_changing_the_default_of_new_members_changes_nobody(mlist):
    people: dict[Any, Default] = {}
    for default in [*Default, *Default]:
        lists.change(mlist, {'new_member_default': default.name})
        people[join(mlist, f'P{len(people)}')] = default
    for member, default in people.items():
        assert choices.default_of(mlist, member) is default


def test_a_new_member_of_a_plain_list_has_no_settings(mlist):
    lists.settings(mlist).new_member_default = Default.nothing
    lists.disable(mlist)
    join(mlist, 'Anne')
    join(new_list('bee', 'legacy-default'), 'Anne')
    assert kept() == (0, 0)


def test_a_list_that_goes_leaves_nothing_here_and_others_alone(mlist):
    bee = new_list('bee')
    for each in mlist, bee:
        anne = join_and_choose(each, 'Anne', open_conversation(each))
        answer = letter(anne, 'Re: Picnic', answers='<picnic@example.com>')
        posted(each, answer)
        posted(each, letter(anne, 'A walk', references='<lost@example.com>'))
    before = rows_by_list()
    remove_list(mlist)
    store().commit()
    assert rows_by_list() == {
        table: {bee.list_id: rows[bee.list_id]} for table, rows in before.items()
    }
    assert len(before) == 8
    assert kept() == (2, 1)


def test_a_list_that_goes_takes_along_aliases_of_members_who_are_gone(mlist):
    """As a program may leave them that knows nothing of us."""
    bee = new_list('bee')
    for each in mlist, bee:
        store().execute(
            insert(Alias).values(
                list_id=each.list_id, email='me@alias.example', member_id=uuid4(),
                confirmed_at=now(),
            )
        )
    remove_list(mlist)
    store().commit()
    assert rows_by_list()['dlist_alias'] == {bee.list_id: 1}


def rows_by_list() -> dict[str, dict[str, int]]:
    """Count the rows of every table of ours that names a list."""
    counts: dict[str, dict[str, int]] = {}
    for name, table in metadata.tables.items():
        if 'list_id' in table.columns:
            for row in store().execute(table.select()):
                of_table = counts.setdefault(name, {})
                of_table[row.list_id] = of_table.get(row.list_id, 0) + 1
    return counts


def test_a_new_list_of_the_same_name_is_another_list(mlist):
    open_conversation(mlist)
    remove_list(mlist)
    store().commit()
    again = new_list()
    assert posted(again, letter('stranger', 'Picnic')).conversation.name == 'picnic'
