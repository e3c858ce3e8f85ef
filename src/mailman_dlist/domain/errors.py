# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request, said so that a member understands it.

Facts are attributes, the sentence is for people.  Raised in the lower floors;
the doors turn them into a notice, an HTTP status or an exit code.
"""

from __future__ import annotations


class DlistError(Exception):
    """The one root of every error of ours."""


class ListNameUnfit(DlistError):
    """A list's own name leaves no place for extensions; it cannot be a dlist.

    ``room`` is how many octets are left for the name of a conversation, or
    None where the list's name holds the delimiter.
    """

    def __init__(self, list_name: str, room: int | None) -> None:
        self.list_name = list_name
        self.room = room
        super().__init__(
            f'{list_name!r} holds the delimiter that begins an extension'
            if room is None else
            f'{list_name!r} leaves {room} octets for the names of conversations,'
            ' which is too few')
