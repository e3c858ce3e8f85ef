# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for the states of members in a conversation, in subman's words."""

from __future__ import annotations

from typing import Any

import falcon
from public import public

from mailman_dlist.app import lists, views
from mailman_dlist.app.access import requests
from mailman_dlist.app.views import View
from mailman_dlist.domain.access import Action, State
from mailman_dlist.domain.values import one_of
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import access as model
from mailman_dlist.model.access import InState
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.rest.answers import Resource, collection, responder
from mailman_dlist.rest.paths import OfAConversation
from mailman_dlist.rest.requests import query, write


@public
class States(OfAConversation):
    """The members of the list with their states in a conversation."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/conversations/<name>/states?state=pending"""
        page, asked = query(request, state=one_of(State))
        mlist, conversation = self.conversation()
        wanted = asked.get('state')
        base_default = lists.settings(mlist).base_default
        found = model.states(
            conversation,
            base_default,
            wanted=wanted,
            start=page.start,
            count=page.size,
        )
        return collection(
            page.start,
            model.state_count(conversation, base_default, wanted),
            [show(self, mlist, conversation, each) for each in found],
        )


@public
class AState(OfAConversation):
    """The state of one member in a conversation."""

    def __init__(self, list_id: str, name: str, member_id: str):
        super().__init__(list_id, name)
        self.member_id = member_id

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/states/<member_id>"""
        mlist, conversation = self.conversation()
        member = self.member(self.member_id)
        [found] = model.states(
            conversation,
            lists.settings(mlist).base_default,
            member_id=member.member_id,
        )
        return show(self, mlist, conversation, found)

    @responder
    def on_post(self, request: falcon.Request) -> None:
        """…/states/<member_id>; `action` is one of subman's fourteen."""
        written = write(request)
        action = written.read(READERS, required=['action'])['action']
        mlist, conversation = self.conversation()
        requests.act(
            mlist,
            conversation,
            self.member(self.member_id),
            action,
            written.by,
            as_moderator=not written.as_member,
        )


def show(
    resource: Resource, mlist: MailingList, conversation: Conversation, found: InState
) -> View:
    return resource.entry(
        views.state(found),
        'lists',
        mlist.list_id,
        'conversations',
        conversation.name,
        'states',
        resource.api.from_uuid(found.member_id),
    )


READERS: dict[str, Any] = {'action': one_of(Action)}
