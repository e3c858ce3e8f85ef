# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for the answers of newcomers, and for joining with one [U5]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import falcon
from mailman.interfaces.address import InvalidEmailAddressError
from mailman.interfaces.member import AlreadySubscribedError, MembershipIsBannedError
from mailman.interfaces.subscriptions import SubscriptionPendingError
from mailman.rest.helpers import created
from public import public

from mailman_dlist.app import lookup, views
from mailman_dlist.app.essays import keeping, workflow
from mailman_dlist.app.people.subscribers import subscriber
from mailman_dlist.app.views import View
from mailman_dlist.domain.values import yes_or_no
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import essays as model
from mailman_dlist.model import memberships
from mailman_dlist.model.essays import Essay
from mailman_dlist.rest.answers import Resource, collection, responder
from mailman_dlist.rest.paths import OfAList
from mailman_dlist.rest.requests import query, write


JOINING: dict[str, Callable[[str], Any]] = {
    'subscriber': str,
    'display_name': str,
    'answer': str,
    'pre_verified': yes_or_no,
    'pre_confirmed': yes_or_no,
    'pre_approved': yes_or_no,
}

# The responses of core's own resource to the same errors.
REFUSALS: dict[type[Exception], tuple[Callable[..., falcon.HTTPError], str]] = {
    AlreadySubscribedError: (falcon.HTTPConflict, 'Member already subscribed'),
    SubscriptionPendingError: (
        falcon.HTTPConflict, 'Subscription request already pending'
    ),
    MembershipIsBannedError: (falcon.HTTPBadRequest, 'Membership is banned'),
    InvalidEmailAddressError: (
        falcon.HTTPBadRequest, 'List posting address cannot subscribe'
    ),
}


@public
class Essays(OfAList):
    """The answers of a list, pending and stored."""

    _joined: Any = None

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/essays"""
        page, _asked = query(request)
        mlist = self.mlist()
        found = model.page(mlist.list_id, page.start, page.size)
        return collection(
            page.start, model.size(mlist.list_id), show(self, mlist, found)
        )

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """/lists/<list_id>/essays; core's POST to members, with an answer."""
        self._join(request, response)
        if self._joined is None:
            response.status = falcon.HTTP_202
        else:
            member_id = self.api.from_uuid(self._joined.member_id)
            created(response, self.api.path_to(f'members/{member_id}'))

    @responder
    def _join(self, request: falcon.Request) -> View | None:
        asked = write(request).read(JOINING, required=['subscriber', 'answer'])
        mlist = self.mlist()
        answer = keeping.read(mlist, asked.pop('answer'))
        given, name = asked.pop('subscriber'), asked.pop('display_name', '')
        newcomer = subscriber(given, self.uuid(given), name)
        try:
            token, owner, self._joined = workflow.subscribe(
                mlist, newcomer, answer, **asked
            )
        except tuple(REFUSALS) as error:
            status, sentence = REFUSALS[type(error)]
            raise status(description=sentence) from error
        return None if self._joined else {'token': token, 'token_owner': owner.name}


@public
class AnEssay(OfAList):
    """The answer of one person.

    :param key: Mailman's token of the request, or the id of the membership.
    """

    def __init__(self, list_id: str, key: str):
        super().__init__(list_id)
        self.key = key

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/essays/<token or member_id>"""
        mlist = self.mlist()
        essay = lookup.essay_of(mlist, self.key, self.uuid(self.key))
        [view] = show(self, mlist, [essay])
        return view


def show(
    resource: Resource, mlist: MailingList, found: Sequence[Essay]
) -> Iterator[View]:
    api = resource.api
    members = [each.member_id for each in found if each.member_id is not None]
    # Members may have changed their address.
    emails = memberships.emails(members)
    for essay in found:
        # One of the two exists, otherwise the answer would not be shown.
        member_id = essay.member_id
        key = essay.pending if member_id is None else api.from_uuid(member_id)
        view = views.essay(essay, emails.get(member_id, essay.email))
        yield resource.entry(view, 'lists', mlist.list_id, 'essays', str(key))
