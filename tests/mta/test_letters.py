# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a message share their texts and nothing that anybody may change."""

from __future__ import annotations

import copy
from email.header import Header
from email.policy import SMTP, compat32

import pytest
from mailman.email.message import Message, UserNotification

from mailman_dlist.app.copies.sharing import FieldText, FoldedOnce, SharedMessage
from tests.journeys.shapes import SHAPES
from tests.mta.outgoing import letter


@pytest.mark.parametrize('shape', SHAPES)
def test_what_is_done_to_a_copy_no_other_sees(shape):
    msg = letter(SHAPES[shape])
    msg['X-Header'] = Header('Grüße', 'utf-8')
    before = msg.as_bytes()
    many = SharedMessage(msg)
    first = copy.deepcopy(many)
    for part in first.walk():
        part['X-Changed'] = 'yes'
        part.set_param('changed', 'yes')
        if part.is_multipart():
            part.get_payload().append(letter())
        else:
            part.set_payload('Changed.')
        part.defects.append('changed')
    first['X-Header'].append('and more')
    assert first.as_bytes() != before
    second = copy.deepcopy(many)
    assert second.as_bytes() == msg.as_bytes() == before
    assert all(part.defects == [] for part in second.walk())


@pytest.mark.parametrize('kind', [Message, UserNotification])
def test_a_copy_is_of_the_kind_that_the_message_was(kind):
    msg = letter()
    msg.__class__ = kind
    msg.original_size = 77
    made = copy.deepcopy(SharedMessage(msg))
    assert type(made) is kind
    assert made.original_size == SharedMessage(msg).original_size == 77


# Subject and all, a line of 78.
FULL = 'x' * 69


@pytest.mark.parametrize('value', [
    'short',
    '',
    ' ',
    ' in  the  midst\t',
    'before ',
    '"Anne, the elder" <anne@example.com>; =?utf-8?q?a?=',
    FULL,
    f'{FULL}x',
    f'{FULL[:-2]} x',
    f'{FULL[:-2]} xx',
    f'{FULL}\n',
    'a long one ' * 20,
    'https://example.com/' + 'x' * 100,
    'in\n two lines',
    'Gr\udcc3\udcbc\udcc3\udc9fe',
    '=?utf-8?b?R3LDvMOfZQ==?=' * 5,
    Header('Grüße ' * 30, 'utf-8', header_name='Subject'),
], ids=lambda value: ascii(str(value)))
@pytest.mark.parametrize('policy', [
    compat32,
    compat32.clone(linesep='\r\n'),
    compat32.clone(max_line_length=0),
    compat32.clone(max_line_length=None),
    compat32.clone(max_line_length=20),
    compat32.clone(cte_type='7bit', linesep='\r\n'),
], ids=repr)  # fmt: skip
def test_fields_are_folded_as_ever(policy, value):
    ours = FoldedOnce(**vars(policy))
    for _time in range(2):
        assert ours.fold_binary('Subject', value) == (
            policy.fold_binary('Subject', value)
        )


def test_more_text_in_a_field_is_written():
    ours, theirs = (Header('Grüße', 'utf-8', maxlinelen=40) for _each in range(2))
    ours = FieldText(ours)
    for text in ('', ' aus dem Süden', ' und von überall her'):
        ours.append(text)
        theirs.append(text)
        for given in ({}, {'linesep': '\r\n'}, {'maxlinelen': 0}):
            assert ours.encode(**given) == theirs.encode(**given)
        ours = copy.deepcopy(ours)
        assert ours == theirs


def test_a_message_of_another_policy_keeps_it():
    msg = letter()
    msg.policy = SMTP
    assert copy.deepcopy(SharedMessage(msg)).policy is SMTP
