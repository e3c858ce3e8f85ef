# SPDX-License-Identifier: GPL-3.0-or-later
"""Record which lists a message has been posted to.

Two lists that are members of each other would send a message back and forth.  List-Id
names only the last list, and anonymous lists and wrapped messages have new Message-IDs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message

from mailman_dlist.mail.fields import raw


# The prefix matters: Mailman removes fields without it from mail that it wraps or makes
# anonymous, on plain lists too.
FIELD = 'X-Mailman-Dlist-Lists'

# More lists than any message passes; our choice.
MOST_LISTS = 50

_LIST_ID = re.compile(r'[\w.-]{1,255}', re.ASCII)


def lists_passed(msg: Message) -> list[str]:
    """Return the identifiers of the dlists that posted a message, in order.

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
    """Record that a list posts the message."""
    note_lists(msg, [*lists_passed(msg), list_id.lower()])


def note_lists(msg: Message, list_ids: Iterable[str]) -> None:
    """Record exactly these lists as those that have posted the message."""
    del msg[FIELD]
    value = ',\n '.join(dict.fromkeys(list_ids))
    if value:
        msg[FIELD] = value
