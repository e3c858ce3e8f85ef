# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a message from an alias stays what its author wrote, and no more."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailman.email.message import Message as MailmanMessage

from mailman_dlist.domain.traces import (
    Author,
    Published,
    is_own,
    remove,
    tells,
)


SHADE = Author(
    'shade@elsewhere.example',
    frozenset({'anne@example.com', 'a.person+ant@work.example', 'x9@home.example'}),
    frozenset({'Anne Person', 'José', ''}),
)
NEW_ID = 'NEW@example.com'
NOW = datetime(2026, 11, 20, 12, 0)

# Stands for whatever leads to the member, where no program needs it.
TRACE = 'annes-laptop'


def published(
    *, parents: dict[str, str] | None = None, auto_submitted: str | None = None
) -> Published:
    return Published(NEW_ID, parents or {}, auto_submitted)


def without_traces(raw: str | bytes, **known: Any) -> Any:
    octets = raw.encode() if isinstance(raw, str) else raw
    msg = message_from_bytes(octets, MailmanMessage)
    msg.set_unixfrom('anne@example.com')
    remove(msg, SHADE, published(**known), NOW)
    # What a reader gets of it.
    return message_from_bytes(Message.as_bytes(msg, unixfrom=True), MailmanMessage)


def field(name: str, value: str, **known: Any) -> str | None:
    """Return a field of a message from the alias that has it."""
    sender = '' if name == 'From' else f'From: {SHADE.alias}\n'
    return without_traces(f'{sender}{name}: {value}\n\nHello\n', **known)[name]


@pytest.mark.parametrize(('name', 'shown'), [
    ('', False),
    ('The Ant', True),
    ('"The Ant, a queen"', True),
    ('=?utf-8?q?K=C3=B6nigin?=', True),
    ('=?utf-8?b?S8O2bmlnaW4=?=', True),
    ('An Ant', True),
    ('Shade', True),
    # Any word that the member is called by, in any spelling.
    ('Anne', False),
    ('ANNE P.', False),
    ('A. Person', False),
    ('=?utf-8?q?Jos=C3=A9?=', False),
    ('Jose', False),
    ('JOSE9', False),
    ('AnneTheAnt', False),
    ('x9', False),
    ('anne@example.com', False),
    ('someone@elsewhere.example', False),
    # What cannot be read may be anything.
    ('=?x-nowhere?q?Ant?=', False),
    ('=?utf-8?b?????=', False),
])
def test_the_display_name_stays_unless_it_tells(name, shown):
    value = str(field('From', f'{name} <Shade@Elsewhere.example>'))
    assert SHADE.alias in value
    assert ('<' in value) is shown


@pytest.mark.parametrize('value', [
    f'{SHADE.alias}, anne@example.com',
    f'{SHADE.alias} (Anne)',
    f'Friends: {SHADE.alias}, anne@example.com;',
    '',
    'nobody knows',
])
def test_the_author_is_one_address(value):
    assert field('From', value) == SHADE.alias


def test_a_name_is_compared_with_names_and_not_with_hosts():
    assert not tells('Work Example', SHADE)
    assert not tells('Al', SHADE)
    assert tells(SHADE.alias.upper(), SHADE) is False


@pytest.mark.parametrize(('value', 'expected'), [
    ('ant@example.com', 'ant@example.com'),
    ('"The ants" <ant+new@example.com>', 'The ants <ant+new@example.com>'),
    ('ant@example.com, anne@example.com', 'ant@example.com'),
    ('Anne <ANNE@Example.com>, ant@example.com', 'ant@example.com'),
    ('a.person@work.example, ant@example.com', 'ant@example.com'),
    ('a.person+other@work.example, ant@example.com', 'ant@example.com'),
    ('anne@example.com', None),
    ('bart@example.com, cris@example.com', 'bart@example.com, cris@example.com'),
    (SHADE.alias, SHADE.alias),
    ('=?utf-8?q?B=C3=A4rt?= <bart@example.com>',
     '=?utf-8?b?QsOkcnQ=?= <bart@example.com>'),
    ('ant@example.com (on annes-laptop)', 'ant@example.com'),
    ('undisclosed-recipients:;', None),
    ('b\udce4rt@example.com, ant@example.com', 'ant@example.com'),
])
@pytest.mark.parametrize('name', ['To', 'Cc'])
def test_recipients_stay_but_for_the_author(name, value, expected):
    raw = f'From: {SHADE.alias}\n{name}: {value}\n\n'.encode(errors='surrogateescape')
    assert without_traces(raw)[name] == expected


