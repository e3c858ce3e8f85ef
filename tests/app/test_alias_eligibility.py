# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand in the way of an alias, and that only its reader learns of it [U14].

Bart, of ant@example.com, asks for me@other.example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.member import MemberRole
from zope.component import getUtility

from mailman_dlist.app.aliases import eligibility, requests
from mailman_dlist.app.aliases.requests import CannotBeAlias
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.model.session import store
from tests.app.alias import ALIAS, answers, own, sent, text_of, token_for
from tests.model.stage import (
    ant_with,
    counted,
    give_alias,
    join,
    new_list,
    person,
    queued,
)


PENDING, CONFIRMED = AliasState.pending, AliasState.confirmed


@pytest.fixture
def mlist(mailman: Any) -> Any:
    """The dlist ant@example.com, with Bart as its member."""
    return ant_with('Bart')[0]


@pytest.fixture
def bart(mlist: Any) -> Any:
    return mlist.members.get_member('bart@example.com')


def nothing(mlist: Any) -> None:
    pass


def a_member(mlist: Any) -> None:
    join(mlist, ALIAS)


def a_member_by_the_preferred_address(mlist: Any) -> None:
    join(mlist, ALIAS, as_user=True)


def linked_to_a_member(mlist: Any) -> None:
    join(mlist, 'Dora').user.register(ALIAS)


def linked_to_a_member_by_the_preferred_address(mlist: Any) -> None:
    join(mlist, 'Dora', as_user=True).user.register(ALIAS)


def another_membership_of_the_asker(mlist: Any) -> None:
    other = person('Bart').register(ALIAS)
    mlist.subscribe(other)


def anothers_alias(mlist: Any) -> None:
    give_alias(mlist, join(mlist, 'Dora'), ALIAS)


def banned_on_the_list(mlist: Any) -> None:
    IBanManager(mlist).ban(ALIAS)


def banned_on_the_list_by_a_pattern(mlist: Any) -> None:
    IBanManager(mlist).ban('^.*@OTHER')


def banned_on_the_site(mlist: Any) -> None:
    IBanManager(None).ban(ALIAS)


def banned_on_the_site_by_a_pattern(mlist: Any) -> None:
    IBanManager(None).ban('^me')


OF_MEMBER = 'The address belongs to a member of the list.'
OF_ALIAS = 'A member of the list already posts from this address.'
BANNED = 'The address is banned from the list.'

OBSTACLES: list[tuple[Callable[[Any], None], str]] = [
    (a_member, OF_MEMBER),
    (a_member_by_the_preferred_address, OF_MEMBER),
    (linked_to_a_member, OF_MEMBER),
    (linked_to_a_member_by_the_preferred_address, OF_MEMBER),
    (another_membership_of_the_asker, OF_MEMBER),
    (anothers_alias, OF_ALIAS),
    (banned_on_the_list, BANNED),
    (banned_on_the_list_by_a_pattern, BANNED),
    (banned_on_the_site, BANNED),
    (banned_on_the_site_by_a_pattern, BANNED),
]


@pytest.mark.parametrize(('happens', 'reason'), OBSTACLES)
def test_what_cannot_be_an_alias_is_told_to_its_reader_alone(
    happens, reason, mlist, bart
):
    happens(mlist)
    store().commit()
    queued('virgin')
    assert requests.ask(mlist, bart, ALIAS) == ALIAS
    [mail] = sent()
    assert mail['to'] == ALIAS
    assert reason in text_of(mail)
    assert 'reply-to' not in mail
    said = mail.as_string().lower()
    assert [name for name in ('bart', 'dora', 'confirm+') if name in said] == []
    # The asker sees what is seen of any address.
    assert own(bart) == {ALIAS: PENDING}


@pytest.mark.parametrize('email', [
    'ant@example.com',
    'bee@example.com',
    'bee+picnic@example.com',
    'bee+new+picnic@example.com',
    'bee-owner@example.com',
    'bee-request@example.com',
    'bee-bounces+me=other.example@example.com',
    'bee-confirm+123@example.com',
    'bee-subscribe@example.com',
    'BEE@EXAMPLE.com',
    'bee@alias.example',
    'bee-request@alias.example',
    '"bee"@example.com',
    # Its name ends like a subaddress, and has some of its own.
    'bee-leave@example.com',
    'bee-leave-owner@example.com',
])
def test_of_an_address_of_a_list_its_owners_are_told(email, mlist, bart):
    new_list('bee', 'legacy-default')
    new_list('bee-leave', 'legacy-default')
    getUtility(IDomainManager)['example.com'].alias_domain = 'alias.example'
    store().commit()
    given = requests.ask(mlist, bart, email)
    assert own(bart) == {given: PENDING}
    [mail] = sent()
    name = given.partition('@')[0].partition('+')[0]
    of_list = 'ant' if name == 'ant' else 'bee'
    if name.startswith('bee-leave'):
        of_list = 'bee-leave'
    assert mail['to'] == f'{of_list}-owner@example.com'
    said = text_of(mail)
    assert f'belongs to the mailing list {of_list}@example.com' in said
    assert f'\n    {given}\n' in said
    assert 'bart' not in mail.as_string().lower()


