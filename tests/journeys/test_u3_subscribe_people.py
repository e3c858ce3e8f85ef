# SPDX-License-Identifier: GPL-3.0-or-later
"""People become members by any of Mailman's doors [U3]."""

from __future__ import annotations

import pytest


@pytest.mark.every_database
def test_new_members_hear_what_the_list_lets_them_hear(ant):
    anne, bart = ant.has('Anne', 'Bart')
    ant.settings(new_member_default='openings')
    ant.has('Cris')
    ant.settings(new_member_default='nothing')
    ant.has('Dora')
    opening = anne.writes(ant.at('new'), 'Picnic')
    # Who was there before hears everything, as before.
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    assert bart.replies(opening).readers == {'Anne', 'Bart'}


def test_the_owner_subscribes_many_at_once(ant):
    [anne] = ant.has('Anne')
    ant.settings(new_member_default='openings')
    people = [ant.village.person(name) for name in ('Bart', 'Cris')]
    ant.village.site.mailman(
        'addmembers', '-', ant.list_id,
        input=''.join(f'{each.name} <{each.email}>\n' for each in people),
    )
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    assert anne.replies(opening).readers == {'Anne'}


def test_somebody_joins_by_mail(ant):
    [anne] = ant.has('Anne')
    ant.config(subscription_policy='confirm')
    bart = ant.village.person('Bart')
    bart.writes(f'ant-join@{ant.village.domain}', 'join')
    [question] = bart.reads()
    bart.writes(str(question['reply-to'] or question['from']), 'Re: confirm')
    assert anne.writes(ant.at('new'), 'Picnic').readers == {'Anne', 'Bart'}


def test_who_joins_later_hears_what_comes_later(ant):
    [anne] = ant.has('Anne')
    opening = anne.writes(ant.at('new'), 'Picnic')
    ant.has('Bart')
    assert anne.replies(opening).readers == {'Anne', 'Bart'}
    assert opening.readers == {'Anne'}


def test_owners_and_moderators_hear_nothing_unless_they_are_members(ant):
    ant.has('Olga', role='owner')
    ant.has('Mona', role='moderator')
    [anne] = ant.has('Anne')
    ant.village.person('Nora')
    ant.has('Nora', role='nonmember')
    assert anne.writes(ant.at('new'), 'Picnic').readers == {'Anne'}
