# SPDX-License-Identifier: GPL-3.0-or-later
"""The first step of the pipeline: a post becomes part of a conversation."""

from __future__ import annotations

from mailman.config import config
from mailman.interfaces.handler import IHandler
from mailman.interfaces.pipeline import DiscardMessage
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending
from mailman_dlist.app.posts import accepting, anonymity
from mailman_dlist.app.posts.judging import Judgement
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.domain.errors import Gone
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.references import rename


@public
@implementer(IHandler)
class DlistConversation:
    """Accept the message into its conversation, or stop what is no post.

    A moderator's acceptance comes here without the chain, and so does a
    nonmember's action of *accept*.
    """

    name = 'dlist-conversation'
    description = _('Find or start the conversation of the message.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        try:
            self._process(mlist, msg, msgdata)
        except Gone:
            # The author left meanwhile, or the conversation was deleted.
            metadata.look_again(msgdata)
            self._process(mlist, msg, msgdata)

    def _process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        if anonymity.has_lost_alias(metadata.arrival(mlist, msg, msgdata)):
            _settle_as_stranger(mlist, msg, msgdata)
        # The chain has done it, but not to what was injected, or was held before the
        # address was an alias.
        arrival = metadata.take_traces(mlist, msg, msgdata)
        accepted = accepting.accept(arrival)
        if isinstance(accepted, Judgement):
            refuse(arrival, accepted)
            raise DiscardMessage(accepted.fate.value)
        if accepted.into_silence:
            template, reader = 'dlist:notice:posted-muted', arrival.member
            notice = sending.write_about(
                mlist, reader, template, accepted.conversation
            )
            sending.send(mlist, notice, reader, answers=msg)
        rename(msg, accepted.hidden)
        msgdata[metadata.ACCEPTED] = accepted
        msgdata[metadata.CONVERSATION] = accepted.conversation.name


def _settle_as_stranger(mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
    """Send back to the rules about strangers what lost its alias on the way [U16].

    It is posted where a moderator had accepted the message itself.
    """
    metadata.lose_alias(msgdata)
    accepted = msgdata.get('moderator_approved') or 'approved' in msgdata['rule_hits']
    if accepted:
        return
    for key in ('moderation_reasons', 'moderation_sender', 'member_moderation_action'):
        msgdata.pop(key, None)
    config.switchboards['in'].enqueue(msg, msgdata)
    raise DiscardMessage('the rules of the list are asked about it again')
