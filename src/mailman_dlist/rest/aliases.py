# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for a member's aliases and for confirming one [U14, U16]."""

from __future__ import annotations

import falcon
from public import public

from mailman_dlist.app import views
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.views import View
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.rest.answers import Resource, accepting, collection, responder
from mailman_dlist.rest.paths import OfAMember
from mailman_dlist.rest.requests import query, write


@public
class Aliases(OfAMember):
    """The aliases of one member, including those that are not confirmed yet."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/members/<member_id>/aliases"""
        page, _asked = query(request)
        mlist, member = self.parties()
        found = requests.show(member)
        end = None if page.size is None else page.start + page.size
        return collection(
            page.start,
            len(found),
            [show(self, mlist, member, each) for each in found[page.start : end]],
        )

    @accepting
    def on_post(self, request: falcon.Request) -> None:
        """…/members/<member_id>/aliases; the response reveals nothing."""
        written = write(request)
        asked = written.read({'email': str}, required=['email'])
        requests.ask(*self.parties(), asked['email'], written.by)

    @responder
    def on_delete(self, request: falcon.Request) -> None:
        """…/members/<member_id>/aliases; all of them."""
        by = write(request).by
        requests.clear(*self.parties(), by)


@public
class AnAlias(OfAMember):
    """One alias of a member."""

    def __init__(self, list_id: str, member_id: str, email: str):
        super().__init__(list_id, member_id)
        self.email = email

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/aliases/<email>"""
        mlist, member = self.parties()
        return show(self, mlist, member, requests.find(member, self.email))

    @responder
    def on_delete(self, request: falcon.Request) -> None:
        """…/aliases/<email>"""
        by = write(request).by
        requests.remove(*self.parties(), self.email, by)


@public
class AConfirmation(Resource):
    """The request that the token in a mail confirms.

    The response to every invalid token is the same, and none names the member.

    :param token: As in the link.
    """

    def __init__(self, token: str):
        self.token = token

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/aliases/<token>; changes nothing, as programs scan mail."""
        return self.show(requests.look(self.token))

    on_head = on_get

    @responder
    def on_post(self, request: falcon.Request) -> View:
        """/aliases/<token>; confirms it."""
        return self.show(requests.confirm(self.token, write(request).by))

    def show(self, found: requests.Confirmation) -> View:
        view = views.confirmation(found.mlist, found.email, found.state)
        return self.entry(view)


def show(
    resource: Resource, mlist: MailingList, member: Member, alias: requests.OwnAlias
) -> View:
    return resource.entry(
        views.alias(*alias),
        'lists',
        mlist.list_id,
        'members',
        resource.api.from_uuid(member.member_id),
        'aliases',
        alias.email,
    )