@pytest.mark.parametrize(('address', 'own'), [
    ('anne@example.com', True),
    ('Anne+x@EXAMPLE.com', True),
    ('annette@example.com', False),
    ('anne@example.org', False),
    (SHADE.alias, False),
    ('', False),
])
def test_own_addresses_are_known_in_every_spelling(address, own):
    assert is_own(address, SHADE) is own


@pytest.mark.parametrize(('value', 'expected'), [
    ('Mon, 1 Aug 2005 09:49:23 +0200 (CEST)', 'Mon, 01 Aug 2005 07:49:23 +0000'),
    ('Mon, 1 Aug 2005 07:49:23 GMT', 'Mon, 01 Aug 2005 07:49:23 +0000'),
    ('1 Aug 2005 07:49:23 -0000', 'Mon, 01 Aug 2005 07:49:23 +0000'),
    ('yesterday', 'Fri, 20 Nov 2026 12:00:00 +0000'),
    ('Mon, 1 Aug 9999 23:59:59 -2400', 'Fri, 20 Nov 2026 12:00:00 +0000'),
    ('Mon, 1 Aug 10000 23:59:59 -0100', 'Fri, 20 Nov 2026 12:00:00 +0000'),
    ('', 'Fri, 20 Nov 2026 12:00:00 +0000'),
])
def test_a_date_is_a_time_and_no_place(value, expected):
    assert field('Date', value) == expected


@pytest.mark.parametrize(('value', 'expected'), [
    ('<known@x>', '<public@x>'),
    ('known@x', '<public@x>'),
    ('<private@annes-laptop> <known@x> <other@x>', '<public@x>\n <shown@x>'),
    ('<private@annes-laptop>', None),
    ('Your message of Monday (annes-laptop) <known@x>', '<public@x>'),
    ('<known@x> <same@x>', '<public@x>'),
])
@pytest.mark.parametrize('name', ['In-Reply-To', 'References'])
def test_only_ids_that_others_know_are_named(name, value, expected):
    parents = {'known@x': 'public@x', 'same@x': 'public@x', 'other@x': 'shown@x'}
    found = field(name, value, parents=parents)
    assert found == expected


@pytest.mark.parametrize('word', ['auto-replied', 'auto-generated', None])
def test_what_a_program_wrote_says_so(word):
    assert field('Auto-Submitted', 'auto-x; by=annes-laptop', auto_submitted=word) == (
        word
    )


def test_the_subject_is_the_authors_to_the_last_octet():
    msg = message_from_bytes(
        b'From: shade@elsewhere.example\nSubject: caf\xe9 =?utf-8?q?t=C3=A9?=\n\n',
        MailmanMessage,
    )
    remove(msg, SHADE, published(), NOW)
    assert b'Subject: caf\xe9 =?utf-8?q?t=C3=A9?=\n' in msg.as_bytes()


