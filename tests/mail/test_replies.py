# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a reply only what its author wrote is the answer, whatever program sent it."""

from __future__ import annotations

from base64 import encodebytes
from email import message_from_bytes
from email.message import Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from quopri import encodestring

import pytest

from mailman_dlist.mail import replies
from mailman_dlist.mail.replies import LONGEST_PAGE, Sent, from_html


SENT = Sent(
    'Somebody, probably you, wants to join the mailing list Ant with the address\n\n'
    '    anne@example.com\n\nIts owners ask those who join:\n\n'
    'Who are you?\n\nDo you knit?\n\n'
    'Please reply to this mail and write your answer into the reply.\n',
    (
        'ant+confirm+abc@example.com',
        'ant-owner@example.com',
        'ant@example.com',
        'anne@example.com',
        'Joining Ant: a question first',
    ),
)


def unquoted(text: str) -> str:
    return replies.unquoted(text, SENT)


def own_words(msg: Message) -> str:
    return replies.own_words(msg, SENT)


QUOTED = '> Who are you?\n>\n> Do you knit?\n'
WORDS = 'I am Anne.\n\nI knit:\n- socks\n- hats\n\nThanks, and best regards\nAnne'
BELOW = {
    'Gmail': (
        'On Mon, Nov 16, 2026 at 9:00 AM Ant <ant+confirm+abc@example.com> wrote:\n'
        f'\n{QUOTED}'
    ),
    'Gmail, wrapped': (
        'On Mon, Nov 16, 2026 at 9:00 AM The Ant Mailing List <\n'
        f'ant+confirm+abc@example.com> wrote:\n\n{QUOTED}'
    ),
    'Gmail, German': (
        'Am Mo., 16. Nov. 2026 um 09:00 Uhr schrieb <ant+confirm+abc@example.com>:\n'
        f'\n{QUOTED}'
    ),
    'Gmail, French': (
        f'Le lun. 16 nov. 2026 à 09:00, Ant <ant@example.com> a écrit :\n\n{QUOTED}'
    ),
    'Gmail, Spanish': (
        f'El lun, 16 nov 2026 a las 9:00, <ant@example.com> escribió:\n\n{QUOTED}'
    ),
    'Apple Mail': f'> On Nov 16, 2026, at 9:00 AM, ant@example.com wrote:\n>\n{QUOTED}',
    'Thunderbird': f'On 16.11.26 09:00, ant+confirm+abc@example.com wrote:\n{QUOTED}',
    'Thunderbird, German': f'Am 16.11.26 um 09:00 schrieb ant@example.com:\n{QUOTED}',
    'Thunderbird, French': f'Le 16/11/26 à 09:00, ant@example.com a écrit :\n{QUOTED}',
    'mutt': f'On Mon, Nov 16, 2026 at 09:00:00AM +0100, Ant wrote:\n{QUOTED}',
    'iPhone': (
        f'Sent from my iPhone\n\n> On 16 Nov 2026, at 09:00, a@example.com wrote:\n'
        f'> \n{QUOTED}'
    ),
    'iPhone, German': (
        'Von meinem iPhone gesendet\n\n'
        f'> Am 16.11.2026 um 09:00 schrieb ant@example.com:\n> \n{QUOTED}'
    ),
    'Outlook': (
        '________________________________\n'
        'From: ant+confirm+abc@example.com <ant+confirm+abc@example.com>\n'
        'Sent: Monday, November 16, 2026 9:00 AM\n'
        'To: Anne <anne@example.com>\n'
        'Subject: Joining Ant: a question first\n\n'
        'Somebody, probably you, wants to join the mailing list Ant.\n\nWho are you?\n'
    ),
    'Outlook, German': (
        'Von: ant+confirm+abc@example.com <ant+confirm+abc@example.com>\n'
        'Gesendet: Montag, 16. November 2026 09:00\n'
        'An: Anne <anne@example.com>\n'
        'Betreff: Joining Ant: a question first\n\nWho are you?\n'
    ),
    'Outlook, French': (
        'De : ant+confirm+abc@example.com <ant+confirm+abc@example.com>\n'
        'Envoyé : lundi 16 novembre 2026 09:00\n'
        'À : Anne <anne@example.com>\n'
        'Objet : Joining Ant: a question first\n\nWho are you?\n'
    ),
    'Outlook of old': (
        '-----Original Message-----\n'
        'From: ant@example.com [mailto:ant@example.com]\n'
        'Sent: Monday, November 16, 2026 9:00 AM\n'
        'To: anne@example.com\n'
        'Subject: Joining Ant\n\nWho are you?\n'
    ),
    'Outlook of old, German': (
        '-----Ursprüngliche Nachricht-----\n'
        'Von: ant@example.com [mailto:ant@example.com]\n'
        'Gesendet: Montag, 16. November 2026 09:00\n'
        'An: anne@example.com\n'
        'Betreff: Joining Ant\n\nWho are you?\n'
    ),
    'Gmail, passed on': (
        '---------- Forwarded message ---------\n'
        'From: <ant-owner@example.com>\n'
        'Date: Mon, Nov 16, 2026 at 9:00 AM\n'
        'Subject: Joining Ant: a question first\n'
        'To: <anne@example.com>\n\n\nWho are you?\n'
    ),
    'Thunderbird, passed on, German': (
        '-------- Weitergeleitete Nachricht --------\n'
        'Betreff: \tJoining Ant: a question first\n'
        'Datum: \tMon, 16 Nov 2026 09:00:00 +0100\n'
        'Von: \tant-owner@example.com\n'
        'An: \tanne@example.com\n\n\nWho are you?\n'
    ),
    'Apple Mail, passed on': (
        'Begin forwarded message:\n\n'
        f'> From: ant-owner@example.com\n> Subject: Joining Ant\n> \n{QUOTED}'
    ),
    'Apple Mail, passed on, French': (
        f'Début du message réexpédié :\n\n> De: ant-owner@example.com\n> \n{QUOTED}'
    ),
    'Outlook, Finnish': (
        'Lähettäjä: ant-owner@example.com <ant-owner@example.com>\n'
        'Lähetetty: maanantai 16. marraskuuta 2026 9.00\n'
        'Vastaanottaja: anne@example.com\nAihe: Joining Ant: a question first\n\n'
        'Somebody, probably you, wants to join the mailing\nlist Ant with the address\n'
        '\n    anne@example.com\n\nIts owners ask those who join:\n\nWho are you?\n'
    ),
    'Outlook, Hungarian': (
        'Feladó: ant-owner@example.com\nElküldve: 2026. november 16., hétfő 9:00\n'
        'Címzett: anne@example.com\nTárgy: Joining Ant: a question first\n\n'
        'Who are you?\n'
    ),
    'Outlook, Greek': (
        'Από: ant-owner@example.com\nΣτάλθηκε: Δευτέρα, 16 Νοεμβρίου 2026 9:00\n'
        'Προς: anne@example.com\nΘέμα: Joining Ant: a question first\n\nWho are you?\n'
    ),
    'Outlook, Turkish': (
        'Kimden: ant-owner@example.com\nGönderildi: 16 Kasım 2026 Pazartesi 09:00\n'
        'Kime: anne@example.com\nKonu: Joining Ant: a question first\n\nWho are you?\n'
    ),
    'Outlook, Japanese': (
        '差出人： ant-owner@example.com\n送信日時： 2026年11月16日 9:00\n'
        '宛先： anne@example.com\n'
        '件名： Joining Ant: a question first\n\nWho are you?\n'
    ),
    'Outlook, about questions that are others now': (
        'Kimden: ant-owner@example.com\nKime: anne@example.com\n'
        'Konu: Joining Ant: a question first\n\nWhat do you eat?\n'
    ),
    'Gmail, Finnish': (
        'ma 16. marrask. 2026 klo 9.00 ant-owner@example.com\n'
        f'<ant-owner@example.com> kirjoitti:\n\n{QUOTED}'
    ),
    'ProtonMail of old': (
        '‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\n'
        f'On Monday, November 16th, 2026 9:00 AM, <ant@example.com> wrote:\n\n{QUOTED}'
    ),
    'nothing': '',
    'a signature': '-- \nAnne Person\nKnitter\n',
    'a signature without its blank': '--\nAnne Person\nKnitter\n',
    'a signature without its blank, above an intro': (
        f'--\nAnne\n\nOn 16.11.26 09:00, ant@example.com wrote:\n{QUOTED}'
    ),
    'a signature without its blank, and a quotation': f'--\nAnne\n\n{QUOTED}',
}


