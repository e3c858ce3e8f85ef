# SPDX-License-Identifier: GPL-3.0-or-later
"""We look everywhere for the member behind an alias, and find nobody [U15].

Bartholomew Quux of hideout.example writes on a computer called burrow, behind the
address of the shade, and his programs tell all of that in every field they know.
Whatever may happen to a message happens; then we search all mail that anybody got,
the archive, digests, logs, files, REST and tables for what leads to him.

He hears nothing himself: so there is no place where he may stand as a recipient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from sqlalchemy import MetaData, NullPool, create_engine, select

from tests.journeys.aliases import asks, confirms
from tests.village import ARCHIVE, MailingList, Person, Village


TRACES = ('bartholomew', 'quux', 'hideout', 'burrow', 'xyzzy', '192.0.2.7')

LOGS = (
    'archiver', 'bounce', 'debug', 'error', 'plugins', 'runner', 'smtp', 'vette'
)

# How the log begins to tell what we asked of REST ourselves.
ASKED = re.compile(r'^\[.*"(GET|POST|PATCH|DELETE) .*\n?', re.MULTILINE)
DEBUG = ''.join(f'[logging.{name}]\nlevel: debug\n' for name in LOGS)

# Who is a member and who has an alias stands here, and nowhere else.
PEOPLE = {
    'address', 'autoresponserecord', 'dlist_alias', 'dlist_alias_request',
    'dlist_notice', 'member', 'preferences', 'user',
}

FIELDS = """\
Return-Path: <bartholomew@hideout.example>
Received: from burrow.hideout.example (burrow [192.0.2.7]) by mx.example.net
Received-SPF: pass (hideout.example)
X-Envelope-From: bartholomew@hideout.example
Delivered-To: bartholomew@hideout.example
X-Original-To: bartholomew@hideout.example
X-Originating-IP: [192.0.2.7]
X-Originating-Email: bartholomew@hideout.example
X-Sender: bartholomew@hideout.example
X-Authenticated-Sender: bartholomew
X-Google-Original-From: Bartholomew Quux <bartholomew@hideout.example>
Authentication-Results: mx.example.net; dkim=pass header.d=hideout.example
ARC-Authentication-Results: i=1; mx; dkim=pass header.d=hideout.example
ARC-Seal: i=1; d=hideout.example; b=xyzzy
DKIM-Signature: v=1; d=hideout.example; s=burrow; b=xyzzy
DomainKey-Signature: d=hideout.example
Autocrypt: addr=bartholomew@hideout.example; keydata=xyzzy
Autocrypt-Gossip: addr=bartholomew@hideout.example; keydata=xyzzy
OpenPGP: id=xyzzy; url=https://hideout.example/key
Face: xyzzy
X-Face: xyzzy
Sender: Bartholomew Quux <bartholomew@hideout.example>
Reply-To: Bartholomew Quux <bartholomew@hideout.example>
Mail-Reply-To: bartholomew@hideout.example
Mail-Followup-To: bartholomew@hideout.example
Errors-To: bartholomew@hideout.example
Disposition-Notification-To: bartholomew@hideout.example
Return-Receipt-To: bartholomew@hideout.example
Bcc: bartholomew@hideout.example
Resent-From: bartholomew@hideout.example
Resent-Sender: bartholomew@hideout.example
Resent-To: bartholomew@hideout.example
Resent-Message-ID: <xyzzy@burrow>
Organization: Quux and Sons, hideout.example
User-Agent: Burrow Mail on burrow
X-Mailer: Burrow Mail
Thread-Index: xyzzy
Thread-Topic: xyzzy
X-MS-Exchange-Organization-AuthSource: burrow.hideout.example
X-MS-TNEF-Correlator: <xyzzy@burrow>
X-Universally-Unique-Identifier: xyzzy
X-Apple-Mail-Remote-Attachments: burrow
X-Mozilla-Draft-Info: burrow
X-Forwarded-For: bartholomew@hideout.example shade
X-Dlist-Reason: bartholomew
List-Unsubscribe: <mailto:leave+bartholomew=hideout.example@example.net>
Comments: from burrow
Keywords: quux
X-Unheard-Of: quux
"""

BODY = """\
MIME-Version: 1.0 (Burrow Mail 1.0)
Content-Type: multipart/related; boundary="burrow-1"; x-path="/home/bartholomew"

--burrow-1
Content-Type: text/html; charset="utf-8"; x-unix-mode=burrow
Content-Transfer-Encoding: quoted-printable
X-Part: burrow

