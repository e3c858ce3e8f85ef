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
from mailman_dlist.app.people.senders import is_decided_alias, is_moderator
from mailman_dlist.app.posts import judging
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.domain import address
from mailman_dlist.interfaces.conversation import Posting
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
class DlistHeld:
    """Match replies in a conversation that a moderator has calmed down."""

    name = 'dlist-held'
    description = _('Match replies in conversations whose replies are held.')
    record = True

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        conversation = _judge(mlist, msg, msgdata).conversation
        if conversation is None or conversation.posting is not Posting.held:
            return False
        arrival = metadata.arrival(mlist, msg, msgdata)
        if is_moderator(mlist, msg, arrival.author):
            return False
        name = conversation.name  # noqa: F841 # named in the reason
        with _.using(mlist.preferred_language.code):
            reason = _(
                'Each reply in the conversation "${name}" waits for a moderator.'
            )
        _moderate(msg, msgdata, Action.hold, reason)
        return True


def _moderate(msg: Message, msgdata: MsgData, action: Action, reason: str) -> None:
    """Let core's moderation chain carry out an action and tell the reason."""
    msgdata['member_moderation_action'] = action.name
    msgdata['moderation_sender'] = msg.sender
    msgdata.setdefault('moderation_reasons', []).append(reason)


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
        with _.using(mlist.preferred_language.code):
            reason = _(
                'Your message belongs to no conversation.  To start one, write to '
                '${opening}; to reply to a message of the list, use Reply-All.'
            )
        _moderate(msg, msgdata, action, reason)
        return True
