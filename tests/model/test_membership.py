# SPDX-License-Identifier: GPL-3.0-or-later
"""However people are subscribed, we reach whom core reaches on a plain list.

Core cascades preferences from the membership to the address to the user, and
knows memberships of addresses and of users; our one statement does the same.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_dlist.domain.following import (
    Choice,
    Default,
    Reason,
    Standing,
    Why,
    receives,
)
from mailman_dlist.model import audience
from mailman_dlist.model.audience import Hearing
from mailman_dlist.model.following import MemberSettings
from mailman_dlist.model.session import store
from tests.model.stage import (
    choose,
    join,
    letter,
    new_conversation,
    new_list,
    now,
    person,
    verify,
)


pytestmark = pytest.mark.every_database


ANNE_ALONE = {'anne@example.com': Why.everything}


def random_site(seed: int) -> Any:
    """Make a list that many people are members of in many ways."""
    dice = random.Random(seed)
    ant, bee = new_list(), new_list('bee')
    manager = getUtility(IUserManager)
    for number in range(25):
        user = person(f'p{number}@example.com')
        addresses = [user.preferred_address]
        for other in range(dice.choice([0, 0, 1, 2])):
            addresses.append(user.register(f'p{number}-{other}@example.com'))
        verify(*addresses)
        user.preferred_address = dice.choice(addresses)
        for mlist in ant, bee:
            for subscriber in dice.sample([user, *addresses], dice.randrange(3)):
                wish(mlist.subscribe(subscriber), dice)
            for role in dice.sample(
                [MemberRole.owner, MemberRole.moderator], dice.randrange(3)
            ):
                mlist.subscribe(dice.choice(addresses), role)
        if dice.random() < 0.2 and not any(
            member.subscription_mode.name == 'as_user'
            for member in user.memberships.members
        ):
            del user.preferred_address
        for each in (user, *addresses):
            wish(each, dice)
    for number in range(10):
        address = manager.create_address(f'a{number}@example.com')
        role = dice.choice([MemberRole.member, MemberRole.nonmember])
        wish(ant.subscribe(address, role), dice)
        wish(address, dice)
    store().commit()
    return ant


def wish(party: Any, dice: random.Random) -> None:
    """Give a member, an address or a user some preferences of their own."""
    if dice.random() < 0.4:
        party.preferences.delivery_mode = dice.choice(list(DeliveryMode))
    if dice.random() < 0.4:
        party.preferences.delivery_status = dice.choice(list(DeliveryStatus))
    # Most people get mail after all, or there would be little to compare.
    if dice.random() < 0.5:
        party.preferences.delivery_mode = DeliveryMode.regular
        party.preferences.delivery_status = DeliveryStatus.enabled


def core_recipients(mlist: Any) -> set[str]:
    msgdata: dict[str, Any] = {}
    handler = config.handlers['member-recipients']
    handler.process(mlist, letter('stranger@example.net'), msgdata)
    return msgdata['recipients']


def opening_of(mlist: Any, base_default: Default = Default.everything) -> Hearing:
    return Hearing(mlist.list_id, base_default, None, True, now())


@pytest.mark.parametrize('seed', range(3))
def test_an_opening_reaches_whom_a_plain_list_reaches(seed, mailman):
    mlist = random_site(seed)
    heard = audience.recipients(opening_of(mlist))
    assert heard.keys() == core_recipients(mlist)
    assert 10 < len(heard) < 60
    assert set(heard.values()) == {Why.everything}


def test_who_follows_hears_everything_however_they_are_subscribed(mailman):
    mlist = random_site(5)
    picnic = new_conversation(mlist)
    for member in mlist.members.members:
        choose(picnic, member, Choice.follow)
    store().commit()
    for base_default in Default:
        hearing = Hearing(mlist.list_id, base_default, picnic.id, False, now())
        assert audience.recipients(hearing).keys() == core_recipients(mlist)


def test_one_address_with_two_memberships_gets_one_copy(mlist):
    anne = join(mlist, 'Anne')
    as_user = join(mlist, 'Anne', as_user=True)
    assert audience.recipients(opening_of(mlist)) == ANNE_ALONE
    picnic = new_conversation(mlist)
    choose(picnic, anne, Choice.mute)
    store().commit()
    replies = Hearing(mlist.list_id, Default.everything, picnic.id, False, now())
    assert audience.recipients(replies) == ANNE_ALONE
    choose(picnic, as_user, Choice.mute)
    store().commit()
    assert audience.recipients(replies) == {}


@pytest.mark.parametrize('modest', [0, 1])
def test_of_two_memberships_the_one_that_hears_replies_decides_the_footer(
    modest, mlist
):
    both = join(mlist, 'Anne'), join(mlist, 'Anne', as_user=True)
    store().add(
        MemberSettings(
            member_id=both[modest].member_id,
            list_id=mlist.list_id,
            default=Default.openings,
        )
    )
    store().commit()
    assert audience.recipients(opening_of(mlist)) == ANNE_ALONE


def test_a_member_without_a_preferred_address_misses_mail_and_nobody_else(mlist):
    """Core's own handler fails on such a member, and with it the whole post."""
    join(mlist, 'Anne')
    bart = join(mlist, 'Bart', as_user=True)
    del bart.user.preferred_address
    store().commit()
    assert audience.recipients(opening_of(mlist)) == ANNE_ALONE
    with pytest.raises(AttributeError):
        core_recipients(mlist)


def test_a_choice_about_another_list_says_nothing_here(mlist):
    anne, bee = join(mlist, 'Anne'), new_list('bee')
    there = join(bee, 'Anne')
    picnic, elsewhere = new_conversation(mlist), new_conversation(bee)
    choose(elsewhere, there, Choice.follow)
    choose(picnic, anne, Choice.mute)
    store().commit()
    for each, conversation, heard in (
        (mlist, picnic, set()),
        (bee, elsewhere, {'anne@example.com'}),
    ):
        hearing = Hearing(
            each.list_id, Default.nothing, conversation.id, False, now()
        )
        assert audience.recipients(hearing).keys() == heard


@pytest.mark.parametrize('opening', [True, False])
@pytest.mark.parametrize('default', Default)
@pytest.mark.parametrize('choice', [None, *Choice])
def test_the_reason_is_the_rule_for_every_standing(choice, default, opening, mlist):
    picnic = new_conversation(mlist)
    expected = {}
    for reason in Reason:
        member = join(mlist, reason.name)
        standing = Standing(default, choice, reason if choice else None)
        if choice is not None:
            choose(picnic, member, choice, reason=reason)
        if receives(default, choice, opening=opening):
            expected[member.address.email] = standing.why
    store().commit()
    hearing = Hearing(mlist.list_id, default, picnic.id, opening, now())
    assert audience.recipients(hearing) == expected
