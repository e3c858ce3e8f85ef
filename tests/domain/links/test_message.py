# SPDX-License-Identifier: GPL-3.0-or-later
"""A footer quoted back, as mail programs do it, leaves no link that works."""

from __future__ import annotations

import base64
import pickle
import re
from binascii import b2a_qp, b2a_uu
from collections.abc import Callable, Iterator
from datetime import date
from email import message_from_bytes
from email.message import Message
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote
from uuid import UUID

import pytest
from _pytest.mark import ParameterSet
from hypothesis import example, given
from hypothesis import strategies as st
from mailman.email.message import Message as MailmanMessage

from mailman_dlist.domain.links.message import scrub
from mailman_dlist.domain.links.text import replaced
from mailman_dlist.domain.links.token import LENGTH, Link, LinkAction, read, write


KEYS = {3: b'a key of this site'}
MEMBER = UUID('ffbefbef-befb-4fbe-bfff-ffffffffffff')
TOKEN = write(Link(MEMBER, 7, LinkAction.mute, date(2027, 1, 1)), 3, KEYS[3])
OTHER = write(Link(MEMBER, 8, LinkAction.follow, date(2027, 1, 1)), 3, KEYS[3])

BASE = 'https://lists.example.com/mailman3/'
LINK = f'{BASE}dlist/t/{TOKEN}'
PLAIN = f'{BASE}lists/ant.example.com/conversations/pic-nic/'
LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

CORPUS = Path(__file__).parents[2] / 'corpus'


def plain(token: str) -> str | None:
    """Say as a site does what is a token: expired ones too, forged ones not."""
    return PLAIN if read(token, KEYS, date.min) else None


# Looking for what is left, in another way than the code does.


def leaves(msg: Message) -> Iterator[str]:
    for part in msg.walk():
        yield from (str(value) for value in part.values())
        if not part.is_multipart():
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            for charset in (part.get_content_charset('utf-8'), 'utf-8', 'latin-1'):
                yield octets.decode(charset, 'ignore')


def squeezed(text: str) -> str:
    for _time in range(4):
        text = unquote(unescape(text))
    return re.sub('[^A-Za-z0-9_-]', '', text)


