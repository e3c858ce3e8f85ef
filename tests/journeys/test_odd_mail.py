# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd mail gets the answer that docs/odd-mail.rst promises, every single one.

Each row of the tables there is handed in to a real Mailman: the message under
tests/corpus whose field X-Odd says the same, or, where the address is what is
odd, an ordinary one.  Everything that Mailman then sends, holds, or tells its
log is put down to the row that it came from, and nothing may be left over.
"""

from __future__ import annotations

import csv
import re
import smtplib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import pytest

from mailman_dlist.demo.ports import HOST
from mailman_dlist.demo.sink import Delivery
from tests.house.tree import ROOT
from tests.inside import InsideSite
from tests.village import MailingList, Village


PAGE = ROOT / 'docs' / 'odd-mail.rst'
CORPUS = ROOT / 'tests' / 'corpus'

DOMAIN = 'odd.example.com'
MEMBERS = ('Anne', 'Bart', 'Cris')
EVERYBODY = {f'{name.lower()}@{DOMAIN}': 1 for name in MEMBERS}
SENDERS = {
    'Anne': f'anne@{DOMAIN}',
    'Dora': 'dora@elsewhere.example.com',
    'nobody': '',
}

ORDINARY = """\
From: anne@odd.example.com
To: ant@odd.example.com
Subject: Tea time
Message-ID: <ordinary-{number}@odd.example.com>
X-Odd: {odd}

