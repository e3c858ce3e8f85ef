# SPDX-License-Identifier: GPL-3.0-or-later
"""What our outgoing agent sends is what Mailman's sends, to the last byte.

Both deliver the same message to the same people, and everything that can be seen
of it is compared: transactions, failures, the log.
"""

from __future__ import annotations

from email import message_from_bytes
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from mailman.config import config
from mailman.email.message import Message
from mailman.handlers.decorate import Decorate
from mailman.interfaces.mailinglist import Personalization
from mailman.interfaces.template import ITemplateLoader, ITemplateManager
from mailman.model.roster import MemberRoster
from mailman.utilities.modules import find_name
from zope.component import getUtility

from mailman_dlist import mta
from mailman_dlist.app.copies import lookups
from tests.journeys.shapes import SHAPES
from tests.model.stage import counted
from tests.mta.conftest import (
    FOOTER,
    FOOTERS,
    HEADER,
    LINK_FOOTER,
    PERSONAL_FOOTER,
    RECIPIENTS,
    SOME,
    both,
    set_template,
)
from tests.mta.outgoing import letter, logged


CORPUS = sorted((Path(__file__).parents[1] / 'corpus').glob('*.eml'))


def test_mailman_finds_it_by_the_name_in_the_design():
    assert find_name('mailman_dlist.mta.deliver') is mta.deliver


@pytest.mark.parametrize('personalize', list(Personalization))
@pytest.mark.parametrize('footer', FOOTERS)
def test_every_kind_of_delivery_is_the_same(
    footer, personalize, ant, server, tmp_path
):
    set_template(ant, FOOTER, FOOTERS[footer], tmp_path)
    ant.personalize = personalize
    # What differs between recipients stands in one of the footers.
    to = RECIPIENTS if footer == 'personal' else SOME
    copies = {'add-dup-header': {'anne@example.com', 'nobody@example.com'}}
    for verp in {}, {'verp': False}, {'verp': True}:
        made = both(server, ant, letter(), to, **copies, **verp)
        personal = verp.get('verp') or personalize is not Personalization.none
        assert len(made.transactions) == (
            len(to) if personal else {len(RECIPIENTS): 4, len(SOME): 2}[len(to)]
        )
        text = b''.join(raw for _sender, _recipients, raw in made.transactions)
        if personal and footer == 'personal':
            assert b'To Bart <bart@example.com>' in text
            assert b'Japanese' in text
        assert (b'X-Mailman-Copy' in text) is bool(personal)


@pytest.mark.parametrize(('personalize', 'header', 'footer'), [
    (Personalization.individual, 'Good morning, $user_name!\n', PERSONAL_FOOTER),
    (Personalization.full, 'Good morning, all!\n', LINK_FOOTER),
    (Personalization.individual, None, 'Grüße an alle: $dlist_link\n'),
    (Personalization.full, '', ''),
])
@pytest.mark.parametrize('shape', SHAPES)
def test_every_shape_of_mail_is_the_same(
    shape, personalize, header, footer, ant, server, tmp_path
):
    set_template(ant, FOOTER, footer, tmp_path)
    set_template(ant, HEADER, header, tmp_path)
    ant.personalize = personalize
    duplicates = {'add-dup-header': {'anne@example.com'}}
    both(server, ant, letter(SHAPES[shape]), SOME, verp=True, **duplicates)
    decoration = {'decoration-data': {'dlist_link': 'https://example.com/' + 'x' * 70}}
    both(server, ant, letter(SHAPES[shape]), SOME, **duplicates, **decoration)


@pytest.mark.parametrize(('footer', 'corpus'), [
    (LINK_FOOTER, CORPUS),
    # Mailman decorates each copy by itself, as without us.
    (PERSONAL_FOOTER, CORPUS[::5]),
], ids=['decorated once', 'decorated by Mailman'])  # fmt: skip
def test_odd_mail_is_the_same(footer, corpus, ant, server, tmp_path):
    set_template(ant, FOOTER, footer, tmp_path)
    ant.personalize = Personalization.full
    some = {'dora@example.com', 'nobody@example.com'}
    sent = 0
    for path in corpus:
        msg = message_from_bytes(path.read_bytes(), Message)
        sent += len(both(server, ant, msg, some).transactions)
    # There is something to compare.
    assert sent > len(corpus)


@pytest.mark.parametrize('footer', [FOOTERS['not ascii'], LINK_FOOTER])
@pytest.mark.parametrize(('language', 'text'), [
    ('ja', 'こんにちは\n'), ('fr', 'Salut, ça va ?\n'), ('en', 'Grüße\n'),
])
def test_lists_in_other_languages_are_the_same(
    language, text, footer, ant, server, tmp_path
):
    set_template(ant, FOOTER, footer, tmp_path)
    ant.preferred_language = language
    ant.personalize = Personalization.full
    rest = f'Content-Type: text/plain; charset=utf-8\n\n{text}'
    both(server, ant, letter(rest), verp=True)


