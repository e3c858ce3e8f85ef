# SPDX-License-Identifier: GPL-3.0-or-later
"""Bart has another address now, and wants nothing of the old one [U16]."""

from __future__ import annotations

import pytest

from tests.journeys.aliases import answers, asks, confirms, own
from tests.village import text_of


def commands_for(ant, other, member):
    """Say whether a command from an address is carried out for a member."""
    other.writes(ant.at('picnic', 'unsubscribe'), '', ' ')
    path = f'plugins/dlist/lists/{ant.list_id}/conversations/picnic/choices'
    entries = ant.village.site.must(path).body.get('entries', [])
    done = (member.email, 'mute') in {
        (each['email'], each['choice']) for each in entries
    }
    member.writes(ant.at('picnic', 'reset'), '', ' ')
    return done


@pytest.mark.every_database
def test_one_alias_takes_the_place_of_another(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    old, new = ant.village.person('Old'), ant.village.person('New')
    asks(ant, bart, f'add {old.email}')
    confirms(old)
    assert commands_for(ant, old, bart)
    asks(ant, bart, f'add {new.email}')
    confirms(new)
    assert asks(ant, bart, 'list').split() == [
        'Your', 'aliases:', new.email, old.email,
    ]
    said = asks(ant, bart, f'remove {old.email}')
    assert said == (
        f'{old.email} is no longer your alias.\n'
        f'To undo this, send: dlist alias add {old.email}'
    )
    assert own(ant, bart) == {new.email: 'confirmed'}
    assert not commands_for(ant, old, bart)
    assert commands_for(ant, new, bart)


def test_all_go_at_once_and_what_waits_as_well(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    old, new = ant.village.person('Old'), ant.village.person('New')
    for each in (old, new):
        asks(ant, bart, f'add {each.email}')
    confirms(old)
    assert own(ant, bart) == {old.email: 'confirmed', new.email: 'pending'}
    assert asks(ant, bart, 'clear') == 'You no longer have any aliases.'
    assert own(ant, bart) == {}
    assert not commands_for(ant, old, bart)
    # The token is dead, and its reader is told so.
    new.reads()
    answers(new, new.inbox[-1])
    [answer] = new.reads()
    assert 'there is no request to confirm.' in text_of(answer)
    assert own(ant, bart) == {}


def test_who_reads_the_mail_of_an_alias_may_take_it_away_and_nothing_more(ant):
    [bart] = ant.has('Bart')
    one, two = ant.village.person('One'), ant.village.person('Two')
    for each in (one, two):
        asks(ant, bart, f'add {each.email}')
        confirms(each)
    for line in ('list', 'clear', f'remove {two.email}', 'add zoe@other.example'):
        said = asks(ant, one, line)
        assert said.split('\n')[-1] == f'dlist alias remove {one.email}'
        assert two.email not in said
    assert own(ant, bart) == {one.email: 'confirmed', two.email: 'confirmed'}
    assert asks(ant, one, f'remove {one.email}').endswith('is no longer your alias.')
    assert own(ant, bart) == {two.email: 'confirmed'}
    assert not any('bart' in mail.as_string().lower() for mail in one.inbox)


def test_an_alias_that_joins_the_list_is_a_member_and_no_alias(ant):
    [bart] = ant.has('Bart')
    me = ant.village.person('Me')
    asks(ant, bart, f'add {me.email}')
    confirms(me)
    bart.reads()
    ant.has('Me')
    ant.village.settle()
    [notice] = bart.reads()
    assert f'\n    {me.email}\n' in text_of(notice)
    assert 'Somebody has subscribed it to the list' in text_of(notice)
    assert own(ant, bart) == {}


def test_an_alias_waits_a_day_for_a_member_who_left(ant):
    bart, cris = ant.has('Bart', 'Cris')
    me = ant.village.person('Me')
    asks(ant, bart, f'add {me.email}')
    token_mail = me.inbox[-1]
    confirms(me)
    site = ant.village.site
    site.must(f'members/{ant.member_ids["Bart"]}', method='DELETE')
    # Meanwhile it is a stranger's address.
    me.writes(ant.at('new'), 'Still me')
    assert cris.reads() == []
    answers(me, token_mail)
    ant.has('Bart')
    assert own(ant, bart) == {me.email: 'confirmed'}
    me.writes(ant.at('new'), 'Me again')
    [post] = cris.reads()
    assert me.email in str(post['from'])
