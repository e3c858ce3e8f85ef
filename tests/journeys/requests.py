# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to join, as a moderator sees them and as Mailman lets go of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from mailman.model.pending import Pended, PendedKeyValue
from sqlalchemy import select, update

from mailman_dlist.demo.site import Site
from tests.inside import InsideSite
from tests.journeys.storage import connected
from tests.village import MailingList


OLD = datetime(2005, 8, 1)

# Mailman's classes carry no annotations; their tables are all we need.
PENDED: Any = Pended.__table__
VALUES: Any = PendedKeyValue.__table__


def pending(mlist: MailingList, **query: str) -> dict[str, dict[str, Any]]:
    """Return the requests that a list has, by the address of each.

    :param query: As Mailman's own resource takes it, such as ``request_type``.
    """
    path = f'lists/{mlist.list_id}/requests?{urlencode(query)}'
    entries = mlist.village.site.must(path).body.get('entries', [])
    return {entry['email']: entry for entry in entries}


def decide(mlist: MailingList, token: str, action: str, **more: str) -> None:
    """Accept, discard, reject or defer a request."""
    path = f'lists/{mlist.list_id}/requests/{token}'
    mlist.village.site.must(path, {'action': action, **more})


def expire(site: Site, emails: Iterable[str]) -> None:
    """Make the requests of some addresses old, and let Mailman find them."""
    wanted = [json.dumps(email) for email in emails]
    theirs = PENDED.c.id.in_(
        select(VALUES.c.pended_id).where(
            VALUES.c.key == 'email', VALUES.c.value.in_(wanted)
        )
    )
    with connected(site) as (connection, _tables):
        connection.execute(update(PENDED).where(theirs).values(expiration_date=OLD))
        connection.commit()

    assert isinstance(site, InsideSite)
    site.look('task')
    with connected(site) as (connection, _tables):
        assert connection.execute(select(PENDED.c.id).where(theirs)).first() is None
