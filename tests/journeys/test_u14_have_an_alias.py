# SPDX-License-Identifier: GPL-3.0-or-later
"""Bart would like to post from another address, too [U14]."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.journeys.aliases import answers, asks, confirms, own
from tests.village import text_of


def token_in(mail):
    return str(mail['reply-to']).partition('+confirm+')[2].partition('@')[0]


@pytest.mark.every_database
def test_who_reads_the_mail_of_an_address_makes_an_alias_of_it(ant):
    bart, cris = ant.has('Bart', 'Cris')
    me = ant.village.person('Me')
    said = asks(ant, bart, f'add {me.email}')
    assert said.startswith(f'A message was sent to {me.email}')
    assert own(ant, bart) == {me.email: 'pending'}
    [mail] = me.reads()
    assert 'safe to ignore' in text_of(mail)
    assert 'bart' not in mail.as_string().lower()
    # An empty answer.
    assert answers(me, mail, '\n').accepted
    assert own(ant, bart) == {me.email: 'confirmed'}
    [to_alias] = me.reads()
    assert 'You can now post to Ant from this address' in text_of(to_alias)
    assert 'bart' not in to_alias.as_string().lower()
    assert me.email in text_of(bart.inbox[-1])
    assert cris.inbox == []
    # It is an alias on this list, and receives nothing.
    assert 'Me' not in cris.writes(ant.at('new'), 'Picnic').readers
    assert own(ant, cris) == {}


def test_the_button_on_the_page_confirms_too(ant):
    [bart] = ant.has('Bart')
    me = ant.village.person('Me')
    asks(ant, bart, f'add {me.email}')
    path = f'plugins/dlist/aliases/{token_in(me.inbox[-1])}'
    site = ant.village.site
    assert site.must(path).body['state'] == 'pending'
    assert site.must(path, {}, 'POST').body['state'] == 'confirmed'
    ant.village.settle()
    assert own(ant, bart) == {me.email: 'confirmed'}
    assert len(me.inbox) == 2


def test_nobody_learns_what_an_address_is(ant):
    bart, cris, _zoe = ant.has('Bart', 'Cris', 'Zoe')
    village = ant.village
    hers, banned, free = (village.person(name) for name in ('Hers', 'Banned', 'Free'))
    asks(ant, cris, f'add {hers.email}')
    confirms(hers)
    village.site.must(f'lists/{ant.list_id}/bans', {'email': banned.email}, 'POST')
    said = set()
    addresses = [each.email for each in (free, cris, hers, banned)]
    for email in [*addresses, ant.at(), ant.at('picnic')]:
        before = len(village.site.outbox.deliveries)
        said.add(asks(ant, bart, f'add {email}').replace(email, 'ADDRESS'))
        # The answer and one mail, whoever gets it.
        assert len(village.site.outbox.deliveries) == before + 2
        assert own(ant, bart)[email] == 'pending'
    assert len(said) == 1
    for person, why in (
        (cris, 'The address belongs to a member of the list.'),
        (hers, 'A member of the list already posts from this address.'),
        (banned, 'The address is banned from the list.'),
    ):
        mail = person.inbox[-1]
        assert why in text_of(mail)
        assert 'bart' not in mail.as_string().lower()
    # Nothing was posted.
    conversations = village.site.must(
        f'plugins/dlist/lists/{ant.list_id}/conversations').body
    assert conversations['total_size'] == 0


@pytest.mark.parametrize('given', [
    'a@other.example b@other.example c@other.example',
    'Me <me@other.example>',
    '<me@other.example>',
    'me@bücher.example',
    'mé@other.example',
    '"me you"@other.example',
    'me@other.example.',
    'me@localhost',
    'me',
    '@',
    'a' * 300 + '@other.example',
])
@pytest.mark.parametrize('in_text', [True, False])
def test_what_is_no_single_address_is_answered(ant, given, in_text):
    [bart] = ant.has('Bart')
    to = f'ant-request@{ant.village.domain}'
    line = f'dlist alias add {given}'
    if in_text:
        bart.writes(to, '', f'{line}\nend\n')
    else:
        bart.writes(to, line, ' ')
    [answer] = bart.reads()
    said = text_of(answer)
    assert any(
        words in said
        for words in ('not an address', 'takes one address', 'cannot be used')
    )
    assert own(ant, bart) == {}
    assert len(ant.village.site.outbox.deliveries) == 1


@pytest.mark.parametrize(('given', 'email'), [
    ('ME@Other.Example', 'me@other.example'),
    ('"me"@other.example', 'me@other.example'),
    ('me+list@other.example', 'me+list@other.example'),
    ('%00@other.example', '%00@other.example'),
    ('me@xn--bcher-kva.example', 'me@xn--bcher-kva.example'),
    ("o'neill=x@other.example", "o'neill=x@other.example"),
])
def test_addresses_of_all_sorts_are_asked(ant, given, email):
    [bart] = ant.has('Bart')
    assert asks(ant, bart, f'add {given}').startswith(f'A message was sent to {email}')
    assert own(ant, bart) == {email: 'pending'}


def test_ten_lines_are_ten_wishes_and_no_more_today(ant):
    [bart] = ant.has('Bart')
    lines = [f'dlist alias add me{number}@other.example' for number in range(10)]
    bart.writes(f'ant-request@{ant.village.domain}', '', '\n'.join([*lines, 'end', '']))
    assert len(own(ant, bart)) == 10
    said = asks(ant, bart, 'add more@other.example')
    assert said.startswith('You have reached the daily limit of alias requests: 10.')


@pytest.mark.parametrize('headers', [
    {'Auto_Submitted': 'auto-replied'},
    {'Precedence': 'auto_reply'},
    {'X_Autoreply': 'yes'},
])
def test_an_absent_reader_confirms_nothing(ant, headers):
    [bart] = ant.has('Bart')
    me = ant.village.person('Me')
    asks(ant, bart, f'add {me.email}')
    answers(me, me.inbox[-1], 'I am on holiday.', **headers)
    assert own(ant, bart) == {me.email: 'pending'}
    assert len(me.inbox) == 1


def test_who_says_to_be_bart_gets_no_answer_for_him(ant):
    """Mailman's own rule would believe Reply-To, and answer From."""
    [bart] = ant.has('Bart')
    me, zoe = ant.village.person('Me'), ant.village.person('Zoe')
    asks(ant, bart, f'add {me.email}')
    confirms(me)
    request = f'ant-request@{ant.village.domain}'
    for line in ('list', f'add {zoe.email}', 'clear'):
        zoe.writes(request, f'dlist alias {line}', ' ', Reply_To=bart.email)
        [answer] = zoe.reads()
        assert 'This address is not subscribed to Ant' in text_of(answer)
        assert me.email not in answer.as_string()
    assert own(ant, bart) == {me.email: 'confirmed'}


def test_no_log_brings_an_alias_and_its_member_together(ant):
    [bart] = ant.has('Bart')
    me = ant.village.person('Me')
    site = ant.village.site
    # Something that is no secret, so that the logs have it.
    bart.writes(ant.at('help'))
    asks(ant, bart, f'add {me.email}')
    token = token_in(me.inbox[-1])
    confirms(me)
    me.writes(ant.at('confirm', token), 'Once more')
    asks(ant, bart, f'remove {me.email}')
    me.writes(ant.at('confirm', token), 'And again')
    logs = [path.stem for path in (site.var / 'logs').glob('*.log')]
    lines = [line for name in logs for line in site.log(name).splitlines()]
    assert any(bart.email in line for line in lines)
    # Mailman's LMTP server writes down what the mail server says.
    heard = ('rcpt TO:', ' recip: ')
    assert [
        line for line in lines
        if token in line and not any(each in line for each in heard)
    ] == []
    his = (bart.email, ant.member_ids['Bart'])
    told = [
        (one, next_one) for one, next_one in pairwise(lines)
        if me.email in one + next_one and any(each in one + next_one for each in his)
    ]
    assert told == []
