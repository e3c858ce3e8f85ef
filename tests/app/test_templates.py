# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that people get is there, whole, and may be replaced by others."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.template import ITemplateLoader, ITemplateManager
from mailman.utilities.i18n import TemplateNotFoundError
from mailman.utilities.string import expand
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.notices import sending, templates, wording
from mailman_dlist.app.notices.templates import (
    FOOTER_OF_LIST,
    FOOTERS,
    MASTHEAD_OF_DIGEST,
    TEMPLATES,
    WELCOME_OF_LIST,
)
from mailman_dlist.app.posts import delivery
from mailman_dlist.domain.following import Default, Why
from tests.app.post import open_conversation, posted
from tests.model.stage import letter, new_list


MUTED = 'dlist:notice:muted'

# A language of Mailman's that we have no templates in.
FAR = 'ja'


def shipped(language: str = 'en') -> set[str]:
    directory = files('mailman_dlist') / 'templates' / language
    return {path.name for path in directory.iterdir() if path.name.endswith('.txt')}


def test_what_we_ship_is_what_is_known():
    assert shipped() == {f'{name.replace(":", "-")}.txt' for name in TEMPLATES}


def facts(mlist: Any) -> dict[str, str]:
    """Return all that any template may name."""
    accepted = posted(mlist, letter('stranger'))
    heard = {'anne@example.com': Why.everything}
    [group] = delivery.groups(accepted, heard, {'a@b.c'})
    return {
        **templates.facts_of(mlist),
        **sending.facts_about(mlist, accepted.conversation),
        **group.decoration,
        'address': 'ant+picnik@example.com',
        'suggestions': 'Did you mean one of these?\n\n',
        'opening': 'To start a new conversation, write to\n    ant+new@example.com\n',
        'max_notices': '50',
        'default': 'By default, you receive every message.',
        'follow_opened': 'on',
        'follow_replied': 'on',
        'conversations': 'picnic: you follow it',
        'until': '2026-06-24 12:00 UTC',
        'change': 'Close it: replies are returned to their authors.',
        'state': 'It is closed: replies are returned to their authors.',
        'undo': 'To open it, send any message to\n    ant+picnic+reopen@example.com',
        'days': '30',
        'missed': '3',
        'archive': '',
        'standing': 'you receive all messages',
        'requests': 'picnic: Picnic',
        'user_email': 'anne@example.com',
        'questions': 'Who are you?',
        'minimum': '1', 'length': '0', 'maximum': '9', 'enough': 'Any.',
        'problem': 'It is too short.',
        'join_email': 'ant-join@example.com',
        'aliases': '',
        'alias': 'shade@example.net',
        'member_email': 'anne@example.com',
        'email': 'me@example.net',
        'reason': 'The address is banned from the list.',
        'link': '',
        'attached': 'Your message is attached, so nothing is lost.',
    }


@pytest.mark.parametrize('name', sorted(TEMPLATES))
def test_a_template_says_all_it_has_to(name, mlist):
    text = templates.text(name, mlist, 'en')
    said = expand(text, mlist, facts(mlist))
    assert '$' in text
    assert '$' not in said
    assert all(len(line) <= 72 for line in said.splitlines())
    # It would leave as ">From ".
    assert not any(line.startswith('From ') for line in said.splitlines())
    assert text.endswith('\n')


# The last of a day stands below another one.
NOTICES = {name for name in TEMPLATES if 'notice' in name} - {'dlist:notice:last-today'}


@pytest.mark.parametrize('name', sorted(NOTICES))
def test_a_notice_says_how_to_reach_a_person(name, mlist):
    said = expand(templates.text(name, mlist, 'en'), mlist, facts(mlist))
    assert 'ant-owner@example.com' in said


# Others may put theirs in place of ours, as of Mailman's.


def write(*path: str, text: str) -> Path:
    """Write a file below the template directory of the site."""
    file = Path(config.TEMPLATE_DIR).joinpath(*path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding='utf-8')
    return file


@pytest.mark.parametrize('place', [
    ('lists', 'ant.example.com'), ('domains', 'example.com'), ('site',),
])
def test_a_file_of_the_site_replaces_ours(place, mlist):
    file = write(*place, 'en', f'{MUTED}.txt', text='Hush, $name.\n')
    try:
        assert templates.text(MUTED, mlist, 'en') == 'Hush, $name.\n'
        other = templates.text('dlist:notice:followed', mlist, 'en')
        assert other.startswith('You now follow')
    finally:
        file.unlink()
    assert templates.text(MUTED, mlist, 'en').startswith('You have muted')


@pytest.mark.parametrize('context', ['ant.example.com', 'example.com', None])
def test_a_template_that_an_owner_set_replaces_ours(context, mlist, tmp_path):
    theirs = tmp_path / 'theirs.txt'
    theirs.write_text('Chut, $name.\n')
    getUtility(ITemplateManager).set(MUTED, context, theirs.as_uri())
    config.db.commit()
    assert templates.text(MUTED, mlist, 'en') == 'Chut, $name.\n'


@pytest.mark.parametrize('address', [
    'file:///nowhere/muted.txt', 'http://127.0.0.1:1/muted.txt', 'mailman:///x.txt',
])
def test_an_address_where_no_template_is_leaves_ours(address, mlist):
    getUtility(ITemplateManager).set(MUTED, mlist.list_id, address)
    config.db.commit()
    assert templates.text(MUTED, mlist, 'en').startswith('You have muted')