Hello, ants!
"""

X_ODD = re.compile(rb'^X-Odd: (.*?)\r?$', re.MULTILINE)
MESSAGE_ID = re.compile(rb'^Message-ID:\s*<?([^>\r\n]*)', re.MULTILINE | re.IGNORECASE)
TOLD = re.compile(
    r' DLIST: <([^>]*)> (?:to .* was not posted|was not carried out): (.*)$'
    r'| DISCARD: <([^>]*)>; (.*)$',
    re.MULTILINE,
)

# Of these the sender is told.
RETURNED = (
    'the address names no conversation or command',
    'the conversation is closed',
    'its Message-ID is that of another message',
)

FIELD = re.compile(rb'^\S[^\n]*(?:\n[ \t][^\n]*)*', re.MULTILINE)
# What differs between a dlist and a plain list by intention.
INTENDED = re.compile(
    rb'List-|X-Dlist-|Mail-Followup-To:|X-Mailman-(?:Dlist-Lists|Rule-Misses):'
)
OWN_ADDRESS = re.compile(rb'\b(?:ant|old)(?:\+[a-z0-9-]+)?@')
FOOTERS = re.compile(rb'\n_{40,}\n.*?(?=\n--|\Z)', re.DOTALL)
BOUNDARY = re.compile(rb'={15}\d+==')

# What the door writes anew.
UNREADABLE = re.compile(rb'=\?x-klingon\?|=\?utf-8\?b\?a\?=')

# What stock Mailman delivers of these we deliver too, octet for octet.
AS_STOCK = (
    'raw Latin-1 octets in the Subject',
    'raw UTF-8 in the Subject',
    'a raw emoji in the Subject',
    'raw Latin-1 octets in From',
    'raw UTF-8 in From',
    'raw Latin-1 octets in To',
    'raw UTF-8 in To',
    'raw UTF-8 in References',
    'raw Latin-1 octets in Content-Type',
    'a NUL in the body',
    'a body in an encoding that does not exist',
    'a body in base64 that cannot be decoded',
    'multipart that never ends, inside another',
    'another message, and nothing else',
    'signed with PGP',
    'encrypted with PGP',
    'signed with S/MIME',
    'HTML only',
)


@dataclass(frozen=True)
class Row:
    """What the page says of one odd message."""

    odd: str
    sender: str
    to: str
    answer: str


def rows() -> Iterator[Row]:
    lines = re.findall('^ +(".*")$', PAGE.read_text('utf-8'), re.MULTILINE)
    for cells in csv.reader(lines, skipinitialspace=True):
        if len(cells) == 4:
            odd, sender, to, answer = cells
            yield Row(odd, sender, to.strip('`'), answer)
        else:
            to, answer = cells
            yield Row(f'the address {to}', 'Anne', to.strip('`'), answer)


def corpus() -> dict[str, bytes]:
    """Return the messages by what is odd about them."""
    messages = [path.read_bytes() for path in sorted(CORPUS.glob('*.eml'))]
    return {odd_of(raw): raw for raw in messages}


def odd_of(raw: bytes) -> str:
    found = X_ODD.search(raw)
    return found[1].decode() if found else ''


ROWS = list(rows())
MESSAGES = corpus()


def test_every_message_of_the_corpus_has_a_row_and_says_which():
    assert len(MESSAGES) == len(list(CORPUS.glob('*.eml')))
    assert sorted(MESSAGES) == sorted(
        row.odd for row in ROWS if not row.odd.startswith('the address')
    )


@dataclass
class Aftermath:
    """What became of all the odd mail: phrases as on the page, and copies."""

    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[str, list[Delivery]] = field(
        default_factory=lambda: defaultdict(list)
    )
    stock: dict[str, Delivery] = field(default_factory=dict)
    left_over: list[object] = field(default_factory=list)

    def answer(self, odd: str) -> str:
        return '; accepted, it '.join(self.told[odd])


@pytest.fixture(scope='module')
def aftermath(site: InsideSite) -> Aftermath:
    """Hand everything in, accept what is held, and look."""
    village = Village(site, DOMAIN)
    # A sender gets only so many of these a day.
    ant = village.new_list('ant', respond_to_post_requests=False)
    bee = village.new_list('bee')
    old = village.new_list(
        'old',
        'legacy-default',
        require_explicit_destination=False,
        subject_prefix='[Ant] ',
    )
    for each in (ant, bee, old):
        _anne, bart, _cris = each.has(*MEMBERS)
    for to, subject in ((bee.at(), 'Bee'), (ant.at(), 'Tea'), (ant.at(), 'Picnic')):
        bart.writes(to, subject, Message_ID=f'<{subject.lower()}@{DOMAIN}>')
    site.outbox.clear()
    told = len(site.log('mailman'))
    shunted = len(site.shunted())

    after = Aftermath()
    for number, row in enumerate(ROWS):
        ordinary = ORDINARY.format(number=number, odd=row.odd).encode()
        raw = MESSAGES.get(row.odd, ordinary)
        refusal = hand_in(site, SENDERS[row.sender], f'{row.to}@{DOMAIN}', raw)
        if refusal:
            after.told[row.odd].append(f'is refused: {refusal}')
    for odd in AS_STOCK:
        assert not hand_in(site, SENDERS['Anne'], old.at(), MESSAGES[odd])
    site.settle()
    accept_what_is_held(ant, after)
    site.settle()

    read_log(site.log('mailman')[told:], after)
    read_mail(site.outbox.deliveries, after)
    after.left_over += site.shunted()[shunted:]
    return after


def hand_in(site: InsideSite, sender: str, to: str, raw: bytes) -> str:
    """Return what the refusal says, '' where there is none."""
    return site.while_serving(lambda: _hand_in(site.lmtp_port, sender, to, raw))


def _hand_in(port: int, sender: str, to: str, raw: bytes) -> str:
    """Hand in a bare CR and other octets as they are.

    The site's own way of handing in a message puts them in order.
    """
    with smtplib.LMTP(HOST, port, local_hostname='localhost') as door:
        door.ehlo()
        # Mail servers write what they were told, ASCII or not.
        door.command_encoding = 'utf-8'
        door.mail(sender)
        code, text = door.rcpt(to)
        if code == 250:
            code, text = door.data(re.sub(rb'(?<!\r)\n', b'\r\n', raw))
    return '' if code == 250 else f'{code} {text.decode()}'


def accept_what_is_held(ant: MailingList, after: Aftermath) -> None:
    site = ant.village.site
    held = site.must(f'lists/{ant.list_id}/held').body
    for request in held.get('entries', []):
        odd = odd_of(request['msg'].encode())
        after.told[odd].append(f'is held: {request["reason"]}')
        path = f'lists/{ant.list_id}/held/{request["request_id"]}'
        site.must(path, {'action': 'accept'})


def read_log(log: str, after: Aftermath) -> None:
    """Put down what was dropped; answers that came back are in the log too."""
    by_id = {
        found[1].decode('latin-1').strip(): odd
        for odd, raw in MESSAGES.items()
        if (found := MESSAGE_ID.search(raw))
    }
    for ours, why, core, reasons in TOLD.findall(log):
        if why in RETURNED:
            continue
        odd = by_id.get(ours or core)
        if odd is None:
            after.left_over.append((ours or core, why or reasons))
        else:
            after.told[odd].append(f'is dropped: {why or "no sender"}')


def read_mail(deliveries: list[Delivery], after: Aftermath) -> None:
    known = {'tea', 'picnic'}
    got: dict[str, Counter[str]] = defaultdict(Counter)
    for delivery in deliveries:
        message = delivery.message
        odd = odd_of(delivery.raw) or answered(delivery)
        conversation = message['X-Dlist-Conversation']
        if str(message['To']).startswith('ant-owner@'):
            # The moderators are asked about what is held.
            continue
        if message['List-Id'] == f'<old.{DOMAIN}>':
            after.stock[odd] = delivery
            continue
        after.copies[odd].append(delivery)
        if conversation is None:
            after.told[odd].append(told_by_notice(delivery))
            continue
        if odd not in got:
            verb = 'replies in' if conversation in known else 'starts'
            after.told[odd].append(f'{verb} *{conversation}*')
        known.add(conversation)
        got[odd].update(delivery.recipients)
    for odd, readers in got.items():
        if readers != EVERYBODY:
            after.told[odd].append(f'goes to {dict(readers)}')
    after.left_over += after.copies.pop('', [])


def answered(delivery: Delivery) -> str:
    """Return the message that an acknowledgement is about."""
    parent = str(delivery.message['In-Reply-To']).strip('<>').encode()
    return next((odd for odd, raw in MESSAGES.items() if parent in raw), '')


def told_by_notice(delivery: Delivery) -> str:
    [reader] = delivery.recipients
    name = {email: name for name, email in SENDERS.items()}.get(reader, reader)
    if b'You have muted the conversation "tea"' in delivery.raw:
        return 'mutes *tea*'
    if b'was not posted' in delivery.raw or b'was not carried out' in delivery.raw:
        return f'is returned to {name}'
    return repr(delivery.message)


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.odd)
def test_odd_mail_gets_the_answer_that_the_page_promises(row, aftermath):
    assert aftermath.answer(row.odd) == row.answer


def test_nothing_is_shunted_or_left_over(aftermath):
    assert aftermath.left_over == []


@pytest.mark.parametrize('odd', AS_STOCK)
def test_what_is_delivered_is_what_stock_mailman_delivers(odd, aftermath):
    [copy] = aftermath.copies[odd]
    assert likeness(copy.raw) == likeness(aftermath.stock[odd].raw)


def likeness(raw: bytes) -> tuple[list[bytes], bytes]:
    """Return fields and body without what differs by intention."""
    fields, body = taken_apart(BOUNDARY.sub(b'BOUNDARY', raw))
    return [
        OWN_ADDRESS.sub(b'list@', each) for each in fields if not INTENDED.match(each)
    ], FOOTERS.sub(b'', body)


def taken_apart(raw: bytes) -> tuple[list[bytes], bytes]:
    head, _, body = raw.replace(b'\r\n', b'\n').partition(b'\n\n')
    return sorted(FIELD.findall(head)), body


@pytest.mark.parametrize(
    'odd',
    [row.odd for row in ROWS if 'is returned' in row.answer and row.odd in MESSAGES],
)
def test_what_comes_back_is_whole(odd, aftermath):
    [notice] = aftermath.copies[odd]
    [attached] = [
        part.get_payload(0)
        for part in message_from_bytes(notice.raw).walk()
        if part.get_content_type() == 'message/rfc822'
    ]
    sent, body = taken_apart(MESSAGES[odd])
    assert isinstance(attached, Message)
    returned, body_returned = taken_apart(attached.as_bytes())
    assert body_returned == body
    kept = {unfolded(each) for each in returned}
    lost = [each for each in sent if unfolded(each) not in kept]
    assert [each for each in lost if not UNREADABLE.search(each)] == []


def unfolded(value: bytes) -> bytes:
    return b' '.join(value.split())


@pytest.mark.parametrize(
    ('odd', 'name', 'text'),
    [
        (
            'an encoded Subject in a charset that does not exist',
            'Subject',
            "[Ant] Qapla' friends",
        ),
        (
            'U+001C before what looks like a field, in a Subject of two charsets',
            'Subject',
            '[Ant]  Menu Today: café',
        ),
        ('a NUL in an encoded Subject', 'Subject', '[Ant] No where'),
        (
            'a From in a charset that does not exist',
            'From',
            'Anne <anne@odd.example.com>',
        ),
        ('control characters in From', 'From', 'An ne <anne@odd.example.com>'),
        (
            'raw Latin-1 octets in every field, in an address too',
            'Cc',
            'B%E4rt <b%E4rt@elsewhere.example.com>',
        ),
        (
            'raw Latin-1 octets in the Message-ID',
            'Message-ID',
            '<gr%FCn@odd.example.com>',
        ),
        (
            'a Date that is none, in raw Latin-1',
            'Date',
            'yesterday, in the %E9vening',
        ),
        ('a NUL in the Message-ID', 'Message-ID', '<nu%00l@odd.example.com>'),
        ('a Message-ID in square brackets', 'Message-ID', '<square@odd.example.com>'),
        (
            'a Message-ID that ends in a domain literal',
            'Message-ID',
            '<literal@[192.0.2.1]>',
        ),
    ],
)
def test_a_field_that_cannot_be_read_is_written_anew(odd, name, text, aftermath):
    [copy] = aftermath.copies[odd]
    assert str(copy.message[name]) == text


def test_a_command_needs_no_message_id(ant):
    [anne] = ant.has('Anne')
    anne.writes(ant.at('new'), 'Picnic')
    site = ant.village.site
    site.deliver(anne.email, ant.at('picnic', 'mute'), f'From: {anne.email}\n\n')
    site.settle()
    assert 'You have muted' in anne.inbox[-1].as_string()


def test_a_given_name_of_any_length_is_cut_to_fit_its_addresses(ant):
    [anne] = ant.has('Anne')
    anne.writes(ant.at('new', 'picnic-' * 40), 'Picnic')
    name = str(anne.inbox[-1]['X-Dlist-Conversation'])
    assert set(name.split('-')) == {'picnic'}
    assert len(ant.at(name, 'unsubscribe', '52w').partition('@')[0]) <= 64


def test_an_extension_that_goes_on_and_on_comes_back(ant):
    [anne] = ant.has('Anne')
    bomb = anne.writes(ant.at(*'a' * 200), 'Boom')
    [notice] = anne.inbox
    assert bomb.message_id in notice.as_string()


def test_an_extension_longer_than_a_command_line_is_refused(ant):
    [anne] = ant.has('Anne')
    bomb = anne.writes(ant.at(*'a' * 2500), 'Boom')
    assert set(bomb.answers.values()) == {(500, 'Command line too long')}
    assert anne.inbox == []
