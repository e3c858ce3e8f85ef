# SPDX-License-Identifier: GPL-3.0-or-later
"""A list becomes a dlist and a plain one again; settings change whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier
from typing import Any

import pytest
from mailman.app.lifecycle import create_list
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.usermanager import IUserManager
from mailman.testing.helpers import configuration
from sqlalchemy import delete, select
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.app.lists import NotADlist
from mailman_dlist.domain.errors import DlistError, ListNameUnfit
from mailman_dlist.domain.following import Default
from mailman_dlist.domain.values import BadSetting
from mailman_dlist.interfaces.conversation import Access
from mailman_dlist.interfaces.dlist import CHAIN, PIPELINE, OneClick, PlainPosts
from mailman_dlist.model import lists as model
from mailman_dlist.model.core import archivers
from mailman_dlist.model.core import lists as core
from mailman_dlist.model.lists import Dlist
from mailman_dlist.model.session import store
from tests.app.post import open_conversation
from tests.app.settings import FRESH
from tests.model.stage import count_rows, join, new_list
from tests.rest import Client


@pytest.fixture
def plain(mailman: Any) -> Any:
    """The plain list bee@example.com."""
    return new_list('bee', 'legacy-default')


@pytest.mark.parametrize('style', [
    'legacy-default', 'legacy-announce', 'private-default',
])
def test_a_list_is_a_dlist_until_it_is_none(style, mailman):
    mlist = new_list('bee', style)
    before = mlist.posting_chain, mlist.posting_pipeline
    assert not lists.is_dlist(mlist)
    assert lists.show(mlist) == {'enabled': False}
    lists.enable(mlist)
    store().commit()
    assert lists.is_dlist(mlist)
    assert (mlist.posting_chain, mlist.posting_pipeline) == (CHAIN, PIPELINE)
    assert lists.show(mlist) == FRESH
    lists.disable(mlist)
    store().commit()
    assert (mlist.posting_chain, mlist.posting_pipeline) == before


def test_the_chain_and_pipeline_that_a_list_had_come_back(plain):
    plain.posting_chain, plain.posting_pipeline = 'accept', 'virgin'
    for _ in range(2):
        lists.enable(plain)
        # Enabling twice must not remember our own as what was before.
        lists.enable(plain)
        store().commit()
        lists.disable(plain)
        lists.disable(plain)
        store().commit()
        assert (plain.posting_chain, plain.posting_pipeline) == ('accept', 'virgin')


def test_a_list_made_by_the_style_has_something_to_return_to(mlist):
    lists.disable(mlist)
    assert mlist.posting_chain == 'default-posting-chain'
    assert mlist.posting_pipeline == 'default-posting-pipeline'


def test_settings_and_conversations_wait_for_a_disabled_list(mlist):
    picnic = open_conversation(mlist)
    lists.change(mlist, {'plain_posts': 'hold', 'footers': 'no', 'enabled': 'no'})
    store().commit()
    assert lists.show(mlist) == {'enabled': False}
    lists.change(mlist, {'enabled': 'yes'})
    store().commit()
    assert lists.show(mlist) == FRESH | {'plain_posts': 'hold', 'footers': False}
    assert picnic.name == 'picnic'


def test_a_list_that_got_our_chain_by_hand_has_settings(plain):
    plain.posting_chain, plain.posting_pipeline = CHAIN, PIPELINE
    assert lists.show(plain) == FRESH
    store().commit()
    assert count_rows(Dlist) == {'dlist_list': 1}


STOCK_CHAIN, STOCK_PIPELINE = 'default-posting-chain', 'default-posting-pipeline'


@pytest.mark.every_database
@pytest.mark.parametrize('was_dlist', [False, True])
@pytest.mark.parametrize(('chain', 'pipeline'), [
    (CHAIN, STOCK_PIPELINE),
    (CHAIN, None),
    (STOCK_CHAIN, PIPELINE),
    ('accept', PIPELINE),
    (None, PIPELINE),
])
def test_half_a_dlist_is_a_plain_list_until_it_is_enabled(
    chain, pipeline, was_dlist, plain
):
    if was_dlist:
        lists.enable(plain)
        lists.change(plain, {'footers': 'no'})
    plain.posting_chain, plain.posting_pipeline = chain, pipeline
    store().commit()
    assert lists.is_half_dlist(plain)
    assert not lists.is_dlist(plain)
    assert model.dlists() == []
    assert model.dlist_count() == 0
    assert [each.list_name for each in model.half_dlists()] == ['bee']
    way = lists.plain_way(plain)
    assert way == (
        STOCK_CHAIN if chain in (CHAIN, None) else chain,
        STOCK_PIPELINE if pipeline in (PIPELINE, None) else pipeline,
    )
    lists.enable(plain)
    store().commit()
    assert lists.show(plain) == FRESH | {'footers': not was_dlist}
    assert model.half_dlists() == []
    lists.disable(plain)
    store().commit()
    assert (plain.posting_chain, plain.posting_pipeline) == way
    plain.posting_chain, plain.posting_pipeline = chain, pipeline
    lists.disable(plain)
    store().commit()
    assert (plain.posting_chain, plain.posting_pipeline) == way
    assert model.half_dlists() == []


def test_only_dlists_have_settings(plain):
    with pytest.raises(NotADlist) as raised:
        lists.settings(plain)
    assert str(raised.value) == (
        'bee@example.com is not a dlist; '
        '"mailman dlist enable bee@example.com" turns it into one'
    )


def test_dlists_are_found_among_all_lists(mlist, plain):
    new_list('cow')
    assert [each.list_name for each in model.dlists()] == ['ant', 'cow']
    lists.enable(plain)
    lists.disable(mlist)
    store().flush()
    assert [each.list_name for each in model.dlists()] == ['bee', 'cow']
    assert [each.list_name for each in model.dlists(start=1, count=1)] == ['cow']
    assert model.dlist_count() == 2


# Changes.


@pytest.mark.parametrize(('name', 'value', 'kept'), [
    *(('plain_posts', each.name, each) for each in PlainPosts),
    *(('new_member_default', each.name, each) for each in Default),
    ('plain_posts', ' Hold ', PlainPosts.hold),
    *(('one_click', each.name, each) for each in OneClick),
    *(('access', each.name, each) for each in Access),
    *product(['mandatory'], ['yes'], [True]),
    *product(['footers'], ['yes', 'Yes', 'true', True], [True]),
    *product(['footers'], ['no', 'NO', 'false', False], [False]),
    *product(['aliases', 'aliases_visible'], ['yes'], [True]),
    *product(['aliases', 'aliases_visible'], ['no'], [False]),
    *product(['essay', 'ask_invited'], ['yes'], [True]),
    *product(['essay', 'ask_invited'], ['no'], [False]),
    ('essay_questions', ' Who\r\nare *you*?\x00\n', 'Who\nare *you*?'),
    ('essay_min_length', '100', 100),
    ('essay_retention', '365', 365),
    ('audit_retention', '0', 0),
    ('audit_retention', '30', 30),
])
def test_a_setting_takes_what_it_may_be(name, value, kept, mlist):
    lists.change(mlist, {name: value})
    store().commit()
    assert getattr(lists.settings(mlist), name) == kept


@pytest.mark.parametrize(('name', 'value', 'sentence'), [
    ('plain_posts', 'maybe', "plain_posts: 'maybe' must be open, hold or reject"),
    ('plain_posts', '', "plain_posts: '' must be open, hold or reject"),
    (
        'new_member_default',
        'all',
        "new_member_default: 'all' must be everything, openings or nothing",
    ),
    ('footers', '1', "footers: '1' must be yes or no"),
    ('aliases', 'some', "aliases: 'some' must be yes or no"),
    ('essay_min_length', '0',
     "essay_min_length: '0' must be a number of characters from 1 to 10000"),
    ('essay_min_length', '١', "essay_min_length: '١' must be a number"),
    ('essay_retention', '-1',
     "essay_retention: '-1' must be a number of days from 0 to 36500"),
    ('access', 'closed', "access: 'closed' must be open, moderated or invitation"),
    ('mandatory', '1', "mandatory: '1' must be yes or no"),
    ('one_click', 'both', "one_click: 'both' must be list or conversation"),
    ('enabled', 'perhaps', "enabled: 'perhaps' must be yes or no"),
    ('chain', 'accept', 'chain: unknown name; known names are enabled, '),
    ('base_default', 'nothing', 'base_default: unknown name; '),
])
def test_a_bad_setting_is_named_and_nothing_is_changed(name, value, sentence, mlist):
    good = {'plain_posts': 'reject', 'footers': 'no', 'new_member_default': 'nothing'}
    for values in {**good, name: value}, {name: value} | good | {name: value}:
        with pytest.raises(BadSetting) as raised:
            lists.change(mlist, values)
        assert str(raised.value).startswith(sentence)
        assert raised.value.name == name
        assert not store().dirty
    assert lists.show(mlist) == FRESH


def test_a_plain_list_takes_settings_with_the_switch_alone(plain):
    with pytest.raises(NotADlist):
        lists.change(plain, {'footers': 'no'})
    with pytest.raises(NotADlist):
        lists.change(plain, {'footers': 'no', 'enabled': 'no'})
    lists.change(plain, {'enabled': 'no'})
    lists.change(plain, {})
    assert lists.show(plain) == {'enabled': False}
    with pytest.raises(BadSetting):
        lists.change(plain, {'enabled': 'yes', 'footers': 'perhaps'})
    assert lists.show(plain) == {'enabled': False}
    assert count_rows(Dlist) == {'dlist_list': 0}
    lists.change(plain, {'enabled': 'yes', 'footers': 'no'})
    assert lists.show(plain) == FRESH | {'footers': False}


@pytest.mark.parametrize('default', Default)
def test_a_default_named_while_a_list_becomes_a_dlist_is_that_of_its_members(
    default, plain
):
    anne = join(plain, 'Anne')
    lists.change(plain, {'enabled': 'yes', 'new_member_default': default.name})
    store().commit()
    assert choices.default_of(plain, anne) is default
    assert choices.default_of(plain, join(plain, 'Bart')) is default
    lists.change(plain, {'new_member_default': 'everything'})
    assert choices.default_of(plain, anne) is default


# Which names leave room for conversations.

LONGEST = 'a' * 36
TOO_LONG = 'is too long for a dlist: at most 36 octets are possible'
UNFIT = [
    # Mailman itself lets no list have a plus in its name.
    ('-', 'ant-hill', "The list name 'ant-hill' contains the delimiter of"
     ' extensions, so the list cannot be a dlist'),
    ('+', f'{LONGEST}a', f"The list name '{LONGEST}a' {TOO_LONG}"),
    ('+', 'a' * 60, f"The list name '{'a' * 60}' {TOO_LONG}"),
]


@pytest.fixture
def delimiter(request: pytest.FixtureRequest, mailman: Any) -> Iterator[None]:
    """Mailman's ``mta.verp_delimiter``."""
    with configuration('mta', verp_delimiter=request.param):
        yield