FIELDS = """\
Received: from annes-laptop (annes-laptop [192.0.2.7]) by mx; Mon, 1 Aug 2005
Received-SPF: pass (annes-laptop)
Return-Path: <annes-laptop@example.com>
Delivered-To: annes-laptop@example.com
X-MailFrom: annes-laptop@example.com
X-Originating-IP: [annes-laptop]
X-Mailman-Rule-Hits: annes-laptop
X-Unheard-Of: annes-laptop
Authentication-Results: annes-laptop; spf=pass
ARC-Seal: i=1; d=annes-laptop
DKIM-Signature: v=1; d=annes-laptop
Autocrypt: addr=annes-laptop@example.com; keydata=x
OpenPGP: id=annes-laptop
Face: annes-laptop
Sender: annes-laptop@example.com
Reply-To: annes-laptop@example.com
Bcc: annes-laptop@example.com
Resent-From: annes-laptop@example.com
Resent-To: annes-laptop@example.com
Resent-Message-ID: <annes-laptop>
Disposition-Notification-To: annes-laptop@example.com
Errors-To: annes-laptop@example.com
Mail-Followup-To: annes-laptop@example.com
Organization: annes-laptop
User-Agent: annes-laptop
X-Mailer: annes-laptop
Thread-Index: annes-laptop
Thread-Topic: annes-laptop
List-Unsubscribe: <mailto:annes-laptop@example.com>
Comments: annes-laptop
Keywords: annes-laptop
Message-ID: <annes-laptop@example.com>
MIME-Version: 1.0 (annes-laptop)
Content-Location: annes-laptop
Content-Base: annes-laptop
Content-MD5: annes-laptop
"""


def test_no_other_field_stays():
    msg = without_traces(f'{FIELDS}From: {SHADE.alias}\nTo: ant@example.com\n\nHello\n')
    assert msg.keys() == ['From', 'To', 'Date', 'Message-ID', 'MIME-Version']
    assert msg['message-id'] == f'<{NEW_ID}>'
    assert msg.get_unixfrom() != 'anne@example.com'
    assert TRACE not in msg.as_string()


PARTS = f"""\
From: {SHADE.alias}
Message-ID: <annes-laptop@example.com>
MIME-Version: 1.0 (annes-laptop)
Content-Type: multipart/related; boundary="=_annes-laptop_=";
 type="multipart/alternative"; start="<first@annes-laptop>"; x-path="annes-laptop"

For programs on annes-laptop alone.
--=_annes-laptop_=
Content-Type: multipart/alternative; boundary=annes-laptop-2
Content-ID: <first@annes-laptop>
X-Part: annes-laptop

annes-laptop again
--annes-laptop-2
Content-Type: text/plain; charset=utf-8 (on annes-laptop); format=flowed
Content-Transfer-Encoding: 8bit (annes-laptop)
Content-Language: en

Caf\u00e9 [cid:picture@annes-laptop]
--annes-laptop-2
Content-Type: text/html; charset="utf-8"; x-mac-type="annes-laptop"
Content-Transfer-Encoding: quoted-printable

<img src=3D"cid:picture@anne=
s-laptop"><img src=3D'CID:picture%40annes-laptop'>
--annes-laptop-2--
annes-laptop below
--=_annes-laptop_=
Content-Type: image/png; name*=utf-8''B%C3%A4r.png
Content-Transfer-Encoding: base64
Content-Disposition: inline; filename*=utf-8''B%C3%A4r.png;
 creation-date="annes-laptop"; x-annes-laptop=1
Content-ID: <picture@annes-laptop>
X-Attachment-Id: annes-laptop
Content-Location: file:///annes-laptop

aGVsbG8=
--=_annes-laptop_=--
Sent from annes-laptop
"""


def test_parts_have_no_traces_but_their_text_and_files():
    msg = without_traces(PARTS)
    _related, _alternative, plain, html, picture = parts = list(msg.walk())
    assert TRACE not in msg.as_string()
    assert plain.get_payload(decode=True).decode().startswith('Café [cid:part')
    assert plain.get_param('format') == 'flowed'
    assert plain.get_content_charset() == 'utf-8'
    assert plain['content-language'] == 'en'
    cid = picture['content-id'].strip('<>')
    assert cid.endswith(NEW_ID)
    shown = html.get_payload(decode=True).decode()
    assert shown.strip() == f'<img src="cid:{cid}"><img src=\'cid:{cid}\'>'
    assert f'[cid:{cid}]' in plain.get_payload(decode=True).decode()
    assert msg.get_param('start') == parts[1]['content-id']
    assert picture.get_filename() == 'Bär.png'
    assert picture.get_payload(decode=True) == b'hello'
    assert picture['content-disposition'].startswith('inline')


