# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for the choices of members [U12, U13]."""

from __future__ import annotations

from typing import Any

import falcon
from mailman.utilities.datetime import now
from public import public

from mailman_dlist.app import lookup, views
from mailman_dlist.app.access import states
from mailman_dlist.app.views import View
from mailman_dlist.domain.following import Choice
from mailman_dlist.domain.values import BadSetting, one_of
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import following as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.following import Chosen
from mailman_dlist.model.session import committed
from mailman_dlist.rest.answers import WAITING, Resource, collection, responder
from mailman_dlist.rest.paths import OfAConversation
from mailman_dlist.rest.requests import query, write


@public
class Choices(OfAConversation):
    """The choices of all members for a conversation."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/conversations/<name>/choices"""
        page, _asked = query(request)
        mlist, conversation = self.conversation()
        moment = now()
        found = model.choices(
            conversation, moment, start=page.start, count=page.size
        )
        return collection(
            page.start,
            model.choice_count(conversation, moment),
            [show(self, mlist, conversation, chosen) for chosen in found],
        )


@public
class AChoice(OfAConversation):
    """The choice of one member for a conversation."""

    def __init__(self, list_id: str, name: str, member_id: str):
        super().__init__(list_id, name)
        self.member_id = member_id

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/choices/<member_id>"""
        mlist, conversation, member = self.parties()
        chosen = lookup.choice_of(conversation, member)
        return show(self, mlist, conversation, chosen)

    @responder
    def on_put(self, request: falcon.Request) -> View | None:
        """…/choices/<member_id>; `choice`, and `until` when it ends."""
        written = write(request)
        asked = written.read(READERS, required=['choice'])
        until = asked.get('until')
        if until is not None and until <= now():
            raise BadSetting('until', f'{views.time(until)} is in the past')
        outcome = committed(
            lambda: states.wish(
                *self.parties(),
                asked['choice'],
                written.by,
                until=until,
                as_member=written.as_member,
            )
        )
        return WAITING if outcome is states.Outcome.asked else None

    @responder
    def on_delete(self, request: falcon.Request) -> None:
        """…/choices/<member_id>; removes the choice."""
        written = write(request)
        committed(
            lambda: states.wish(
                *self.parties(), None, written.by, as_member=written.as_member
            )
        )

    def parties(self) -> tuple[MailingList, Conversation, Member]:
        return *self.conversation(), self.member(self.member_id)


def show(
    resource: Resource, mlist: MailingList, conversation: Conversation, chosen: Chosen
) -> View:
    return resource.entry(
        views.choice(chosen),
        'lists',
        mlist.list_id,
        'conversations',
        conversation.name,
        'choices',
        resource.api.from_uuid(chosen.member_id),
    )


READERS: dict[str, Any] = {'choice': one_of(Choice), 'until': views.read_time}
