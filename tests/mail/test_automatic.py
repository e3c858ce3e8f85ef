# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail of programs, and mail of people that looks like it."""

from __future__ import annotations

from email import message_from_bytes, message_from_string, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.mail.automatic import automatic


PERSON = 'From: Anne <anne@example.com>\nSubject: Picnic\n'
BOUNCED = """

This is the Postfix program at host mail.example.com.

<bart@example.com>: unknown user: "bart"
"""
QUOTED_BOUNCE = """
Bart's address is gone, see what I got:

The following addresses had permanent fatal errors
<bart@example.com>
   ----- Transcript of session follows -----
"""


def judged(text, sender='anne@example.com', list_id='ant.example.com'):
    return automatic(message_from_string(text), sender, list_id)


@pytest.mark.parametrize(('fields', 'reason'), [
    ('Auto-Submitted: auto-replied', 'it says Auto-Submitted'),
    ('Auto-Submitted: auto-generated', 'it says Auto-Submitted'),
    ('Auto-Submitted: auto-notified; owner-email="a@x"', 'it says Auto-Submitted'),
    ('Auto-Submitted: AUTO-Replied (vacation)', 'it says Auto-Submitted'),
    ('Auto-Submitted: (vacation) auto-replied', 'it says Auto-Submitted'),
    ('Auto-Submitted:\n auto-replied', 'it says Auto-Submitted'),
    ('Auto-Submitted: no\nAuto-Submitted: auto-replied', 'it says Auto-Submitted'),
    ('Precedence: auto_reply', 'it says Precedence: auto_reply'),
    ('Precedence: Auto_Reply', 'it says Precedence: auto_reply'),
    ('X-Autoreply: yes', 'it says X-Autoreply'),
    ('X-Autorespond: Out of office', 'it says X-Autorespond'),
    ('Content-Type: multipart/report; report-type=delivery-status; boundary=x',
     'it is a report of a mail system'),
    ('Content-Type: Multipart/Report;\n report-type=disposition-notification',
     'it is a report of a mail system'),
    ('List-Id: The ants <ant.example.com>', 'it went through this list before'),
    ('List-Id: ANT.example.com', 'it went through this list before'),
    ('List-Id: <bee.example.com>\nList-Id: <ant.example.com>',
     'it went through this list before'),
])
def test_what_programs_say_of_themselves(fields, reason):
    assert judged(f'{PERSON}{fields}\n\nBody') == reason


@pytest.mark.parametrize('fields', [
    'X-Nothing: special',
    'Auto-Submitted: no',
    'Auto-Submitted: No (a person)',
    'Auto-Submitted: (auto-replied) no',
    'Auto-Submitted: no; x=auto-replied',
    'Auto-Submitted:',
    'Precedence: bulk',
    'Precedence: list',
    'X-Autoreply: no',
    'X-Auto-Response-Suppress: All',
    'Content-Type: multipart/mixed; boundary=x',
    'Content-Type: text/plain; name="multipart/report"',
    'List-Id: <bee.example.com>',
    'List-Id: Not <ant.example.com.elsewhere.example>',
    'List-Unsubscribe: <mailto:ant-leave@example.com>',
])
def test_what_people_send_too(fields):
    assert judged(f'{PERSON}{fields}\n\nBody') is None


@pytest.mark.parametrize(('sender', 'reason'), [
    ('', 'it has no envelope sender'),
    ('<>', 'it has no envelope sender'),
    (' <> ', 'it has no envelope sender'),
    (None, None),
    ('anne@example.com', None),
])
def test_the_null_sender_is_nobody(sender, reason):
    assert judged(f'{PERSON}\nBody', sender) == reason


@pytest.mark.parametrize(('writer', 'body', 'reason'), [
    ('MAILER-DAEMON@example.com', BOUNCED, 'it is from a mail system'),
    ('Mail Delivery <mailer-daemon@example.com>', 'Gone.', 'it is from a mail system'),
    ('postmaster@example.com', QUOTED_BOUNCE, 'it is a bounce'),
    ('The Postmaster <PostMaster@example.com>', QUOTED_BOUNCE, 'it is a bounce'),
    ('postmaster@example.com', 'Shall I bring cake?', None),
    ('anne@example.com', BOUNCED, None),
    ('anne@example.com', QUOTED_BOUNCE, None),
])
def test_a_bounce_comes_from_a_mail_system(writer, body, reason):
    assert judged(f'From: {writer}\nSubject: Picnic\n\n{body}') == reason


def test_without_a_list_nothing_is_a_loop():
    assert judged(f'{PERSON}List-Id: <ant.example.com>\n\n', list_id=None) is None


def test_a_bounce_that_no_detector_can_read_is_none(monkeypatch):
    def stumble(msg):
        raise IndexError

    monkeypatch.setattr('mailman_dlist.mail.automatic.all_failures', stumble)
    assert judged(f'From: postmaster@example.com\n\n{QUOTED_BOUNCE}') is None


class Stumbling(policy.Compat32):
    """Parses a field when it is asked for, and fails."""

    def header_fetch_parse(self, name, value):
        raise IndexError


def test_fields_that_cannot_be_read_say_nothing():
    msg = message_from_string('Auto-Submitted: auto-replied\n\n', policy=Stumbling())
    assert automatic(msg, 'anne@example.com', 'ant.example.com') is None


BROKEN = st.lists(st.sampled_from([
    b'From: ', b'From: postmaster@x', b'List-Id: <', b'Content-Type: multipart/',
    b'report; report-type="', b'Auto-Submitted: (', b'Content-Type: message/'
    b'delivery-status', b'\n', b'\n\n', b'\xff', b'(((', b'"', b'=?x?q?=', b';', b'@',
    b'X-Autoreply', b':', b'no', b'The following addresses had\n', b'Action: failed\n',
])).map(b''.join)


@pytest.mark.parametrize('parsing', [policy.compat32, policy.default, policy.SMTP])
@given(octets=BROKEN | st.binary(), sender=st.none() | st.text())
def test_broken_mail_is_judged_too(parsing, octets, sender):
    msg = message_from_bytes(octets, policy=parsing)
    reason = automatic(msg, sender, 'ant.example.com')
    assert reason is None or reason.startswith('it ')
