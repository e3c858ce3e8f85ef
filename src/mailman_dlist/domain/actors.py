# SPDX-License-Identifier: GPL-3.0-or-later
"""Say who makes a change, and by which door it came in.

Each change is recorded with its actor and its door (DESIGN, section 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mailman_dlist.domain.following import Reason


class Door(Enum):
    """The way by which a change comes in."""

    mail = 1
    web = 2
    link = 3
    rest = 4
    cli = 5
    #: Nobody asked for it: a time has passed, or a membership has changed.
    automatic = 6

    @property
    def reason(self) -> Reason:
        """The reason of a choice that a member makes by this door."""
        return Reason[self.name]


@dataclass(frozen=True)
class By:
    """Who makes a change, and how.

    :param actor: An address, or the id of a member; '' if it is not known.  Never an
        alias of a member.
    """

    door: Door
    actor: str = ''


AUTOMATIC = By(Door.automatic)
