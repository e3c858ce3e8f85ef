# SPDX-License-Identifier: GPL-3.0-or-later
"""A list goes, and all it had here goes with it [U2]."""

from __future__ import annotations

import pytest

from tests.journeys.storage import everything_of_lists


def by_rest(site, mailing_list):
    site.must(f'lists/{mailing_list.list_id}', method='DELETE')


def by_command(site, mailing_list):
    site.mailman('remove', mailing_list.at())


def after_a_while_as_a_plain_list(site, mailing_list):
    mailing_list.settings(enabled='no')
    by_rest(site, mailing_list)


def lived_in(ant):
    """Let a list have conversations, choices and settings of members."""
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    picnic = anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'mute'), wait=False)
    cris.writes(ant.at('picnic', 'follow'), wait=False)
    # Waits for the message it answers.
    cris.writes(ant.at(), 'Re: Goat', In_Reply_To='<late@example.net>')
    return picnic


@pytest.mark.parametrize('gone', [by_rest, by_command])
def test_nothing_of_the_list_is_left(village, gone):
    bee = village.new_list('bee')
    lived_in(bee)
    before = everything_of_lists(village.site)
    ant = village.new_list('ant')
    lived_in(ant)
    assert len(everything_of_lists(village.site)['dlist_conversation']) == (
        len(before['dlist_conversation']) + 2
    )
    gone(village.site, ant)
    assert everything_of_lists(village.site) == before


@pytest.mark.every_database
def test_nothing_is_left_of_a_list_that_was_a_dlist_once(village):
    before = everything_of_lists(village.site)
    ant = village.new_list('ant')
    lived_in(ant)
    after_a_while_as_a_plain_list(village.site, ant)
    assert everything_of_lists(village.site) == before


def test_its_domain_takes_it_along(village):
    before = everything_of_lists(village.site)
    lived_in(village.new_list('ant'))
    village.site.must(f'domains/{village.domain}', method='DELETE')
    assert everything_of_lists(village.site) == before


def test_a_list_of_the_same_name_knows_nothing_of_it(village):
    ant = village.new_list('ant')
    picnic = lived_in(ant)
    [anne, bart] = [village.person('Anne'), village.person('Bart')]
    by_rest(village.site, ant)
    refused = anne.writes(ant.at('picnic'))
    assert [code for code, _text in refused.answers.values()] == [550]

    again = village.new_list('ant')
    again.has('Anne', 'Bart')
    opening = anne.writes(again.at('new'), 'Picnic')
    assert opening.conversation == 'picnic'
    # Bart has muted another picnic.
    assert anne.replies(opening).readers == {'Anne', 'Bart'}
    old = bart.writes(again.at(), 'Re: Picnic', reply_to=picnic)
    assert old.conversation == 'picnic-2'
