# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a handler of the pipeline refuses leaves nothing in our tables.

Otherwise the conversation of a refused message is listed, keeps its name, and can be
replied to, though nobody has seen it.
"""

from __future__ import annotations

import inspect
import sys
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest
from mailman.config import config
from mailman.core.pipelines import process
from mailman.interfaces.action import FilterAction

from mailman_dlist import metadata
from mailman_dlist.app.links import making
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.model.conversations import (
    Conversation,
    ConversationMessage,
    ConversationName,
)
from mailman_dlist.model.following import MemberChoice
from tests.app.post import open_conversation
from tests.app.web import open_web
from tests.model.stage import count_rows, join, letter, new_list, queued


# Those that can refuse, in the order of the pipeline.
REFUSING = ['dlist-refusal', 'mime-delete', 'dlist-conversation', 'member-recipients']


@pytest.fixture
def mlist(mailman: Any) -> Any:
    """A list that takes only plain text."""
    mlist = new_list()
    mlist.filter_content = True
    mlist.pass_types = ['multipart', 'text/plain']
    config.db.commit()
    return mlist


@pytest.fixture
def anne(mlist: Any) -> Any:
    return join(mlist, 'Anne')


def rows() -> dict[str, int]:
    return count_rows(
        Conversation, ConversationName, ConversationMessage, MemberChoice
    )


def html(**fields: Any) -> Any:
    msg = letter('Anne', 'Party on Friday', **fields)
    msg.set_payload('<p>Hello</p>', 'us-ascii')
    msg.set_type('text/html')
    return msg


def parts() -> Any:
    msg = letter('Anne', 'Party on Friday')
    parts = MIMEMultipart('mixed')
    parts.attach(MIMEText('<p>Hello</p>', 'html'))
    msg['MIME-Version'] = '1.0'
    msg['Content-Type'] = parts['content-type']
    msg.set_payload(parts.get_payload())
    return msg


def post(mlist: Any, msg: Any, extension: str) -> dict[str, Any]:
    msgdata: dict[str, Any] = {metadata.EXTENSION: extension}
    process(mlist, msg, msgdata, PIPELINE)
    # What is not committed by now is lost in the pipeline's runner, too.
    config.db.abort()
    return msgdata


def test_every_handler_that_can_refuse_comes_before_the_acceptance():
    pipeline = list(config.pipelines[PIPELINE])
    names = [handler.name for handler in pipeline]
    can = [
        handler.name
        for handler in pipeline
        if 'raise RejectMessage' in source(handler)
        or 'raise DiscardMessage' in source(handler)
    ]
    assert can == REFUSING
    accepts = names.index('dlist-conversation')
    late = {name for name in can if names.index(name) > accepts}
    # This one leaves recipients alone that are set already.
    assert late == {'member-recipients'}
    assert names.index('dlist-recipients') < names.index('member-recipients')


def source(handler: Any) -> str:
    # Ours wrap some of Mailman's.
    while hasattr(handler, '_handler'):
        handler = handler._handler
    # Mailman's do it in functions, and ours in methods.
    whole = sys.modules[type(handler).__module__]
    ours = whole.__name__.startswith('mailman_dlist.')
    return inspect.getsource(type(handler) if ours else whole)


@pytest.mark.parametrize('action', list(FilterAction))
@pytest.mark.parametrize('extension', ['', 'new', 'new+party-on-friday', 'picnic'])
def test_what_the_content_filter_refuses_leaves_nothing(
    extension, action, mlist, anne
):
    open_conversation(mlist)
    mlist.filter_action = action
    config.db.commit()
    before = rows()
    for msg in html(), html(answers='<picnic@example.com>'), parts():
        post(mlist, msg, extension)
        assert rows() == before, msg.as_string()
    assert queued('out') == queued('archive') == []
    returned = [msg['to'] for msg, _msgdata in queued('virgin')]
    expected = {
        FilterAction.reject: ['anne@example.com'] * 3,
        FilterAction.forward: ['ant-owner@example.com'] * 3,
    }
    assert returned == expected.get(action, [])
    # The name is as free as before.
    if extension != 'picnic':
        post(mlist, letter('Anne', 'Party on Friday'), extension)
        assert queued('out')[0][0]['x-dlist-conversation'] == 'party-on-friday'


def test_an_urgent_post_is_an_ordinary_one(mlist, anne):
    """Mailman would refuse it, but asks only where it computes the recipients."""
    post(mlist, letter('Anne', Urgent='sesame'), 'new')
    [(sent, _msgdata)] = queued('out')
    assert sent['x-dlist-conversation'] == 'picnic'


@pytest.mark.parametrize('failing', ['validate-authenticity', 'mime-delete'])
def test_what_fails_before_the_acceptance_leaves_nothing(
    failing, mlist, anne, monkeypatch
):
    """It is shunted, and nobody has seen it."""

    def fail(*_given: Any) -> None:
        raise LookupError

    before = rows()
    monkeypatch.setattr(config.handlers[failing], 'process', fail)
    with pytest.raises(LookupError):
        post(mlist, letter('Anne'), 'new')
    config.db.abort()
    assert rows() == before


def test_moderators_get_no_personal_link_with_what_is_filtered(
    mlist, anne, tmp_path, monkeypatch
):
    open_web(tmp_path, monkeypatch)
    picnic = open_conversation(mlist)
    mlist.filter_action = FilterAction.forward
    config.db.commit()
    msg = html()
    link = making.personal(anne.member_id, picnic.id, LinkAction.mute)
    msg.set_payload(f'<p>You wrote: {link}</p>')
    post(mlist, msg, 'new')
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == 'ant-owner@example.com'
    [filtered] = notice.get_payload(1).get_payload()
    link = making.plain(mlist, 'picnic')
    assert filtered.get_payload() == f'<p>You wrote: {link}</p>'


def test_the_filter_sees_only_posts(mlist, anne):
    """Mail that is no post comes back whole, with our explanation."""
    mlist.filter_action = FilterAction.reject
    config.db.commit()
    post(mlist, html(), 'nowhere')
    [(notice, _msgdata)] = queued('virgin')
    assert notice.get_payload(1).get_payload(0).get_content_type() == 'text/html'
    automatic = html(Auto_Submitted='auto-replied')
    post(mlist, automatic, 'new')
    assert queued('virgin') == []
