# SPDX-License-Identifier: GPL-3.0-or-later
"""One mail to several lists: every recipient has an answer of its own."""

from __future__ import annotations

from tests.village import text_of


def codes(letter):
    return [code for code, _text in letter.answers.values()]


def test_four_recipients_four_right_answers(village):
    ant = village.new_list('ant')
    bee = village.new_list('bee', style='legacy-default')
    anne, _bart = ant.has('Anne', 'Bart')
    bee.has('Anne', 'Cris')
    nobody = f'wasp@{village.domain}'
    letter = anne.writes(
        [ant.at('new'), bee.at(), nobody, ant.at('no', 'such', 'thing')],
        'Picnic',
        'By the river.',
    )
    assert codes(letter) == [250, 250, 550, 250]
    assert letter.readers == {'Anne', 'Bart', 'Cris'}
    by_list = {
        copy.message['list-id']: copy.message['x-dlist-conversation']
        for copy in letter.copies
    }
    assert by_list == {
        f'<{ant.list_id}>': 'picnic', f'<{bee.list_id}>': None
    }
    [notice] = [
        mail for mail in anne.inbox if 'not posted' in str(mail['subject'])
    ]
    assert ant.at('no', 'such', 'thing') in text_of(notice)
    assert 'By the river.' in notice.as_string()


def test_posts_commands_and_owners_in_one_mail(village):
    ant, bee = village.new_list('ant'), village.new_list('bee')
    anne, bart = ant.has('Anne', 'Bart')
    bee.has('Bart', 'Cris')
    ant.has('Olga', role='owner')
    anne.writes(ant.at('new'), 'Picnic', wait=False)
    anne.writes(ant.at('new'), 'Goat')
    owner = f'ant-owner@{village.domain}'
    letter = bart.writes(
        [ant.at('picnic'), ant.at('goat', 'mute'), bee.at('new'), owner], 'Chairs'
    )
    assert codes(letter) == [250] * 4
    assert letter.readers == {'Anne', 'Bart', 'Cris', 'Olga'}
    assert {
        (copy.message['list-id'], copy.message['x-dlist-conversation'])
        for copy in letter.copies
    } == {
        (f'<{ant.list_id}>', 'picnic'),
        (f'<{bee.list_id}>', 'chairs'),
        # Owners get theirs as it came.
        (None, None),
    }
    assert anne.writes(ant.at('goat')).readers == {'Anne'}


def test_a_message_with_defects_is_refused_once_for_each(village):
    ant = village.new_list('ant')
    bee = village.new_list('bee', style='legacy-default')
    [anne] = ant.has('Anne')
    recipients = [
        ant.at('new'), bee.at(), f'wasp@{village.domain}', ant.at('picnic', 'mute')
    ]
    broken = (
        f'From: {anne.email}\r\nno colon in this one\r\nSubject: x\r\n\r\nHm.\r\n'
    )
    letter = anne.sends(broken.encode(), recipients)
    assert codes(letter) == [501, 501, 550, 501]
    assert len(village.site.outbox) == 0


def test_bounces_of_our_mail_are_bounces_and_no_posts(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    report = anne.inbox[0]
    del report['from'], report['list-id']
    report['From'] = 'MAILER-DAEMON@example.net'
    answers = ant.village.site.deliver('', ant.at('picnic'), report)
    ant.village.settle()
    assert [code for code, _text in answers.values()] == [250]
    assert len(bart.inbox) == 1
