# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member hears of a conversation.

A default says what a member hears without doing anything; a choice about one
conversation outweighs it (DESIGN, section 4).  The rule for one member stands
here; the audience of a message is the same rule for all of them at once, asked of
the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar


class Default(Enum):
    """What a member hears without a choice."""

    everything = 1
    openings = 2
    nothing = 3


class Choice(Enum):
    """What a member wants of one conversation."""

    follow = 1
    mute = 2


class Reason(Enum):
    """How a choice came about."""

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
        """The word for people: ``import`` is none that Python lets us use."""
        return 'import' if self is Reason.imported else self.name

    @property
    def automatic(self) -> bool:
        """Whether nobody decided it: it came about by itself, or in bulk."""
        return self in (Reason.opened, Reason.replied, Reason.imported)


class Why(Enum):
    """Why a message reaches a member who hears it."""

    #: By default.
    everything = 1
    #: By default, and no more of the conversation.
    openings = 2
    #: By choice; the last two came about by themselves.
    followed = 3
    opened = 4
    replied = 5

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


def hears(default: Default, choice: Choice | None, *, opening: bool) -> bool:
    """Tell whether a member hears the opening, or a reply [U7, U8, U12, U13].

    >>> hears(Default.openings, Choice.follow, opening=False)
    True
    """
    of_opening, of_replies = _HEARD[default, choice]
    return of_opening if opening else of_replies


class Pause(Protocol):
    """A choice for a while; another class than a lasting choice."""

    @property
    def ends(self) -> datetime: ...


Lasting = TypeVar('Lasting')
ForAWhile = TypeVar('ForAWhile', bound=Pause)


def counting(
    lasting: Lasting, pause: ForAWhile | None, moment: datetime
) -> Lasting | ForAWhile:
    """Return what counts at a moment of what a member chose for one conversation.

    A pause outweighs the lasting choice, which stays as it is, until the pause ends;
    from that very moment the lasting choice counts again.

    :param lasting: The choice without an end, or whatever stands for none.
    :param pause: None where there is none.
    """
    return lasting if pause is None or pause.ends <= moment else pause


def replaces(new: Reason, old: Reason | None) -> bool:
    """Tell whether a new choice may take the place of the old one.

    What came about by itself never overrules what a person decided.

    :param old: None where there is no choice yet.
    """
    return old is None or old.automatic or not new.automatic


@dataclass(frozen=True)
class Standing:
    """What a member hears of one conversation, and why.

    ``choice`` and ``reason`` are those that count; None where no choice does.
    ``until`` is the end of a pause, None where what counts lasts.
    """

    default: Default
    choice: Choice | None = None
    reason: Reason | None = None
    until: datetime | None = None

    @property
    def hears_replies(self) -> bool:
        return hears(self.default, self.choice, opening=False)

    @property
    def why(self) -> Why:
        """Why a message reaches the member, if it does."""
        if self.choice is Choice.follow:
            return _FOLLOWS.get(self.reason, Why.followed)
        return Why.everything if self.hears_replies else Why.openings
