# SPDX-License-Identifier: GPL-3.0-or-later
"""Outgoing mail: personal copies for everybody, at the speed of one for all.

Mailman's own agents do the work and keep the log, sort the failures, sign and
decorate as ever.  Where each recipient gets a copy of their own they are handed a
message that is quick to copy, and a list that has looked up all recipients at once.

Use it with ``outgoing: mailman_dlist.mta.deliver`` in section ``[mta]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from mailman.config import config
from mailman.interfaces.mailinglist import Personalization
from mailman.mta import deliver as core
from public import public

from mailman_dlist.app import links
from mailman_dlist.app.asking import asked_once
from mailman_dlist.app.decorating import DecoratedOnce
from mailman_dlist.app.letters import Letter
from mailman_dlist.handlers.decoration import Decoration
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
def deliver(mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
    """Deliver a message to the outgoing mail server.

    It takes the same number of SQL statements for any number of recipients up to a
    thousand, and two more for each further thousand.

    :raises SomeRecipientsFailed: as `mailman.mta.deliver.deliver` does.
    """
    recipients = msgdata.get('recipients')
    if not recipients or not _personal(mlist, msgdata):
        core.deliver(mlist, msg, msgdata)
        return
    decoration = msgdata.get('decoration-data', {})
    with asked_once(mlist, recipients) as people, _decorated_once() as decorating:
        # Such as the reader's language: a third of all that is read of people.
        people.preferences = decorating.is_personal(mlist, decoration)
        core.deliver(mlist, Letter(msg), msgdata)


def _personal(mlist: MailingList, msgdata: MsgData) -> bool:
    """Say whether Mailman will write a copy for each recipient."""
    verp = msgdata.get('verp', False)
    return bool(verp) or mlist.personalize is not Personalization.none


@contextmanager
def _decorated_once() -> Iterator[DecoratedOnce]:
    """Let what is equal in all copies be decorated once; our own part is not."""
    usual = config.handlers['decorate']
    if type(usual) is Decoration:
        once = DecoratedOnce(usual._handler)
        ours: Any = Decoration(once, writer=cache(links.writer))
    else:
        ours = once = DecoratedOnce(usual)
    config.handlers['decorate'] = ours
    try:
        yield once
    finally:
        config.handlers['decorate'] = usual
