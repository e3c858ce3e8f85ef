# SPDX-License-Identifier: GPL-3.0-or-later
"""Bart has heard enough, and presses the button in his mail program [U12].

On a site with web pages.  The pages are not here: what the button sends is sent
to REST, as they would.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailman_dlist.demo.site import Site
from tests.village import MailingList, Person, Village, text_of


BASE = 'https://lists.example.com/mailman3'
PERSONAL = re.compile(re.escape(BASE) + r'/dlist/t/([a-z2-7]{63})')


@pytest.fixture(scope='module')
def web_site(make_site: Any) -> Iterator[Site]:
    with make_site(
        dlist_settings={'web_base_url': BASE},
        extra='[archiver.prototype]\nenable: yes\n',
    ) as site:
        yield site


@pytest.fixture
def ant(web_site: Site) -> Iterator[MailingList]:
    shunted = web_site.shunted()
    yield Village(web_site).new_list()
    assert web_site.shunted() == shunted, web_site.log('error')[-3000:]


def settle_on(ant: MailingList, one_click: str, personalize: str | None = None) -> None:
    site = ant.village.site
    path = f'plugins/dlist/lists/{ant.list_id}'
    site.must(path, {'one_click': one_click}, 'PATCH')
    if personalize is not None:
        site.must(f'lists/{ant.list_id}/config', {'personalize': personalize}, 'PATCH')


def tokens(mail: EmailMessage) -> set[str]:
    """Return all personal links in a mail, header fields included."""
    fields = ' '.join(str(value) for value in mail.values())
    return set(PERSONAL.findall(fields + text_of(mail)))


def latest(person: Person) -> EmailMessage:
    return person.inbox[-1]


def ask(ant: MailingList, token: str, *given: Any) -> tuple[int, Any]:
    return ant.village.site.rest(f'plugins/dlist/links/{token}', *given)


def test_bart_presses_the_button_and_hears_no_more(ant):
    settle_on(ant, 'conversation')
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    everybody = (anne, bart, cris)
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart', 'Cris'}
    found = {}
    for person in everybody:
        [found[person.name]] = tokens(latest(person))
    assert len(set(found.values())) == 3

    mail = latest(bart)
    assert mail['List-Unsubscribe-Post'] == 'List-Unsubscribe=One-Click'
    assert found['Bart'] in mail['List-Unsubscribe']
    assert ant.at('picnic', 'unsubscribe') in mail['List-Unsubscribe']
    assert mail['X-Dlist-Reason'] == 'you receive every message'
    assert latest(anne)['X-Dlist-Reason'] == 'you started this conversation'

    # A program that looks into mail comes first.
    for method in 'GET', 'HEAD', 'GET':
        assert ask(ant, found['Bart'], None, method)[0] == 200
    assert cris.writes(ant.at('picnic'), 'Re: Picnic').readers == {
        'Anne', 'Bart', 'Cris',
    }

    for _ in range(2):
        status, shown = ask(ant, found['Bart'], {'List-Unsubscribe': 'One-Click'})
        assert (status, shown['choice']) == (200, 'mute')
    before = len(bart.inbox)
    assert cris.writes(ant.at('picnic'), 'Re: Picnic').readers == {'Anne', 'Cris'}
    # Nor is there an answer to what was done with a click.
    assert len(bart.inbox) == before
    # The list is not left, and others are as they were.
    other = cris.writes(ant.at('new'), 'Walk')
    assert other.readers == {'Anne', 'Bart', 'Cris'}

    assert ask(ant, found['Bart'], {'action': 'reset'})[0] == 200
    assert anne.writes(ant.at('picnic'), 'Re: Picnic').readers == {
        'Anne', 'Bart', 'Cris',
    }


def test_who_hears_only_openings_follows_with_a_click(ant):
    settle_on(ant, 'conversation')
    anne, bart = ant.has('Anne', 'Bart')
    site = ant.village.site
    [entry] = [
        each for each in site.must(f'lists/{ant.list_id}/roster/member').body['entries']
        if each['email'] == bart.email
    ]
    site.must(
        f'plugins/dlist/lists/{ant.list_id}/members/{entry["member_id"]}',
        {'default': 'openings'},
        'PATCH',
    )
    anne.writes(ant.at('new'), 'Picnic')
    mail = latest(bart)
    # His button is about the list: of the conversation he would hear no more.
    assert mail['List-Unsubscribe'] == f'<mailto:ant-leave@{ant.village.domain}>'
    assert mail['List-Unsubscribe-Post'] is None
    [token] = tokens(mail)
    assert ask(ant, token)[1]['action'] == 'follow'
    assert ask(ant, token, {'action': 'follow'})[1]['hears_replies'] is True
    reply = anne.writes(ant.at('picnic'), 'Re: Picnic')
    assert reply.readers == {'Anne', 'Bart'}
    assert latest(bart)['X-Dlist-Reason'] == 'you follow this conversation'


def test_a_link_that_was_forwarded_dies_with_the_membership(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    [token] = tokens(latest(bart))
    member = f'lists/{ant.list_id}/member/{bart.email}'
    ant.village.site.must(member, method='DELETE')
    gone = ask(ant, token)
    assert gone[0] == 404
    assert ask(ant, 'x' * 63) == gone
    assert ask(ant, token, {'action': 'mute'}) == gone


def test_mail_in_bulk_has_the_plain_link(ant):
    settle_on(ant, 'conversation', 'none')
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    for person in anne, bart:
        mail = latest(person)
        assert tokens(mail) == set()
        plain = f'{BASE}/lists/{ant.list_id}/conversations/picnic/'
        assert plain in text_of(mail)
        mute = ant.at('picnic', 'unsubscribe')
        assert mail['List-Unsubscribe'] == f'<mailto:{mute}>'
        assert mail['List-Unsubscribe-Post'] is None
        assert mail['X-Dlist-Reason'] is None
    # That is what a mail program's button writes to, in bulk.
    bart.writes(latest(bart)['List-Unsubscribe'].removeprefix('<mailto:')[:-1])
    assert anne.writes(ant.at('picnic'), 'Re: Picnic').readers == {'Anne'}


def test_the_button_is_about_the_list_until_the_owner_wants_it_otherwise(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    mail = latest(anne)
    assert mail['List-Unsubscribe'] == f'<mailto:ant-leave@{ant.village.domain}>'
    assert mail['List-Unsubscribe-Post'] is None
    # The link in the footer is her own nevertheless.
    assert len(tokens(mail)) == 1


def test_neither_the_archive_nor_a_digest_has_a_personal_link(ant):
    settle_on(ant, 'conversation')
    anne, _bart = ant.has('Anne', 'Bart')
    reader = ant.village.person('Dora')
    ant.has('Dora', delivery_mode='plaintext_digests')
    anne.writes(ant.at('new'), 'Picnic')
    site = ant.village.site
    site.must(f'lists/{ant.list_id}/digest', {'send': 'yes'}, 'POST')
    site.settle()
    digest = latest(reader)
    assert 'Picnic' in str(digest)
    stored = [
        path.read_bytes()
        for path in Path(site.var, 'archives').rglob('*')
        if path.is_file() and ant.village.domain.encode() in path.read_bytes()
    ]
    assert stored
    for octets in bytes(digest), *stored:
        assert b'/dlist/t/' not in octets
        assert b'X-Dlist-Reason' not in octets
        assert b'One-Click' not in octets


def test_moderators_read_no_personal_link_in_what_is_held(ant):
    [anne] = ant.has('Anne')
    [bart] = ant.has('Bart', moderation_action='hold')
    anne.writes(ant.at('new'), 'Picnic')
    [token] = tokens(latest(bart))
    bart.replies(latest(bart), f'I am in.\n{quoted(latest(bart))}')
    [held] = ant.village.site.must(f'lists/{ant.list_id}/held').body['entries']
    owners = f'ant-owner@{ant.village.domain}'
    [asked] = ant.village.site.outbox.to(owners)
    for raw in held['msg'], str(asked.message):
        # Quoted-printable cuts long lines.
        shown = raw.replace('=\n', '')
        assert f'{BASE}/lists/{ant.list_id}/conversations/picnic/' in shown
        assert token not in shown
        assert '/dlist/t/' not in shown


def test_the_key_is_for_mailman_alone(ant):
    [anne] = ant.has('Anne')
    anne.writes(ant.at('new'), 'Picnic')
    site = ant.village.site
    file = site.var / 'data' / 'dlist.keys'
    assert file.stat().st_mode & 0o777 == 0o600
    [line] = file.read_text().splitlines()
    log = ''.join(site.log(name) for name in ('mailman', 'plugins', 'smtp'))
    assert line.split()[1] not in log


def quoted(mail: EmailMessage) -> str:
    return ''.join(f'> {line}\n' for line in text_of(mail).splitlines())


def flowed(text: str) -> str:
    """Break long words in the middle, as some programs do, and quote on."""
    return re.sub(r'(.{40})(?=\S)', '\\1\n> ', text)


@pytest.mark.parametrize('shape', ['plain', 'base64', 'quoted-printable', 'wrapped',
                                   'html', 'blank'])
def test_a_link_that_is_quoted_is_good_for_nobody(shape, ant):
    ant.village.site.must(
        f'lists/{ant.list_id}/config', {'digests_enabled': 'yes'}, 'PATCH'
    )
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    [token] = tokens(latest(bart))
    # A footer that is quoted as a whole is removed with its link.
    said = f'I am in.\n\n{quoted(latest(bart))}'.replace('On the web', 'My link')
    answer = EmailMessage()
    answer['From'], answer['To'] = bart.email, ant.at('picnic')
    answer['Subject'], answer['Message-ID'] = 'Re: Picnic', f'<{shape}@example.net>'
    match shape:
        case 'html':
            shown = said.replace('&', '&amp;').replace('\n', '<br>\n')
            answer.set_content(f'<p>{shown}</p>', subtype='html')
        case 'wrapped':
            answer.set_content(flowed(said), params={'format': 'flowed'})
        case 'blank':
            answer.set_content(said.replace('/t/', '/t/ '))
        case 'plain':
            answer.set_content(said)
        case encoding:
            answer.set_content(said, cte=encoding)
    sent = bart.sends(answer, ant.at('picnic'))
    assert sent.readers == {'Anne', 'Bart', 'Cris'}
    plain = f'{BASE}/lists/{ant.list_id}/conversations/picnic/'
    for person in anne, cris:
        said = words(latest(person))
        assert 'Iamin.' in said
        assert plain in said
        assert token not in said
        assert tokens(latest(person)).isdisjoint({token})
    kept = list(kept_copies(ant))
    assert len(kept) >= 2
    for copy in kept:
        assert 'Iamin.' in words(copy)
        assert token not in words(copy)


def words(mail: EmailMessage) -> str:
    """Return all text of a mail without blanks, quote marks and tags."""
    parts = [part for part in mail.walk() if part.get_content_maintype() == 'text']
    text = ''.join(part.get_content() for part in parts)
    return re.sub(r'<[^>]*>|[\s>]', '', text)


def kept_copies(ant: MailingList) -> Iterator[EmailMessage]:
    """Yield what the archive and the next digest have of the answer."""
    var = Path(ant.village.site.var)
    archive = var / 'archives' / 'prototype' / ant.at() / 'new'
    digest = mailbox.MMDF(var / 'lists' / ant.list_id / 'digest.mmdf')
    for octets in *(path.read_bytes() for path in archive.iterdir()), *map(
        bytes, digest
    ):
        mail = message_from_bytes(octets, policy=policy.default)
        if 'Re: Picnic' in mail['Subject']:
            yield mail
