# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in a request, with a sentence that a member understands.

Facts are attributes; the sentence is for people.  Lower layers raise these errors, and
the outer layers turn them into a notice, an HTTP status or an exit code.
"""

from __future__ import annotations


class DlistError(Exception):
    """The base class of all errors of mailman-dlist."""


class ListNameUnfit(DlistError):
    """The name of a list leaves no room for extensions, so it cannot be a dlist.

    ``longest`` is how many octets the name of a list may have, or None if the
    name contains the delimiter.
    """

    def __init__(self, list_name: str, longest: int | None) -> None:
        self.list_name = list_name
        self.longest = longest
        super().__init__(
            f'The list name {list_name!r} contains the delimiter of extensions,'
            ' so the list cannot be a dlist'
            if longest is None else
            f'The list name {list_name!r} is too long for a dlist:'
            f' at most {longest} octets are possible')


class Gone(DlistError):
    """The list, the member or the conversation was deleted in the meantime."""

    def __init__(self) -> None:
        super().__init__(
            'The list, the member or the conversation was deleted in the meantime')
