# SPDX-License-Identifier: GPL-3.0-or-later
"""How Mailman's rules about senders judge who writes from an alias [U15].

As the member: with the member's moderation, and banned where the member is.  What an
owner decided about the address while it was nobody's holds as well.  Of all that the
reasons tell what a stranger is told, since moderators and the log have them; and no
sender becomes a nonmember, whom owners would see.
"""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.core.i18n import _ as core
from mailman.email.message import Message as MailmanMessage
from mailman.interfaces.rules import IRule
from zope.interface import implementer

from mailman_dlist.app.people.rosters import answering
from mailman_dlist.app.people.senders import AliasAuthor, is_decided, is_member_banned
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


def for_alias(rule: Any, author: AliasAuthor) -> Any:
    """Return what to ask about a message from an alias in the place of a rule."""
    wrapper = WRAPPERS.get(rule.name)
    return rule if wrapper is None else wrapper(rule, author)


# Not public: Mailman would look for these beside the rules that they wrap.
class OfAlias:
    """A rule of core's, for one message; in lists of rules it is that one."""

    def __init__(self, rule: Any, author: AliasAuthor):
        self.name = rule.name
        self.description = rule.description
        self.record = rule.record
        self._rule = rule
        self._author = author


@implementer(IRule)
class Banned(OfAlias):
    """Match who is banned, as alias or as member."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        if self._rule.check(mlist, msg, msgdata):
            return True
        if not is_member_banned(mlist, self._author):
            return False
        # The same reason, about the sender that everybody knows.
        with core.defer_translation():
            text = core('Message sender {} is banned from this list')
        _give_reason(msgdata, (text, self._author.email))
        return True


@implementer(IRule)
class Later(OfAlias):
    """Leave it to the rule about nonmembers, whichever sender core would find."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        return False


@implementer(IRule)
class AsMember(OfAlias):
    """Judge as if the member had written, unless an owner has judged the alias."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        email = self._author.email
        # Core takes any of the senders for the author.
        letter = MailmanMessage()
        letter['From'] = email
        nonmember = mlist.nonmembers.get_member(email)
        if nonmember is not None and is_decided(nonmember):
            return self._rule.check(mlist, letter, msgdata)
        judge = config.rules['member-moderation']
        reasons = list(msgdata.get('moderation_reasons', []))
        with answering(mlist, {email: self._author.member}):
            matches = judge.check(mlist, letter, msgdata)
        if matches:
            msgdata['moderation_reasons'] = reasons
            with core.defer_translation():
                _give_reason(msgdata, core('The message is not from a list member'))
        return matches


def _give_reason(msgdata: MsgData, reason: Any) -> None:
    msgdata.setdefault('moderation_reasons', []).append(reason)


WRAPPERS: dict[str, type[OfAlias]] = {
    'banned-address': Banned,
    'member-moderation': Later,
    'nonmember-moderation': AsMember,
}
