# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrap Mailman's rules and chains so that they reveal no private information.

Rules must see a message as it arrived, to tell whether it is spam, approved or too
large.  But moderators read held messages, including the personal links quoted there.
And a message from an alias must have no traces of the member, whether it is held, sent
back, discarded or accepted, since each of these actions shows or logs it.

Mailman's rules about senders judge the author of a post from an alias as the member
[U15]: with the member's moderation action, and as banned if the member is banned.  A
decision that an owner made about the address before it was an alias counts as well.
The reasons given are those that a stranger would be given, since moderators and the log
see them; and no sender becomes a nonmember, whom owners would see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from mailman.chains.base import Link
from mailman.chains.hold import HoldChain
from mailman.config import config
from mailman.core.i18n import _ as core
from mailman.email.message import Message as MailmanMessage
from mailman.interfaces.chain import IChain
from mailman.interfaces.rules import IRule
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.aliases import mail as alias_mail
from mailman_dlist.app.links import making
from mailman_dlist.app.people.rosters import answering
from mailman_dlist.app.people.senders import (
    AliasAuthor,
    is_decided_alias,
    is_member_banned,
)
from mailman_dlist.domain.links.message import scrub
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


Function = Callable[[MailingList, Message, MsgData], None]


def private(
    links: Iterable[Link], author: AliasAuthor | None, *, holding: bool = False
) -> Iterator[Link]:
    """Yield links to the same targets, which reveal no private information.

    :param author: The author of a post from an alias; None for all others.
    :param holding: Whether these are the links of the chain that holds messages.
    """
    for link in links:
        rule = link.rule
        if author is not None and rule.name in RULES:
            rule = RULES[rule.name](rule, author)
        chain = None if link.chain is None else PrivateChain(link.chain, author)
        function = link.function and partial(_privately, link.function, holding)
        yield Link(rule, link.action, chain, function)


# Nothing here is public: Mailman would register it in addition to what it wraps.
@implementer(IChain)
class PrivateChain:
    """A chain that a post passes through, wrapped."""

    def __init__(self, chain: Any, author: AliasAuthor | None):
        self.name = chain.name
        self.description = chain.description
        self._chain = chain
        self._author = author

    def get_links(
        self, mlist: MailingList, msg: Message, msgdata: MsgData
    ) -> Iterator[Link]:
        """See `IChain`."""
        links = self._chain.get_links(mlist, msg, msgdata)
        holding = isinstance(self._chain, HoldChain)
        return private(links, self._author, holding=holding)


def _privately(
    function: Function,
    holding: bool,
    mlist: MailingList,
    msg: Message,
    msgdata: MsgData,
) -> None:
    arrival = metadata.take_traces(mlist, msg, msgdata)
    if not holding:
        function(mlist, msg, msgdata)
        return
    scrub(msg, making.for_everybody)
    # Mailman stores the metadata of held messages in the database, as JSON.
    for entry in metadata.ARRIVAL, metadata.JUDGEMENT:
        msgdata.pop(entry, None)
    function(mlist, msg, msgdata)
    if arrival.author is not None:
        alias_mail.name_member(mlist, msg, arrival.author)


class RuleForAlias:
    """Wrap a rule of core's for one message; lists of rules name core's rule."""

    def __init__(self, rule: Any, author: AliasAuthor):
        self.name = rule.name
        self.description = rule.description
        self.record = rule.record
        self._rule = rule
        self._author = author


@implementer(IRule)
class Banned(RuleForAlias):
    """Match posts from aliases if the alias or the member is banned."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        if self._rule.check(mlist, msg, msgdata):
            return True
        if not is_member_banned(mlist, self._author.member):
            return False
        # The same reason, about the sender that everybody may know.
        with core.defer_translation():
            text = core('Message sender {} is banned from this list')
        _give_reason(msgdata, (text, self._author.email))
        return True


@implementer(IRule)
class Later(RuleForAlias):
    """Match nothing, whichever sender core would find; the rule about nonmembers
    decides.
    """

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        return False


@implementer(IRule)
class AsMember(RuleForAlias):
    """Judge the member as the author, unless an owner has made a decision about the
    alias.
    """

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        email = self._author.email
        # Core may take any of the senders for the author.
        letter = MailmanMessage()
        letter['From'] = email
        if is_decided_alias(mlist, self._author):
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


RULES: dict[str, type[RuleForAlias]] = {
    'banned-address': Banned,
    'member-moderation': Later,
    'nonmember-moderation': AsMember,
}