def usable(text: str) -> bool:
    """Say whether anyone could put a token together from what is in a text."""
    without_tags = re.sub('<[^<>]*>', '', text)
    joined = re.sub('[\\s>|]', '', text)
    undashed = re.sub(
        '-(2D|5F|2F|3A|3D)', lambda code: chr(int(code[1], 16)), without_tags
    )
    return any(
        token in squeezed(reading)
        for reading in (text, without_tags, joined, undashed)
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


# Every way to cut a link, in every encoding, in every charset.


def cut_at(text: str, width: int, between: str) -> str:
    return between.join(
        text[start : start + width] for start in range(0, len(text), width)
    )


WRAPS = {
    'whole': LINK,
    'cut in the token': f'{LINK[:-20]}\n{LINK[-20:]}',
    'cut before the last character': f'{LINK[:-1]}\n{LINK[-1]}',
    'cut before the token': LINK.replace(TOKEN, f'\n{TOKEN}'),
    'cut in the path': LINK.replace('dlist', 'dli\nst'),
    'cut between path and t': LINK.replace('/t/', '/\n> t/'),
    'cut in the host': LINK.replace('example', 'exam\n> ple'),
    'cut in the scheme': LINK.replace('https:', 'https:\n'),
    'with CR LF': f'{LINK[:-20]}\r\n{LINK[-20:]}',
    'with CR alone': f'{LINK[:-20]}\r{LINK[-20:]}',
    'quoted': f'{LINK[:-20]}\n> {LINK[-20:]}',
    'quoted twice': f'{LINK[:-20]}\n> > {LINK[-20:]}',
    'quoted tightly': f'{LINK[:-20]}\n>>{LINK[-20:]}',
    'quoted with a bar': f'{LINK[:-20]}\n| {LINK[-20:]}',
    'quoted with initials': f'{LINK[:-20]}\nAB> {LINK[-20:]}',
    'quoted with a name': f'{LINK[:-20]}\n Anne>> {LINK[-20:]}',
    'quoted with a thin blank': f'{LINK[:-20]}\n>\u2009{LINK[-20:]}',
    'quoted without need': f'{LINK[:-20]}\n    {LINK[-20:]}',
    'quoted with what nobody sees': f'{LINK[:-20]}\n>\u200b {LINK[-20:]}',
    'flowed': f'{LINK[:-20]} \n> {LINK[-20:]}',
    'flowed and quoted twice': f'{LINK[:-20]} \n>> {LINK[-20:]}',
    'in many pieces': cut_at(LINK, 7, '\n> > '),
    'in single characters': cut_at(LINK, 1, '\n> '),
    'with empty lines between': cut_at(LINK, 30, '\n>\n> '),
    'quoted-printable that nobody decoded': cut_at(LINK, 30, '=\n'),
    'quoted-printable that somebody quoted': cut_at(LINK, 30, '=\n> '),
    'in a calendar': cut_at(LINK, 30, '\r\n '),
}

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
@pytest.mark.parametrize('wrap', WRAPS)
def test_the_plain_link_stands_where_the_pieces_stood(wrap, encoding):
    body = f'> To hear no more: {WRAPS[wrap]} or write\n> a mail.  \n'
    msg = message(
        ENCODINGS[encoding](body.encode()),
        'Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes',
        f'Content-Transfer-Encoding: {encoding}',
    )
    assert scrub(msg, plain)
    assert text_of(msg) == f'> To hear no more: {PLAIN} or write\n> a mail.  \n'
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
        for encoding in ('8bit', 'base64', 'quoted-printable')
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
@pytest.mark.parametrize('encoding', ['8bit', 'base64', 'quoted-printable', 'x-odd'])
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


def test_of_two_spellings_of_a_text_the_one_that_hides_a_link_is_read_too():
    # RFC 2152: letters that need no encoding in UTF-7 may have one.
    hidden = LINK.replace('_', '+AF8-').replace('/', '+AC8-')
    msg = message(f'> {hidden} caf+AOk-', 'Content-Type: text/plain; charset=utf-7')
    assert scrub(msg, plain)
    assert text_of(msg) == f'> {PLAIN} café'


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


# HTML and the links of services that check links.


def entities(link: str) -> str:
    return link.replace('/', '&#x2F;').replace('_', '&lowbar;').replace('-', '&#45;')


def encoded(link: str) -> str:
    return quote(link, safe='').replace('_', '%5f').replace('-', '%2d')


def dashed(link: str) -> str:
    link = link.replace('-', '-2D').replace('_', '-5F')
    return link.replace(':', '-3A').replace('/', '_')


ENTITIES = entities(LINK)
ENCODED = encoded(LINK)
DASHED = dashed(LINK)
DASHED_PLAIN = dashed(PLAIN)
SAFE = 'https://emea01.safelinks.protection.outlook.com/?url='

MARKUP = [
    ('an attribute', f'<a href="{LINK}">mute</a>', f'<a href="{PLAIN}">mute</a>'),
    ('one quote', f"<a href='{LINK}'>mute</a>", f"<a href='{PLAIN}'>mute</a>"),
    ('no quotes', f'<a href={LINK}>mute</a>', f'<a href={PLAIN}>mute</a>'),
    ('both', f'<a href="{LINK}">{LINK}</a>', f'<a href="{PLAIN}">{PLAIN}</a>'),
    (
        'a broken line in the attribute',
        f'<a href="{LINK[:50]}\n{LINK[50:]}">',
        f'<a href="{PLAIN}">',
    ),
    ('entities', f'<p>{ENTITIES}</p>', f'<p>{PLAIN}</p>'),
    (
        'every character an entity',
        '<p>' + ''.join(f'&#{ord(each):04};' for each in LINK) + '</p>',
        f'<p>{PLAIN}</p>',
    ),
    (
        'a tag that allows a break',
        f'<p>{LINK[:40]}<wbr>{LINK[40:70]}<wbr />{LINK[70:]}</p>',
        f'<p>{PLAIN}<wbr><wbr /></p>',
    ),
    ('a line', f'<p>{LINK[:70]}<br>{LINK[70:]}</p>', f'<p>{PLAIN}<br></p>'),
    (
        'a quoted line',
        f'&gt; {LINK[:70]}<br>\n&gt; &gt;&nbsp;{LINK[70:]} so',
        f'&gt; {PLAIN}<br> so',
    ),
    (
        'emphasis',
        f'<p>{LINK[:70]}<span class="x">{LINK[70:]}</span></p>',
        f'<p>{PLAIN}<span class="x"></span></p>',
    ),
    (
        'a link that ends too early',
        f'<a href="{LINK[:70]}">{LINK[:70]}</a><br>{LINK[70:]}',
        f'<a href="{LINK[:70]}">{PLAIN}</a><br>',
    ),
    (
        'another link in the middle',
        f'{LINK[:70]}<a href="{LINK.replace(TOKEN, OTHER)}">{LINK[70:]}</a>',
        f'{PLAIN}<a href="{PLAIN}"></a>',
    ),
    (
        'characters that nobody sees',
        f'{LINK[:40]}\u200b{LINK[40:50]}\xad{LINK[50:60]}&shy;&#8203;{LINK[60:]}\u200b',
        f'{PLAIN}\u200b',
    ),
    ('a comment', f'<!-- {LINK} -->', f'<!-- {PLAIN} -->'),
    ('a script', f'{{"url": "{LINK}"}}', f'{{"url": "{PLAIN}"}}'),
    (
        'a script with escapes',
        '{"url": "' + LINK.replace('/', r'\/') + '"}',
        f'{{"url": "{PLAIN}"}}',
    ),
    (
        'no scheme',
        f'<a href="{LINK}">lists.example.com/mailman3/dlist/t/{TOKEN}</a>',
        f'<a href="{PLAIN}">{PLAIN}</a>',
    ),
    ('shouting', f'HTTPS://LISTS.EXAMPLE.COM/(x)/dlist/t/{TOKEN}', PLAIN),
    ('an old address of the site', f'http://old.example/x/dlist/t/{TOKEN}', PLAIN),
    ('Outlook in a text', f'mute<{LINK}>', f'mute<{PLAIN}>'),
    ('emphasis in a text', f'_{LINK}_ *{LINK}*', f'_{PLAIN}_ *{PLAIN}*'),
    ('a full stop after it', f'See {LINK}. Then', f'See {PLAIN}. Then'),
    ('another right after it', f'{LINK}dlist/t/{OTHER}', f'{PLAIN}{PLAIN}'),
    ('a word after it', f'{LINK}\nso', f'{PLAIN}\nso'),
    (
        'Safe Links',
        f'<a href="{SAFE}{ENCODED}&amp;data=05%7C02&amp;reserved=0">',
        f'<a href="{SAFE}{quote(PLAIN, safe="")}&amp;data=05%7C02&amp;reserved=0">',
    ),
    (
        'Safe Links, cut',
        f'{SAFE}{cut_at(ENCODED, 40, chr(10) + "> ")}&data=05',
        f'{SAFE}{quote(PLAIN, safe="")}&data=05',
    ),
    (
        'Safe Links, cut by tags and within what is encoded',
        f'{SAFE}{cut_at(ENCODED, 1, "<wbr>")}&data=05',
        f'{SAFE}{quote(PLAIN, safe="")}{"<wbr>" * (len(ENCODED) - 1)}&data=05',
    ),
    (
        'two services',
        'https://a.example/?' + quote(f'https://b.example/?{ENCODED}', safe=''),
        'https://a.example/?'
        + quote(f'https://b.example/?{quote(PLAIN, safe="")}', safe=''),
    ),
    (
        'a service that encodes little',
        f'https://www.google.com/url?q={LINK}&amp;source=gmail',
        f'https://www.google.com/url?q={PLAIN}&amp;source=gmail',
    ),
    (
        'Proofpoint, version 2',
        f'https://urldefense.proofpoint.com/v2/url?u={DASHED}&d=DwMFaQ&c=x_y-z',
        f'https://urldefense.proofpoint.com/v2/url?u={DASHED_PLAIN}&d=DwMFaQ&c=x_y-z',
    ),
    (
        'Proofpoint, version 3',
        f'https://urldefense.com/v3/__{LINK}__;!!Ab!c$',
        f'https://urldefense.com/v3/__{PLAIN}__;!!Ab!c$',
    ),
]


@pytest.mark.parametrize('encoding', ['8bit', 'base64', 'quoted-printable'])
@pytest.mark.parametrize(
    ('before', 'after'), [row[1:] for row in MARKUP], ids=[row[0] for row in MARKUP]
)
def test_in_html_tags_stay_and_links_go(before, after, encoding):
    msg = message(
        ENCODINGS[encoding](f'<b>é</b> {before}\n<i>Hi</i>'.encode()),
        'Content-Type: text/html; charset=utf-8',
        f'Content-Transfer-Encoding: {encoding}',
    )
    assert scrub(msg, plain)
    assert text_of(msg) == f'<b>é</b> {after}\n<i>Hi</i>'
    assert not usable(text_of(msg).replace(LINK[:70], ''))
    assert not scrub(msg, plain)


def test_a_link_may_be_taken_away_without_another():
    msg = message(f'> Mute: {LINK}\n> Bye', 'Content-Type: text/plain')
    assert scrub(msg, lambda token: '')
    assert text_of(msg) == '> Mute: \n> Bye'


def test_every_link_is_asked_for_by_itself():
    text = f'{LINK} {LINK.replace(TOKEN, OTHER)} {quote(LINK, safe="")}'
    assert replaced(text, {TOKEN: 'mine', OTHER: 'yours'}.get) == 'mine yours mine'


# What is no link of ours stays.

FORGED = TOKEN[:-1] + ('A' if TOKEN[-1] != 'A' else 'B')


@pytest.mark.parametrize(
    'body',
    [
        TOKEN,
        f'https://lists.example.com/{TOKEN}',
        f'https://lists.example.com/t/{TOKEN}',
        f'https://lists.example.com/dlist/{TOKEN}',
        f'{BASE}dlist/t/{FORGED}',
        f'{BASE}dlist/t/{TOKEN[:-1]}',
        f'{BASE}dlist/t/\n\nA link looks so, and there is no more to it than that',
        f'{BASE}dlist/t/<token>, where <token> is of {LENGTH} characters: {LETTERS}',
        f'{BASE}dlist/t/ {TOKEN[:20]} and the rest: {TOKEN[20:]}',
        f'dlist/t/{LETTERS}',
        f'dlist_t_{LETTERS}',
        'Git: dlist/t/test_tokens_that_are_not_there_at_all_and_never_were_here.py',
        PLAIN,
    ],
)
@pytest.mark.parametrize('kind', ['plain', 'html'])
def test_what_only_looks_like_a_link_stays(body, kind):
    msg = message(f'{body}\n', f'Content-Type: text/{kind}; charset=utf-8')
    before = msg.as_bytes()
    assert not scrub(msg, plain)
    assert msg.as_bytes() == before


# Whole messages, as programs write them.


HEAD = 'From: bart@example.com\nTo: ant+picnic@example.com\nSubject: Re: Picnic\n'
WEB = f'{BASE}dlist/t/'
WEB_ENCODED = quote(WEB, safe='')
PLAIN_ENCODED = quote(PLAIN, safe='')
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


BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----'
SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----'


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        (f'{BEGIN}\n\n> {LINK}\n{SIGNATURE}\n', None),
        (
            f'{LINK}\n{BEGIN}\n\n> {LINK}\n{SIGNATURE}\n{LINK}\n',
            f'{PLAIN}\n{BEGIN}\n\n> {LINK}\n{SIGNATURE}\n{PLAIN}\n',
        ),
        # Nobody can verify what was quoted, or has no end.
        (
            f'> {BEGIN}\n> {LINK}\n> -----END PGP SIGNATURE-----\n',
            f'> {BEGIN}\n> {PLAIN}\n> -----END PGP SIGNATURE-----\n',
        ),
        (
            f'{BEGIN}\n> {LINK}\n{BEGIN}\n{SIGNATURE}\n',
            f'{BEGIN}\n> {PLAIN}\n{BEGIN}\n{SIGNATURE}\n',
        ),
        (f'{BEGIN}\n\n> {LINK}\n', f'{BEGIN}\n\n> {PLAIN}\n'),
        (f'{LINK}\n{SIGNATURE}\n', f'{PLAIN}\n{SIGNATURE}\n'),
        (
            f'{BEGIN}\n{SIGNATURE}\n{LINK}\n{SIGNATURE}\n',
            f'{BEGIN}\n{SIGNATURE}\n{PLAIN}\n{SIGNATURE}\n',
        ),
    ],
)
def test_a_block_signed_with_pgp_stays(body, expected):
    msg = message(body, 'Content-Type: text/plain')
    assert scrub(msg, plain) is (expected is not None)
    assert msg.get_payload() == (expected or body)


