# SPDX-License-Identifier: GPL-3.0-or-later
"""A footer quoted back, as mail programs do it, leaves no link that works.

What may happen to a link in a text is in `test_text`; here are parts, encodings and
charsets, and whole messages as programs write them.
"""

from __future__ import annotations

import base64
import pickle
import re
from binascii import b2a_qp, b2a_uu
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import given
from hypothesis import strategies as st
from mailman.email.message import Message as MailmanMessage

from mailman_dlist.domain.links.message import scrub
from tests.domain.links.quoted import (
    ENCODED,
    LINK,
    OTHER,
    PLAIN,
    PLAIN_ENCODED,
    SAFE,
    TOKEN,
    WEB,
    cut_at,
    plain,
)


CORPUS = Path(__file__).parents[2] / 'corpus'


# Looking for what is left, in another way than the code does.


def leaves(msg: Message) -> Iterator[str]:
    for part in msg.walk():
        yield from (str(value) for value in part.values())
        if not part.is_multipart():
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            for charset in (part.get_content_charset('utf-8'), 'utf-8', 'latin-1'):
                yield octets.decode(charset, 'ignore')


def usable(text: str) -> bool:
    """Say whether anyone could put a token together from what is in a text."""
    without_tags = re.sub('<[^<>]*>', '', text)
    return any(
        token in re.sub('[^A-Za-z0-9]', '', reading)
        for reading in (text, without_tags)
        for token in (TOKEN, OTHER)
    )


def remains(msg: Message) -> bool:
    # What is read again is what others get.
    return any(map(usable, leaves(message_from_bytes(msg.as_bytes()))))


def message(body: str | bytes, *fields: str, charset: str = 'utf-8') -> Message:
    octets = body if isinstance(body, bytes) else body.encode(charset)
    head = ''.join(f'{field}\n' for field in ('MIME-Version: 1.0', *fields))
    return message_from_bytes(head.encode() + b'\n' + octets)


def text_of(msg: Message) -> str:
    octets = msg.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode(msg.get_content_charset('utf-8'))


# Every encoding, every charset.

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    '7bit': bytes,
    '8bit': bytes,
    'base64': base64.encodebytes,
    'quoted-printable': lambda octets: b2a_qp(octets, istext=False),
    'x-uuencode': lambda octets: b'begin 644 text\n'
    + b''.join(b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45))
    + b'`\nend\n',
}


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_the_plain_link_stands_where_the_pieces_stood(encoding):
    body = '> To hear no more: {} or write\n> a mail.  \n'
    msg = message(
        ENCODINGS[encoding](body.format(f'{LINK[:-20]} \n> {LINK[-20:]}').encode()),
        'Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes',
        f'Content-Transfer-Encoding: {encoding}',
    )
    assert scrub(msg, plain)
    assert text_of(msg) == body.format(PLAIN)
    # Nobody writes uuencode any more.
    written = 'base64' if encoding == 'x-uuencode' else encoding
    assert msg.get_all('Content-Transfer-Encoding') == [written]
    assert not remains(msg)
    once = msg.as_bytes()
    assert not scrub(msg, plain)
    assert msg.as_bytes() == once


CHARSETS = [
    ('us-ascii', 'Hello, it is so'),
    ('utf-8', 'Ça alors, 蟻 🐜'),
    ('iso-8859-1', 'Ça alors'),
    ('iso-8859-15', 'Ça coûte 5 €'),
    ('windows-1252', '“Ça alors…”'),
    ('koi8-r', 'Муравей'),
    ('gb18030', '蚂蚁'),
    ('big5', '螞蟻'),
    ('shift_jis', 'アリソ表'),
    ('euc-jp', '蟻'),
    ('iso-2022-jp', '蟻と蟻'),
    ('euc-kr', '개미'),
    ('utf-16', '蟻'),
    ('utf-16-be', '蟻'),
    ('utf-16-le', '蟻'),
    ('utf-32', '🐜'),
    ('utf-7', '蟻 + ç'),
    ('cp037', 'Ça alors'),
]


