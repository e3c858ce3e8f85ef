# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain list does not notice that other lists have conversations.

The same mail goes to the same list of two sites, one with the plugin and one
without, and all that comes out is compared to the last byte: what members,
owners and senders get, what the archive and the digest keep.  Only dates and
what Mailman draws by lot may differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.village import MailingList, Person, Village


DIFFERS = [
    (rb'={15}\d+==', b'BOUNDARY'),
    (rb'\d{12}\.\d+\.\d+@', b'ID@'),
    (rb'\b[0-9a-f]{40}\b', b'TOKEN'),
    (rb'\w{3},? +\d+ \w{3} \d{4} \d\d:\d\d:\d\d( [+-]\d{4})?', b'DATE'),
    # Of the mail that Mailman writes itself.
    (rb'(?m)^(X-)?Message-ID-Hash: \w+', b'HASH'),
]

PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk'

POSTS = {
    'plain': 'Content-Type: text/plain\n\nHello.\n',
    'no type': '\nHello.\n',
    '8bit': (
        'Content-Type: text/plain; charset=utf-8\n'
        'Content-Transfer-Encoding: 8bit\n\nGrüße!\n'
    ),
    'base64': (
        'Content-Type: text/plain; charset=utf-8\n'
        'Content-Transfer-Encoding: base64\n\nR3LDvMOfZSEK\n'
    ),
    'quoted': (
        'Content-Type: text/plain; charset=iso-8859-1\n'
        'Content-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe!\n'
    ),
    'flowed': 'Content-Type: text/plain; format=flowed\n\nHello \nagain.\n',
    'html': 'Content-Type: text/html\n\n<p>Hello.</p>\n',
    'mixed': (
        'Content-Type: multipart/mixed; boundary=b\n\n'
        '--b\n\nHello.\n'
        f'--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n{PNG}\n'
        '--b--\n'
    ),
    'alternative': (
        'Content-Type: multipart/alternative; boundary=b\n\n'
        '--b\n\nHello.\n'
        '--b\nContent-Type: text/html\n\n<p>Hello.</p>\n'
        '--b--\n'
    ),
    'reply': 'In-Reply-To: <plain@example.net>\n\nHello.\n',
    'automatic': 'Auto-Submitted: auto-replied\n\nI am away.\n',
    'command': '\nunsubscribe\n',
    # Twice the same is twice the same.
    'plain ': '\nHello.\n',
}


def lives(village: Village) -> Iterator[bytes]:
    """Let a plain list see some of everything; give what it makes of that."""
    bee = village.new_list(
        'bee', style='legacy-default', digests_enabled=True, reply_to_address='',
        send_welcome_message=True, admin_immed_notify=True,
    )
    anne, _bart = bee.has('Anne', 'Bart')
    [cris] = bee.has('Cris', moderation_action='hold')
    bee.has('Dora', delivery_mode='plaintext_digests')
    bee.has('Emil', delivery_mode='mime_digests')
    bee.has('Olga', role='owner')
    for case, rest in POSTS.items():
        # One by one, since processes that share a queue change the order.
        anne.sends(post(bee, anne, case, rest), bee.at())
    cris.sends(post(bee, cris, 'held', POSTS['plain']), bee.at())
    zoe = village.person('Zoe')
    zoe.sends(post(bee, zoe, 'stranger', POSTS['plain']), bee.at())
    # Core cuts off what follows the plus.
    anne.sends(post(bee, anne, 'plus', POSTS['plain']), bee.at('new'))
    anne.sends(post(bee, anne, 'mute', POSTS['plain']), bee.at('plain', 'mute'))
    anne.sends(post(bee, anne, 'honey', POSTS['plain'], 'new'), bee.at('new'))
    answers = village.site.deliver(anne.email, [bee.at(), bee.at('new')], b'x\n\ny\n')
    yield repr(answers).encode()
    held = f'lists/{bee.list_id}/held'
    entries = village.site.must(held).body['entries']
    for entry in sorted(entries, key=lambda entry: entry['subject']):
        yield repr((entry['subject'], entry['reason'], entry['msg'])).encode()
        action = 'reject' if entry['subject'] == 'stranger' else 'accept'
        village.site.must(f'{held}/{entry["request_id"]}', {'action': action})
        # One by one as well.
        village.settle()
    lists = village.site.var / 'lists'
    yield (lists / bee.list_id / 'digest.mmdf').read_bytes()
    village.site.mailman('digests', '--send', '-l', bee.list_id)
    zoe.writes(f'bee-join@{village.domain}', 'join', Message_ID='<join@example.net>')
    village.settle()
    archive = village.site.var / 'archives' / 'prototype' / bee.at() / 'new'
    for path in archive.iterdir():
        yield b'archived: ' + path.read_bytes()
    for delivery in village.site.outbox.deliveries:
        envelope = f'{delivery.sender} {sorted(delivery.recipients)} '
        yield envelope.encode() + delivery.raw


def post(
    bee: MailingList, person: Person, case: str, rest: str, *plus: str
) -> bytes:
    fields = (
        f'From: {person.name} <{person.email}>\n'
        f'To: {bee.at(*plus)}\n'
        f'Subject: {case.strip()}\n'
        f'Message-ID: <{case.strip().replace(" ", "-")}@example.net>\n'
        'Date: Fri, 20 Nov 2026 10:00:00 +0000\n'
        'MIME-Version: 1.0\n'
    )
    return (fields + rest).encode()


def normal(made: bytes) -> bytes:
    for pattern, name in DIFFERS:
        made = re.sub(pattern, name, made)
    return made


def test_a_plain_list_is_the_same_with_and_without_the_plugin(village, stock):
    village.new_list('ant')
    with_plugin = sorted(map(normal, lives(village)))
    stock.outbox.clear()
    without = sorted(map(normal, lives(Village(stock, village.domain))))
    assert stock.shunted() == []
    assert with_plugin == without
    everything = b'\n'.join(with_plugin)
    assert b'dlist' not in everything.lower()
    # There is something to compare.
    for word in (b'archived: ', b'Digest, Vol', b'bee-confirm', b'Implicit dest'):
        assert word.lower() in everything.lower(), word
