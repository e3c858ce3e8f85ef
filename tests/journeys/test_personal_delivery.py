# SPDX-License-Identifier: GPL-3.0-or-later
"""Our outgoing agent in the place of Mailman's: copies, bounces, second attempts."""

from __future__ import annotations

import pytest

from tests.village import Village, emails, text_of


CFG = """\
[mta]
outgoing: mailman_dlist.mta.deliver
verp_personalized_deliveries: yes
"""

NO, LATER = '550 5.1.1 no such user', '451 4.2.2 mailbox full'


@pytest.fixture(scope='module')
def personal(make_site):
    with make_site(extra=CFG) as site:
        yield site


@pytest.fixture
def ant(personal):
    ant = Village(personal).new_list('ant', personalize='full', process_bounces=True)
    yield ant
    personal.outbox.refuse = {}
    assert personal.shunted() == []


def test_everybody_gets_a_copy_and_whoever_was_refused_gets_it_later(ant):
    outbox = ant.village.site.outbox
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    outbox.refuse = {bart.email: LATER}
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Cris'}

    outbox.refuse = {}
    ant.village.site.look('retry')
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    for person, verb in (
        (anne, 'unsubscribe'), (bart, 'unsubscribe'), (cris, 'subscribe')
    ):
        [copy] = outbox.to(person.email)
        name = person.email.partition('@')[0]
        assert copy.sender.startswith(f'ant-bounces+{name}={ant.village.domain}@')
        assert emails(copy.message, 'To') == [person.email]
        assert ant.at('picnic', verb) in text_of(copy.message)
    log = ant.village.site.log('smtp')
    assert f'delivery to {bart.email} failed with code 451' in log


def test_an_address_that_is_refused_for_good_is_a_bounce(ant):
    site = ant.village.site
    anne, bart = ant.has('Anne', 'Bart')
    site.outbox.refuse = {bart.email: NO}
    assert anne.writes(ant.at('new'), 'Picnic').readers == {'Anne'}
    assert f'delivery to {bart.email} failed with code 550' in site.log('smtp')
    member = f'members/{ant.member_ids["Bart"]}'
    assert site.must(member).body['bounce_score'] == 1
