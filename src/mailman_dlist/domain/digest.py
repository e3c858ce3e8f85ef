# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the messages of a digest that a member wants [U9].

A digest contains what its reader would have received as single messages (DESIGN,
section 9): first messages according to the default, replies according to the standing
when the digest is made.  A timed mute counts for its time, even if it has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mailman_dlist.domain.following import OPEN, Choice, Default, Terms, receives


class Span(NamedTuple):
    """A span of time, excluding its start and including its end."""

    start: datetime
    end: datetime

    def covers(self, moment: datetime) -> bool:
        return self.start < moment <= self.end


@dataclass(frozen=True)
class Post:
    """The properties of a message in a digest that decide which members want it.

    :param conversation_id: None for a message without a conversation, such as one from
        before the list had any.
    :param terms: Of the conversation.
    """

    conversation_id: int | None
    opening: bool
    posted_at: datetime
    terms: Terms = OPEN


@dataclass(frozen=True)
class Wish:
    """A member's choices for one conversation.

    :param choice: The choice that applies when the digest is made, apart from timed
        mutes.
    :param silences: The times of timed mutes of the conversation.
    """

    choice: Choice | None = None
    silences: tuple[Span, ...] = ()


NO_WISH = Wish()


def wants(default: Default, wish: Wish, post: Post) -> bool:
    """Return whether a member wants the message in a digest.

    A message without a conversation is for everybody, as on a plain list.
    """
    if post.conversation_id is None or post.terms.mandatory:
        return True
    if post.opening:
        # No choice can exist before the conversation does.
        return receives(default, None, opening=True, terms=post.terms)
    silent = any(span.covers(post.posted_at) for span in wish.silences)
    return not silent and receives(
        default, wish.choice, opening=False, terms=post.terms
    )


def wanted(
    default: Default, wishes: Mapping[int, Wish], posts: Sequence[Post]
) -> frozenset[int]:
    """Return the indexes of the messages that a member wants.

    >>> posted = datetime(2026, 11, 20)
    >>> posts = [Post(7, True, posted), Post(7, False, posted)]
    >>> sorted(wanted(Default.openings, {}, posts))
    [0]

    :param wishes: By the numbers of conversations.
    """
    return frozenset(
        place
        for place, post in enumerate(posts)
        if wants(default, wishes.get(post.conversation_id or 0, NO_WISH), post)
    )
