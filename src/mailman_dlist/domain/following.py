# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what a member receives of a conversation.

The default applies to all conversations; a choice about one conversation
outweighs it (DESIGN, section 4).  This module has the rule for one member.  The
audience of a message is the same rule for all members at once, in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar


class Default(Enum):
    """The messages that a member receives without a choice."""

    everything = 1
    openings = 2
    nothing = 3


class Choice(Enum):
    """A member's choice for one conversation."""

    follow = 1
    mute = 2


class Ruling(Enum):
    """A moderator's decision about one member and one conversation."""

    #: The member follows it by a moderator's decision.
    pinned = 1
    #: The member may neither follow it nor post in it.
    barred = 2
    #: The member has asked to follow it, and no moderator has decided.
    pending = 3


class Access(Enum):
    """The rule for following a conversation."""

    open = 1
    #: Members ask, and moderators decide.
    moderated = 2
    #: Moderators add followers.
    invitation = 3


@dataclass(frozen=True)
class Terms:
    """The rules of a conversation for its recipients, apart from choices.

    :param mandatory: Whether every member receives it, whatever they have chosen.
    """

    access: Access = Access.open
    mandatory: bool = False

    @property
    def is_restricted(self) -> bool:
        """Whether members cannot follow the conversation by themselves."""
        return self.access is not Access.open


OPEN = Terms()


class Reason(Enum):
    """How a choice was made."""

    mail = 1
    web = 2
    link = 3
    rest = 4
    cli = 5
    owner = 6
    opened = 7
    replied = 8
    imported = 9

    @property
    def label(self) -> str:
        """The word that people see; Python reserves ``import``."""
        return 'import' if self is Reason.imported else self.name

    @property
    def automatic(self) -> bool:
        """Whether the choice was made automatically or in bulk, not by a person."""
        return self in (Reason.opened, Reason.replied, Reason.imported)


class Why(Enum):
    """Why a member receives a message."""

    #: By default.
    everything = 1
    #: By default, and no more of the conversation.
    openings = 2
    #: By choice; the last two are automatic.
    followed = 3
    opened = 4
    replied = 5
    #: The conversation is for all members.
    mandatory = 6

    @property
    def hears_replies(self) -> bool:
        return self is not Why.openings


# Of the opening, of the replies.
_HEARD = {
    (Default.everything, None): (True, True),
    (Default.everything, Choice.follow): (True, True),
    (Default.everything, Choice.mute): (True, False),
    (Default.openings, None): (True, False),
    (Default.openings, Choice.follow): (True, True),
    (Default.openings, Choice.mute): (False, False),
    (Default.nothing, None): (False, False),
    (Default.nothing, Choice.follow): (True, True),
    (Default.nothing, Choice.mute): (False, False),
}


_FOLLOWS: dict[Reason | None, Why] = {
    Reason.opened: Why.opened,
    Reason.replied: Why.replied,
}


def receives(
    default: Default, choice: Choice | None, *, opening: bool, terms: Terms = OPEN
) -> bool:
    """Tell whether a member receives the opening, or a reply [U7, U8, U12, U13].

    >>> receives(Default.openings, Choice.follow, opening=False)
    True

    Unless the access of the conversation is open, replies reach followers only.

    >>> invited = Terms(Access.invitation)
    >>> receives(Default.everything, None, opening=False, terms=invited)
    False
    """
    if terms.mandatory:
        return True
    if terms.is_restricted and default is Default.everything:
        default = Default.openings
    of_opening, of_replies = _HEARD[default, choice]
    return of_opening if opening else of_replies


class Pause(Protocol):
    """A choice for a limited time, apart from the lasting choice."""

    @property
    def ends(self) -> datetime: ...


Lasting = TypeVar('Lasting')
ForAWhile = TypeVar('ForAWhile', bound=Pause)


def counting(
    lasting: Lasting, pause: ForAWhile | None, moment: datetime
) -> Lasting | ForAWhile:
    """Return the choice that counts at a moment.

    A pause outweighs the lasting choice, which stays unchanged, until the pause ends.
    From that moment on, the lasting choice counts again.

    :param lasting: The choice without an end, or a value that means none.
    :param pause: None if there is none.
    """
    return lasting if pause is None or pause.ends <= moment else pause


def replaces(new: Reason, old: Reason | None) -> bool:
    """Tell whether a new choice may replace the old one.

    An automatic choice never replaces one that a person made.

    :param old: None if there is no choice yet.
    """
    return old is None or old.automatic or not new.automatic


@dataclass(frozen=True)
class Standing:
    """The messages that a member receives of one conversation, and the reason.

    ``choice`` and ``reason`` are those that count; None if no choice does.
    ``until`` is the end of a pause; None if the choice lasts.  ``ruling`` stands beside
    a pause.
    """

    default: Default
    choice: Choice | None = None
    reason: Reason | None = None
    until: datetime | None = None
    ruling: Ruling | None = None
    terms: Terms = OPEN

    @property
    def hears_replies(self) -> bool:
        return receives(self.default, self.choice, opening=False, terms=self.terms)

    @property
    def why(self) -> Why:
        """Return why a message reaches the member; None if it does not."""
        if self.choice is Choice.follow:
            return _FOLLOWS.get(self.reason, Why.followed)
        if self.terms.mandatory:
            return Why.mandatory
        return Why.everything if self.hears_replies else Why.openings
