# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners make dlists [U1]."""

from __future__ import annotations

import pytest

from tests.village import MailingList


@pytest.mark.every_database
def test_a_list_of_the_style_dlist_has_conversations(village):
    ant = village.new_list('ant', style='dlist')
    anne, _bart = ant.has('Anne', 'Bart')
    letter = anne.writes(ant.at('new'), 'Picnic')
    assert letter.conversation == 'picnic'
    assert letter.readers == {'Anne', 'Bart'}


def test_the_command_line_makes_a_dlist(village):
    address = f'ant@{village.domain}'
    said = village.site.mailman('create', '--style-name', 'dlist', address)
    assert address in said
    ant = MailingList(village, f'ant.{village.domain}')
    ant.config(send_welcome_message=False, dmarc_mitigate_action='no_mitigation')
    anne, _bart = ant.has('Anne', 'Bart')
    assert anne.writes(ant.at('new'), 'Picnic').conversation == 'picnic'


def test_the_style_is_offered_beside_the_others(village):
    styles = village.site.must('lists/styles').body['styles']
    assert {'dlist', 'legacy-default'} <= {style['name'] for style in styles}


def test_the_style_mitigates_dmarc_since_it_changes_who_a_mail_is_to(village):
    village.site.must('domains', {'mail_host': village.domain})
    request = {'fqdn_listname': f'ant@{village.domain}', 'style_name': 'dlist'}
    village.site.must('lists', request)
    config = village.site.must(f'lists/ant.{village.domain}/config').body
    assert config['dmarc_mitigate_action'] == 'munge_from'


def test_the_style_with_questions_lets_a_moderator_decide(village):
    village.site.must('domains', {'mail_host': village.domain})
    request = {'fqdn_listname': f'ant@{village.domain}', 'style_name': 'dlist-essay'}
    village.site.must('lists', request)
    config = village.site.must(f'lists/ant.{village.domain}/config').body
    assert config['subscription_policy'] == 'confirm_then_moderate'


def test_a_plain_list_beside_it_stays_plain(village):
    village.new_list('ant')
    bee = village.new_list('bee', style='legacy-default')
    anne, bart = bee.has('Anne', 'Bart')
    letter = anne.writes(bee.at(), 'Honey')
    assert letter.readers == {'Anne', 'Bart'}
    assert letter.conversation is None
    assert bart.inbox[0]['to'] == bee.at()
    # Core forgets what follows the plus, and holds what names no address it knows.
    anne.writes(bee.at('new'), 'Wax')
    [held] = village.site.must(f'lists/{bee.list_id}/held').body['entries']
    assert 'implicit destination' in held['reason'].lower()


def test_an_owner_turns_a_plain_list_into_a_dlist_and_back(village):
    bee = village.new_list('bee', style='legacy-default')
    anne, bart = bee.has('Anne', 'Bart')
    before = village.site.must(f'lists/{bee.list_id}/config').body
    bee.settings(enabled='yes')
    opening = anne.writes(bee.at('new'), 'Honey')
    assert opening.conversation == 'honey'
    assert opening.readers == {'Anne', 'Bart'}
    bart.writes(bee.at('honey', 'mute'))

    bee.settings(enabled='no')
    after = village.site.must(f'lists/{bee.list_id}/config').body
    assert settings_of(after) == settings_of(before)
    plain = anne.writes(bee.at(), 'Re: Honey', reply_to=opening)
    assert plain.conversation is None
    assert plain.readers == {'Anne', 'Bart'}

    # Conversations and choices wait for the day they are wanted again.
    bee.settings(enabled='yes')
    answer = anne.writes(bee.at(), 'Re: Honey', reply_to=opening)
    assert answer.conversation == 'honey'
    assert answer.readers == {'Anne'}


@pytest.mark.parametrize('name', ['c' * 60, 'ant+hill'])
def test_a_name_that_leaves_no_room_cannot_be_that_of_a_dlist(village, name):
    village.site.must('domains', {'mail_host': village.domain})
    status, body = village.site.rest(
        'lists',
        {'fqdn_listname': f'{name}@{village.domain}', 'style_name': 'dlist'},
    )
    assert status == 400, body
    assert village.site.rest(f'lists/{name}.{village.domain}')[0] == 404


def settings_of(config: dict[str, object]) -> dict[str, object]:
    """Leave out what changes with every post, and every answer's own tag."""
    passing = {'last_post_at', 'post_id', 'http_etag'}
    return {name: value for name, value in config.items() if name not in passing}