def test_a_long_name_may_leave_just_enough_room(mailman):
    mlist = new_list(LONGEST)
    longest = 'x' * 8
    assert open_conversation(mlist, 'x' * 20).name == longest
    assert open_conversation(mlist, 'x' * 21).name == f'{longest}-2'


@pytest.mark.parametrize(
    ('delimiter', 'name', 'sentence'), UNFIT, indirect=['delimiter']
)
def test_a_list_without_room_stays_a_plain_list(delimiter, name, sentence):
    mlist = new_list(name, 'legacy-default')
    for attempt in (
        lambda: lists.enable(mlist),
        lambda: lists.change(mlist, {'enabled': 'yes', 'footers': 'no'}),
    ):
        with pytest.raises(ListNameUnfit) as raised:
            attempt()
        assert str(raised.value) == sentence
        assert isinstance(raised.value, DlistError)
    assert not lists.is_dlist(mlist)
    assert count_rows(Dlist) == {'dlist_list': 0}


@pytest.mark.parametrize(
    ('delimiter', 'name', 'sentence'), UNFIT, indirect=['delimiter']
)
def test_the_style_makes_no_such_list_nor_half_of_it(delimiter, name, sentence):
    with pytest.raises(ValueError, match=name) as raised:
        create_list(f'{name}@example.com', ['olga@example.com'], 'dlist')
    assert str(raised.value) == sentence
    config.db.commit()
    assert nothing_made(name)


