# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept about a membership ends with it, by whatever door, and not before."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from mailman.app.lifecycle import remove_list
from mailman.interfaces.member import MemberRole
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.following import choices
from mailman_dlist.domain.following import Choice, Default, Reason, Standing
from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.base import metadata
from mailman_dlist.model.following import MemberChoice, MemberSettings
from mailman_dlist.model.session import store
from tests.app.post import open_conversation, posted
from tests.model.stage import (
    count_rows,
    give_alias,
    join,
    letter,
    new_list,
    person,
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
        choices.choose(mlist, conversation, member, Choice.mute, Reason.mail)
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
    assert kept() == (1, 1)


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
    assert kept() == (1, 1)
    assert choices.standing(mlist, picnic, as_user).choice is Choice.mute


def test_who_joins_again_starts_afresh(mlist, picnic):
    join_and_choose(mlist, 'Anne', picnic).unsubscribe()
    store().commit()
    anne = join(mlist, 'Anne')
    standing = choices.standing(mlist, picnic, anne)
    assert standing == Standing(Default.everything)


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
    assert len(before) == 7
    assert kept() == (2, 1)


def test_a_list_that_goes_takes_along_aliases_of_members_who_are_gone(mlist):
    """As a program may leave them that knows nothing of us."""
    bee = new_list('bee')
    for each in mlist, bee:
        give_alias(each, SimpleNamespace(member_id=uuid4()), 'me@alias.example')
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