@pytest.mark.parametrize('msgdata', [
    {'isdigest': True},
    {'nodecorate': True},
    {'sender': 'postmaster@example.com'},
    {'to_list': True},
    {'original-sender': 'zoe@example.com'},
    {'decoration-data': {'user_name': 'Everybody', 'extra': 'more'}},
    {'recipients': []},
    {'recipients': ['archive@mail-archive.com']},
    {'recipients': ['local']},
    {'recipients': None},
], ids=str)  # fmt: skip
def test_what_travels_with_a_message_counts(msgdata, ant, server, tmp_path):
    set_template(ant, FOOTER, PERSONAL_FOOTER + '$extra\n', tmp_path)
    ant.personalize = Personalization.individual
    both(server, ant, letter(), **{'recipients': RECIPIENTS, 'verp': True} | msgdata)


@pytest.mark.parametrize('plain', ['isdigest', 'nodecorate'])
def test_a_footer_that_cannot_be_read_keeps_back_no_mail_without_one(
    plain, ant, server, tmp_path
):
    ant.personalize = Personalization.full
    uri = (tmp_path / 'gone.txt').as_uri()
    getUtility(ITemplateManager).set(FOOTER, ant.list_id, uri)
    assert both(server, ant, letter(), **{plain: True}).error == ''
    assert both(server, ant, letter()).error != ''


def test_a_template_may_be_chosen_by_the_recipient(ant, server, tmp_path):
    for name in ('Anne', 'Bart'):
        (tmp_path / f'{name}.txt').write_text(f'For {name}.\n')
    getUtility(ITemplateManager).set(
        FOOTER, ant.list_id, f'{tmp_path.as_uri()}/$user_name.txt'
    )
    ant.personalize = Personalization.individual
    made = both(server, ant, letter(), ['anne@example.com', 'bart@example.com'])
    assert [b'For Anne.' in raw for _sender, _to, raw in made.transactions] == (
        [True, False]
    )


@pytest.fixture
def arc(mailman_database):
    """Mailman signs what goes out."""
    with as_file(files('mailman.testing') / 'ssl_test_key.key') as key:
        config.push(
            'arc',
            '[ARC]\nenabled: yes\nauthserv_id: example.com\nselector: ants\n'
            f'domain: example.com\nprivkey: {key}\n',
        )
        yield
        config.pop('arc')


@pytest.mark.parametrize('personalize', list(Personalization))
def test_signatures_are_the_same(personalize, ant, server, arc, tmp_path):
    set_template(ant, FOOTER, PERSONAL_FOOTER, tmp_path)
    ant.personalize = personalize
    rest = (
        'Authentication-Results: example.com; dkim=pass header.d=example.net\n'
        'Content-Type: text/plain\n\nHello, ants!\n'
    )
    made = both(server, ant, letter(rest))
    assert all(b'ARC-Seal: ' in raw for _sender, _to, raw in made.transactions)


# Failures.

NO, LATER, FULL = '550 5.1.1 no such user', '451 4.2.2 mailbox full', '552 too many'


@pytest.mark.parametrize('personalize', list(Personalization))
@pytest.mark.parametrize(('refused', 'temporary', 'permanent'), [
    ({'anne': NO}, set(), {'anne'}),
    ({'anne': LATER}, {'anne'}, set()),
    ({'anne': NO, 'bart': LATER, 'cris': FULL}, {'bart', 'cris'}, {'anne'}),
    (dict.fromkeys(['anne', 'bart', 'cris', 'dora', 'emil', 'fred'], NO), set(), {
        'anne', 'bart', 'cris', 'dora', 'emil', 'fred',
    }),
    ({'anne': '421 4.3.2 going down'}, {'anne'}, set()),
])  # fmt: skip
def test_each_refused_recipient_is_told_and_logged(
    refused, temporary, permanent, personalize, ant, server
):
    server.outbox.refuse = {
        f'{name}@example.com': reply for name, reply in refused.items()
    }
    ant.personalize = personalize
    recipients = {each for each in RECIPIENTS if each.islower()}
    made = both(server, ant, letter(), recipients)
    told = {email.partition('@')[0] for email in made.temporary}
    assert told >= temporary
    assert {email.partition('@')[0] for email, *_ in made.permanent} == permanent
    assert sum('failed with code' in line for line in made.log) >= len(refused)


@pytest.mark.parametrize('personalize', list(Personalization))
def test_a_server_that_hangs_up_is_tried_again_for_the_next(personalize, ant, server):
    server.handler.at = 'bart@example.com'
    ant.personalize = personalize
    made = both(server, ant, letter())
    assert 'bart@example.com' in made.temporary
    assert made.permanent == []
    assert made.transactions


def test_without_a_server_all_are_for_later(ant, server):
    config.push('gone', '[mta]\nsmtp_port: 1\n')
    try:
        ant.personalize = Personalization.individual
        made = both(server, ant, letter())
    finally:
        config.pop('gone')
    assert made.temporary == sorted(RECIPIENTS)
    assert sum('low level smtp error' in line for line in made.log) == len(RECIPIENTS)


