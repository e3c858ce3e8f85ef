# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in one copy alone stands in that of the right reader, and only there.

Messages go through our pipeline, the out queue and Mailman's own delivery; what it
would hand to the mail server is looked at, every single copy.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mailman.config import config
from mailman.core.pipelines import process
from mailman.interfaces.archiver import ArchivePolicy
from mailman.interfaces.mailinglist import Personalization
from mailman.mta.connection import Connection
from mailman.runners.outgoing import OutgoingRunner

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.app.links import keys
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Default, Why
from mailman_dlist.domain.links import token
from mailman_dlist.domain.links.token import Link, LinkAction
from mailman_dlist.handlers import decoration
from mailman_dlist.handlers.decoration import REASONS, Decoration
from mailman_dlist.interfaces.dlist import PIPELINE, OneClick
from mailman_dlist.model.session import store
from tests.app.web import BASE, PERSONAL, open_web
from tests.model.stage import (
    join,
    join_all,
    letter,
    new_list,
    now,
    person,
    queued,
    run,
    verify,
)


PLAIN = f'{BASE}/lists/ant.example.com/conversations/picnic/'
MUTE = '<mailto:ant+picnic+unsubscribe@example.com>'
LEAVE = '<mailto:ant-leave@example.com>'


class Copy(NamedTuple):
    """What the mail server gets: one message for one reader, or for many."""

    readers: list[str]
    message: EmailMessage
    octets: bytes

    @property
    def tokens(self) -> set[str]:
        unfolded = re.sub(rb'\r?\n[ \t]', b'', self.octets).decode('ascii')
        return set(re.findall(re.escape(PERSONAL) + r'([\w-]+)', unfolded))

    @property
    def links(self) -> list[Link]:
        read = [
            token.read(each, keys.accepted(), now().date()) for each in self.tokens
        ]
        return [link for link in read if link is not None]

    @property
    def text(self) -> str:
        return str(self.message.get_content())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Copy]:
    """What the mail server got."""
    copies: list[Copy] = []

    def sendmail(_self: Any, _sender: str, readers: list[str], msg: Any) -> Any:
        octets = msg.as_bytes()
        parsed = message_from_bytes(octets, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        copies.append(Copy(list(readers), parsed, octets))
        return {}

    monkeypatch.setattr(Connection, 'sendmail', sendmail)
    monkeypatch.setattr(Connection, 'quit', lambda self: None)
    return copies


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return open_web(tmp_path, monkeypatch)


@pytest.fixture
def mlist(mailman: Any, web: Path) -> Any:
    """The dlist ant, made on a site with web pages."""
    return new_list()


def post(mlist: Any, sender: Any, extension: str = 'new', **fields: str) -> None:
    """Send a message on its way, to the end."""
    msg = letter(sender, 'Picnic', **fields)
    msgdata = {metadata.EXTENSION: extension, 'listid': mlist.list_id}
    process(mlist, msg, msgdata, PIPELINE)
    run(OutgoingRunner, 'out')


def by_reader(copies: list[Copy]) -> dict[str, Copy]:
    """Return the copies of a personalised delivery."""
    assert all(len(copy.readers) == 1 for copy in copies)
    assert len({copy.readers[0] for copy in copies}) == len(copies)
    return {copy.readers[0]: copy for copy in copies}


def members(mlist: Any) -> dict[str, Any]:
    return {each.address.email: each for each in mlist.members.members}


# Whose link it is.


def test_nobody_ever_gets_the_link_of_another(mlist, sent):
    dora = join(mlist, 'Dora')
    names = [f'Reader{number}' for number in range(12)]
    for number, name in enumerate(names):
        reader = join(mlist, name, as_user=number % 3 == 0)
        if number % 4 == 0:
            choices.settings_of(mlist, reader).default = Default.openings
    post(mlist, dora)
    opening = by_reader(sent)
    assert opening.keys() == members(mlist).keys()
    sent.clear()
    post(mlist, dora, 'picnic')
    reply = by_reader(sent)
    assert len(reply) == 10
    tokens = set()
    for copies in opening, reply:
        for email, reader_copy in copies.items():
            [link] = reader_copy.links
            member = members(mlist)[email]
            assert link.member_id == member.member_id
            hears = choices.default_of(mlist, member) is Default.everything
            assert link.action is (LinkAction.mute if hears else LinkAction.follow)
            assert link.last_day == now().date().replace(year=now().year + 1)
            tokens |= reader_copy.tokens
    assert len(tokens) == 13


def test_a_linked_address_has_the_link_of_its_membership(mlist, sent):
    anne = person('Anne')
    other = anne.register('anne@example.net', 'Anne')
    verify(other)
    member = mlist.subscribe(other)
    post(mlist, 'stranger')
    [link] = by_reader(sent)['anne@example.net'].links
    assert link.member_id == member.member_id


def test_who_is_no_member_gets_the_plain_link(mlist, sent, monkeypatch):
    join(mlist, 'Anne')

    def add(mlist: Any, msg: Any, msgdata: Any) -> None:
        msgdata['recipients'].add('guest@example.net')

    monkeypatch.setattr(config.handlers['avoid-duplicates'], 'process', add)
    post(mlist, 'stranger')
    copies = by_reader(sent)
    guest = copies['guest@example.net']
    assert guest.tokens == set()
    assert PLAIN in guest.text
    assert guest.message['X-Dlist-Reason'] is None
    assert len(copies['anne@example.com'].links) == 1


def test_a_copy_for_somebody_else_has_no_personal_link(mlist):
    anne, bart = join_all(mlist, 'Anne', 'Bart')
    elsewhere = join(new_list('bee'), 'Anne')
    for member, recipient, own in (
        (anne, 'anne@example.com', True),
        (anne, 'Anne@Example.com', True),
        (bart, 'anne@example.com', False),
        (elsewhere, 'anne@example.com', False),
        (None, 'anne@example.com', False),
        (anne, None, False),
    ):
        msg = letter()
        told = out_data(member=member, recipient=recipient)
        config.handlers['decorate'].process(mlist, msg, told)
        assert (PERSONAL in msg.get_payload()) is own
        assert ('X-Dlist-Reason' in msg) is own


def out_data(**more: Any) -> dict[str, Any]:
    """Return the metadata of a message on its way out, to Anne and Bart."""
    return {
        metadata.CONVERSATION: 'picnic',
        metadata.CONVERSATION_ID: 1,
        metadata.ACTION: 'mute',
        metadata.REASONS: {'anne@example.com': 1, 'bart@example.com': 1},
        'decoration-data': {
            'dlist_footer': 'dlist:footer:conversation', 'dlist_link': PLAIN,
        },
        **{name: value for name, value in more.items() if value is not None},
    }


# Which link it is.


@pytest.mark.parametrize(('personalize', 'own'), [
    (Personalization.none, False),
    (Personalization.individual, True),
    (Personalization.full, True),
])
def test_links_are_personal_where_delivery_is(personalize, own, mlist, sent):
    mlist.personalize = personalize
    join_all(mlist, 'Anne', 'Bart')
    post(mlist, 'stranger')
    assert len(sent) == (2 if own else 1)
    for each in sent:
        assert bool(each.links) is own
        assert (PLAIN in each.text) is not own
        assert ('X-Dlist-Reason' in each.message) is own


def test_mail_that_is_delivered_one_by_one_for_its_bounces_is_personal(mlist, sent):
    mlist.personalize = Personalization.none
    join_all(mlist, 'Anne', 'Bart')
    config.push('verp', '[mta]\nverp_delivery_interval: 1\n')
    try:
        post(mlist, 'stranger')
    finally:
        config.pop('verp')
    for each in by_reader(sent).values():
        assert len(each.links) == 1
        assert each.message['X-Dlist-Reason'] == REASONS[Why.everything]


@pytest.mark.parametrize('personalize', Personalization)
def test_a_site_without_web_pages_has_no_links(
    personalize, mlist, sent, tmp_path, monkeypatch
):
    file = open_web(tmp_path, monkeypatch, web_base_url='')
    mlist.personalize = personalize
    lists.settings(mlist).one_click = OneClick.conversation
    join(mlist, 'Anne')
    post(mlist, 'stranger')
    [only] = sent
    assert 'On the web' not in only.text
    assert 'dlist_link' not in only.text
    assert 'http' not in only.message['List-Unsubscribe']
    assert only.message['List-Unsubscribe-Post'] is None
    assert not file.exists()


@pytest.mark.parametrize(('base', 'expected'), [
    (BASE, Personalization.individual), ('', Personalization.none),
])
def test_the_style_personalises_where_there_are_links(
    base, expected, mailman, tmp_path, monkeypatch
):
    open_web(tmp_path, monkeypatch, web_base_url=base)
    assert new_list().personalize is expected


def test_a_list_without_footers_has_no_links_in_the_text(mlist, sent):
    lists.settings(mlist).footers = False
    lists.settings(mlist).one_click = OneClick.conversation
    join(mlist, 'Anne')
    post(mlist, 'stranger')
    [only] = sent
    assert 'http' not in only.text
    assert len(only.links) == 1


@pytest.mark.parametrize('theirs', [
    'Conversation $dlist_name.\n', 'Conversation $dlist_name.\nSee $dlist_link\n',
])
def test_a_template_of_the_site_names_the_link_or_not(theirs, mlist, sent):
    file = Path(config.TEMPLATE_DIR) / 'site/en/dlist:footer:conversation.txt'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(theirs)
    try:
        join(mlist, 'Anne')
        post(mlist, 'stranger')
    finally:
        file.unlink()
    [only] = sent
    assert 'Conversation picnic.\n' in only.text
    assert len(only.links) == theirs.count('$dlist_link')


# What the unsubscribe button of a mail program is about.


@pytest.mark.parametrize(('one_click', 'personal', 'base', 'hears', 'expected'), [
    *((OneClick.list, personal, base, hears, LEAVE)
      for personal in (False, True) for base in (BASE, '') for hears in (False, True)),
    # There is nothing to mute for who hears no more of it.
    *((OneClick.conversation, personal, base, False, LEAVE)
      for personal in (False, True) for base in (BASE, '')),
    (OneClick.conversation, False, BASE, True, MUTE),
    (OneClick.conversation, False, '', True, MUTE),
    (OneClick.conversation, True, '', True, MUTE),
    # RFC 8058 asks for https.
    (OneClick.conversation, True, 'http://lists.example.com', True, MUTE),
    (OneClick.conversation, True, BASE, True, 'LINK'),
])
def test_the_unsubscribe_button(
    one_click, personal, base, hears, expected, mlist, sent, tmp_path, monkeypatch
):
    open_web(tmp_path, monkeypatch, web_base_url=base)
    mlist.personalize = (
        Personalization.individual if personal else Personalization.none
    )
    lists.settings(mlist).one_click = one_click
    anne = join(mlist, 'Anne')
    if not hears:
        choices.settings_of(mlist, anne).default = Default.openings
    post(mlist, 'stranger')
    [only] = sent
    if expected == 'LINK':
        [text] = only.tokens
        expected = f'<{PERSONAL}{text}>, {MUTE}'
        assert only.message['List-Unsubscribe-Post'] == 'List-Unsubscribe=One-Click'
        assert only.links[0].action is LinkAction.mute
    else:
        assert only.message['List-Unsubscribe-Post'] is None
    [value] = only.message.get_all('List-Unsubscribe', [])
    # Long ones are folded.
    assert ' '.join(value.split()) == expected


def test_what_an_author_wrote_about_unsubscribing_goes(mlist, sent):
    lists.settings(mlist).one_click = OneClick.conversation
    mlist.personalize = Personalization.none
    join(mlist, 'Anne')
    post(
        mlist, 'stranger', List_Unsubscribe='<https://evil.example/>',
        List_Unsubscribe_Post='List-Unsubscribe=One-Click',
        X_Dlist_Reason='because', X_Dlist_Anything='x',
    )
    [only] = sent
    assert only.message.get_all('List-Unsubscribe') == [MUTE]
    assert only.message['List-Unsubscribe-Post'] is None
    ours = [name for name in only.message if name.startswith('X-Dlist-')]
    assert ours == ['X-Dlist-Conversation']


def test_a_list_without_list_fields_gets_none_of_ours(mlist, sent):
    lists.settings(mlist).one_click = OneClick.conversation
    mlist.include_rfc2369_headers = False
    join(mlist, 'Anne')
    post(mlist, 'stranger')
    [only] = sent
    assert not [name for name in only.message if name.startswith('List-Unsub')]
    assert len(only.links) == 1


# Why somebody gets it.


def test_everybody_is_told_the_own_reason(mlist, sent):
    anne, bart, _cris, dora = join_all(mlist, 'Anne', 'Bart', 'Cris', 'Dora')
    choices.settings_of(mlist, bart).default = Default.openings
    post(mlist, dora)
    assert reasons(sent) == {
        'anne': Why.everything, 'bart': Why.openings,
        'cris': Why.everything, 'dora': Why.opened,
    }
    post(mlist, anne, 'picnic')
    sent.clear()
    picnic = lists.model.store().query(choices.Conversation).one()
    choices.choose(mlist, picnic, bart, Choice.follow, By(Door.link))
    post(mlist, dora, 'picnic')
    assert reasons(sent) == {
        'anne': Why.replied, 'bart': Why.followed,
        'cris': Why.everything, 'dora': Why.opened,
    }


def reasons(copies: list[Copy]) -> dict[str, Why]:
    whys = {text: why for why, text in REASONS.items()}
    return {
        email.partition('@')[0]: whys[each.message['X-Dlist-Reason']]
        for email, each in by_reader(copies).items()
    }


def test_every_reason_has_a_sentence_of_its_own():
    assert REASONS.keys() == set(Why)
    assert len(set(REASONS.values())) == len(REASONS)
    assert all(text.isascii() for text in REASONS.values())


# What is left alone.


def no_post(told: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in told.items() if key != metadata.CONVERSATION_ID}


UNTOUCHED: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    no_post,
    lambda told: told | {'isdigest': True},
    lambda told: told | {'nodecorate': True},
]


