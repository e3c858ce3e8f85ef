# SPDX-License-Identifier: GPL-3.0-or-later
"""Name the actor of a change, and the door by which it came in.

Each change is recorded with its actor and its door (DESIGN, section 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
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
    """The actor of a change, and the door.

    :param actor: An address, or the id of a member; '' if it is not known.  Never an
        alias of a member.
    :param from_alias: Whether the command came from an alias of the member.  The time
        of the change would show whose alias it is, see `dated`; no address is recorded.
    """

    door: Door
    actor: str = ''
    from_alias: bool = False

    def dated(self, moment: datetime) -> datetime:
        """Return the time to record for a change that is made now.

        >>> By(Door.mail, from_alias=True).dated(datetime(2026, 7, 1, 12, 30))
        datetime.datetime(2026, 7, 1, 0, 0)
        """
        return datetime.combine(moment, time.min) if self.from_alias else moment


AUTOMATIC = By(Door.automatic)