@pytest.mark.parametrize('line_end', ['\n', '\r\n'])
@pytest.mark.parametrize('below', BELOW)
@pytest.mark.parametrize('words', ['', WORDS], ids=['empty', 'words'])
def test_who_writes_above(words, below, line_end):
    text = f'{words}\n\n{BELOW[below]}'
    assert unquoted(text.replace('\n', line_end)) == words


# In doubt a line stays, but it is no answer.
def test_an_introduction_without_anything_known_stays_below_words_alone():
    assert unquoted(f'Ant schrieb:\n{QUOTED}') == ''
    assert unquoted(f'I knit.\n\nAnt schrieb:\n{QUOTED}') == 'I knit.\n\nAnt schrieb:'


@pytest.mark.parametrize('above', [
    'Gmail', 'Gmail, wrapped', 'Gmail, German', 'Gmail, French', 'Apple Mail',
    'Thunderbird', 'Thunderbird, German', 'Thunderbird, French', 'mutt', 'nothing',
])
def test_who_writes_below(above):
    assert unquoted(f'{BELOW[above]}\n{WORDS}\n\n-- \nAnne\n') == WORDS


@pytest.mark.parametrize('above', ['Gmail', 'Thunderbird', 'Thunderbird, German'])
def test_who_writes_between(above):
    intro = BELOW[above].partition('\n>')[0]
    text = f'{intro}\n> Who are you?\n\nI am Anne.\n\n> Do you knit?\n\nI do.\n'
    assert unquoted(text) == 'I am Anne.\n\nI do.'