<p>{text}</p><img src=3D"cid:xyzzy@bur=
row">
--burrow-1
Content-Type: image/png; name="goat.png"; x-mac-creator=burrow
Content-Transfer-Encoding: base64
Content-Disposition: inline; filename="goat.png"; x-from="burrow"
Content-ID: <xyzzy@burrow>
Content-Location: file:///home/bartholomew/goat.png
X-Attachment-Id: xyzzy

aGVsbG8=
--burrow-1--
From burrow
"""


@dataclass
class Hunt:
    """A list where much has happened, and all that was written down of it."""

    ant: MailingList
    author: Person
    address: str
    owner: Person
    log_offsets: dict[str, int] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0

    @property
    def village(self) -> Village:
        return self.ant.village

    def writes(
        self, to: str, subject: str, *, text: str = 'Goats!', **fields: str
    ) -> None:
        """Send a mail with everything that a mail program can say."""
        self.number += 1
        given = {
            'From': f'Bartholomew Quux <{self.address}>',
            'To': f'{to}, Bartholomew <bartholomew@hideout.example>',
            'Subject': subject,
            'Date': 'Mon, 1 Aug 2005 09:49:23 +0545 (burrow time)',
            'Message-ID': f'<xyzzy.{self.number}@burrow.hideout.example>',
            **{name.replace('_', '-'): value for name, value in fields.items()},
        }
        head = ''.join(f'{name}: {value}\n' for name, value in given.items())
        message = head + FIELDS + BODY.replace('{text}', text)
        assert self.author.sends(message.encode(), to).accepted
        self.look(subject)

    def own_id(self) -> str:
        return f'<xyzzy.{self.number}@burrow.hideout.example>'

    def look(self, when: str, *, everywhere: bool = False) -> None:
        """Remember what moderators and owners are shown just now.

        :param everywhere: Of all conversations, not of the latest alone.
        """
        site, name = self.village.site, self.ant.list_id
        paths = [
            f'lists/{name}', f'lists/{name}/held', f'lists/{name}/requests',
            f'lists/{name}/roster/nonmember', f'lists/{name}/archivers',
            f'plugins/dlist/lists/{name}',
            f'plugins/dlist/lists/{name}/conversations',
        ]
        collection = paths[-1]
        entries = site.must(collection).body.get('entries', [])
        for each in entries if everywhere else entries[:1]:
            path = f'{collection}/{each["name"]}'
            paths += [path, f'{path}/messages']
        for path in paths:
            self.shown.append((f'REST {path} ({when})', repr(site.must(path).body)))

    def held(self) -> list[int]:
        path = f'lists/{self.ant.list_id}/held'
        entries = self.village.site.must(path).body.get('entries', [])
        return [each['request_id'] for each in entries]

    def decides(self, action: str, *, at_most: int = 9, **more: str) -> None:
        for request_id in self.held()[:at_most]:
            path = f'lists/{self.ant.list_id}/held/{request_id}'
            self.village.site.must(path, {'action': action, **more})
        self.village.settle()
        self.look(action)

    def moderated(self, action: str) -> None:
        path = f'members/{self.ant.member_ids[self.author.name]}'
        self.village.site.must(path, {'moderation_action': action}, 'PATCH')


@pytest.fixture(scope='module')
def site(make_site: Any) -> Iterator[Any]:
    with make_site(extra=ARCHIVE + DEBUG) as site:
        yield site


def begin(site: Any, name: str) -> Hunt:
    village = Village(site)
    ant = village.new_list(name, digest_size_threshold=0)
    ant.has('Anne')
    ant.has('Dora', delivery_mode='mime_digests')
    author = Person(village, 'Bartholomew Quux', 'bartholomew@hideout.example')
    village.people[author.name] = author
    ant.has(author.name)
    owner = village.person(f'{name}-owner')
    return Hunt(ant, author, author.email, owner)


def starts(hunt: Hunt) -> None:
    """Forget what was before: that somebody joined, and asked for an alias."""
    site = hunt.village.site
    hunt.village.settle()
    path = f'members/{hunt.ant.member_ids[hunt.author.name]}/preferences'
    site.must(path, {'delivery_status': 'by_user'}, 'PATCH')
    site.outbox.clear()
    for log in (site.var / 'logs').iterdir():
        hunt.log_offsets[log.name] = log.stat().st_size


def lives(hunt: Hunt) -> None:
    """Let everything happen that happens to posts."""
    ant, site = hunt.ant, hunt.village.site
    [anne] = [each for each in hunt.village.people.values() if each.name == 'Anne']
    hunt.writes(ant.at('new', 'goats'), 'Goats')
    [*_, opening] = anne.inbox
    anne.replies(opening, 'No.')
    hunt.writes(
        ant.at('goats'), 'Re: Goats', In_Reply_To=hunt.own_id(),
        References=f'<xyzzy.0@burrow> {hunt.own_id()} {anne.inbox[-1]["message-id"]}',
    )
    anne.writes(ant.at(), 'Re: Goats', In_Reply_To=str(anne.inbox[-1]['message-id']))
    # Twice the same, to nowhere, closed, automatic, commands.
    hunt.number -= 1
    hunt.writes(ant.at('goats'), 'Re: Goats')
    hunt.number += 1
    hunt.writes(ant.at('goatz'), 'Nowhere')
    hunt.writes(ant.at('goats'), 'Away', Auto_Submitted='auto-replied')
    for words in (['goats', 'mute'], ['goats', 'follow'], ['conversations'], ['help']):
        hunt.writes(ant.at(*words), 'Command')
    hunt.writes(ant.at('goats', 'mute'), 'Away', Auto_Submitted='auto-replied')
    # A moderator looks.
    hunt.moderated('hold')
    for action in ('defer', 'accept', 'reject', 'discard'):
        hunt.writes(ant.at('new'), f'To {action}')
        hunt.decides(action, comment='No goats.')
    hunt.decides('discard')
    hunt.moderated('reject')
    hunt.writes(ant.at('new'), 'Rejected')
    hunt.moderated('discard')
    hunt.writes(ant.at('new'), 'Discarded')
    hunt.moderated('defer')
    # Owners make rules.
    for header in ('received', 'x-mailer', 'sender'):
        path = f'lists/{ant.list_id}/header-matches'
        rule = {'header': header, 'pattern': 'burrow|quux', 'action': 'hold'}
        site.must(path, rule)
        hunt.writes(ant.at('new'), f'Rule about {header}')
        site.must(f'{path}/0', method='DELETE')
        hunt.decides('accept')
    for settings in (
        {'emergency': True}, {'max_message_size': 1}, {'anonymous_list': True},
        {'personalize': 'full'}, {'dmarc_mitigate_action': 'munge_from',
         'dmarc_mitigate_unconditionally': True}, {'admin_immed_notify': False},
        {'dmarc_mitigate_action': 'wrap_message'},
        {'autorespond_postings': 'respond_and_continue',
         'autoresponse_postings_text': 'Thanks.'},
    ):
        before = {key: site.must(f'lists/{ant.list_id}/config/{key}').body[key]
                  for key in settings}
        ant.config(**settings)
        hunt.writes(ant.at('new'), f'With {next(iter(settings))}', text='Goat.\n' * 500)
        hunt.decides('accept')
        ant.config(**before)
    site.must(f'lists/{ant.list_id}/bans', {'email': 'bartholomew@hideout.example'})
    hunt.writes(ant.at('new'), 'Banned')
    hunt.writes(ant.at('goats', 'mute'), 'Banned')
    site.must(
        f'lists/{ant.list_id}/bans/bartholomew@hideout.example', method='DELETE'
    )
    # What comes back.
    for to in (f'{ant.name}-bounces', f'{ant.name}-owner'):
        bounce(hunt, anne, opening, f'{to}@{hunt.village.domain}')
    anne.writes(ant.at('goats'), 'Away', Auto_Submitted='auto-replied',
                In_Reply_To=str(opening['message-id']))
    site.must(f'lists/{ant.list_id}/digest', {'send': True})
    hunt.village.settle()
    # The alias goes while a moderator thinks about a post.
    hunt.moderated('hold')
    hunt.writes(ant.at('new'), 'Too late')
    hunt.writes(ant.at('new'), 'Waits for ever')
    if hunt.address != hunt.author.email:
        member_id = ant.member_ids[hunt.author.name]
        path = f'plugins/dlist/lists/{ant.list_id}/members/{member_id}/aliases'
        site.must(f'{path}/{hunt.address}', method='DELETE')
        hunt.village.settle()
    hunt.decides('accept', at_most=1)
    hunt.look('at the end', everywhere=True)


def bounce(hunt: Hunt, anne: Person, about: Any, to: str) -> None:
    """Let Anne's mail server return what it had from the alias."""
    message = (
        f'From: MAILER-DAEMON@{hunt.village.domain}\nTo: {to}\n'
        'Subject: Undelivered\nMIME-Version: 1.0\n'
        'Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n'
        '--b\n\nSorry.\n'
        '--b\nContent-Type: message/delivery-status\n\n'
        'Reporting-MTA: dns; mx.example.net\n\n'
        f'Final-Recipient: rfc822; {anne.email}\nAction: failed\nStatus: 5.1.1\n\n'
        f'--b\nContent-Type: message/rfc822\n\n{about.as_string()}\n--b--\n'
    )
    hunt.village.site.deliver('', to, message.encode('utf-8', 'replace'))
    hunt.village.settle()


