# SPDX-License-Identifier: GPL-3.0-or-later
"""The private Mailman of demos and journeys, without the plugin."""

from __future__ import annotations

import pytest

from mailman_dlist.demo.configuration import OTHER_RUNNERS, QUEUE_RUNNERS
from mailman_dlist.demo.site import Site, SiteError
from tests import processes
from tests.running.sites import idle


LIST = 'ant@example.com'
MEMBERS = ('anne@example.com', 'bart@example.com', 'cris@example.com')

PICNIC = """\
From: Anne <anne@example.com>
To: ant@example.com
Subject: Picnic
Message-ID: <picnic@example.com>

Shall we?

.
A line with one dot is part of the text.
"""


@pytest.fixture(scope='module')
def members(stock: Site) -> None:
    list_id = stock.create_list(LIST, style='legacy-default')
    for email in MEMBERS:
        stock.subscribe(list_id, email)


@pytest.fixture
def site(stock: Site, members: None) -> Site:
    """A Mailman without mail."""
    stock.settle()
    stock.outbox.clear()
    stock.outbox.refuse.clear()
    return stock


def processes_of(site: Site) -> list[str]:
    """Command lines that name the site's configuration."""
    return processes.naming(site.cfg)


def test_a_post_comes_in_by_lmtp_and_goes_out_to_every_member(site):
    assert site.deliver(MEMBERS[0], LIST, PICNIC) == {LIST: (250, 'Ok')}
    site.settle()
    [delivery] = site.outbox.to('Anne@Example.com')
    assert sorted(delivery.recipients) == sorted(MEMBERS)
    assert delivery.sender == 'ant-bounces@example.com'
    assert delivery.message['subject'] == '[Ant] Picnic'
    assert '\n.\nA line with one dot' in delivery.message.as_string()
    assert site.shunted() == []


def test_each_recipient_has_a_status_of_its_own(site):
    statuses = site.deliver(
        MEMBERS[0], [LIST, 'bee@example.com', 'ant-owner@example.com'], PICNIC
    )
    assert [(to, code) for to, (code, text) in statuses.items()] == [
        (LIST, 250),
        ('bee@example.com', 550),
        ('ant-owner@example.com', 250),
    ]


def test_a_message_with_defects_is_refused_for_every_recipient(site):
    broken = b'From: anne@example.com\nno colon in this one\nSubject: x\n\ntext\n'
    statuses = site.deliver(MEMBERS[0], [LIST, 'ant-owner@example.com'], broken)
    assert {code for code, text in statuses.values()} == {501}


def test_a_refused_member_does_not_keep_the_others_from_their_mail(site):
    site.outbox.refuse['bart@example.com'] = '550 5.1.1 no such user'
    site.deliver(MEMBERS[0], LIST, PICNIC)
    site.settle()
    [delivery] = site.outbox.deliveries
    assert sorted(delivery.recipients) == ['anne@example.com', 'cris@example.com']


def test_deferred_mail_rests_until_the_retry(site):
    site.outbox.refuse['bart@example.com'] = '451 4.2.2 mailbox is full'
    site.deliver(MEMBERS[0], LIST, PICNIC)
    site.settle()
    [(message, metadata)] = site.queue('retry')
    assert metadata['recipients'] == ['bart@example.com']
    assert message['message-id'] == '<picnic@example.com>'


def test_rest_answers_with_status_and_body_whatever_they_are(site):
    assert site.rest('lists/ant.example.com')[1]['fqdn_listname'] == LIST
    assert site.rest('lists/bee.example.com')[0] == 404
    change = {'subject_prefix': '[ants] '}
    for body in [{'data': change}, {'json': change}]:
        assert site.rest('lists/ant.example.com/config', method='PATCH', **body) == (
            204,
            None,
        )
    red = {'colour': 'red'}
    assert site.rest('lists/ant.example.com/config', red, 'PATCH')[0] == 400
    site.rest('lists/ant.example.com/config', {'subject_prefix': '[Ant] '}, 'PATCH')


# A command costs as much CPU as a process of Mailman.
def test_commands_run_on_this_site(site):
    assert '2d' in site.mailman('conf', '-s', 'mta', '-k', 'delivery_retry_period')
    with pytest.raises(SiteError, match='exit 2'):
        site.mailman('members', 'bee@example.com')
    added = site.mailman('addmembers', '-', LIST, input='dora@example.com\n')
    assert added == ''
    path = 'lists/ant.example.com/member/dora@example.com'
    assert site.rest(path)[0] == 200
    site.must(path, method='DELETE')


def test_extra_text_and_instances_win_over_what_we_write(site):
    # What extra text says, `mailman conf` above has read.
    assert sum('--runner=in:' in line for line in processes_of(site)) == 2


def test_a_list_of_an_unknown_style_is_not_made(site):
    with pytest.raises(SiteError, match='no style'):
        site.create_list('bee@example.com', style='dlits')
    assert site.rest('lists/bee.example.com')[0] == 404


def test_members_come_with_their_settings(site):
    member_id = site.subscribe(
        'ant.example.com',
        'elle@example.com',
        'Elle',
        delivery_mode='mime_digests',
        moderation_action='hold',
    )
    _, member = site.rest(f'members/{member_id}')
    assert member['delivery_mode'] == 'mime_digests'
    assert member['moderation_action'] == 'hold'
    assert member['display_name'] == 'Elle'
    site.must(f'members/{member_id}', method='DELETE')


def test_a_site_that_cannot_start_says_why_and_leaves_no_process(tmp_path):
    # The others would start for nothing.
    alone = idle(name for name in (*QUEUE_RUNNERS, *OTHER_RUNNERS) if name != 'in')
    broken = '[runner.in]\nclass: mailman_dlist.no.SuchRunner\n'
    site = Site(tmp_path, plugin=False, extra=alone + broken)
    with pytest.raises(SiteError, match='Cannot import runner'), site:
        pass  # pragma: no cover
    assert processes_of(site) == []


