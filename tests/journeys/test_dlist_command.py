# SPDX-License-Identifier: GPL-3.0-or-later
"""What members set for the whole list, by mail to ant-request [U7, U8]."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.text import MIMEText

import pytest

from tests.village import text_of


EVERYTHING = 'By default, you receive every message.'
OPENINGS = 'By default, you receive only the first message of each conversation.'
NOTHING = 'By default, you receive only conversations that you follow.'


def request(mlist):
    return f'{mlist.name}-request@{mlist.village.domain}'


def settings(ant, person):
    """Return what is set for a member."""
    path = f'plugins/dlist/lists/{ant.list_id}/members/{ant.member_ids[person.name]}'
    names = 'default', 'follow_opened', 'follow_replied'
    body = ant.village.site.must(path).body
    return tuple(body[name] for name in names)


def answer_to(person):
    """Return what the one new answer says under *Results*, without blank lines."""
    [answer] = person.reads()
    assert answer['subject'] == 'The results of your email commands'
    _head, _, results = text_of(answer).partition('- Results:')
    return [line.strip() for line in results.splitlines() if line.strip()]


START = ('everything', True, True)


@pytest.mark.parametrize(
    ('line', 'after', 'says'),
    [
        ('dlist default openings', ('openings', True, True), OPENINGS),
        ('dlist default nothing', ('nothing', True, True), NOTHING),
        ('dlist default everything', START, EVERYTHING),
        ('DLIST Default OPENINGS', ('openings', True, True), OPENINGS),
        ('  dlist   default\tnothing ', ('nothing', True, True), NOTHING),
        ('dlist autofollow opened off', ('everything', False, True),
            'Follow conversations that you start: off'),
        ('dlist autofollow opened on', START,
            'Follow conversations that you start: on'),
        ('dlist autofollow replied off', ('everything', True, False),
            'Follow conversations that you reply to: off'),
        ('dlist autofollow replied on', START,
            'Follow conversations that you reply to: on'),
        ('dlist help', START, EVERYTHING),
        ('dlist', START, EVERYTHING),
        ('dlist default', START, EVERYTHING),
        ('dlist autofollow', START, EVERYTHING),
        ('dlist default loud', START, 'Unknown command: dlist default loud'),
        ('dlist default openings please', START,
            'Unknown command: dlist default openings please'),
        ('dlist autofollow opened', START,
            'Unknown command: dlist autofollow opened'),
        ('dlist autofollow opened maybe', START,
            'Unknown command: dlist autofollow opened maybe'),
        ('dlist autofollow closed on', START,
            'Unknown command: dlist autofollow closed on'),
        ('dlist dance', START, 'Unknown command: dlist dance'),
    ],
)
def test_a_command_is_obeyed_and_answered(ant, line, after, says):
    [anne] = ant.has('Anne')
    anne.writes(request(ant), line, ' ')
    assert says in answer_to(anne)
    assert settings(ant, anne) == after


@pytest.mark.parametrize(('subject', 'text'), [
    ('', 'dlist default openings\n'), ('Re: dlist default openings', ' '),
])
def test_it_may_stand_in_the_text_or_in_the_subject_of_an_answer(ant, subject, text):
    [anne] = ant.has('Anne')
    anne.writes(request(ant), subject, text)
    assert OPENINGS in answer_to(anne)
    assert settings(ant, anne) == ('openings', True, True)


def test_what_is_set_is_heard(ant):
    anne, bart = ant.has('Anne', 'Bart')
    bart.writes(request(ant), 'dlist default openings', ' ')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart'}
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}
    bart.writes(request(ant), 'dlist default nothing', ' ')
    assert anne.writes(ant.at('new'), 'Goat').readers == {'Anne'}
    bart.writes(request(ant), 'dlist autofollow replied off', ' ')
    bart.writes(ant.at('picnic'), 'Re: Picnic')
    assert anne.writes(ant.at('picnic')).readers == {'Anne'}


def test_several_lines_of_one_mail_get_one_answer(ant):
    [anne] = ant.has('Anne')
    anne.writes(
        request(ant),
        'dlist default openings',
        'dlist autofollow opened off\ndlist dance\ndlist autofollow replied off\nend\n'
        'dlist default nothing\n',
    )
    said = answer_to(anne)
    assert OPENINGS in said
    assert 'Unknown command: dlist dance' in said
    assert 'Follow conversations that you reply to: off' in said
    # What stands below the word *end* is no command.
    assert NOTHING not in said
    assert settings(ant, anne) == ('openings', False, False)


def test_a_stranger_is_told_to_write_as_a_member_and_sets_nothing(ant):
    [anne] = ant.has('Anne')
    stranger = ant.village.person('Zoe')
    stranger.writes(request(ant), 'dlist default nothing', ' ')
    assert 'This address is not subscribed to Ant.' in answer_to(stranger)
    assert settings(ant, anne) == START


def test_a_command_of_a_moderated_member_is_not_held(ant):
    [anne] = ant.has('Anne', moderation_action='hold')
    anne.writes(request(ant), 'dlist default nothing', ' ')
    assert NOTHING in answer_to(anne)
    held = ant.village.site.must(f'lists/{ant.list_id}/held').body
    assert held['total_size'] == 0


def test_a_plain_list_says_what_mailman_says(village):
    """Words that only we know mean nothing there."""
    bee = village.new_list('bee', 'legacy-default')
    [anne] = bee.has('Anne')
    said = {}
    for line in 'dlist default openings', 'dlist dance', 'dlist', 'dlist echo me':
        anne.writes(request(bee), line, ' ')
        said[line] = answer_to(anne)
    assert said == {
        'dlist default openings': ['No such command: default', '- Done.'],
        'dlist dance': ['No such command: dance', '- Done.'],
        'dlist': ['No such command: dlist', '- Done.'],
        'dlist echo me': ['echo me', '- Done.'],
    }


def test_mailmans_own_help_gains_one_line(ant):
    [anne] = ant.has('Anne')
    anne.writes(request(ant), 'help', ' ')
    said = answer_to(anne)
    [line] = [each for each in said if 'dlist' in each]
    assert line.startswith('dlist')
    anne.writes(request(ant), 'help dlist', ' ')
    said = answer_to(anne)
    words = 'default|autofollow|alias|essay|history|help'
    assert any(f'dlist {words}' in each for each in said)


def sends(person, mail, to, subject=''):
    mail['From'], mail['To'], mail['Subject'] = person.email, to, subject
    mail['Message-ID'] = f'<{person.name}-{id(mail)}@{person.village.domain}>'
    return person.sends(mail.as_bytes(), to)


def test_mail_in_html_alone_is_read_by_its_subject(ant):
    [anne] = ant.has('Anne')
    mail = EmailMessage()
    mail.set_content('<p>dlist default nothing</p>', subtype='html')
    sends(anne, mail, request(ant), 'dlist default openings')
    assert OPENINGS in answer_to(anne)
    assert settings(ant, anne) == ('openings', True, True)


def test_of_mail_in_two_shapes_the_text_is_read(ant):
    [anne] = ant.has('Anne')
    mail = EmailMessage()
    mail.set_content('dlist default openings\n')
    mail.add_alternative('<p>dlist default openings</p>', subtype='html')
    sends(anne, mail, request(ant))
    assert answer_to(anne).count(OPENINGS) == 1


@pytest.mark.parametrize('charset', ['us-ascii', 'latin-1', 'utf-8', 'utf-16'])
def test_a_command_is_understood_and_answered_in_any_charset(ant, charset):
    [anne] = ant.has('Anne')
    text = 'dlist default openings\nend\n'
    if charset != 'us-ascii':
        text += 'Schöne Grüße\n'
    mail = MIMEText(text, _charset=charset)
    sends(anne, mail, request(ant))
    assert OPENINGS in answer_to(anne)
    assert settings(ant, anne) == ('openings', True, True)


@pytest.mark.parametrize('subject', [
    '=?utf-8?q?dlist_default_openings?=',
    '=?utf-8?b?UmU6IGRsaXN0IGRlZmF1bHQgb3BlbmluZ3M=?=',
])
def test_a_subject_may_be_encoded(ant, subject):
    [anne] = ant.has('Anne')
    mail = EmailMessage()
    mail.set_content(' ')
    raw = mail.as_bytes().replace(
        b'\n', f'\nFrom: {anne.email}\nSubject: {subject}\n'.encode(), 1
    )
    anne.sends(raw, request(ant))
    assert OPENINGS in answer_to(anne)


@pytest.mark.parametrize('headers', [
    {'Auto_Submitted': 'auto-replied'},
    {'Auto_Submitted': 'auto-generated'},
    {'Precedence': 'bulk'},
    {'Precedence': 'auto_reply'},
    {'X_Autoreply': 'yes'},
])
def test_a_program_is_neither_obeyed_nor_answered(ant, headers):
    [anne] = ant.has('Anne')
    anne.writes(request(ant), 'Re: dlist default nothing', ' ', **headers)
    assert anne.reads() == []
    assert settings(ant, anne) == START
