# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliver personal copies at the speed of bulk delivery.

Mailman's own agents do the work: they log, sort failures, sign and decorate as
usual.  If each recipient gets a copy of their own, the agents are given a message
that is quick to copy and a list that has looked up all recipients at once.

Use it with ``outgoing: mailman_dlist.mta.deliver`` in section ``[mta]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from mailman.config import config
from mailman.interfaces.mailinglist import Personalization
from mailman.mta import deliver as core
from public import public

from mailman_dlist.app.copies.footers import DecoratedOnce, is_personal
from mailman_dlist.app.copies.lookups import asked_once
from mailman_dlist.app.copies.sharing import SharedMessage
from mailman_dlist.app.links import making
from mailman_dlist.handlers.decoration import Decoration
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
def deliver(mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
    """Deliver a message to the outgoing mail server.

    The number of SQL statements is the same for up to a thousand recipients, and grows
    by one for each further thousand, or by two if the header or footer contains the
    recipient's name or language.

    :raises SomeRecipientsFailed: as `mailman.mta.deliver.deliver` does.
    """
    recipients = msgdata.get('recipients')
    if not recipients or not _personal(mlist, msgdata):
        core.deliver(mlist, msg, msgdata)
        return
    with (
        asked_once(mlist, recipients) as people,
        _decorated_once(mlist, msgdata) as decorating,
    ):
        people.in_full = decorating.is_personal
        core.deliver(mlist, SharedMessage(msg), msgdata)


def _personal(mlist: MailingList, msgdata: MsgData) -> bool:
    """Return whether Mailman will write a copy for each recipient."""
    verp = msgdata.get('verp', False)
    return bool(verp) or mlist.personalize is not Personalization.none


@contextmanager
def _decorated_once(mlist: MailingList, msgdata: MsgData) -> Iterator[DecoratedOnce]:
    """Decorate only once the text that all copies share, apart from our own part."""
    usual = config.handlers['decorate']
    has_ours = type(usual) is Decoration
    theirs = usual._handler if has_ours else usual
    once = DecoratedOnce(theirs, is_personal(theirs, mlist, msgdata))
    config.handlers['decorate'] = (
        Decoration(once, writer=cache(making.writer)) if has_ours else once
    )
    try:
        yield once
    finally:
        config.handlers['decorate'] = usual
