# SPDX-License-Identifier: GPL-3.0-or-later
"""Members hear all of every conversation unless they say otherwise [U7]."""

from __future__ import annotations

import pytest

from tests.village import text_of


@pytest.mark.every_database
def test_everybody_hears_openings_and_replies(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    everybody = {'Anne', 'Bart', 'Cris'}
    opening = anne.writes(ant.at('new'), 'Picnic')
    answer = bart.replies(opening)
    further = cris.replies(answer)
    assert [opening.readers, answer.readers, further.readers] == [everybody] * 3


def test_every_message_says_how_to_hear_no_more(ant):
    anne, bart = ant.has('Anne', 'Bart')
    opening = anne.writes(ant.at('new'), 'Picnic')
    anne.replies(opening)
    assert len(bart.inbox) == 2
    for mail in bart.inbox:
        assert ant.at('picnic', 'unsubscribe') in text_of(mail)
        assert ant.at('picnic', 'subscribe') not in text_of(mail)


def test_mailmans_own_preferences_work_as_on_any_list(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.has('Dora', delivery_mode='plaintext_digests')
    site = ant.village.site

    def prefers(person, **preferences):
        path = f'members/{ant.member_ids[person.name]}/preferences'
        site.must(path, preferences, 'PATCH')

    prefers(anne, receive_own_postings=False)
    prefers(bart, delivery_status='by_user')
    prefers(cris, receive_list_copy=False)
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Cris'}
    # Cris has had this from Bart already.
    answer = bart.writes(ant.at('picnic'), 'Chairs', Cc=cris.email)
    assert answer.readers == {'Anne'}


def test_a_list_may_do_without_our_footers(ant):
    ant.settings(footers='no')
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    [mail] = bart.inbox
    assert ant.at('picnic', 'unsubscribe') not in text_of(mail)
    assert mail['to'] == ant.at('picnic')
    assert mail['x-dlist-conversation'] == 'picnic'
