# SPDX-License-Identifier: GPL-3.0-or-later
"""Match messages to a dlist that cannot be posted or need a moderator.

The chain applies these rules after Mailman's own rules about senders, so that
strangers, banned senders and spam have been settled before we explain a refusal.  The
exception is `DlistSender`, since a held message reveals an alias as a posted one does.
The rules about content come later: a message that can never be posted need not wait for
a moderator.
"""

from __future__ import annotations

from mailman.interfaces.action import Action
from mailman.interfaces.rules import IRule
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.i18n import _
from mailman_dlist.app.people.senders import is_decided_alias
from mailman_dlist.app.posts import judging
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.domain import address
from mailman_dlist.interfaces.dlist import PlainPosts
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


# Moderation actions with which owners may want a member to get no explanation of ours.
SILENT = (Action.reject, Action.discard)


def _judge(mlist: MailingList, msg: Message, msgdata: MsgData) -> Judgement:
    if metadata.JUDGEMENT not in msgdata:
        arrival = metadata.arrival(mlist, msg, msgdata)
        msgdata[metadata.JUDGEMENT] = judging.judge(arrival, arrival.thread)
    return msgdata[metadata.JUDGEMENT]


@public
@implementer(IRule)
class DlistMistake:
    """Match a member's messages that can never be posted.

    The refusal tells nothing to anybody except the member, so that it need not wait for
    moderation, which is about posts.
    """

    name = 'dlist-mistake'
    description = _('Match messages of members that belong to no conversation.')
    record = True

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        if _judge(mlist, msg, msgdata).fate.is_post:
            return False
        arrival = metadata.arrival(mlist, msg, msgdata)
        member = arrival.member
        if member is None or is_decided_alias(mlist, arrival.author):
            return False
        action = member.moderation_action or mlist.default_member_action
        return action not in SILENT


@public
@implementer(IRule)
class DlistSender:
    """Match messages that may reveal the member behind an alias to anybody."""

    name = 'dlist-sender'
    description = _('Match messages that do not say which one address they are from.')
    record = False

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        if metadata.arrival(mlist, msg, msgdata).hidden is None:
            return False
        msgdata[metadata.JUDGEMENT] = Judgement(Fate.unclear)
        return True


@public
@implementer(IRule)
class DlistNoPost:
    """Match messages that can never be posted."""

    name = 'dlist-no-post'
    description = _('Match messages that belong to no conversation.')
    record = True

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        return not _judge(mlist, msg, msgdata).fate.is_post


@public
@implementer(IRule)
class DlistPlainPost:
    """Match posts to the bare list address if they do not open conversations."""

    name = 'dlist-plain-post'
    description = _('Match posts that neither name a conversation nor reply in one.')
    record = True

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        arrival = metadata.arrival(mlist, msg, msgdata)
        policy = arrival.settings.plain_posts
        is_plain = arrival.intent.action is address.Action.plain
        if policy is PlainPosts.open or not is_plain:
            return False
        if _judge(mlist, msg, msgdata).fate is not Fate.opens:
            return False
        opening = arrival.addresses.opening  # noqa: F841 # named in the reason
        action = Action[policy.name]
        if action is Action.reject and arrival.automatic is not None:
            # A rejection is a reply, and programs get none.
            action = Action.discard
        # Core's moderation chain carries these out and tells the reason.
        msgdata['member_moderation_action'] = action.name
        msgdata['moderation_sender'] = msg.sender
        with _.using(mlist.preferred_language.code):
            reason = _(
                'Your message belongs to no conversation.  To start one, write to '
                '${opening}; to reply to a message of the list, use Reply-All.'
            )
        msgdata.setdefault('moderation_reasons', []).append(reason)
        return True
