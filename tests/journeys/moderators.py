# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits for a moderator, and what moderators do about it."""

from __future__ import annotations

from tests.village import MailingList


def held(mlist: MailingList) -> dict[str, int]:
    """Return what waits for a moderator, by subject."""
    path = f'lists/{mlist.list_id}/held'
    entries = mlist.village.site.must(path).body.get('entries', [])
    return {entry['subject']: entry['request_id'] for entry in entries}


def decide(mlist: MailingList, subject: str, action: str) -> None:
    """Accept, discard, reject or defer what waits under a subject."""
    path = f'lists/{mlist.list_id}/held/{held(mlist)[subject]}'
    mlist.village.site.must(path, {'action': action})
    mlist.village.settle()
