# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations that moderators restrict, make mandatory, or keep somebody out of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.aliases import asks, confirms
from tests.village import MailingList, Person, text_of


def rest(ant: MailingList, path: str, method: str, **body: Any) -> None:
    """Let a moderator change *picnic* on a page."""
    below = f'plugins/dlist/lists/{ant.list_id}/conversations/picnic{path}'
    ant.village.site.must(below, body, method)


def decide(ant: MailingList, person: Person, action: str) -> None:
    path = f'/states/{ant.member_ids[person.name]}'
    rest(ant, path, 'POST', action=action, door='web')
    ant.village.settle()


def answer(person: Person) -> str:
    """Return the one mail that came since the last look."""
    [mail] = person.reads()
    return text_of(mail)


@pytest.mark.every_database
def test_a_member_asks_a_moderator_approves_and_the_member_receives_it(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.settings(access='moderated')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    for copy in opening.copies:
        asks = 'To ask a moderator to receive them' in text_of(copy.message)
        assert asks is (f'bart@{ant.village.domain}' in copy.recipients)
    assert cris.writes(ant.at('picnic')).readers == {'Anne'}
    for each in anne, bart, cris:
        each.reads()
    bart.writes(ant.at('picnic', 'subscribe'))
    assert answer(bart).startswith('You have asked to follow the conversation')
    bart.writes(ant.at('picnic', 'subscribe'))
    assert 'You have already asked to follow it' in answer(bart)
    # Until somebody decides, nothing changes.
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}
    decide(ant, bart, 'approve_request')
    assert answer(bart).startswith('A moderator has approved your request.')
    assert anne.writes(ant.at('picnic')).readers == {'Anne', 'Bart'}
    bart.reads()
    # Who mutes has to ask again.
    bart.writes(ant.at('picnic', 'unsubscribe'))
    assert answer(bart).startswith('You have muted the conversation')
    bart.writes(ant.at('picnic', 'subscribe'))
    assert answer(bart).startswith('You have asked to follow the conversation')
    bart.writes(ant.at('picnic', 'reset'))
    assert answer(bart).startswith('Your request to follow the conversation')
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}


def test_moderators_add_followers_by_invitation(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    rest(ant, '', 'PATCH', access='invitation')
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}
    for each in anne, bart, cris:
        each.reads()
    bart.writes(ant.at('picnic', 'subscribe'))
    assert 'Only members whom a moderator has invited' in answer(bart)
    decide(ant, cris, 'add_subscriber')
    assert answer(cris).startswith('A moderator has made you a follower')
    assert bart.writes(ant.at('picnic')).readers == {'Anne', 'Cris'}


def test_an_announcement_reaches_everybody(ant):
    anne, bart, cris, dora = ant.has('Anne', 'Bart', 'Cris', 'Dora')
    everybody = {'Anne', 'Bart', 'Cris', 'Dora'}
    ant.default(bart, 'nothing')
    ant.default(cris, 'openings')
    ant.settings(mandatory='yes', one_click='conversation')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == everybody
    [copy] = opening.copies
    assert 'which every member of the list receives' in text_of(copy.message).replace(
        '\n', ' '
    )
    # There is nothing to mute.
    assert '-leave@' in copy.message['list-unsubscribe']
    dora.reads()
    dora.writes(ant.at('picnic', 'unsubscribe'))
    assert 'cannot be\nmuted' in answer(dora)
    dora.writes(ant.at('picnic', 'unsubscribe', '7d'))
    assert 'cannot be\nmuted' in answer(dora)
    assert anne.writes(ant.at('picnic')).readers == everybody


def test_who_is_barred_is_kept_out_of_one_conversation(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    goat = cris.writes(ant.at('new'), 'Goat')
    shade = ant.village.person('Shade')
    asks(ant, bart, f'add {shade.email}')
    confirms(shade)
    decide(ant, bart, 'add_unsubscription_override')
    for each in anne, bart, cris, shade:
        each.reads()
    for troll in bart, shade:
        refused = troll.writes(ant.at('picnic'), 'Re: Picnic')
        assert refused.readers == set()
        [mail] = troll.reads()
        assert 'A moderator has barred you' in text_of(mail)
        # Nothing shows whose alias it is.
        assert (bart.email in mail.as_string()) is (troll is bart)
        troll.writes(ant.at('picnic', 'subscribe'))
        assert 'A moderator has barred you from it' in answer(troll)
    assert anne.reads() == cris.reads() == []
    assert anne.writes(ant.at('picnic')).readers == {'Anne', 'Cris'}
    assert bart.replies(goat).readers == {'Anne', 'Bart', 'Cris'}
    decide(ant, bart, 'remove_unsubscription_override')
    assert bart.writes(ant.at('picnic')).readers == {'Anne', 'Cris'}
