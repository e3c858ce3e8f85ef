# SPDX-License-Identifier: GPL-3.0-or-later
"""REST and the command line of a running Mailman agree with its mail."""

from __future__ import annotations

from typing import Any

from tests.village import MailingList


def ask(ant: MailingList, path: str, **given: Any) -> Any:
    return ant.village.site.must(f'plugins/dlist/lists/{ant.list_id}{path}', **given)


def audience(ant: MailingList) -> dict[str, str]:
    """Return who hears the next reply, by name, and their member ids."""
    entries = ask(ant, '/conversations/picnic/audience').body['entries']
    return {
        entry['email'].partition('@')[0].capitalize(): entry['member_id']
        for entry in entries
    }


def test_who_is_said_to_hear_the_next_reply_gets_it(ant):
    anne, bart, cris, dora = ant.has('Anne', 'Bart', 'Cris', 'Dora')
    mailman = ant.village.site.mailman
    anne.writes(ant.at('new'), 'Picnic')
    heard = audience(ant)
    assert heard.keys() == {'Anne', 'Bart', 'Cris', 'Dora'}

    ask(
        ant,
        f'/conversations/picnic/choices/{heard["Bart"]}',
        json={'choice': 'mute'},
        method='PUT',
    )
    mailman('dlist', 'mute', ant.at(), 'picnic', cris.email)
    cris.writes(ant.at('picnic', 'subscribe'))
    mailman('dlist', 'mute', ant.at(), 'picnic', cris.email)
    ask(ant, f'/members/{heard["Dora"]}', data={'default': 'openings'}, method='PATCH')
    assert audience(ant).keys() == {'Anne'}
    assert anne.writes(ant.at('picnic'), 'Re: Picnic').readers == {'Anne'}

    mailman('dlist', 'reset', ant.at(), 'picnic', bart.email)
    mailman('dlist', 'follow', ant.at(), 'picnic', dora.email)
    assert audience(ant).keys() == {'Anne', 'Bart', 'Dora'}
    reply = anne.writes(ant.at('picnic'), 'Re: Picnic')
    assert reply.readers == {'Anne', 'Bart', 'Dora'}


def test_a_list_that_is_turned_off_and_on_again(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'unsubscribe'))

    ask(ant, '', data={'enabled': 'no'}, method='PATCH')
    plain = anne.writes(ant.at(), 'To all')
    assert plain.readers == {'Anne', 'Bart'}

    ant.village.site.mailman('dlist', 'enable', ant.at())
    assert anne.writes(ant.at('picnic'), 'Re: Picnic').readers == {'Anne'}