@pytest.mark.parametrize('email', [
    'bees@example.com', 'bee-keepers@example.com', 'bee@other.example',
    'be+bee@example.com', 'x-owner@example.com', '-owner@example.com',
])
def test_other_addresses_of_the_domain_are_asked(email, mlist, bart):
    new_list('bee', 'legacy-default')
    token_for(mlist, bart, email)


def of_another_list(mlist: Any) -> None:
    bee = new_list('bee')
    join(bee, ALIAS)
    join(bee, 'Dora').user.register('her@other.example')


def anothers_alias_elsewhere(mlist: Any) -> None:
    bee = new_list('bee')
    give_alias(bee, join(bee, 'Dora'), ALIAS)


def linked_to_the_asker(mlist: Any) -> None:
    person('Bart').register(ALIAS)


def linked_to_somebody_who_is_on_no_list(mlist: Any) -> None:
    person('Dora').register(ALIAS)


def an_owner(mlist: Any) -> None:
    join(mlist, ALIAS, role=MemberRole.owner)


def banned_on_another_list(mlist: Any) -> None:
    IBanManager(new_list('bee')).ban(ALIAS)


def banned_like_others(mlist: Any) -> None:
    for each in ('^you@', 'me@other.exampl', '^me@other.example.org', '^*broken('):
        IBanManager(mlist).ban(each)


@pytest.mark.parametrize('happens', [
    nothing,
    of_another_list,
    anothers_alias_elsewhere,
    linked_to_the_asker,
    linked_to_somebody_who_is_on_no_list,
    an_owner,
    banned_on_another_list,
    banned_like_others,
])
def test_what_an_address_is_elsewhere_does_not_matter(happens, mlist, bart):
    happens(mlist)
    store().commit()
    queued('virgin')
    requests.confirm(token_for(mlist, bart))
    assert own(bart) == {ALIAS: CONFIRMED}


BAN_PATTERNS = [
    ALIAS, '^me', '^.*@other', '^ME@', 'me', '^you', '^other', '.*',
    '^me@other.example$',
]


@pytest.mark.parametrize('ban', BAN_PATTERNS)
@pytest.mark.parametrize('of_list', [True, False])
def test_banned_is_who_mailman_takes_for_banned(ban, of_list, mlist, bart):
    IBanManager(mlist if of_list else None).ban(ban)
    found = eligibility.find(mlist, ALIAS, bart.member_id)
    assert (found is not None) is IBanManager(mlist).is_banned(ALIAS)


COSTS = [
    *(happens for happens, _reason in OBSTACLES),
    nothing,
    of_another_list,
    linked_to_the_asker,
    an_owner,
]


@pytest.mark.parametrize('happens', COSTS)
@pytest.mark.every_database
def test_asking_costs_the_same_whatever_the_address_is(happens, mlist, bart):
    """Who measures how long an answer takes learns nothing."""
    happens(mlist)
    store().commit()
    # The first warms the caches of Mailman and SQLAlchemy.
    cost_of_asking(mlist, bart, 'warm@other.example')
    costs = {
        email: cost_of_asking(mlist, bart, email)
        for email in ('free@another.example', ALIAS, ALIAS, 'ant-request@example.com')
    }
    assert len(set(costs.values())) == 1, costs


def cost_of_asking(mlist: Any, member: Any, email: str) -> int:
    # Like a process that has just begun, with what a door has looked up.
    store().expunge_all()
    mlist, member = store().merge(mlist), store().merge(member)
    with counted() as statements:
        requests.ask(mlist, member, email)
    queued('virgin')
    return len(statements)


@pytest.mark.parametrize(('happens', 'reason'), OBSTACLES)
@pytest.mark.parametrize('by_mail', [True, False])
def test_what_comes_in_between_stands_in_the_way(
    by_mail, happens, reason, mlist, bart, monkeypatch
):
    token = token_for(mlist, bart)
    happens(mlist)
    store().commit()
    queued('virgin')
    if by_mail:
        # A banned address is no longer heard at all.
        answers(mlist, token, 'home@somewhere.example')
    else:
        with pytest.raises(CannotBeAlias, match=reason):
            requests.confirm(token)
    [mail] = sent()
    assert mail['to'] == ALIAS
    assert reason in text_of(mail)
    assert own(bart) == {ALIAS: PENDING}