@pytest.mark.parametrize(
    ('charset', 'words', 'encoding'),
    [
        (charset, words, encoding)
        for charset, words in CHARSETS
        for encoding in ('8bit', 'base64')
        # Octets of such texts look like line ends: they are always encoded.
        if encoding != '8bit' or not charset.startswith(('utf-16', 'utf-32'))
    ],
)
def test_a_text_stays_in_its_charset(charset, words, encoding):
    body = f'{words}\n> {LINK[:40]}\n> {LINK[40:]}\n{words}'
    msg = message(
        ENCODINGS[encoding](body.encode(charset)),
        f'Content-Type: text/plain; charset={charset}',
        f'Content-Transfer-Encoding: {encoding}',
    )
    assert scrub(msg, plain)
    assert text_of(msg) == f'{words}\n> {PLAIN}\n{words}'
    assert msg.get_content_charset() == charset
    assert msg['Content-Transfer-Encoding'] == encoding
    assert not remains(msg)


@pytest.mark.parametrize(
    'charset',
    ['x-nowhere', 'us-ascii', 'utf-8', 'utf-16', 'idna', 'punycode', 'zlib', '8bit; x'],
)
@pytest.mark.parametrize('encoding', ['8bit', 'base64', 'x-odd'])
def test_what_a_text_says_wrongly_about_itself_does_no_harm(charset, encoding):
    odd = bytes(sorted(set(range(256)) - set(b'\r\n'))) + b'\xff\xfe'
    body = odd + f'\n> {LINK[:40]}\n> {LINK[40:]}\n'.encode() + odd
    msg = message(
        ENCODINGS.get(encoding, bytes)(body),
        f'Content-Type: text/plain; charset={charset}',
        f'Content-Transfer-Encoding: {encoding}',
    )
    assert scrub(msg, plain)
    expected = odd + f'\n> {PLAIN}\n'.encode() + odd
    assert message_from_bytes(msg.as_bytes()).get_payload(decode=True) == expected


def test_a_charset_with_several_spellings_is_read_too():
    # Python's codec writes the least significant octet first.
    octets = b'\xfe\xff' + f'> {LINK} 蟻'.encode('utf-16-be')
    msg = message(
        base64.encodebytes(octets),
        'Content-Type: text/plain; charset=utf-16',
        'Content-Transfer-Encoding: base64',
    )
    assert scrub(msg, plain)
    assert text_of(msg) == f'> {PLAIN} 蟻'


def test_line_ends_of_two_kinds_stay_so_in_quoted_printable():
    body = f'one\r\ntwo\n{LINK}\r\nthree\n'.encode()
    msg = message(
        b2a_qp(body, istext=False),
        'Content-Type: text/plain',
        'Content-Transfer-Encoding: quoted-printable',
    )
    assert scrub(msg, plain)
    assert text_of(msg) == f'one\r\ntwo\n{PLAIN}\r\nthree\n'


@pytest.mark.parametrize('written', ['base64 ', 'BASE64', 'base64;', 'base64 (of it)'])
def test_an_encoding_is_known_however_its_field_is_written(written):
    msg = message(
        base64.encodebytes(f'Ça: {LINK}'.encode()),
        'Content-Type: text/plain; charset=utf-8',
        f'Content-Transfer-Encoding: {written}',
    )
    assert scrub(msg, plain)
    decoded = base64.b64decode(str(msg.get_payload())).decode()
    assert decoded == f'Ça: {PLAIN}'


def test_what_says_base64_and_is_not_is_scrubbed_as_it_is_shown():
    msg = message(
        f'> {LINK}',
        'Content-Type: text/plain',
        'Content-Transfer-Encoding: base64',
    )
    scrub(msg, plain)
    assert not remains(msg)


# Whole messages, as programs write them.


HEAD = 'From: bart@example.com\nTo: ant+picnic@example.com\nSubject: Re: Picnic\n'
WEB_ENCODED = ENCODED.removesuffix(TOKEN)
APPLE_HTML = (
    '<html><body style="line-break: after-white-space;">… and tea.<br><blockquote '
    f'type="cite"><div>To hear no more: <a href="{LINK}">{WEB}\u200b{TOKEN[:20]}'
    f'<br class="">{TOKEN[20:]}</a></div></blockquote></body></html>'
)
CALENDAR = cut_at(f'DESCRIPTION:To hear no more: {LINK}\\nBye', 60, '\r\n ')

# A blank at the end of a line.
FLOWED = ' '


def program(name: str, source: str, *expected: str) -> ParameterSet:
    """Show a reply as a program writes it, and lines of its parts afterwards."""
    return pytest.param(HEAD + source, expected, id=name)


