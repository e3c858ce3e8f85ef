# SPDX-License-Identifier: GPL-3.0-or-later
"""The first step of the pipeline: stop messages that cannot be posted."""

from __future__ import annotations

from mailman.config import config
from mailman.interfaces.handler import IHandler
from mailman.interfaces.pipeline import DiscardMessage
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import anonymity, judging
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IHandler)
class DlistRefusal:
    """Refuse what cannot be posted, before other handlers change it or reply to it.

    A message that a moderator accepted comes here without passing the chain, and so
    does one by a nonmember with the action *accept*.
    """

    name = 'dlist-refusal'
    description = _('Return mail that belongs to no conversation.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        if anonymity.has_lost_alias(metadata.arrival(mlist, msg, msgdata)):
            _settle_as_stranger(mlist, msg, msgdata)
        # The chain has done this already, but not to messages that were injected, or
        # held before the address was an alias.
        arrival = metadata.take_traces(mlist, msg, msgdata)
        judgement = judging.judge(arrival, arrival.thread)
        if not judgement.fate.is_post:
            refuse(arrival, judgement)
            raise DiscardMessage(judgement.fate.value)
        msgdata[metadata.JUDGEMENT] = judgement


def _settle_as_stranger(mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
    """Treat a message that has lost its alias on the way as a stranger's [U16].

    It goes back to the rules about strangers; it is posted if a moderator had accepted
    the message itself.
    """
    metadata.lose_alias(msgdata)
    accepted = msgdata.get('moderator_approved') or 'approved' in msgdata['rule_hits']
    if accepted:
        return
    for key in ('moderation_reasons', 'moderation_sender', 'member_moderation_action'):
        msgdata.pop(key, None)
    config.switchboards['in'].enqueue(msg, msgdata)
    raise DiscardMessage('it is checked again as mail from a nonmember')