# In doubt a line stays.
@pytest.mark.parametrize('words', [
    'Hello,\nThanks, I would like to join, since I knit.',
    'On Sundays I knit.\nFrom time to time I swim.\nTo: be, or not to be',
    'From: the heart\nTo: the point',
    'Warning: I talk.\n\nDisclaimer: I am not a lawyer; mail me.',
    '--verbose is what I am',
    '- one\n- two\n-- three',
    'First:\n--\nI knit.\n\nSecond:\n--\nI swim, and here is more to say.\n\nDone.',
    '--\n1\n2\n3\n4\n5',
    '--\n' + 'I knit. ' * 20,
    '1. I knit.\n2. I swim.',
    'On 1 May I moved here, as my sister wrote: it is nice.',
    'On 1 May at 9:00 my sister wrote:\nI live there.',
    '_______\nI draw lines.',
    '    four blanks before me\n\tand a tab',
])
def test_what_only_looks_like_a_quotation_stays(words):
    assert unquoted(f'I am Anne.\n{words}\n') == f'I am Anne.\n{words.strip()}' or (
        unquoted(f'I am Anne.\n{words}\n') == f'I am Anne.\n{words}')


PAGE = """\
<html><head><style>p {{ color: red }}</style></head><body>{}</body></html>
"""
HTML = {
    'Gmail': (
        '<div dir="ltr"><div>I am <b>Anne</b>.</div><div><br></div>'
        '<div>1. I &lt;knit&gt; &amp; swim + *run* for $5</div></div><br>'
        '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        'On Mon, Nov 16, 2026 at 9:00 AM &lt;<a href="mailto:ant@example.com">'
        'ant@example.com</a>&gt; wrote:<br></div><blockquote class="gmail_quote">'
        '<div>Who are you?</div></blockquote></div>'
    ),
    'Apple Mail': (
        'I am Anne.<div><br></div><div>1. I &lt;knit&gt; &amp; swim + *run* for $5'
        '<br><div><br><blockquote type="cite"><div>On 16 Nov 2026, at 09:00, '
        'ant@example.com wrote:</div><br><div>Who are you?</div></blockquote></div>'
    ),
    'Outlook': (
        '<p class=MsoNormal>I am Anne.<o:p></o:p></p><p class=MsoNormal>'
        '1. I &lt;knit&gt; &amp; swim + *run* for $5</p><div><div style="border:none">'
        '<p class=MsoNormal><b>From:</b> ant@example.com<br><b>Sent:</b> Monday, '
        'November 16, 2026 9:00 AM<br><b>To:</b> anne@example.com<br><b>Subject:</b> '
        'Joining Ant</p></div></div><p>Who are you?</p>'
    ),
    'Thunderbird': (
        '<p>I am Anne.</p><p>1. I &lt;knit&gt; &amp; swim + *run* for $5</p>'
        '<div class="moz-cite-prefix">On 16.11.26 09:00, ant@example.com wrote:<br>'
        '</div><blockquote type="cite"><pre>Who are you?</pre></blockquote>'
    ),
}


@pytest.mark.parametrize('program', HTML)
def test_a_reply_in_html_alone(program):
    msg = MIMEText(PAGE.format(HTML[program]), 'html', 'utf-8')
    assert own_words(msg) == 'I am Anne.\n\n1. I <knit> & swim + *run* for $5'


@pytest.mark.parametrize('html', [
    '', '<p>', '<', '<script>alert(1)</script>', '<img src="x" alt="y">',
    '<blockquote>Who?</blockquote>', '<div>' * 2000, '&#0;&#xd800;&#99999999;',
])
def test_a_page_without_words_has_none(html):
    assert unquoted(from_html(html)).strip('\x00\ufffd') in ('', '<')


@pytest.mark.parametrize('html', [
    '<ul><li>', '</ul>' * 20 + '<ul><li>' * 20, '<ol><li><ul><li>', '<blockquote>a<br>',
])
def test_a_page_that_is_very_deep_stays_as_short_as_others(html):
    page = html * 2000
    assert len(from_html(page)) < 10 * len(page)


