# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail of every shape gets its footers, and is whole under them."""

from __future__ import annotations

import pytest

from tests.journeys.shapes import SHAPES, SIGNED_PART
from tests.village import Village, text_of


def mail_of_shape(person, to, shape):
    fields = (
        f'From: {person.name} <{person.email}>\n'
        f'To: {to}\n'
        f'Subject: {shape}\n'
        f'Message-ID: <{shape}@{person.village.domain}>\n'
        'MIME-Version: 1.0\n'
    )
    return (fields + SHAPES[shape]).encode()


@pytest.fixture(scope='module')
def sent(site):
    """Every shape opens a conversation; some of the ants take only openings."""
    ant = Village(site).new_list('ant')
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
    assert site.shunted() == []
    return ant, letters


@pytest.fixture
def ant(sent):
    return sent[0]


@pytest.fixture
def letters(sent):
    return sent[1]


def test_every_shape_of_mail_arrives_with_the_right_footer(ant, letters):
    hearing = {ant.village.person(name).email for name in ('Anne', 'Bart')}
    openings = {ant.village.person(name).email for name in ('Cris', 'Dora')}
    for shape, letter in letters.items():
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


def test_nothing_of_a_mail_is_lost_under_the_footer(ant, letters):
    for shape, letter in letters.items():
        whole = {
            part.get_content()
            for part in letter.copies[0].message.walk()
            if part.get_content_maintype() == 'text'
        }
        assert any('Hello, ants!' in text or 'Hello, <b>ants!' in text
                   for text in whole), shape
        if shape in ('eight-bit', 'base64', 'quoted-printable'):
            assert any('Grüße.' in text for text in whole), shape
    flowed = letters['flowed'].copies[0].message
    assert flowed.get_param('format') == 'flowed'
    assert 'Hello, ants! \n' in text_of(flowed)
    html = letters['html'].copies[0].raw
    assert b'<p>Hello, ants!</p>\r\n' in html
    mixed = letters['mixed'].copies[0].message
    [attached, _list_footer] = mixed.iter_attachments()
    assert attached.get_filename() == 'cheese.txt'


def test_what_is_signed_stays_as_it_was_signed(letters):
    signed = SIGNED_PART.replace('\n', '\r\n').encode()
    for copy in letters['signed'].copies:
        assert copy.raw.count(b'--b\r\n' + signed + b'\r\n--b\r\n') == 1
        [part] = [
            part for part in copy.message.walk()
            if part.get_content_type() == 'multipart/signed'
        ]
        assert part.get_param('micalg') == 'pgp-sha256'


def test_archive_and_digest_keep_the_mail_without_our_footer(ant, letters):
    var = ant.village.site.var
    archive = var / 'archives' / 'prototype' / ant.at() / 'new'
    kept = [path.read_text() for path in archive.iterdir()]
    digest = (var / 'lists' / ant.list_id / 'digest.mmdf').read_text()
    assert len(kept) == len(letters) == digest.count('X-Dlist-Conversation: ')
    for text in (*kept, digest):
        assert '+unsubscribe@' not in text
        assert '+subscribe@' not in text
        assert 'X-Dlist-Conversation: ' in text
    for shape in letters:
        [text] = [each for each in kept if f'X-Dlist-Conversation: {shape}\n' in each]
        assert f'To: {ant.at(shape)}\n' in text