@pytest.mark.parametrize('change', UNTOUCHED)
def test_other_mail_passes_as_it_would_without_us(change, mlist):
    lists.settings(mlist).one_click = OneClick.conversation
    anne = join(mlist, 'Anne')
    told = change(
        out_data(member=anne, recipient='anne@example.com')
        | {metadata.UNSUBSCRIBE: 'ant+picnic+unsubscribe@example.com'}
    )
    wrapped = config.handlers['decorate']
    assert isinstance(wrapped, Decoration)
    ours, theirs = copy.deepcopy(msg := letter()), copy.deepcopy(msg)
    wrapped.process(mlist, ours, dict(told))
    wrapped._handler.process(mlist, theirs, dict(told))
    assert ours.as_bytes() == theirs.as_bytes()


def test_mail_of_a_plain_list_passes_as_it_would_without_us(mlist, sent):
    cat = new_list('cat', style='legacy-default')
    cat.personalize = Personalization.individual
    join(cat, 'Anne')
    msg = letter('Anne', to='cat@example.com', X_Dlist_Reason='whatever')
    for handler in config.handlers['decorate'], config.handlers['decorate']._handler:
        config.handlers['decorate'], kept = handler, config.handlers['decorate']
        try:
            process(
                cat, copy.deepcopy(msg), {'listid': cat.list_id},
                'default-posting-pipeline',
            )
            run(OutgoingRunner, 'out')
        finally:
            config.handlers['decorate'] = kept
    ours, theirs = sent
    assert ours.octets == theirs.octets


