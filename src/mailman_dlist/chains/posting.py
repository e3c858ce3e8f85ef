# SPDX-License-Identifier: GPL-3.0-or-later
"""Moderate posts: Mailman's own chain, with our rules beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailman.chains.base import Link
from mailman.config import config
from mailman.interfaces.chain import IChain, LinkAction
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.people.reading import register_senders
from mailman_dlist.chains.privacy import private
from mailman_dlist.interfaces.dlist import CHAIN
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


# Messages that cannot be posted are refused before the rules that hold messages for a
# moderator: a member's as soon as spam and bans are settled, that of others after the
# rule about nonmembers.
REFUSING = {'emergency': 'dlist-mistake', 'administrivia': 'dlist-no-post'}

# Our rules ask these rules of core about cases that they do not know themselves.
EXCHANGED = {
    'administrivia': 'dlist-administrivia',
    'implicit-dest': 'dlist-destination',
}


@public
@implementer(IChain)
class DlistPostingChain:
    """Core's posting chain, with some rules replaced and ours added.

    A message from an alias is judged as it arrived; the chains then act on a message
    without traces of the member.
    """

    name = CHAIN
    description = _('Posting chain for lists with conversations (dlists).')

    def get_links(
        self, mlist: MailingList, msg: Message, msgdata: MsgData
    ) -> Iterator[Any]:
        """See `IChain`."""
        if not lists.is_dlist(mlist):
            # An admin has exchanged the pipeline.
            chain, _pipeline = lists.plain_way(mlist)
            yield from config.chains[chain].get_links(mlist, msg, msgdata)
            return
        arrival = metadata.arrival(mlist, msg, msgdata)
        register_senders(msg)
        yield from private(self._links(mlist, msg, msgdata), arrival.author)

    def _links(
        self, mlist: MailingList, msg: Message, msgdata: MsgData
    ) -> Iterator[Any]:
        *links, accept = config.chains['default-posting-chain'].get_links(
            mlist, msg, msgdata
        )
        yield Link('dlist-sender', LinkAction.jump, 'dlist-refuse')
        for link in links:
            if link.rule.name in REFUSING:
                rule = REFUSING[link.rule.name]
                yield Link(rule, LinkAction.jump, 'dlist-refuse')
            ours = EXCHANGED.get(link.rule.name)
            yield Link(ours, link.action, link.chain) if ours else link
        yield Link('dlist-held', LinkAction.jump, 'moderation')
        yield Link('dlist-plain-post', LinkAction.jump, 'moderation')
        yield accept
