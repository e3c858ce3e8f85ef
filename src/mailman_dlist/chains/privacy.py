# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman's rules and chains, kept from telling others more than they may know.

Rules must see a message as it came: whether it is spam, approved or too large.  But
what is held moderators read, personal links that it quotes and all.  And what is from
an alias has no traces of the member, whether it is held, sent back, thrown away or
accepted: all of that shows and logs it.

Mailman's rules about senders judge who writes from an alias as the member [U15]: with
the member's moderation, and banned where the member is.  What an owner decided about
the address while it was nobody's holds as well.  Of all that the reasons tell what a
stranger is told, since moderators and the log have them; and no sender becomes a
nonmember, whom owners would see.
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
    """Yield links that lead to the same as these and tell no more than they may.

    :param author: Who wrote from an alias, None for everybody else.
    :param holding: Whether these are the links of the chain that holds messages.
    """
    for link in links:
        rule = link.rule
        if author is not None and rule.name in RULES:
            rule = RULES[rule.name](rule, author)
        chain = None if link.chain is None else PrivateChain(link.chain, author)
        function = link.function and partial(_privately, link.function, holding)
        yield Link(rule, link.action, chain, function)


# Nothing here is public: Mailman would look for it beside what it wraps.
@implementer(IChain)
class PrivateChain:
    """A chain on the way of a message."""

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
    # Mailman keeps the metadata of what it holds in the database, as JSON.
    for entry in metadata.ARRIVAL, metadata.JUDGEMENT:
        msgdata.pop(entry, None)
    function(mlist, msg, msgdata)
    if arrival.author is not None:
        alias_mail.name_member(mlist, msg, arrival.author)


class RuleForAlias:
    """A rule of core's, for one message; in lists of rules it is that one."""

    def __init__(self, rule: Any, author: AliasAuthor):
        self.name = rule.name
        self.description = rule.description
        self.record = rule.record
        self._rule = rule
        self._author = author


@implementer(IRule)
class Banned(RuleForAlias):
    """Match who is banned, as alias or as member."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        if self._rule.check(mlist, msg, msgdata):
            return True
        if not is_member_banned(mlist, self._author.member):
            return False
        # The same reason, about the sender that everybody knows.
        with core.defer_translation():
            text = core('Message sender {} is banned from this list')
        _give_reason(msgdata, (text, self._author.email))
        return True


@implementer(IRule)
class Later(RuleForAlias):
    """Leave it to the rule about nonmembers, whichever sender core would find."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        return False


@implementer(IRule)
class AsMember(RuleForAlias):
    """Judge as if the member had written, unless an owner has judged the alias."""

    def check(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRule`."""
        email = self._author.email
        # Core takes any of the senders for the author.
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