@pytest.mark.parametrize(
    ('delimiter', 'name', 'sentence'), UNFIT, indirect=['delimiter']
)
def test_the_rest_server_answers_with_the_reason(delimiter, name, sentence):
    answer = Client().core(
        'POST', 'lists', fqdn_listname=f'{name}@example.com', style_name='dlist'
    )
    assert answer.status_code == 400
    assert sentence in answer.text
    assert nothing_made(name)


def test_the_rest_server_makes_a_dlist(mailman):
    answer = Client().core(
        'POST', 'lists', fqdn_listname='ant@example.com', style_name='dlist'
    )
    assert answer.status_code == 201
    made = getUtility(IListManager).get('ant@example.com')
    assert lists.show(made) == FRESH


def nothing_made(name: str) -> bool:
    manager = getUtility(IListManager)
    return (
        manager.get(f'{name}@example.com') is None
        and getUtility(IUserManager).get_address('olga@example.com') is None
        and count_rows(Dlist) == {'dlist_list': 0}
    )


def archivers_of(list_id: str) -> list[str]:
    return list(
        store().scalars(
            select(archivers.c.name)
            .join(core, core.c.id == archivers.c.mailing_list_id)
            .where(core.c.list_id == list_id)
            .order_by(archivers.c.name)
        )
    )


def test_mailman_knows_the_archivers_of_a_dlist_before_mail_comes(mailman):
    """Two runners that write them down at once write them twice."""
    every = sorted(archiver.name for archiver in mailman.archivers)
    ant, bee = new_list(), new_list('bee', 'legacy-default')
    assert every
    assert archivers_of(ant.list_id) == every
    assert archivers_of(bee.list_id) == []
    lists.enable(bee)
    store().commit()
    assert archivers_of(bee.list_id) == every


@pytest.mark.every_database
def test_archivers_that_are_missing_at_a_start_are_added_once(mailman):
    """Of lists from an earlier release, and when the site has a new archiver."""
    every = sorted(archiver.name for archiver in mailman.archivers)
    ant, bee = new_list(), new_list('bee')
    plain = new_list('cat', 'legacy-default')
    store().execute(delete(archivers).where(archivers.c.mailing_list_id == ant.id))
    store().execute(delete(archivers).where(archivers.c.name == every[0]))
    store().commit()
    together = Barrier(4, timeout=60)

    def start(_process: int) -> None:
        together.wait()
        lists.add_missing_archivers()
        mailman.db.close_session()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))
    store().rollback()
    assert archivers_of(ant.list_id) == archivers_of(bee.list_id) == every
    assert archivers_of(plain.list_id) == []
