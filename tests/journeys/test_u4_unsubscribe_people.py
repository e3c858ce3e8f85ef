# SPDX-License-Identifier: GPL-3.0-or-later
"""People leave by any of Mailman's doors, and their choices end a day later [U4].

That they end is in tests/app/test_lifecycle.
"""

from __future__ import annotations

import pytest

from tests.journeys.storage import choices, former, rows_about


def by_mail(ant, bart):
    ant.config(unsubscription_policy='open')
    bart.writes(f'ant-leave@{ant.village.domain}', 'leave')


def by_rest(ant, bart):
    member_id = ant.member_ids[bart.name]
    ant.village.site.must(f'members/{member_id}', method='DELETE')


def by_command(ant, bart):
    ant.village.site.mailman('delmembers', '-l', ant.list_id, '-m', bart.email)


def with_the_address(ant, bart):
    ant.village.site.must(f'addresses/{bart.email}', method='DELETE')


def with_the_user(ant, bart):
    ant.village.site.must(f'users/{bart.email}', method='DELETE')


DOORS = [by_mail, by_rest, by_command, with_the_address, with_the_user]


@pytest.mark.parametrize('leaves', DOORS)
@pytest.mark.every_database
def test_who_leaves_hears_nothing_and_leaves_what_a_day_ends(ant, leaves):
    [anne] = ant.has('Anne')
    picnic = anne.writes(ant.at('new'), 'Picnic')
    [bart] = ant.has('Bart')
    ant.default(bart, 'openings')
    bart.writes(ant.at('picnic', 'follow'))
    assert anne.replies(picnic).readers == {'Anne', 'Bart'}
    # The choice, the default, and an event about each.
    assert len(rows_about(ant.village.site, ant.member_ids['Bart'])) == 4
    leaves(ant, bart)
    assert anne.replies(picnic).readers == {'Anne'}
    # And until when they are kept.
    assert len(rows_about(ant.village.site, ant.member_ids['Bart'])) == 5
    assert ant.member_ids['Bart'] in former(ant.village.site)


def test_who_comes_back_on_the_same_day_has_all_they_had(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    picnic = anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'mute'))
    for person in (bart, cris):
        by_rest(ant, person)
    ended = {ant.member_ids['Bart'], ant.member_ids['Cris']}
    assert ended <= set(former(ant.village.site))
    ant.has('Bart', 'Cris')
    assert anne.replies(picnic).readers == {'Anne'}
    assert not ended & set(former(ant.village.site))


def test_postorius_changes_the_address_of_a_subscription(ant):
    """It unsubscribes the one address and subscribes the other, pre-approved."""
    site = ant.village.site
    anne, bart = ant.has('Anne', 'Bart')
    picnic = anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'mute'))
    ant.default(bart, 'openings')
    bertram = ant.village.person('Bertram')
    site.must(f'users/{bart.email}/addresses', {'email': bertram.email})
    site.must(f'addresses/{bertram.email}/verify', {})
    by_rest(ant, bart)
    request = {
        'list_id': ant.list_id,
        'subscriber': bertram.email,
        'pre_verified': True,
        'pre_confirmed': True,
        'pre_approved': True,
    }
    site.must('members', request)
    assert anne.replies(picnic).readers == {'Anne'}
    goat = anne.writes(ant.at('new'), 'Goat')
    assert goat.readers == {'Anne', 'Bertram'}
    assert anne.replies(goat).readers == {'Anne'}


def test_leaving_one_list_is_not_leaving_another(village):
    ant, bee = village.new_list('ant'), village.new_list('bee')
    for mailing_list in (ant, bee):
        mailing_list.has('Anne', 'Bart')
    anne, bart = village.person('Anne'), village.person('Bart')
    anne.writes([ant.at('new'), bee.at('new')], 'Picnic')
    bart.writes([ant.at('picnic', 'mute'), bee.at('picnic', 'mute')])
    by_rest(ant, bart)
    assert choices(village.site, ant.list_id) == 2
    assert ant.member_ids['Bart'] in former(village.site)
    assert anne.writes(bee.at('picnic')).readers == {'Anne'}


def test_choices_survive_a_change_of_address(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic', wait=False)
    anne.writes(ant.at('new'), 'Goat')
    bart.writes(ant.at('picnic', 'mute'))
    site = ant.village.site
    moved = ant.village.person('Bertram')
    site.must(f'users/{bart.email}/addresses', {'email': moved.email})
    site.must(f'addresses/{moved.email}/verify', {})
    member = f'members/{ant.member_ids["Bart"]}'
    site.must(member, {'address': moved.email}, 'PATCH')
    assert anne.writes(ant.at('goat')).readers == {'Anne', 'Bertram'}
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}
