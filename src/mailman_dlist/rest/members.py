# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for a member's settings [U7, U8]."""

from __future__ import annotations

from typing import Any

import falcon
from mailman.rest.helpers import child
from public import public

from mailman_dlist.app import views
from mailman_dlist.app.following import preferences
from mailman_dlist.app.views import View
from mailman_dlist.model.session import committed
from mailman_dlist.rest.aliases import Aliases, AnAlias
from mailman_dlist.rest.answers import responder
from mailman_dlist.rest.paths import OfAMember
from mailman_dlist.rest.requests import write


@public
class AMember(OfAMember):
    """One member of a dlist."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/members/<member_id>"""
        mlist, member = self.parties()
        return self.entry(
            views.member(mlist, member),
            'lists',
            mlist.list_id,
            'members',
            self.api.from_uuid(member.member_id),
        )

    @responder
    def on_patch(self, request: falcon.Request) -> None:
        """/lists/<list_id>/members/<member_id>"""
        written = write(request)
        committed(
            lambda: preferences.change(*self.parties(), written.values, written.by)
        )

    @child()
    def aliases(self, context: Any, segments: list[str]) -> Any:
        """/lists/<list_id>/members/<member_id>/aliases and one of them."""
        if not segments:
            return Aliases(self.list_id, self.member_id)
        # An address may contain slashes.
        email = '/'.join(segments)
        return AnAlias(self.list_id, self.member_id, email), []
