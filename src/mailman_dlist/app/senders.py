# SPDX-License-Identifier: GPL-3.0-or-later
"""Which member is behind a message."""

from __future__ import annotations

from mailman.rules.moderation import _find_sender_member
from public import public

from mailman_dlist.interfaces.mailman import MailingList, Member, Message


@public
def member_behind(mlist: MailingList, msg: Message) -> Member | None:
    """Return the member who sent the message, None for a stranger.

    Core's own rule decides, linked addresses included, so that a command is
    carried out for whom a post would be accepted.
    """
    return _find_sender_member(mlist, msg)


@public
def is_moderator(mlist: MailingList, msg: Message) -> bool:
    """Say whether an owner or a moderator of the list sent the message."""
    administrators = mlist.administrators
    return any(
        administrators.get_member(sender) is not None for sender in msg.senders
    )
