# SPDX-License-Identifier: GPL-3.0-or-later
"""Members who take digests get in them what they want [U9]."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import product
from typing import Any, NamedTuple

import pytest

from tests.journeys.aliases import asks, confirms
from tests.journeys.moderators import decide
from tests.journeys.shapes import SHAPES
from tests.journeys.storage import next_second
from tests.village import MailingList, Person, text_of


FORMATS = ('mime_digests', 'plaintext_digests', 'summary_digests')
DEFAULTS = ('everything', 'openings', 'nothing')
WISHES = (None, 'follow', 'mute', 'pause')
CONVERSATIONS = ('picnic', 'goat', 'bridge')

# What `make` writes above a message in a plain digest.
SUBJECT = re.compile(r'^Message: \d+\n(?:.+\n)*?Subject: (.*)$', re.MULTILINE)


class Posted(NamedTuple):
    """A message of a conversation, and when it came."""

    subject: str
    conversation: str
    kind: str


def send_digest(mlist: MailingList) -> None:
    """Let Mailman send what it has collected."""
    path = f'lists/{mlist.list_id}/digest'
    mlist.village.site.must(path, {'send': True})
    mlist.village.settle()


def digests(person: Person) -> list[EmailMessage]:
    """Return the digests that came since the last look."""
    return [mail for mail in person.reads() if ' Digest, Vol ' in mail['subject']]


def subjects(digest: EmailMessage) -> list[str]:
    """Return the subjects of the messages in a digest, in their order."""
    if digest.is_multipart():
        return [str(message['subject']) for message in messages(digest)]
    return SUBJECT.findall(text_of(digest))


def messages(digest: EmailMessage) -> list[Any]:
    [whole] = [
        part for part in digest.walk() if part.get_content_type() == 'multipart/digest'
    ]
    return [part.get_content() for part in whole.iter_parts()]


def wanted(default: str, wish: str | None, posted: Posted) -> bool:
    """Say whether somebody wants a message, from the words of DESIGN, section 9.

    'openings as their default says, replies by their standing when the digest is made
    (a timed mute counts for its time)'
    """
    if posted.kind == 'opening':
        return default in ('everything', 'openings')
    if wish == 'pause':
        return posted.kind == 'before' and default == 'everything'
    standing = {'follow': True, 'mute': False, None: default == 'everything'}
    return standing[wish]


def choose(mlist: MailingList, person: Person, name: str, wish: str) -> None:
    path = f'plugins/dlist/lists/{mlist.list_id}/conversations/{name}/choices'
    given = {'choice': 'mute' if wish == 'pause' else wish}
    if wish == 'pause':
        end = datetime.now().astimezone() + timedelta(days=7)
        given['until'] = end.isoformat()
    member_id = mlist.member_ids[person.name]
    mlist.village.site.must(f'{path}/{member_id}', given, 'PUT')


@pytest.mark.every_database
def test_each_reader_gets_what_the_default_and_the_wishes_say(ant):
    ant.config(subject_prefix='')
    [anne] = ant.has('Anne')
    readers = {}
    for number, (kind, default) in enumerate(product(FORMATS, DEFAULTS)):
        for first, wish in enumerate(WISHES):
            [reader] = ant.has(f'Reader{number}{wish}', delivery_mode=kind)
            ant.default(reader, default)
            wishes = dict(zip(CONVERSATIONS, WISHES[first:] + WISHES, strict=False))
            readers[reader.name] = reader, default, wishes
    collected = []

    def post(kind: str) -> None:
        for name in CONVERSATIONS:
            posted = Posted(f'{name}: {kind}', name, kind)
            opens = ('new', name) if kind == 'opening' else (name,)
            anne.writes(ant.at(*opens), posted.subject, wait=False)
            ant.village.settle()
            collected.append(posted)

    post('opening')
    post('before')
    for reader, _default, wishes in readers.values():
        for name, wish in wishes.items():
            if wish is not None:
                choose(ant, reader, name, wish)
    next_second()
    post('after')
    send_digest(ant)

    by_conversation = sorted(collected, key=lambda each: CONVERSATIONS.index(each[1]))
    for reader, default, wishes in readers.values():
        expected = [
            posted.subject
            for posted in by_conversation
            if wanted(default, wishes[posted.conversation], posted)
        ]
        found = [subjects(digest) for digest in digests(reader)]
        assert found == ([expected] if expected else []), reader.name


@pytest.mark.every_database
def test_single_messages_and_digests_are_of_one_kind_each(ant):
    anne, _bart = ant.has('Anne', 'Bart')
    [cris] = ant.has('Cris', delivery_mode='mime_digests')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert opening.readers == {'Anne', 'Bart'}
    send_digest(ant)
    [digest] = digests(cris)
    [message] = messages(digest)
    # A reader's mail program answers it as any.
    assert anne.replies(opening).conversation == 'picnic'
    assert cris.replies(message).conversation == 'picnic'
    assert ant.at('picnic', 'unsubscribe') in text_of(digest)


def test_mail_of_every_shape_is_whole_in_a_digest(ant):
    ant.config(digest_size_threshold=0, subject_prefix='')
    [anne] = ant.has('Anne')
    [cris] = ant.has('Cris', delivery_mode='mime_digests')
    [dora] = ant.has('Dora', delivery_mode='plaintext_digests')
    for name, shape in SHAPES.items():
        head = (
            f'From: {anne.email}\nTo: {ant.at("new")}\nSubject: {name}\n'
            f'Message-ID: <{name}@{ant.village.domain}>\nMIME-Version: 1.0\n'
        )
        anne.sends((head + shape).encode(), ant.at('new'), wait=False)
    ant.village.settle()
    send_digest(ant)
    [whole], [plain] = digests(cris), digests(dora)
    assert {str(message['subject']) for message in messages(whole)} == set(SHAPES)
    for message in messages(whole):
        whole_shape = f'\n{SHAPES[str(message["subject"])]}'.encode()
        body = whole_shape.partition(b'\n\n')[2]
        octets = message.as_bytes().partition(b'\n\n')[2]
        assert octets.rstrip() == body.rstrip(), message['subject']
    text = text_of(plain)
    # HTML is named, and left out.
    assert text.count('Hello, ants!') == len(SHAPES) - 1
    assert 'Grüße.' in text


def test_what_came_from_an_alias_or_was_held_is_where_it_belongs(ant):
    ant.config(subject_prefix='')
    anne, cris = ant.has('Anne', 'Cris')
    [bart] = ant.has('Bart', moderation_action='hold')
    [dora] = ant.has('Dora', delivery_mode='mime_digests')
    [emma] = ant.has('Emma', delivery_mode='plaintext_digests')
    ant.default(emma, 'openings')
    hidden = ant.village.person('Hidden')
    asks(ant, cris, f'add {hidden.email}')
    confirms(hidden)
    opening = bart.writes(ant.at('new'), 'Picnic')
    goat = hidden.writes(ant.at('new'), 'Goat')
    decide(ant, 'Picnic', 'accept')
    # What goes out of an alias has another id, which all answers name.
    anne.replies(anne.inbox[-2])
    bart.replies(opening)
    decide(ant, 'Re: Picnic', 'accept')
    send_digest(ant)
    [to_dora], [to_emma] = digests(dora), digests(emma)
    assert subjects(to_dora) == ['Goat', 'Re: Goat', 'Picnic', 'Re: Picnic']
    assert subjects(to_emma) == ['Goat', 'Picnic']
    for digest in (to_dora, to_emma):
        assert cris.email not in digest.as_string()
        assert goat.message_id not in digest.as_string()


def test_an_anonymous_list_is_collected_by_conversation_as_well(ant):
    ant.config(subject_prefix='', anonymous_list=True)
    anne, bart = ant.has('Anne', 'Bart')
    [cris] = ant.has('Cris', delivery_mode='mime_digests')
    [dora] = ant.has('Dora', delivery_mode='mime_digests')
    ant.default(dora, 'openings')
    for person, subject in ((anne, 'Picnic'), (bart, 'Goat')):
        person.writes(ant.at('new'), subject)
    for person in (bart, anne):
        [mail] = [each for each in person.inbox if each['subject'] == 'Picnic']
        person.replies(mail)
    send_digest(ant)
    [to_cris], [to_dora] = digests(cris), digests(dora)
    assert subjects(to_cris) == ['Picnic', 'Re: Picnic', 'Re: Picnic', 'Goat']
    assert subjects(to_dora) == ['Picnic', 'Goat']


def test_when_and_under_which_number_is_as_ever(ant, tmp_path):
    site = ant.village.site
    [anne] = ant.has('Anne')
    [bart] = ant.has('Bart', delivery_mode='mime_digests')
    path = f'lists/{ant.list_id}'
    for part in ('masthead', 'header', 'footer'):
        text = tmp_path / f'{part}.txt'
        text.write_text(f'The {part} of $listname\n')
        own = {f'list:member:digest:{part}': text.as_uri()}
        site.must(f'{path}/uris', own, 'PATCH')

    def digests_command(*options: str) -> list[str]:
        told = site.mailman('digests', '-l', ant.list_id, *options)
        ant.village.settle()
        return [told, *(str(mail['subject']) for mail in digests(bart))]

    anne.writes(ant.at('new'), 'Picnic')
    [told] = digests_command('--send', '--dry-run', '--verbose')
    assert 'volume 1, number 1' in told
    ant.config(digest_send_periodic=False)
    assert digests_command('--periodic') == ['']
    assert digests_command('--send') == ['', 'Ant Digest, Vol 1, Issue 1']
    for part in ('masthead', 'header', 'footer'):
        assert f'The {part} of {ant.at()}' in text_of(bart.inbox[-1])
    # With nothing collected there is no digest.
    assert digests_command('--send', '--bump') == ['']
    ant.config(digest_send_periodic=True)
    anne.writes(ant.at('new'), 'Goat')
    assert digests_command('--periodic') == ['', 'Ant Digest, Vol 1, Issue 3']
    # Kilobytes.
    ant.config(digest_size_threshold=1)
    anne.writes(ant.at('new'), 'Bridge', 'Over the river. ' * 100)
    [digest] = digests(bart)
    assert digest['subject'] == 'Ant Digest, Vol 1, Issue 4'
