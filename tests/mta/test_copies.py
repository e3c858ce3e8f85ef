# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of conversations are what Mailman's agent would send, at a fixed cost."""

from __future__ import annotations

import re

import pytest
from mailman.core.pipelines import process
from mailman.interfaces.mailinglist import Personalization

from mailman_dlist import metadata, mta
from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.domain.following import Default
from mailman_dlist.interfaces.dlist import PIPELINE, OneClick
from tests.app.web import PERSONAL, open_web
from tests.model.stage import Newcomer, crowd, join, new_list, queued
from tests.model.stage import letter as posted
from tests.mta.conftest import (
    FOOTER,
    LINK_FOOTER,
    PERSONAL_FOOTER,
    both,
    set_template,
)
from tests.mta.outgoing import letter, statements


LANGUAGES = ('en', 'fr', 'ja')
# Every one with English; other languages differ in what is written for each.
EVERY_KIND = [
    (personalize, one_click, language)
    for personalize in Personalization
    for one_click in OneClick
    for language in LANGUAGES
    if language == 'en'
    or (personalize is Personalization.full and one_click is OneClick.conversation)
]


@pytest.mark.parametrize('footer', [None, PERSONAL_FOOTER, LINK_FOOTER])
@pytest.mark.parametrize(('personalize', 'one_click', 'language'), EVERY_KIND)
def test_copies_of_a_conversation_are_the_same(
    personalize, one_click, language, footer, mailman, server, tmp_path, monkeypatch
):
    open_web(tmp_path, monkeypatch)
    ant = new_list('ant')
    ant.preferred_language = language
    set_template(ant, FOOTER, footer, tmp_path)
    ant.personalize = personalize
    lists.settings(ant).one_click = one_click
    anne, _bart, cris = (join(ant, name) for name in ('Anne', 'Bart', 'Cris'))
    choices.settings_of(ant, cris).default = Default.openings
    msg = posted(anne)
    process(ant, msg, {metadata.EXTENSION: 'new'}, PIPELINE)
    transactions = []
    for waiting, msgdata in queued('out'):
        # Without a link, since they are no members.
        msgdata['recipients'] |= {'dora@example.com', 'emil@example.com'}
        transactions += both(server, ant, waiting, **msgdata).transactions
    text = b''.join(raw for _sender, _recipients, raw in transactions)
    links = set(re.findall(re.escape(PERSONAL).encode() + rb'[\w-]+', text))
    personal = personalize is not Personalization.none
    assert len({to for _sender, to, _raw in transactions}) == (5 if personal else 3)
    if language == 'en':
        assert len(links) == (3 if personal else 0)


def test_copies_of_a_site_without_web_pages_are_the_same(mailman, server):
    ant = new_list('ant')
    ant.personalize = Personalization.full
    msg = posted(join(ant, 'Anne'))
    process(ant, msg, {metadata.EXTENSION: 'new'}, PIPELINE)
    [(waiting, msgdata)] = queued('out')
    [(_sender, _recipients, raw)] = both(server, ant, waiting, **msgdata).transactions
    # The footer is ours.
    assert b'ant+picnic@example.com' in raw.partition(b'\r\n\r\n')[2]


SIZES = (10, 300)

# No message takes more statements than this; lower it with the cost.
LIMIT = 21


@pytest.mark.every_database
@pytest.mark.parametrize(('personalize', 'footer', 'link'), [
    (Personalization.individual, PERSONAL_FOOTER, ''),
    (Personalization.full, PERSONAL_FOOTER, ''),
    (Personalization.full, LINK_FOOTER, 'https://example.com/t'),
    # Mailman writes this footer for each of them.
    (Personalization.full, LINK_FOOTER, 'https://example.com/ü'),
])
def test_a_message_takes_the_same_statements_for_any_number(
    personalize, footer, link, mailman, server, tmp_path
):
    numbers = {}
    for size in SIZES:
        hill = new_list(f'hill-{size}', 'legacy-default')
        hill.personalize = personalize
        set_template(hill, FOOTER, footer, tmp_path)
        newcomers = [
            Newcomer(f'm{number}@{size}.example.net', as_user=number % 3 == 0)
            for number in range(size)
        ]
        crowd(hill, newcomers)
        everybody = {each.email for each in newcomers[: size * 9 // 10]}
        strangers = {f's{number}@example.org' for number in range(size // 10)}
        msgdata = {
            'recipients': everybody | strangers,
            'verp': True,
            'decoration-data': {'dlist_link': link},
        }
        # The first time, Mailman notes which archives the list has.
        mta.deliver(hill, letter(), msgdata)
        server.outbox.clear()
        numbers[size] = len(statements(mta.deliver, hill, letter(), msgdata))
        assert len(server.outbox) == size
        server.outbox.clear()
    told = f'SQL statements of a message, by recipients: {numbers}'
    print(told)
    assert len(set(numbers.values())) == 1, told
    assert numbers[10] <= LIMIT, told
