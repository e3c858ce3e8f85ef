# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes out: footers and addresses, whatever the shape of the mail or list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.shapes import SHAPES, SIGNED_PART
from tests.village import emails, text_of


def mail_of_shape(person, to, shape):
    fields = (
        f'From: {person.name} <{person.email}>\n'
        f'To: {to}\n'
        f'Subject: {shape}\n'
        f'Message-ID: <{shape}@{person.village.domain}>\n'
        'MIME-Version: 1.0\n'
    )
    return (fields + SHAPES[shape]).encode()


@pytest.fixture
def sent(ant):
    """Every shape opens a conversation; some of the ants take only openings."""
    anne, _bart, cris, dora = ant.has('Anne', 'Bart', 'Cris', 'Dora')
    for person in (cris, dora):
        ant.default(person, 'openings')
    letters = {
        shape: anne.sends(
            mail_of_shape(anne, ant.at('new', shape), shape),
            ant.at('new', shape),
            wait=False,
        )
        for shape in SHAPES
    }
    ant.village.settle()
    return letters


@pytest.mark.databases('sqlite')
def test_every_shape_of_mail_arrives_with_the_right_footer(ant, sent):
    hearing = {ant.village.person(name).email for name in ('Anne', 'Bart')}
    openings = {ant.village.person(name).email for name in ('Cris', 'Dora')}
    for shape, letter in sent.items():
        copies = {frozenset(copy.recipients): copy for copy in letter.copies}
        assert set(copies) == {frozenset(hearing), frozenset(openings)}, shape
        mute = f'{ant.at(shape, "unsubscribe")}\n'
        follow = f'{ant.at(shape, "subscribe")}\n'
        for group, ours, others in (
            (hearing, mute, follow), (openings, follow, mute)
        ):
            mail = copies[frozenset(group)].message
            text = text_of(mail)
            assert (text.count(ours), text.count(others)) == (1, 0), shape
            # The list's own footer stands below ours.
            assert text.index(ours) < text.index(f'ant-leave@{ant.village.domain}')
            assert mail.get_all('to') == [ant.at(shape)]
            assert mail.get_all('x-dlist-conversation') == [shape]


@pytest.mark.databases('sqlite')
def test_nothing_of_a_mail_is_lost_under_the_footer(ant, sent):
    for shape, letter in sent.items():
        whole = {
            part.get_content()
            for part in letter.copies[0].message.walk()
            if part.get_content_maintype() == 'text'
        }
        assert any('Hello, ants!' in text or 'Hello, <b>ants!' in text
                   for text in whole), shape
        if shape in ('eight-bit', 'base64', 'quoted-printable'):
            assert any('Grüße.' in text for text in whole), shape
    flowed = sent['flowed'].copies[0].message
    assert flowed.get_param('format') == 'flowed'
    assert 'Hello, ants! \n' in text_of(flowed)
    html = sent['html'].copies[0].raw
    assert b'<p>Hello, ants!</p>\r\n' in html
    mixed = sent['mixed'].copies[0].message
    [attached, _list_footer] = mixed.iter_attachments()
    assert attached.get_filename() == 'cheese.txt'


@pytest.mark.databases('sqlite')
def test_what_is_signed_stays_as_it_was_signed(sent):
    signed = SIGNED_PART.replace('\n', '\r\n').encode()
    for copy in sent['signed'].copies:
        assert copy.raw.count(b'--b\r\n' + signed + b'\r\n--b\r\n') == 1
        [part] = [
            part for part in copy.message.walk()
            if part.get_content_type() == 'multipart/signed'
        ]
        assert part.get_param('micalg') == 'pgp-sha256'


@pytest.mark.databases('sqlite')
def test_archive_and_digest_keep_the_mail_without_our_footer(ant, sent):
    var = ant.village.site.var
    archive = var / 'archives' / 'prototype' / ant.at() / 'new'
    kept = [path.read_text() for path in archive.iterdir()]
    digest = (var / 'lists' / ant.list_id / 'digest.mmdf').read_text()
    assert len(kept) == len(sent) == digest.count('X-Dlist-Conversation: ')
    for text in (*kept, digest):
        assert '+unsubscribe@' not in text
        assert '+subscribe@' not in text
        assert 'X-Dlist-Conversation: ' in text
    for shape in sent:
        [text] = [each for each in kept if f'X-Dlist-Conversation: {shape}\n' in each]
        assert f'To: {ant.at(shape)}\n' in text


ELSEWHERE = 'office@elsewhere.example.net'

