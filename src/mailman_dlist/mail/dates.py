# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the date when a message was written."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from mailman_dlist.mail.fields import raw


def written_at(msg: Message) -> datetime | None:
    """Return the Date in UTC, without a time zone; None if it cannot be read.

    >>> msg = Message()
    >>> msg['Date'] = 'Mon, 02 Feb 2026 10:00:00 +0100'
    >>> written_at(msg)
    datetime.datetime(2026, 2, 2, 9, 0)
    """
    try:
        moment = parsedate_to_datetime(next(iter(raw(msg, 'Date')), ''))
        if moment.tzinfo is None:
            return moment
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
