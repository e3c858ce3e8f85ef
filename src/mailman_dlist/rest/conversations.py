# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for conversations, their messages and their audience."""

from __future__ import annotations

from typing import Any

import falcon
from mailman.rest.helpers import child
from public import public

from mailman_dlist.app import views
from mailman_dlist.app.following import choices as following
from mailman_dlist.app.views import View
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import audience
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import Overview, Search
from mailman_dlist.rest.answers import Resource, collection, responder
from mailman_dlist.rest.choices import AChoice, Choices
from mailman_dlist.rest.paths import OfAConversation, OfAList
from mailman_dlist.rest.requests import query


@public
class Conversations(OfAList):
    """The conversations of a list, latest posts first."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/conversations?state=open|closed&q=text"""
        page, asked = query(request, state=_is_closed, q=str.strip)
        mlist = self.mlist()
        wanted = Search(mlist.list_id, asked.get('state'), asked.get('q', ''))
        found = model.search(wanted, start=page.start, count=page.size)
        return collection(
            page.start,
            model.search_size(wanted),
            [show(self, mlist, overview) for overview in found],
        )


@public
class AConversation(OfAConversation):
    """One conversation."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/lists/<list_id>/conversations/<name>"""
        mlist, conversation = self.conversation()
        return show(self, mlist, model.overview(conversation))

    @child()
    def messages(self, context: Any, segments: list[str]) -> Any:
        return Messages(self.list_id, self.name), segments

    @child()
    def audience(self, context: Any, segments: list[str]) -> Any:
        return Audience(self.list_id, self.name), segments

    @child()
    def choices(self, context: Any, segments: list[str]) -> Any:
        if not segments:
            return Choices(self.list_id, self.name)
        return AChoice(self.list_id, self.name, segments.pop(0)), segments


@public
class Messages(OfAConversation):
    """The messages of a conversation, in the order they were posted."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/conversations/<name>/messages"""
        page, _asked = query(request)
        _mlist, conversation = self.conversation()
        posts = model.posts(conversation, start=page.start, count=page.size)
        return collection(
            page.start,
            model.overview(conversation).posts,
            [self.entry(views.message(row)) for row in posts],
        )


@public
class Audience(OfAConversation):
    """The members who will receive the next reply."""

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """…/conversations/<name>/audience"""
        page, _asked = query(request)
        mlist, conversation = self.conversation()
        hearing = following.hearing(mlist, conversation)
        hearers = audience.listeners(hearing, start=page.start, count=page.size)
        return collection(
            page.start,
            audience.size(hearing),
            [self.entry(views.listener(hearer)) for hearer in hearers],
        )


def show(resource: Resource, mlist: MailingList, overview: Overview) -> View:
    name = overview.conversation.name
    return resource.entry(
        views.conversation(overview), 'lists', mlist.list_id, 'conversations', name
    )


def _is_closed(state: str) -> bool:
    try:
        return {'open': False, 'closed': True}[state]
    except KeyError:
        raise ValueError('open or closed') from None