# Settings of a list, and where its Reply-To points: nowhere, to the conversation,
# to the author, or elsewhere.
LISTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    'plain': ({}, set()),
    'full': ({'personalize': 'full'}, set()),
    'individual': ({'personalize': 'individual'}, set()),
    'to-list': ({'reply_goes_to_list': 'point_to_list'}, {'conversation'}),
    'explicit': (
        {'reply_goes_to_list': 'explicit_header', 'reply_to_address': ELSEWHERE},
        {'elsewhere'},
    ),
    'explicit-only': (
        {'reply_goes_to_list': 'explicit_header_only', 'reply_to_address': ELSEWHERE},
        {'elsewhere'},
    ),
    'explicit-self': (
        {'reply_goes_to_list': 'explicit_header', 'reply_to_address': 'SELF'},
        {'conversation'},
    ),
    'first-strip': (
        {'reply_goes_to_list': 'point_to_list', 'first_strip_reply_to': True},
        {'conversation'},
    ),
    'munged': (
        {
            'dmarc_mitigate_action': 'munge_from',
            'dmarc_mitigate_unconditionally': True,
        },
        {'author'},
    ),
    'munged-to-list': (
        {
            'dmarc_mitigate_action': 'munge_from',
            'dmarc_mitigate_unconditionally': True,
            'reply_goes_to_list': 'point_to_list',
        },
        {'conversation'},
    ),
    'wrapped': (
        {
            'dmarc_mitigate_action': 'wrap_message',
            'dmarc_mitigate_unconditionally': True,
        },
        {'author'},
    ),
    'anonymous': ({'anonymous_list': True}, {'conversation'}),
}


@pytest.mark.databases('sqlite')
def test_answers_find_their_conversation_on_every_kind_of_list(village):
    anne, bart = village.person('Anne'), village.person('Bart')
    lists = {}
    for name, (config, _points) in LISTS.items():
        lists[name] = one = village.new_list(name)
        if config.get('reply_to_address') == 'SELF':
            config = config | {'reply_to_address': one.at()}
        one.config(**config)
        one.has('Anne', 'Bart', 'Cris')
        anne.writes(one.at('new'), f'Picnic of {name}', wait=False)
    village.settle()
    names = {}
    for name, one in lists.items():
        [opening] = [mail for mail in bart.inbox if is_from(mail, one)]
        names[name] = opening['x-dlist-conversation']
        points = {
            one.at(names[name]): 'conversation',
            anne.email: 'author',
            ELSEWHERE: 'elsewhere',
        }
        found = {points.get(each, each) for each in emails(opening, 'Reply-To')}
        assert found == LISTS[name][1], name
        assert one.at(names[name]) in emails(opening, 'To', 'Cc', 'Reply-To'), name
        bart.replies(opening, wait=False)
        # And by the thread alone, to the address of the list.
        bart.writes(one.at(), 'Chairs', reply_to=opening, wait=False)
    village.settle()
    for name, one in lists.items():
        heard = [mail for mail in anne.inbox if is_from(mail, one)]
        assert len(heard) == 3, name
        assert {mail['x-dlist-conversation'] for mail in heard} == {names[name]}, name
        # An answer to the answer, which has been through the list.
        anne.replies(heard[1], wait=False)
    village.settle()
    for name, one in lists.items():
        heard = [mail for mail in bart.inbox if is_from(mail, one)]
        assert len(heard) == 4, name
        assert {mail['x-dlist-conversation'] for mail in heard} == {names[name]}, name


def is_from(mail, mailing_list):
    return f'<{mailing_list.list_id}>' == mail['list-id']


@pytest.mark.databases('sqlite')
def test_an_anonymous_list_tells_nothing_of_its_authors(village):
    ant = village.new_list('ant', anonymous_list=True)
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    [mail] = bart.inbox
    assert anne.email not in mail.as_string()
    assert bart.replies(mail).accepted
    assert [each['x-dlist-conversation'] for each in anne.inbox] == ['picnic'] * 2


@pytest.mark.databases('sqlite')
def test_personalised_mail_is_to_each_and_answers_go_to_the_conversation(village):
    ant = village.new_list('ant', personalize='full')
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert sorted(copy.recipients for copy in opening.copies) == (
        [(anne.email,), (bart.email,), (cris.email,)]
    )
    for person, verb in ((bart, 'unsubscribe'), (cris, 'subscribe')):
        [mail] = person.inbox
        assert emails(mail, 'To') == [person.email]
        assert emails(mail, 'Cc') == [ant.at('picnic')]
        assert ant.at('picnic', verb) in text_of(mail)
    assert bart.replies(bart.inbox[0]).readers == {'Anne', 'Bart'}