def test_what_is_tried_again_gets_its_footer_then(ant, server):
    ant.personalize = Personalization.individual
    msg, msgdata = letter(), {'recipients': {'anne@example.com'}}
    before = msg.as_bytes()
    mta.deliver(ant, msg, msgdata)
    assert msg.as_bytes() == before
    assert msgdata == {'recipients': {'anne@example.com'}}


# Afterwards Mailman is as it was.


def test_nothing_is_remembered_after_the_message(ant, server, monkeypatch):
    loader, roster = getUtility(ITemplateLoader), ant.members
    decorate = config.handlers['decorate']
    for failing in (False, True):
        if failing:
            monkeypatch.setattr(type(decorate), 'process', None)
            with pytest.raises(TypeError):
                mta.deliver(ant, letter(), {'recipients': RECIPIENTS, 'verp': True})
        else:
            mta.deliver(ant, letter(), {'recipients': RECIPIENTS, 'verp': True})
        assert getUtility(ITemplateLoader) is loader
        assert config.handlers['decorate'] is decorate
        assert ant.members is roster
        assert type(roster) is MemberRoster


def test_a_changed_footer_is_in_the_next_message(ant, server, tmp_path):
    ant.personalize = Personalization.individual
    for text in ('First.\n', 'Second.\n'):
        set_template(ant, FOOTER, text, tmp_path)
        made = both(server, ant, letter(), {'anne@example.com'})
        assert made.transactions[0][2].endswith(text.strip().encode() + b'\r\n')


# Many recipients.


@pytest.mark.every_database
@pytest.mark.parametrize('footer', [PERSONAL_FOOTER, LINK_FOOTER])
def test_thousands_are_looked_up_in_portions(
    footer, ant, server, tmp_path, monkeypatch
):
    monkeypatch.setattr(lookups, 'TOGETHER', 3)
    set_template(ant, FOOTER, footer, tmp_path)
    ant.personalize = Personalization.full
    both(server, ant, letter(), verp=True)
    # Again, and not in the order of the recipients.
    both(server, ant, letter(), sorted(RECIPIENTS), verp=True)


def test_an_archiver_is_asked_once_where_the_message_will_be(
    ant, server, tmp_path, monkeypatch
):
    set_template(ant, FOOTER, PERSONAL_FOOTER, tmp_path)
    asked = []
    archiver = type(next(each for each in config.archivers if each.name == 'mhonarc'))
    permalink = archiver.permalink

    def counting(self, mlist, msg):
        asked.append(msg['message-id'])
        return permalink(self, mlist, msg)

    monkeypatch.setattr(archiver, 'permalink', counting)
    mta.deliver(ant, letter(), {'recipients': RECIPIENTS, 'verp': True})
    assert len(asked) == 1
    for delivery in server.outbox.deliveries:
        assert b'http://example.com/' in delivery.message.get_payload(decode=True)


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize(('footer', 'times'), [
    (None, 1), (LINK_FOOTER, 1), (PERSONAL_FOOTER, len(RECIPIENTS)),
])
def test_footers_alike_are_written_once(
    footer, times, shape, ant, server, tmp_path, monkeypatch
):
    set_template(ant, FOOTER, footer, tmp_path)
    written = []
    process = Decorate.process

    def counting(self, *given):
        written.append(given)
        process(self, *given)

    monkeypatch.setattr(Decorate, 'process', counting)
    link = {'decoration-data': {'dlist_link': 'https://example.com/t'}}
    msgdata = {'recipients': RECIPIENTS, 'verp': True, **link}
    mta.deliver(ant, letter(SHAPES[shape]), msgdata)
    assert len(written) == times
    assert len(server.outbox) == len(RECIPIENTS)


def test_handlers_see_real_members_and_messages(ant, server, monkeypatch):
    seen = []

    class Looking(Decorate):
        def process(self, mlist, msg, msgdata):
            member = msgdata['member']
            if member is not None:
                with counted() as asked:
                    seen.append((
                        type(msg), member.member_id, member.address.email,
                        member.display_name, member.preferred_language.code,
                        member.mailing_list is mlist, len(asked),
                    ))  # fmt: skip
            super().process(mlist, msg, msgdata)

    monkeypatch.setitem(config.handlers, 'decorate', Looking())
    mta.deliver(ant, letter(), {'recipients': RECIPIENTS, 'verp': True})
    members = {each.address.email: each for each in ant.members.members}
    assert {email for _kind, _id, email, *_ in seen} == set(members)
    for kind, member_id, email, name, language, same, asked in seen:
        assert (kind, same, asked) == (Message, True, 0)
        member = ant.members.get_member(email)
        assert (member_id, name) == (member.member_id, member.display_name)
        assert language == member.preferred_language.code


def test_the_log_has_a_line_for_each_message(ant, server):
    with logged() as lines:
        mta.deliver(ant, letter(), {'recipients': RECIPIENTS, 'verp': True})
    assert [line for line in lines if 'recips' in line] == [
        f'<picnic@example.net> smtp to ant@example.com for {len(RECIPIENTS)} recips, '
        'completed'
    ]
