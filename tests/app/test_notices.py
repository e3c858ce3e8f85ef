# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices: what they say, whom they reach, and when they stop."""

from __future__ import annotations

from email import message_from_string
from typing import Any

import pytest

from mailman_dlist.app import site
from mailman_dlist.app.notices import sending
from mailman_dlist.app.notices.sending import Notice
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.app.site import SiteSettings
from mailman_dlist.model.notices import NoticeCount
from tests.app.post import arrived
from tests.model.stage import DAY, count_rows, join, letter, pass_time, queued


pytestmark = pytest.mark.every_database


LAST = 'You have reached the daily limit of notices to your address (3).'


@pytest.fixture
def three_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, 'site_settings', lambda: SiteSettings(max_notices=3))


def notices_sent() -> list[Any]:
    return [msg for msg, _msgdata in queued('virgin')]


def acknowledge(mlist: Any, msg: Any, member: Any, picnic: Any) -> None:
    notice = sending.write_about(mlist, member, 'dlist:notice:muted', picnic)
    sending.send(mlist, notice, member, answers=msg)


def give_back(mlist: Any, msg: Any, extension: str = 'picnik') -> None:
    refuse(arrived(mlist, msg, extension), Judgement(Fate.unknown))


def test_an_acknowledgement_says_what_is_true_now(mlist, picnic):
    anne = join(mlist, 'Anne')
    msg = letter(anne, '', message_id='<command@example.com>')
    acknowledge(mlist, msg, anne, picnic)
    [notice] = notices_sent()
    assert notice['to'] == 'anne@example.com'
    assert notice['from'] == 'ant-owner@example.com'
    assert str(notice['subject']) == 'Conversation "picnic" on Ant'
    assert notice['auto-submitted'] == 'auto-replied'
    assert notice['in-reply-to'] == notice['references'] == '<command@example.com>'
    said = notice.get_payload(decode=True).decode()
    assert 'You have muted the conversation "picnic" on Ant' in said
    assert 'ant+picnic+subscribe@example.com' in said


def test_the_answer_goes_to_the_address_that_the_command_came_from(mlist, picnic):
    anne = join(mlist, 'Anne')
    anne.user.register('anne@example.net')
    msg = letter('anne@example.net')
    acknowledge(mlist, msg, anne, picnic)
    [notice] = notices_sent()
    assert notice['to'] == 'anne@example.net'


def test_no_answer_goes_to_who_only_claims_to_be_a_member(mlist, picnic):
    anne = join(mlist, 'Anne')
    # Core's rule believes Reply-To, and would answer Mallory.
    msg = letter('mallory@example.net')
    msg['Reply-To'] = 'anne@example.com'
    acknowledge(mlist, msg, anne, picnic)
    [notice] = notices_sent()
    assert notice['to'] == 'anne@example.com'


def test_the_last_notice_of_a_day_says_so_and_then_there_is_silence(
    mlist, picnic, three_a_day
):
    anne, bart = join(mlist, 'Anne'), join(mlist, 'Bart')

    def acknowledged(member: Any) -> list[bool]:
        acknowledge(mlist, letter(member), member, picnic)
        return [LAST in notice.as_string() for notice in notices_sent()]

    for _day in range(2):
        assert [acknowledged(anne) for _ in range(5)] == [
            [False], [False], [True], [], [],
        ]
        # Others have their own.
        assert acknowledged(bart) == [False]
        pass_time(DAY)
    # Of days gone by nothing is kept.
    assert acknowledged(bart) == [False]
    assert count_rows(NoticeCount) == {'dlist_notice': 1}


def test_mail_that_is_not_posted_comes_back_however_many_there_were(
    mlist, three_a_day
):
    anne = join(mlist, 'Anne')
    for number in range(5):
        msg = letter(anne, 'Lake', message_id=f'<{number}@example.com>')
        give_back(mlist, msg)
    sent = notices_sent()
    assert len(sent) == 5
    assert LAST not in ''.join(notice.as_string() for notice in sent)
    assert count_rows(NoticeCount) == {'dlist_notice': 0}


def test_mail_comes_back_whole(mlist):
    msg = letter('stranger@example.net', 'Lake', X_Note='Keep this')
    give_back(mlist, msg)
    [notice] = notices_sent()
    assert notice['to'] == 'stranger@example.net'
    assert str(notice['subject']) == 'Your message to Ant was not posted'
    said, original = notice.get_payload()
    assert 'ant+picnik@example.com' in said.get_payload(decode=True).decode()
    [inner] = original.get_payload()
    assert inner['subject'] == 'Lake'
    assert inner['x-note'] == 'Keep this'
    assert inner.get_payload() == msg.get_payload()


@pytest.mark.parametrize('text', [
    'From where do you know us?\n', 'Hello.\n\nFrom now on.\n', 'Grüße\nFrom us\n',
])
def test_a_line_that_begins_with_from_arrives_as_it_was_written(text, mlist):
    notice = Notice('Questions', text, mlist.preferred_language)
    sending.send(mlist, notice, 'anne@example.com', limited=False)
    [sent] = notices_sent()
    received = message_from_string(sent.as_string())
    said = received.get_payload(decode=True)
    assert isinstance(said, bytes)
    assert said.decode() == text


def test_mail_without_a_sender_is_returned_to_nobody(mlist):
    msg = letter('')
    del msg['from']
    give_back(mlist, msg)
    assert notices_sent() == []


@pytest.mark.parametrize('charset_of', ['en', 'fr', 'ja'])
def test_a_subject_in_any_script_is_quoted(charset_of, mlist, picnic):
    """The charset of a language may not hold what a subject says."""
    picnic.subject = 'Café 🐜'
    anne = join(mlist, 'Anne')
    anne.preferences.preferred_language = charset_of
    acknowledge(mlist, letter(anne), anne, picnic)
    give_back(mlist, letter(anne), 'é🐜')
    acknowledged, returned = notices_sent()
    assert 'Café 🐜' in text_of(acknowledged)
    assert 'ant+é🐜@example.com' in text_of(returned.get_payload(0))


def text_of(part: Any) -> str:
    return part.get_payload(decode=True).decode(part.get_content_charset())