def test_a_language_we_do_not_have_is_answered_in_english(mlist):
    assert not (files('mailman_dlist') / 'templates' / FAR).is_dir()
    assert templates.text(MUTED, mlist, FAR) == templates.text(MUTED, mlist, 'en')


def test_the_site_may_have_a_language_that_we_do_not(mlist):
    file = write('site', FAR, f'{MUTED}.txt', text='静かに $name\n')
    try:
        assert templates.text(MUTED, mlist, FAR) == '静かに $name\n'
        assert templates.text(MUTED, mlist, 'en').startswith('You have muted')
    finally:
        file.unlink()


def test_a_template_that_nobody_has_is_missed(mlist):
    with pytest.raises(TemplateNotFoundError):
        templates.text('dlist:notice:dance', mlist, 'en')


# The footer of a conversation stands above the list's own.


@pytest.mark.parametrize('hears_replies', [True, False])
def test_our_footer_stands_above_the_one_of_the_list(hears_replies, mlist):
    loader = getUtility(ITemplateLoader)
    theirs = loader.get(FOOTER_OF_LIST, mlist)
    assert theirs
    ours = templates.text(FOOTERS[hears_replies], mlist, 'en')
    link = 'https://lists.example.com/'
    both = loader.get(
        FOOTER_OF_LIST, mlist, dlist_footer=FOOTERS[hears_replies], dlist_link=link
    )
    assert both == ours + theirs
    header = 'list:member:regular:header'
    assert loader.get(header, mlist, dlist_footer=FOOTERS[True]) == ''


@pytest.mark.parametrize(('theirs', 'without'), [
    ('Read on:\n  $dlist_link\nBye.\n', 'Read on:\nBye.\n'),
    ('A $dlist_link B\n', ''),
    ('At ${dlist_link}', ''),
    ('Mute: $dlist_mute_address\n', 'Mute: $dlist_mute_address\n'),
    # Another variable, whatever it is.
    ('$dlist_linked\n', '$dlist_linked\n'),
])
def test_a_line_with_the_link_is_there_where_a_link_is(
    theirs, without, mlist
):
    loader = getUtility(ITemplateLoader)
    below = loader.get(FOOTER_OF_LIST, mlist)
    file = write('site', 'en', f'{FOOTERS[True]}.txt', text=theirs)
    try:
        for link, footer in ('https://a.example/', theirs), ('', without):
            both = loader.get(
                FOOTER_OF_LIST, mlist, dlist_footer=FOOTERS[True], dlist_link=link
            )
            assert both == footer + below
    finally:
        file.unlink()


def test_the_loader_leaves_all_others_to_the_one_before(mlist):
    loader = getUtility(ITemplateLoader)
    name = 'list:user:notice:goodbye'
    assert loader.get(name, mlist) == loader._loader.get(name, mlist)


# What we welcome with stands below what the list welcomes with.


@pytest.mark.parametrize('default', Default)
def test_the_welcome_tells_what_a_new_member_hears(default, mlist, tmp_path):
    theirs = tmp_path / 'theirs.txt'
    theirs.write_text('Welcome, $user_name!\n\n\n')
    getUtility(ITemplateManager).set(WELCOME_OF_LIST, mlist.list_id, theirs.as_uri())
    lists.settings(mlist).new_member_default = default
    config.db.commit()
    said = getUtility(ITemplateLoader).get(WELCOME_OF_LIST, mlist)
    assert said.startswith('Welcome, $user_name!\n\nYou need not do anything')
    assert wording.of_default(default) in said
    assert 'ant-request@example.com' in said
    assert 'ant+new@example.com' in said
    assert 'ant+help@example.com' in said


def test_a_plain_list_welcomes_as_ever(mailman):
    plain = new_list('bee', 'legacy-default')
    loader = getUtility(ITemplateLoader)
    assert loader.get(WELCOME_OF_LIST, plain) == (
        loader._loader.get(WELCOME_OF_LIST, plain)
    )


@pytest.mark.parametrize('language', ['en', 'de', FAR])
def test_a_digest_begins_with_a_text_of_ours_where_there_is_no_other(language, mlist):
    mlist.preferred_language = language
    loader = getUtility(ITemplateLoader)
    said = loader.get(MASTHEAD_OF_DIGEST, mlist)
    assert 'ant+new@example.com' in said
    assert 'ant+help@example.com' in said
    assert 'ant-owner@example.com' in said
    assert '$' not in said
    file = write('site', language, f'{MASTHEAD_OF_DIGEST}.txt', text='Hello!\n')
    try:
        assert loader.get(MASTHEAD_OF_DIGEST, mlist) == 'Hello!\n'
    finally:
        file.unlink()


def test_a_digest_of_a_plain_list_begins_as_ever(mailman):
    plain = new_list('bee', 'legacy-default')
    loader = getUtility(ITemplateLoader)
    assert loader.get(MASTHEAD_OF_DIGEST, plain) == (
        loader._loader.get(MASTHEAD_OF_DIGEST, plain)
    )


def test_a_list_without_footers_sends_none(mlist):
    conversation = open_conversation(mlist)
    for footers, decoration in (True, 'dlist:footer:conversation'), (False, None):
        lists.settings(mlist).footers = footers
        accepted = posted(mlist, letter('stranger'), conversation.name)
        [group] = delivery.groups(accepted, {}, {'anne@example.com'})
        assert group.decoration.get('dlist_footer') == decoration
