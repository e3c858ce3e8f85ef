# SPDX-License-Identifier: GPL-3.0-or-later
"""A post on its way through the use cases, without queues and runners."""

from __future__ import annotations

from typing import Any

from mailman_dlist.app import commands
from mailman_dlist.app.posts import accepting, judging
from mailman_dlist.app.posts.accepting import Accepted
from mailman_dlist.app.posts.arrival import Arrival, arrive
from mailman_dlist.app.posts.judging import Judgement
from mailman_dlist.mail.references import bare
from mailman_dlist.model.conversations import Conversation
from tests.model.stage import letter


def arrived(mlist: Any, msg: Any, extension: str = '') -> Arrival:
    return arrive(mlist, msg, bare(msg['message-id']), extension)


def judge(mlist: Any, msg: Any, extension: str = '') -> Judgement:
    arrival = arrived(mlist, msg, extension)
    return judging.judge(arrival, arrival.thread)


def accept(mlist: Any, msg: Any, extension: str = '') -> Judgement | Accepted:
    return accepting.accept(arrived(mlist, msg, extension))


def obey(mlist: Any, msg: Any, extension: str) -> None:
    arrival = arrived(mlist, msg, extension)
    commands.obey(arrival, arrival.member)


def posted(mlist: Any, msg: Any, extension: str = '') -> Accepted:
    accepted = accept(mlist, msg, extension)
    assert isinstance(accepted, Accepted), accepted
    return accepted


def open_conversation(
    mlist: Any, name: str = 'picnic', sender: Any = 'stranger'
) -> Conversation:
    """Open a conversation; its first message is ``<name@example.com>``."""
    msg = letter(sender, name, message_id=f'<{name}@example.com>')
    return posted(mlist, msg, f'new+{name}').conversation
