# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a post part of a conversation."""

from __future__ import annotations

from mailman.config import config
from mailman.interfaces.handler import IHandler
from mailman.interfaces.pipeline import DiscardMessage
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending
from mailman_dlist.app.posts import accepting, replying
from mailman_dlist.app.posts.judging import Judgement
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.domain.errors import Gone
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.mail.references import rename


@public
@implementer(IHandler)
class DlistConversation:
    """Accept the message into its conversation.

    This runs after all handlers that can refuse a message, and before anything leaves
    the pipeline.
    """

    name = 'dlist-conversation'
    description = _('Find or start the conversation of the message.')

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        try:
            self._process(mlist, msg, msgdata)
        except Gone:
            # The author has left in the meantime, or the conversation was deleted.
            metadata.look_again(msgdata)
            config.handlers['dlist-refusal'].process(mlist, msg, msgdata)
            self._process(mlist, msg, msgdata)

    def _process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        arrival = metadata.arrival(mlist, msg, msgdata)
        accepted = accepting.accept(arrival, msgdata.pop(metadata.JUDGEMENT))
        if isinstance(accepted, Judgement):
            # Another runner has made a change in the meantime.
            refuse(arrival, accepted)
            raise DiscardMessage(accepted.fate.value)
        if accepted.into_silence:
            template, reader = 'dlist:notice:posted-muted', arrival.member
            notice = sending.write_about(
                mlist, reader, template, accepted.conversation
            )
            sending.send(mlist, notice, reader, answers=msg)
        rename(msg, accepted.hidden)
        replying.join_thread(accepted)
        msgdata[metadata.ACCEPTED] = accepted
        msgdata[metadata.CONVERSATION] = accepted.conversation.name
