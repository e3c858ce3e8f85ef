# SPDX-License-Identifier: GPL-3.0-or-later
"""The first step of the pipeline: a post becomes part of a conversation."""

from __future__ import annotations

from mailman.interfaces.handler import IHandler
from mailman.interfaces.pipeline import DiscardMessage
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app import conversations, notices
from mailman_dlist.app.conversations import Judgement
from mailman_dlist.app.i18n import _
from mailman_dlist.app.refusals import refuse
from mailman_dlist.app.senders import member_behind
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


@public
@implementer(IHandler)
class DlistConversation:
    """Accept the message into its conversation, or stop what is no post.

    A moderator's acceptance comes here without the chain, and so does a
    nonmember's action of *accept*.
    """

    name = 'dlist-conversation'
    description = _('Find or open the conversation of the message.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        intent = metadata.intent(mlist, msg, msgdata)
        message_id = metadata.message_id(msg, msgdata)
        member = member_behind(mlist, msg)
        accepted = conversations.accept(mlist, msg, intent, message_id, member)
        if isinstance(accepted, Judgement):
            refuse(mlist, msg, intent, accepted)
            raise DiscardMessage(accepted.fate.value)
        if accepted.into_silence:
            notices.acknowledge(
                mlist,
                msg,
                member,
                'dlist:notice:posted-muted',
                accepted.conversation,
            )
        msgdata[metadata.ACCEPTED] = accepted
        msgdata[metadata.MEMBER] = member
        msgdata[metadata.CONVERSATION] = accepted.conversation.name