PROGRAMS = [
    program(
        'Gmail',
        f"""MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="0000000000007c7a"

--0000000000007c7a
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

Bringing the cake =F0=9F=8D=B0

On Wed, 1 Jul 2026 at 12:30, Anne <anne@example.com> wrote:

> Who brings the cake?
> _______________________________________________
> To hear no more:  {WEB}{TOKEN[:9]}=
{TOKEN[9:]}
>

--0000000000007c7a
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

<div dir=3D"ltr">Bringing the cake =F0=9F=8D=B0</div><br><div class=3D"gmail_qu=
ote gmail_quote_container"><blockquote class=3D"gmail_quote" style=3D"margin:0p=
x">To hear no more:=C2=A0 <a href=3D"{WEB}{TOKEN[:3]}=
{TOKEN[3:]}" rel=3D"noreferrer" target=3D"_blank" data-safere=
directurl=3D"https://www.google.com/url?q=3D{WEB}=
{TOKEN}&amp;source=3Dgmail">{WEB}=
{TOKEN[:30]}<wbr>{TOKEN[30:]}</a><br>
</blockquote></div>

--0000000000007c7a--
""",
        'Bringing the cake 🍰',
        '> Who brings the cake?',
        f'> To hear no more:  {PLAIN}',
        '<div dir="ltr">Bringing the cake 🍰</div><br><div class="gmail_quote '
        'gmail_quote_container"><blockquote class="gmail_quote" style="margin:0px">'
        f'To hear no more:\xa0 <a href="{PLAIN}" rel="noreferrer" target="_blank" '
        f'data-saferedirecturl="https://www.google.com/url?q={PLAIN}&amp;source=gmail">'
        f'{PLAIN}<wbr></a><br>',
    ),
    program(
        'Outlook',
        f"""Content-Type: multipart/alternative;
\tboundary="_000_AM0PR08MB"
MIME-Version: 1.0

--_000_AM0PR08MB
Content-Type: text/plain; charset="Windows-1252"
Content-Transfer-Encoding: quoted-printable

I=92ll bring it.

From: Anne <anne@example.com>
To hear no more:  {SAFE[:-1]}=3D=
{WEB_ENCODED}{TOKEN[:12]}=
{TOKEN[12:]}&data=3D05%7C02%7Cbart%40example.com&reserved=3D0<=
{WEB}{TOKEN}>

--_000_AM0PR08MB
Content-Type: text/html; charset="Windows-1252"
Content-Transfer-Encoding: quoted-printable

<p class=3D"MsoNormal">I=92ll bring it.<o:p></o:p></p>
<p class=3D"MsoNormal">To hear no more:&nbsp; <a href=3D"{SAFE[:-1]}=3D=
{WEB_ENCODED}{TOKEN[:5]}=
{TOKEN[5:]}&amp;data=3D05%7C02%7Cbart%40example.com" originals=
rc=3D"{WEB}{TOKEN}" shash=3D"x">{WEB}=
{TOKEN}</a><o:p></o:p></p>

--_000_AM0PR08MB--
""",
        'I’ll bring it.',
        f'To hear no more:  {SAFE}{PLAIN_ENCODED}&data=05%7C02%7Cbart%40example.com'
        f'&reserved=0<{PLAIN}>',
        '<p class="MsoNormal">I’ll bring it.<o:p></o:p></p>',
        f'<p class="MsoNormal">To hear no more:&nbsp; <a href="{SAFE}{PLAIN_ENCODED}'
        f'&amp;data=05%7C02%7Cbart%40example.com" originalsrc="{PLAIN}" shash="x">'
        f'{PLAIN}</a><o:p></o:p></p>',
    ),
    program(
        'Thunderbird',
        f"""MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Transfer-Encoding: 8bit

Am 01.07.26 um 12:30 schrieb Anne:
> To hear no more:{FLOWED}
> {WEB}{TOKEN}
>> To hear no more: {WEB}{TOKEN[:2]}{FLOWED}
>> {TOKEN[2:]}
Für mich ohne Nüsse.{FLOWED}
--{FLOWED}
Bart
""",
        '> To hear no more: ',
        f'> {PLAIN}',
        f'>> To hear no more: {PLAIN}',
        'Für mich ohne Nüsse. ',
        '-- ',
    ),
    program(
        'Apple Mail',
        f"""Mime-Version: 1.0
Content-Type: multipart/alternative; boundary="Apple-Mail=_F3"

--Apple-Mail=_F3
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes

=E2=80=A6 and tea.

> On 1. Jul 2026, at 12:30, Anne <anne@example.com> wrote:
> =20
> To hear no more:  {WEB[:30]} =

> {WEB[30:]}{TOKEN[:20]} =

> {TOKEN[20:]}

--Apple-Mail=_F3
Content-Transfer-Encoding: base64
Content-Type: text/html; charset=utf-8

{base64.encodebytes(APPLE_HTML.encode()).decode()}
--Apple-Mail=_F3--
""",
        '… and tea.',
        '>  ',
        f'> To hear no more:  {PLAIN}',
        APPLE_HTML.replace(LINK, PLAIN)
        .replace(f'{WEB}\u200b{TOKEN[:20]}', PLAIN)
        .replace(TOKEN[20:], ''),
    ),
    program(
        'mutt',
        f"""MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Disposition: inline
User-Agent: Mutt/2.2.9

On Wed, Jul 01, 2026 at 12:30:00PM +0000, Anne wrote:
> | To hear no more:
> |  {WEB}{TOKEN[:26]}
> |  {TOKEN[26:]}

Me.
""",
        '> | To hear no more:',
        f'> |  {PLAIN}',
        'Me.',
    ),
    program(
        'a webmail that wraps at 76',
        'MIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-8859-1\n'
        'Content-Transfer-Encoding: 8bit\n\n> To hear no more:\n'
        + cut_at(f'> {SAFE}{ENCODED}&data=05', 76, '\n')
        + '\n\nMe.\n',
        '> To hear no more:',
        f'> {SAFE}{PLAIN_ENCODED}&data=05',
        'Me.',
    ),
    program(
        'a calendar',
        'MIME-Version: 1.0\nContent-Type: text/calendar; charset=UTF-8\n'
        f'Content-Transfer-Encoding: 7bit\n\nBEGIN:VEVENT\r\n{CALENDAR}\r\n',
        f'DESCRIPTION:To hear no more: {PLAIN}\\nBye',
    ),
    program(
        'a program from before MIME',
        f'\nAnne writes:\n|> {LINK[:60]}\n|> {LINK[60:]}\nMe.\n',
        f'|> {PLAIN}',
        'Me.',
    ),
]


