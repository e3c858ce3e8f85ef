# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lists a message has been posted to.

Two lists that are members of each other send a message to and fro.  List-Id names only
the last one, and anonymous lists and wrapped messages have new message-ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message

from mailman_dlist.mail.fields import raw


# Of the fields that begin otherwise, Mailman leaves none in mail that it wraps or makes
# anonymous, on plain lists too.
FIELD = 'X-Mailman-Dlist-Lists'

# More lists than any message passes; we chose it.
MOST_LISTS = 50

_LIST_ID = re.compile(r'[\w.-]{1,255}', re.ASCII)


def lists_passed(msg: Message) -> list[str]:
    """Return the identifiers of the dlists that posted a message, in their order.

    >>> msg = Message()
    >>> note_list(msg, 'ant.example.com')
    >>> note_list(msg, 'bee.example.com')
    >>> lists_passed(msg)
    ['ant.example.com', 'bee.example.com']
    """
    words = (word for value in raw(msg, FIELD) for word in value.lower().split(','))
    ids = (word.strip() for word in words)
    known = dict.fromkeys(each for each in ids if _LIST_ID.fullmatch(each))
    return list(known)[:MOST_LISTS]


def note_list(msg: Message, list_id: str) -> None:
    """Note that a list posts the message."""
    note_lists(msg, [*lists_passed(msg), list_id.lower()])


def note_lists(msg: Message, list_ids: Iterable[str]) -> None:
    """Note all lists that posted the message so far, and no others."""
    del msg[FIELD]
    value = ',\n '.join(dict.fromkeys(list_ids))
    if value:
        msg[FIELD] = value