@pytest.mark.parametrize('path', [*CORPUS.glob('*.eml')], ids=lambda path: path.stem)
def test_odd_mail_stays_octet_for_octet(path):
    msg = message_from_bytes(path.read_bytes())
    # Some of it cannot be written as mail, but Mailman's queues hold it.
    before = pickle.dumps(msg)
    assert not scrub(msg, plain)
    assert pickle.dumps(msg) == before


# Whatever stands around it.

ANYTHING = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='\r'), max_size=60
)
# A scheme or more of a path before a link would be part of it.
BEFORE = ANYTHING.map(lambda text: f'{text} ')
CUTS = st.lists(
    st.tuples(
        st.integers(1, len(LINK) - 1),
        st.sampled_from(['\n', '\n> ', ' \n>> ', '\r\n| ', '=\n', '\u200b', '<wbr>']),
    ),
    max_size=6,
)


def cut(link: str, cuts: list[tuple[int, str]]) -> str:
    for place, between in sorted(cuts, reverse=True):
        link = link[:place] + between + link[place:]
    return link


@given(BEFORE, CUTS, ANYTHING, st.sampled_from(['8bit', 'base64', 'quoted-printable']))
def test_the_text_around_survives_exactly(before, cuts, after, encoding):
    body = f'{before}{cut(LINK, cuts)}{after}'
    msg = message(
        ENCODINGS[encoding](body.encode()),
        'Content-Type: text/plain; charset=utf-8',
        f'Content-Transfer-Encoding: {encoding}',
    )
    assert scrub(msg, plain)
    assert text_of(msg).replace('<wbr>', '') == f'{before}{PLAIN}{after}'
    assert not scrub(msg, plain)