@pytest.mark.parametrize(('source', 'expected'), PROGRAMS)
def test_what_a_program_quotes_cannot_be_used(source, expected):
    msg = message_from_bytes(source.encode())
    assert remains(msg)
    assert scrub(msg, plain)
    assert not remains(msg)
    again = message_from_bytes(msg.as_bytes())
    lines = [
        line
        for part in again.walk()
        if not part.is_multipart()
        for line in re.split('\r?\n', text_of(part))
    ]
    for line in expected:
        assert line in lines
    assert not scrub(again, plain)


# Parts of parts.

FORWARDED = f"""Content-Type: message/rfc822

Received: from a by b
List-Unsubscribe: <mailto:ant+picnic+unsubscribe@example.com>,
 <{LINK}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Subject: Picnic
Content-Type: multipart/mixed; boundary=inner

--inner

Who brings the cake?
--inner

> {LINK}
--inner--
epilogue {LINK}
"""


def mixed(*parts: str, kind: str = 'mixed') -> Message:
    return message(
        f'preamble {PLAIN}\n'
        + ''.join(f'--outer\n{part}\n' for part in parts)
        + '--outer--\n',
        f'Content-Type: multipart/{kind}; boundary=outer',
    )


def test_a_forwarded_message_gives_nothing_away():
    msg = mixed('\nSee below.', FORWARDED)
    assert scrub(msg, plain)
    assert not remains(msg)
    assert LINK not in str(msg)
    forwarded = list(msg.walk())[3]
    assert forwarded['List-Unsubscribe'] == (
        '<mailto:ant+picnic+unsubscribe@example.com>,\n ' + f'<{PLAIN}>'
    )
    assert forwarded['Received'] == 'from a by b'
    assert forwarded['Subject'] == 'Picnic'
    assert forwarded.epilogue == f'epilogue {PLAIN}\n'


def test_a_forwarded_message_that_only_says_base64_is_read_too():
    msg = mixed(
        FORWARDED.replace('rfc822\n', 'rfc822\nContent-Transfer-Encoding: base64\n', 1)
    )
    assert scrub(msg, plain)
    assert not remains(msg)