# Where to look.


def texts(message: Message) -> Iterator[str]:
    """Yield a message as it stands, and each of its parts decoded."""
    yield message.as_string()
    for part in message.walk():
        yield from map(str, part.values())
        if not part.is_multipart():
            octets = part.get_payload(decode=True)
            yield octets.decode('utf-8', 'replace') if isinstance(octets, bytes) else ''


def mail(hunt: Hunt) -> Iterator[tuple[str, str]]:
    for delivery in hunt.village.site.outbox.deliveries:
        to = ', '.join(delivery.recipients)
        # His own address gets what is for him alone.
        if to.lower() == 'bartholomew@hideout.example':
            continue
        yield f'mail to {to}', f'{delivery.sender} {to}'
        for text in texts(delivery.message):
            yield f'mail to {to}: {delivery.message["subject"]}', text


def files(hunt: Hunt) -> Iterator[tuple[str, str]]:
    """Yield what stands in files: archives, digests, held mail, queues, logs."""
    var = hunt.village.site.var
    for path in sorted(each for each in var.rglob('*') if each.is_file()):
        place = str(path.relative_to(var))
        # The database is looked into table by table.
        if path.suffix == '.db' or place.startswith('data/mailman'):
            continue
        offset = hunt.log_offsets.get(path.name, 0) if 'logs/' in place else 0
        octets = path.read_bytes()[offset:]
        if not place.startswith('logs/') and hunt.ant.list_id.encode() not in octets:
            # Another list's.
            continue
        yield f'file {place}', ASKED.sub('', octets.decode('utf-8', 'replace'))
        if place.startswith(('archives/', 'messages/')):
            for text in texts(message_from_bytes(octets)):
                yield f'file {place}', text


