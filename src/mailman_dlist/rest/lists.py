# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for dlists and their settings [U1]."""

from __future__ import annotations

from typing import Any

import falcon
from mailman.rest.helpers import child
from public import public

from mailman_dlist.app import lists, lookup, views
from mailman_dlist.app.views import View
from mailman_dlist.model import lists as model
from mailman_dlist.model.session import committed
from mailman_dlist.rest.answers import Resource, collection, responder
from mailman_dlist.rest.conversations import AConversation, Conversations
from mailman_dlist.rest.essays import AnEssay, Essays
from mailman_dlist.rest.members import AMember
from mailman_dlist.rest.paths import OfAList
from mailman_dlist.rest.records import Events, Stats
from mailman_dlist.rest.requests import query, write


@public
class AllLists(Resource):
    """The dlists of the site."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists"""
        page, _wanted = query(request)
        return collection(
            page.start,
            model.dlist_count(),
            [
                self.entry(views.mailing_list(mlist), 'lists', mlist.list_id)
                for mlist in model.dlists(page.start, page.size)
            ],
        )


@public
class AList(OfAList):
    """The settings of one list, which may be a plain list."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>"""
        mlist = lookup.list_named(self.list_id)
        return self.entry(views.settings(mlist), 'lists', mlist.list_id)

    @responder
    def on_patch(self, request: falcon.Request) -> View | None:
        """/lists/<list_id>; `enabled` turns it into a dlist or a plain list.

        The response has a body only if there are warnings.
        """
        values, by, _as_member = write(request)

        def work() -> list[str]:
            mlist = lookup.list_named(self.list_id)
            lists.change(mlist, values, by)
            return lists.warnings(mlist, values)

        try:
            warnings = committed(work)
        except lists.NotADlist as error:
            raise falcon.HTTPConflict(
                description=f'{error}, or send enabled=yes'
            ) from error
        return {'warnings': warnings} if warnings else None

    @child()
    def conversations(self, context: Any, segments: list[str]) -> Any:
        """/lists/<list_id>/conversations and the paths below."""
        if not segments:
            return Conversations(self.list_id)
        return AConversation(self.list_id, segments.pop(0)), segments

    @child()
    def events(self, context: Any, segments: list[str]) -> Any:
        """/lists/<list_id>/events"""
        return Events(self.list_id), segments

    @child()
    def stats(self, context: Any, segments: list[str]) -> Any:
        """/lists/<list_id>/stats"""
        return Stats(self.list_id), segments

    @child()
    def essays(self, context: Any, segments: list[str]) -> Any:
        """/lists/<list_id>/essays and one of them."""
        if not segments:
            return Essays(self.list_id)
        return AnEssay(self.list_id, segments.pop(0)), segments

    @child()
    def members(self, context: Any, segments: list[str]) -> Any:
        """/lists/<list_id>/members/<member_id>."""
        if not segments:
            return None
        return AMember(self.list_id, segments.pop(0)), segments