@pytest.mark.parametrize('octets', [
    b'Subject: Plain\n\nHello.\n',
    b'Content-Type: text/html\n\n<p>Hello</p>\n',
    b'Content-Type: message/rfc822\n\nSubject: Inside\n\nHello.\n',
])
def test_a_message_of_mailmans_stays_as_it_is(octets):
    """A copy of it is the message itself; what is tried on one shows in both."""
    msg = message_from_bytes(octets, MailmanMessage)
    assert not scrub(msg, plain)
    assert msg.as_bytes() == octets


def test_a_forwarded_message_in_base64_is_read_too():
    inner = f'Subject: Picnic\nList-Unsubscribe: <{LINK}>\n\nÇa: {LINK}\n'
    encoded = base64.encodebytes(inner.encode()).decode()
    msg = mixed(
        'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n' + encoded
    )
    assert scrub(msg, plain)
    again = message_from_bytes(msg.as_bytes())
    assert [part.get_content_type() for part in again.walk()] == [
        'multipart/mixed',
        'message/rfc822',
        'text/plain',
    ]
    last = list(again.walk())[-1]
    assert last['List-Unsubscribe'].split() == [f'<{PLAIN}>']
    assert last.get_payload(decode=True) == f'Ça: {PLAIN}\n'.encode()


def test_the_message_itself_may_have_been_list_mail_before():
    msg = message('Hi', f'List-Unsubscribe: <{LINK}>', 'Subject: Hi')
    assert scrub(msg, plain)
    assert msg['List-Unsubscribe'] == f'<{PLAIN}>'


@pytest.mark.parametrize(
    'part',
    [
        f'Content-Type: application/octet-stream\n\n{LINK}',
        f'Content-Type: image/svg+xml\n\n{LINK}',
        f'Content-Type: application/pkcs7-mime\n\n{LINK}',
    ],
)
def test_what_is_not_text_stays(part):
    msg = mixed('\nSee below.', part)
    before = msg.as_bytes()
    assert not scrub(msg, plain)
    assert msg.as_bytes() == before


@pytest.mark.parametrize('kind', ['signed', 'encrypted'])
def test_what_is_signed_or_encrypted_stays_though_it_quotes(kind):
    sealed = mixed(f'\n> {LINK}\n', FORWARDED, kind=kind)
    before = sealed.as_bytes()
    assert not scrub(sealed, plain)
    assert sealed.as_bytes() == before
    around = mixed(f'\n> {LINK}', before.decode().replace('outer', 'inner'))
    _mixed, text, inside, *_parts = around.walk()
    before = inside.as_bytes()
    assert scrub(around, plain)
    assert text.get_payload() == f'> {PLAIN}'
    assert inside.as_bytes() == before


def test_a_signed_message_that_was_forwarded_has_fields_nobody_signed():
    signed = mixed(f'\n> {LINK}', kind='signed').as_string().replace('outer', 'inner')
    msg = mixed(f'Content-Type: message/rfc822\n\nList-Unsubscribe: <{LINK}>\n{signed}')
    assert scrub(msg, plain)
    _mixed, _attached, forwarded, inside = msg.walk()
    assert forwarded['List-Unsubscribe'] == f'<{PLAIN}>'
    assert inside.get_payload() == f'> {LINK}'


def test_a_block_signed_with_pgp_stays():
    body = (
        '-----BEGIN PGP SIGNED MESSAGE-----\n\n> {}\n'
        '-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n'
    )
    msg = message(body.format(LINK), 'Content-Type: text/plain')
    before = msg.as_bytes()
    assert not scrub(msg, plain)
    assert msg.as_bytes() == before


@pytest.mark.parametrize('path', [*CORPUS.glob('*.eml')], ids=lambda path: path.stem)
def test_odd_mail_stays_octet_for_octet(path):
    msg = message_from_bytes(path.read_bytes())
    # Some of it cannot be written as mail, but Mailman's queues hold it.
    before = pickle.dumps(msg)
    assert not scrub(msg, plain)
    assert pickle.dumps(msg) == before


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_octets_of_no_charset_around_it_survive_exactly(before, after):
    octets = before + f' {LINK[:70]}\n> {LINK[70:]}'.encode() + after
    msg = message(
        base64.encodebytes(octets),
        'Content-Type: text/plain; charset=x-nowhere',
        'Content-Transfer-Encoding: base64',
    )
    assert scrub(msg, plain)
    expected = before + f' {PLAIN}'.encode() + after
    assert msg.get_payload(decode=True) == expected