def test_of_an_endless_page_only_the_beginning_is_read():
    assert len(from_html('<p>I knit.' + 'a ' * LONGEST_PAGE)) < LONGEST_PAGE


@pytest.mark.parametrize(('html', 'text'), [
    ('I knit <![ and <![if x]>swim', 'I knit <![ and swim'),
    ('I <3 knitting, and > swimming', 'I <3 knitting, and > swimming'),
    ('I knit.<a <a <a href', 'I knit.<a <a <a href'),
    ('<!-- <p>Not I --> I knit. <!-- Nor I -->', 'I knit.'),
    ('I knit --> socks.', 'I knit --> socks.'),
    ('<!DOCTYPE html><?xml x="y"?>I knit.', 'I knit.'),
    (f'<img src="data:image/png;base64,{"A" * LONGEST_PAGE}"> I knit.', 'I knit.'),
    (f'<ol {"x " * 500}><li>I knit.</ol>', '1. I knit.'),
    ('<ol start=3><li>I knit.</ol>', '3. I knit.'),
])
def test_what_is_no_html_is_text(html, text):
    assert from_html(html) == text


TEXT = 'Grüße: ich stricke.'


CHARSETS = [
    ('utf-8', 'utf-8'), ('iso-8859-1', 'iso-8859-1'), ('cp1252', 'windows-1252'),
    ('utf-16', 'utf-16'), ('utf-8', None), ('utf-8', 'us-ascii'), ('utf-8', 'x-none'),
    ('cp1252', None), ('cp1252', 'us-ascii'), ('utf-8', 'punycode'), ('utf-8', 'idna'),
    ('utf-8', 'base64'),
]  # fmt: skip
ENCODED = [
    (charset, said, encoding)
    for charset, said in CHARSETS
    for encoding in ('8bit', 'base64', 'quoted-printable')
    # No mail server takes the zeros in it.
    if (charset, encoding) != ('utf-16', '8bit')
]


@pytest.mark.parametrize(('charset', 'said', 'encoding'), ENCODED)
def test_a_reply_in_any_charset(charset, said, encoding):
    assert own_words(in_charset(charset, said, encoding)) == TEXT


def in_charset(charset: str, said: str | None, encoding: str) -> Message:
    octets = f'{TEXT}\n'.encode(charset)
    encoded = {'base64': encodebytes, 'quoted-printable': encodestring}
    head = 'Content-Type: text/plain' + (f'; charset="{said}"' if said else '')
    head += f'\nContent-Transfer-Encoding: {encoding}\n\n'
    return message_from_bytes(head.encode() + encoded.get(encoding, bytes)(octets))


def parts(*given: Message) -> Message:
    whole = MIMEMultipart('mixed')
    for part in given:
        whole.attach(part)
    return whole


def attached(text: str) -> Message:
    part = MIMEText(text)
    part['Content-Disposition'] = 'attachment; filename="cv.txt"'
    return part


@pytest.mark.parametrize(('msg', 'words'), [
    (parts(MIMEText('I knit.'), MIMEText('<p>I swim.', 'html')), 'I knit.'),
    (parts(MIMEText(' \n'), MIMEText('<p>I swim.', 'html')), 'I swim.'),
    (parts(MIMEText('<p>I swim.', 'html'), MIMEText('I knit.')), 'I knit.'),
    (parts(attached('My life'), MIMEText('I knit.')), 'I knit.'),
    (parts(parts(MIMEText('I knit.')), MIMEText('A footer')), 'I knit.'),
    (parts(attached('My life')), ''),
    (parts(MIMEText(''), MIMEMessage(MIMEText('Who are you?'))), ''),
    (parts(MIMEText('I knit.'), MIMEMessage(MIMEText('Who are you?'))), 'I knit.'),
    (MIMEMessage(MIMEText('Who are you?')), ''),
    (parts(), ''),
    (Message(), ''),
])
def test_a_reply_in_parts(msg, words):
    assert own_words(msg) == words


# A regular expression would take minutes for some of these, and hold up all commands.
@pytest.mark.parametrize('text', [
    'On a ' * 20_000, 'On a\n' * 20_000, 'From: a\n' * 10_000, 'From:\n\n' * 10_000,
    'From: \n.\n' * 10_000, '> ' * 50_000, '>\n' * 50_000, 'a\n \n' * 20_000,
    ('On ' + 'a ' * 200 + '\n') * 200, 'Sent from my a\n' * 5000, '-' * 100_000,
    'Disclaimer: ' + 'mai\n' * 20_000, '\ue0001\ue000' * 10_000,
    'a:\n' * 100_000, 'From: ant@example.com\n' * 20_000, '> a:\n9:00:\n' * 40_000,
])
def test_a_text_that_would_take_long_is_read_all_the_same(text):
    assert unquoted(f'I knit.\n\n{text}').startswith('I knit.')