def test_what_was_signed_stays_to_the_last_octet():
    inside = (
        'Content-Type: multipart/mixed; boundary="annes-laptop-inner";\n'
        '  protected-headers="v1"\n'
        'X-Signed: with   annes-laptop\n'
        '\n'
        'before\n'
        '--annes-laptop-inner\n'
        'Content-type: text/plain\n'
        'Content-ID: <a@annes-laptop>\n'
        '\n'
        'Hello  \n'
        '--annes-laptop-inner--\n'
        'after\n'
    )
    msg = without_traces(
        f'From: {SHADE.alias}\n'
        'MIME-Version: 1.0\n'
        'Content-Type: multipart/signed; boundary="outer-annes-laptop";\n'
        ' micalg=pgp-sha256; protocol="application/pgp-signature"\n\n'
        'pre annes-laptop\n'
        '--outer-annes-laptop\n'
        f'{inside}'
        '\n--outer-annes-laptop\n'
        'Content-Type: application/pgp-signature; name="signature.asc"\n\n'
        'SIGNATURE\n'
        '--outer-annes-laptop--\n'
    )
    assert inside in msg.as_string()
    assert msg.get_param('protocol') == 'application/pgp-signature'
    assert msg.get_param('micalg') == 'pgp-sha256'
    assert 'outer-annes-laptop' not in msg.as_string()
    assert 'pre annes-laptop' not in msg.as_string()


def test_a_forwarded_message_tells_what_it_says_but_not_how_it_came():
    msg = without_traces(
        f'From: {SHADE.alias}\n'
        'MIME-Version: 1.0\n'
        'Content-Type: message/rfc822\n\n'
        f'{FIELDS}'
        'From: Bart <bart@example.com>\n'
        'To: Anne <anne@example.com>, cris@example.com\n'
        'Subject: Picnic\n'
        'Date: Mon, 1 Aug 2005 09:49:23 +0200\n'
        '\n'
        'On Sunday.\n'
    )
    [forwarded] = msg.get_payload()
    assert forwarded['from'] == 'Bart <bart@example.com>'
    assert (forwarded['to'], forwarded['subject']) == ('cris@example.com', 'Picnic')
    assert forwarded['date'] == 'Mon, 1 Aug 2005 09:49:23 +0200'
    assert forwarded.get_payload() == 'On Sunday.\n'
    assert TRACE not in msg.as_string()
    assert 'anne' not in msg.as_string()


@pytest.mark.parametrize('encoding', ['7bit', 'quoted-printable', 'base64', 'x-other'])
@pytest.mark.parametrize('text', ['Hello\n', 'cid:nothing', '', 'Yours, Anne\n'])
def test_the_text_is_the_authors(encoding, text):
    msg = without_traces(
        f'From: {SHADE.alias}\nContent-Transfer-Encoding: {encoding}\n\n{text}'
    )
    assert msg.get_payload() == text


NAMES = st.from_regex(r'[A-Za-z][A-Za-z0-9-]{0,20}', fullmatch=True)
KNOWN_FIELDS = {
    'from', 'to', 'cc', 'subject', 'content-type', 'content-transfer-encoding',
    'content-disposition', 'content-description', 'content-language',
}


@given(st.lists(NAMES.filter(lambda name: name.lower() not in KNOWN_FIELDS)), NAMES)
def test_whatever_a_field_is_called_it_goes(names, content):
    fields = ''.join(f'{name}: {TRACE}\n' for name in names)
    raw = (
        f'{fields}From: {SHADE.alias}\n'
        f'Content-Type: multipart/mixed; boundary=b; x-{content}={TRACE}\n\n'
        f'--b\n{fields}Content-Type: text/plain\n\nHello\n--b--\n'
    )
    msg = without_traces(raw)
    assert TRACE not in msg.as_string()
    assert msg.get_payload(0).get_payload().strip() == 'Hello'


@given(st.binary(max_size=400))
def test_no_message_is_too_odd(octets):
    head = f'From: {SHADE.alias}\nX-Trace: {TRACE}\n'.encode()
    msg = without_traces(head + octets)
    assert msg['from'] == SHADE.alias
    assert b'X-Trace' not in msg.as_bytes()
