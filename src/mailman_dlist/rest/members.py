# SPDX-License-Identifier: GPL-3.0-or-later
"""REST for what members have set for the whole list [U7, U8]."""

from __future__ import annotations

import falcon
from public import public

from mailman_dlist.app import members, views
from mailman_dlist.app.views import View
from mailman_dlist.model.session import committed
from mailman_dlist.rest.answers import responder
from mailman_dlist.rest.paths import OfAList
from mailman_dlist.rest.requests import body


@public
class AMember(OfAList):
    """One member of a dlist."""

    def __init__(self, list_id: str, member_id: str):
        super().__init__(list_id)
        self.member_id = member_id

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/members/<member_id>"""
        mlist, member = self.mlist(), self.member(self.member_id)
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
        values = body(request)
        committed(
            lambda: members.change(self.mlist(), self.member(self.member_id), values)
        )
