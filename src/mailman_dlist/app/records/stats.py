# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the numbers of posts and deliveries, and move them along with posts.

`app.posts.delivery` counts a post when it is sent out.
"""

from __future__ import annotations

from collections.abc import Iterable

from public import public

from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import counts as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.counts import By, Total


@public
def totals(
    mlist: MailingList,
    by: By | None = None,
    *,
    start: int = 0,
    count: int | None = None,
) -> Iterable[Total]:
    """Return a page of the totals: months in their order, conversations by name.

    :param by: None for each conversation in each month.
    """
    return model.totals(mlist.list_id, by, start=start, count=count)


@public
def size(mlist: MailingList, by: By | None = None) -> int:
    """Return the number of rows of all pages of `totals`."""
    return model.size(mlist.list_id, by)


@public
def merge(into: Conversation, number: int) -> None:
    """Count the posts of a conversation that was merged with those of another one.

    Call it in the same transaction, after its posts have moved.

    :param number: Of the conversation that no longer exists.
    """
    model.recount(into.list_id, {into.id, number})


@public
def split(old: Conversation, new: Conversation) -> None:
    """Count the posts that have moved to a new conversation there.

    Call it in the same transaction, after the posts have moved.
    """
    model.recount(old.list_id, {old.id, new.id})
