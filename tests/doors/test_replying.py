# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies to all go to the conversation, and no post stands apart from it."""

from __future__ import annotations

from email.utils import make_msgid
from typing import Any

import pytest
from mailman.config import config
from mailman.core.pipelines import process
from mailman.interfaces.mailinglist import DMARCMitigateAction, ReplyToMunging

from mailman_dlist import metadata
from mailman_dlist.interfaces.dlist import PIPELINE
from tests.model.stage import (
    DAY,
    counted,
    give_alias,
    join,
    letter,
    new_list,
    pass_time,
    queued,
)


PICNIC = 'ant+picnic@example.com'


@pytest.fixture
def mlist(mailman: Any) -> Any:
    mlist = new_list()
    for name in 'Anne', 'Bart':
        join(mlist, name)
    return mlist


def post(mlist: Any, msg: Any, extension: str = 'new+picnic') -> Any:
    """Let a message pass the pipeline; return how it goes out."""
    pass_time(DAY)
    process(mlist, msg, {metadata.EXTENSION: extension}, PIPELINE)
    config.db.commit()
    # Copies go into the archives; notices to nobody here.
    queued('archive')
    queued('virgin')
    [(sent, _msgdata), *_others] = queued('out')
    return sent


def followup_to(sent: Any) -> list[str]:
    [value] = sent.get_all('mail-followup-to', [''])
    return [each.strip() for each in value.split(',') if each]


# Mail-Followup-To.


@pytest.mark.parametrize(('fields', 'expected'), [
    ({}, [PICNIC]),
    ({'Cc': 'bart@example.com'}, [PICNIC]),
    ({'Cc': 'Bart <BART@example.com>, ant@example.com'}, [PICNIC]),
    ({'Reply-To': 'anne@home.example'}, [PICNIC]),
    # People whom the list does not reach.
    ({'Cc': 'Caterer <c@example.net>, bart@example.com'}, [PICNIC, 'c@example.net']),
    ({'From': 'dora@example.net'}, [PICNIC, 'dora@example.net']),
    ({'From': 'dora@example.net', 'Reply-To': 'd@home.example'},
     [PICNIC, 'd@home.example']),
    # An alias is nothing that others may learn of.
    ({'From': 'x@example.net'}, [PICNIC]),
    # The author's own; the list becomes the conversation there as well.
    ({'Mail-Followup-To': 'ant@example.com, c@example.net'},
     [PICNIC, 'c@example.net']),
    ({'Mail-Followup-To': 'bee@example.com'}, ['bee@example.com']),
    # Replies go to the list anyway.
    ({'Reply-To': 'ant@example.com'}, []),
    # A tracker may read replies itself.
    ({'Auto-Submitted': 'auto-generated'}, []),
])
def test_replies_to_all_go_to_the_conversation(fields, expected, mlist):
    give_alias(mlist, mlist.members.get_member('anne@example.com'), 'x@example.net')
    msg = letter('Anne')
    for name, value in fields.items():
        del msg[name]
        msg[name] = value
    assert followup_to(post(mlist, msg)) == expected


@pytest.mark.parametrize('setting', [
    {'reply_goes_to_list': ReplyToMunging.point_to_list},
    {'reply_goes_to_list': ReplyToMunging.explicit_header},
    {'reply_goes_to_list': ReplyToMunging.explicit_header_only},
    {'anonymous_list': True},
])
def test_owners_who_say_where_replies_go_have_their_way(setting, mlist):
    mlist.reply_to_address = 'elsewhere@example.net'
    for name, value in setting.items():
        setattr(mlist, name, value)
    assert followup_to(post(mlist, letter('Anne'))) == []


@pytest.mark.parametrize('action', [
    DMARCMitigateAction.munge_from, DMARCMitigateAction.wrap_message
])
def test_it_survives_what_dmarc_needs(action, mlist):
    mlist.dmarc_mitigate_action = action
    mlist.dmarc_mitigate_unconditionally = True
    assert followup_to(post(mlist, letter('Anne'))) == [PICNIC]


# References.


def archives_below(msg: Any) -> str | None:
    """Return the message that HyperKitty 1.3 puts one below.

    That in In-Reply-To or, if it is missing or blank, the last of References.
    """
    answered = str(msg['in-reply-to'] or '').strip()
    named = answered or (str(msg['references'] or '').split() or [''])[-1]
    return named or None


def names(msg: Any) -> list[str]:
    return str(msg['references'] or '').split()


def opened(mlist: Any, **fields: str) -> str:
    return str(post(mlist, letter('Anne', **fields))['message-id'])


@pytest.mark.every_database
@pytest.mark.parametrize('way', ['as it is', 'anonymous', 'wrapped', 'alias'])
def test_a_post_by_hand_names_the_opening_and_the_last_post(way, mlist):
    mlist.anonymous_list = way == 'anonymous'
    if way == 'wrapped':
        mlist.dmarc_mitigate_action = DMARCMitigateAction.wrap_message
        mlist.dmarc_mitigate_unconditionally = True
    sender = 'Anne'
    if way == 'alias':
        sender = 'x@example.net'
        give_alias(mlist, mlist.members.get_member('anne@example.com'), sender)
    went_out: list[str] = []
    for extension in 'new+picnic', 'picnic', 'picnic', 'picnic':
        # Whatever came in, others know the ids that went out.
        sent = post(mlist, letter(sender), extension)
        expected = list(dict.fromkeys([*went_out[:1], *went_out[-1:]]))
        assert names(sent) == expected
        assert archives_below(sent) == (went_out[-1] if went_out else None)
        went_out.append(str(sent['message-id']))


@pytest.mark.parametrize('fields', [
    {'In-Reply-To': '<picnic@example.com>'},
    {'References': '<elsewhere@example.net>'},
    {'In-Reply-To': 'Your message of Monday'},
])
def test_a_post_that_names_another_message_stays_as_it_is(fields, mlist):
    opened(mlist, message_id='<picnic@example.com>')
    msg = letter('Bart')
    for name, value in fields.items():
        msg[name] = value
    sent = post(mlist, msg, 'picnic')
    assert {name: sent[name] for name in fields} == fields
    assert len(sent.get_all('references', [])) == ('References' in fields)


def test_a_blank_field_names_nothing(mlist):
    parent = opened(mlist)
    msg = letter('Bart')
    msg['In-Reply-To'], msg['References'] = ' ', ''
    sent = post(mlist, msg, 'picnic')
    assert (sent['in-reply-to'], names(sent)) == (None, [parent])


def test_an_id_that_cannot_be_named_is_not(mlist):
    opened(mlist, message_id='<pic nic@example.com>')
    assert 'references' not in post(mlist, letter('Bart'), 'picnic')
    sent = post(mlist, letter('Anne'), 'picnic')
    assert len(names(sent)) == 1


def test_an_opening_names_nothing(mlist):
    opened(mlist)
    assert 'references' not in post(mlist, letter('Anne'), 'new+picnic')


def test_only_posts_by_hand_cost_a_statement_more(mlist):
    opened(mlist, message_id='<picnic@example.com>')
    costs = {}
    for answers in '<picnic@example.com>', None:
        # The second time, everybody follows the conversation already.
        for _time in range(2):
            msg = letter(
                'Bart', answers=answers, message_id=make_msgid(domain='example.com')
            )
            config.db.commit()
            with counted() as statements:
                post(mlist, msg, 'picnic')
        costs[answers] = len(statements)
    # Its conversation is looked up by name, and the ids that it names.
    assert costs[None] - costs['<picnic@example.com>'] == 2
