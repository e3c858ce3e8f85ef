# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chain does with a message, it does with one that tells no more than it may.

Rules must see the message as it came: whether it is spam, approved or too large.
But what is held moderators read, personal links that it quotes and all.  And what is
from an alias has no traces of the member, whether it is held, sent back, thrown away or
accepted: all of that shows and logs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mailman.chains.base import Link
from mailman.chains.hold import HoldChain
from mailman.interfaces.chain import IChain
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.aliases import mail as alias_mail
from mailman_dlist.app.links import making
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.domain.links.message import scrub
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


Function = Callable[[MailingList, Message, MsgData], None]


def discreet(link: Link, author: AliasAuthor | None) -> Link:
    """Return a link that leads to the same, but takes out before what tells too much.

    :param author: Who wrote from an alias, None for everybody else.
    """
    chain = None if link.chain is None else Discreet(link.chain, author)
    function = link.function and partial(_discreetly, link.function, author)
    return Link(link.rule, link.action, chain, function)


# Not public: Mailman would look for it beside the chains that it wraps.
@implementer(IChain)
class Discreet:
    """A chain on the way of a message."""

    def __init__(self, chain: Any, author: AliasAuthor | None):
        self.name = chain.name
        self.description = chain.description
        self._chain = chain
        self._author = author

    def get_links(
        self, mlist: MailingList, msg: Message, msgdata: MsgData
    ) -> Iterator[Any]:
        """See `IChain`."""
        for link in self._chain.get_links(mlist, msg, msgdata):
            yield discreet(link, self._author)


def _discreetly(
    function: Function,
    author: AliasAuthor | None,
    mlist: MailingList,
    msg: Message,
    msgdata: MsgData,
) -> None:
    holds = isinstance(getattr(function, '__self__', None), HoldChain)
    metadata.take_traces(mlist, msg, msgdata)
    if holds:
        scrub(msg, making.for_everybody)
        # Mailman keeps the metadata of what it holds in the database, as JSON.
        del msgdata[metadata.ARRIVAL]
    function(mlist, msg, msgdata)
    if holds and author is not None:
        alias_mail.name_member(mlist, msg, author)