# What looks like a tag there ends with the mark of a quotation.
@example(b'<A', [(36, '\n> '), (36, '<wbr>')], b'')
@example(b'<A', [(1, '\n> ')], b'')
@given(st.binary(max_size=80), CUTS, st.binary(max_size=80))
def test_octets_of_no_charset_around_it_survive_exactly(before, cuts, after):
    cuts = [(place, between) for place, between in cuts if between.isascii()]
    octets = before + b' ' + cut(LINK, cuts).encode() + after
    msg = message(
        base64.encodebytes(octets),
        'Content-Type: text/plain; charset=x-nowhere',
        'Content-Transfer-Encoding: base64',
    )
    assert scrub(msg, plain)
    expected = before + b' ' + PLAIN.encode() + after
    octets = msg.get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert octets.replace(b'<wbr>', b'') == expected


PIECES = st.lists(
    st.sampled_from(
        [
            *[LINK, TOKEN, LINK[:70], LINK[70:], ENTITIES, ENCODED, DASHED, 'dlist/t/'],
            *[BASE, 'https://', '%25', '%2F', '&#', ';', '=\n', '\n', '> ', ' ', '|'],
            *['<', '>', '<a href="', '">', '<br>', '\u200b', 'd', '-', '_', PLAIN],
        ]
    ),
    max_size=12,
).map(''.join)