def rows(hunt: Hunt) -> Iterator[tuple[str, str]]:
    settings = ConfigParser(interpolation=None)
    settings.read(hunt.village.site.cfg)
    engine = create_engine(settings['database']['url'], poolclass=NullPool)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.tables.values():
            if table.name not in PEOPLE:
                for row in connection.execute(select(table)):
                    yield f'table {table.name}', repr(tuple(row))


def found(hunt: Hunt) -> dict[str, set[str]]:
    """Return the traces that there are, by where each is."""
    places: dict[str, set[str]] = {}
    for look in (mail(hunt), files(hunt), rows(hunt), iter(hunt.shown)):
        for place, text in look:
            for trace in TRACES:
                if trace in text.lower():
                    places.setdefault(place, set()).add(trace)
    return places


def context(hunt: Hunt) -> str:
    """Return the first few finds with what stands around them."""
    lines = []
    for look in (mail(hunt), files(hunt), rows(hunt), iter(hunt.shown)):
        for place, text in look:
            for trace in TRACES:
                at = text.lower().find(trace)
                if at >= 0:
                    lines.append(f'{place}: …{text[max(0, at - 120) : at + 80]!r}…')
    return '\n'.join(lines[:20])


def test_nothing_leads_to_the_member_behind_an_alias(site):
    hunt = begin(site, 'ant')
    shade = hunt.village.person('Shade')
    asks(hunt.ant, hunt.author, f'add {shade.email}')
    confirms(shade)
    starts(hunt)
    hunt.address = shade.email
    lives(hunt)
    assert found(hunt) == {}, context(hunt)
    # There was something to look at.
    subjects = {
        str(each.message['subject']) for each in hunt.village.site.outbox.deliveries
    }
    assert {
        '[Ant] Goats', '[Ant] Re: Goats', '[Ant] To accept', '[Ant] With emergency',
        '[Ant] Rule about received', '[Ant] Too late',
    } <= subjects, sorted(subjects)
    kinds = {place.split('/')[0].split()[1] for place, _text in files(hunt)}
    assert {'archives', 'logs'} <= kinds
    assert shade.inbox != []
    assert any('Digest' in subject for subject in subjects)
    # What he chose by posting does not look like that.
    path = f'plugins/dlist/lists/{hunt.ant.list_id}/conversations/goats/choices'
    reasons = {
        each['member_id']: each['reason']
        for each in site.must(path).body.get('entries', [])
    }
    assert reasons.get(hunt.ant.member_ids[hunt.author.name], 'mail') == 'mail'


def test_without_an_alias_he_is_found_everywhere(site):
    """So the hunt would find him."""
    hunt = begin(site, 'bee')
    starts(hunt)
    lives(hunt)
    places = found(hunt)
    kinds = {' '.join(place.split()[:2]).split('/')[0] for place in places}
    assert {
        'file archives', 'file logs', 'REST lists', 'table pendedkeyvalue',
        'table dlist_message',
    } <= kinds, kinds
    assert any(kind.startswith('mail to') for kind in kinds)