def test_what_mailman_hands_over_is_not_changed(mlist):
    anne = join(mlist, 'Anne')
    told = out_data(member=anne, recipient='anne@example.com')
    before = copy.copy(told), copy.deepcopy(told['decoration-data'])
    config.handlers['decorate'].process(mlist, letter(), told)
    assert (told, told['decoration-data']) == before


def test_neither_archive_nor_digest_has_a_personal_link(mlist, sent):
    mlist.archive_policy = ArchivePolicy.public
    mlist.digests_enabled = True
    lists.settings(mlist).one_click = OneClick.conversation
    join(mlist, 'Anne')
    post(mlist, 'stranger')
    assert len(sent[0].links) == 1
    [(archived, _told)] = queued('archive')
    digest = (Path(mlist.data_path) / 'digest.mmdf').read_bytes()
    for stored in archived.as_bytes(), digest:
        assert b'picnic' in stored
        for ours in b'/dlist/t/', b'X-Dlist-Reason', b'List-Unsubscribe-Post':
            assert ours not in stored
    assert archived['List-Unsubscribe'] == LEAVE


def test_hooks_that_run_twice_wrap_once(mailman):
    handler = config.handlers['decorate']
    config.plugins['dlist'].post_hook()
    assert config.handlers['decorate'] is handler
    assert not isinstance(handler._handler, Decoration)
    assert handler.name == 'decorate'


# A key file with a fault.


def test_mail_goes_out_with_plain_links_while_there_is_no_sound_key(
    mlist, sent, web, caplog
):
    decoration._complain.cache_clear()
    lists.settings(mlist).one_click = OneClick.conversation
    join_all(mlist, 'Anne', 'Bart')
    web.write_text('1 nothing\n')
    web.chmod(0o600)
    with caplog.at_level(logging.ERROR, 'mailman.plugins.dlist'):
        post(mlist, 'stranger')
    for each in by_reader(sent).values():
        assert each.tokens == set()
        assert PLAIN in each.text
        assert each.message['List-Unsubscribe'] == MUTE
        assert each.message['X-Dlist-Reason'] == REASONS[Why.everything]
    [complaint] = [each for each in caplog.messages if 'personal' in each]
    assert 'line 1 is not an id' in complaint
    assert store().is_active