@given(st.text(LETTERS, min_size=LENGTH, max_size=LENGTH))
def test_every_token_is_found_in_every_spelling(token):
    link = f'https://lists.example.com/dlist/t/{token}'
    twice = encoded(encoded(link))
    for spelled in (link, entities(link), encoded(link), twice, dashed(link)):
        assert replaced(f'Mute: {spelled} so', {token: 'x'}.get) == 'Mute: x so'


@given(PIECES)
def test_once_is_enough(text):
    once = replaced(text, plain)
    assert replaced(once, plain) == once


@given(PIECES)
def test_no_token_in_one_piece_is_left(text):
    assert not re.search(f'dlist/t/({TOKEN}|{OTHER})', replaced(text, plain))


@given(PIECES)
def test_no_whole_link_is_left(text):
    after = replaced(text, plain)
    for spelled in (LINK, ENTITIES, ENCODED, DASHED):
        assert spelled not in after


@given(st.text())
def test_a_text_without_a_link_stays(text):
    assert replaced(text, plain) == text


HOSTILE = {
    'prose': 'The quick brown dog jumped over the dlist and did it, did it.\n',
    'paths': 'dlist/t/',
    'paths with gaps': 'dlist/t/\n\n\n',
    'paths in tags': '<dlist/t/>',
    'tags without end': 'dlist/t/A<a ',
    'schemes': 'https://',
    'dashed schemes': 'https-3A__',
    'blanks': ' ',
    'percent signs': '%25',
    'entities': '&#0',
    'backslashes': '\\',
    'lines': '\n> ',
    'signed blocks': f'{BEGIN}\n',
    'a long word': 'd',
    'forged links': f'{WEB}{LETTERS} ',
    'good links': f'{LINK} ',
    'cut links': cut_at(LINK, 1, '\n> ') + ' ',
    'links in tags in links': '<dlist/t/A>'.join(LINK),
}


@pytest.mark.parametrize('name', HOSTILE)
def test_a_link_behind_a_lot_of_text_goes_too(name):
    # Whatever takes more than linear time would not end here.
    text = HOSTILE[name] * (400_000 // len(HOSTILE[name]))
    assert not usable(replaced(f'{text}\n{LINK}', plain)[-2 * len(LINK):])
