# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for the changes on a list, and for its numbers."""

from __future__ import annotations

from uuid import UUID

import falcon
from public import public

from mailman_dlist.app import views
from mailman_dlist.app.records import audit, stats
from mailman_dlist.app.views import View
from mailman_dlist.domain.values import one_of
from mailman_dlist.model import events as model
from mailman_dlist.model.counts import By
from mailman_dlist.model.events import Search
from mailman_dlist.rest.answers import collection, responder
from mailman_dlist.rest.paths import OfAList
from mailman_dlist.rest.requests import query


@public
class Events(OfAList):
    """The changes on a list, latest first."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/events?member_id=&conversation="""
        page, asked = query(request, member_id=self._member, conversation=str.strip)
        mlist = self.mlist()
        name = asked.get('conversation')
        wanted = Search(
            mlist.list_id,
            about=asked.get('member_id'),
            numbers=audit.numbers(mlist, name) if name else None,
        )
        found = model.search(wanted, start=page.start, count=page.size)
        return collection(
            page.start,
            model.search_size(wanted),
            [self.entry(views.event(row)) for row in found],
        )

    def _member(self, text: str) -> UUID:
        # Of a former member as well.
        found = self.uuid(text.strip())
        if found is None:
            raise ValueError('a member_id as Mailman shows it')
        return found


@public
class Stats(OfAList):
    """The posts and deliveries of a list."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/stats?by=month|conversation"""
        page, asked = query(request, by=one_of(By))
        mlist, by = self.mlist(), asked.get('by')
        found = stats.totals(mlist, by, start=page.start, count=page.size)
        return collection(
            page.start,
            stats.size(mlist, by),
            [self.entry(views.total(row)) for row in found],
        )
