# SPDX-License-Identifier: GPL-3.0-or-later
"""Rosters of a list's members with replaced results for some addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from mailman.model.roster import MemberRoster
from public import public

from mailman_dlist.interfaces.mailman import MailingList, Member


class Known(Protocol):
    """Results for some addresses, such as a dictionary."""

    def __contains__(self, email: str, /) -> bool: ...

    def __getitem__(self, email: str, /) -> Member | None: ...


@public
class Roster(MemberRoster):
    """The members of a list, with our own results for some addresses."""

    def __init__(self, mlist: MailingList, known: Known):
        super().__init__(mlist)
        self._known = known

    def get_member(self, email: str) -> Member | None:
        """See `IRoster`."""
        if email in self._known:
            return self._known[email]
        return super().get_member(email)


@public
@contextmanager
def answering(mlist: MailingList, known: Known) -> Iterator[None]:
    """Give Mailman our own results about the list's members, for a while."""
    roster, mlist.members = mlist.members, Roster(mlist, known)
    try:
        yield
    finally:
        mlist.members = roster
