# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resources for conversations, their messages and their audience."""

from __future__ import annotations

from typing import Any

import falcon
from mailman.rest.helpers import child
from public import public

from mailman_dlist.app import lookup, views
from mailman_dlist.app.access import terms
from mailman_dlist.app.following import choices as following
from mailman_dlist.app.life import changing, merging, splitting
from mailman_dlist.app.views import View
from mailman_dlist.domain.values import BadSetting, one_of, yes_or_no
from mailman_dlist.interfaces.conversation import Access, Posting
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import audience
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import Overview, Search
from mailman_dlist.model.session import committed
from mailman_dlist.rest.answers import Resource, collection, creating, responder
from mailman_dlist.rest.choices import AChoice, Choices
from mailman_dlist.rest.paths import OfAConversation, OfAList
from mailman_dlist.rest.requests import query, write
from mailman_dlist.rest.states import AState, States


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

    @responder
    def on_patch(self, request: falcon.Request) -> None:
        """…/conversations/<name>; all changes, or none if one is not possible."""
        asked = write(request)
        values = asked.read(CHANGES)

        def work() -> None:
            mlist, conversation = self.conversation()
            terms.change(
                mlist,
                conversation,
                asked.by,
                access=values.get('access'),
                mandatory=values.get('mandatory'),
                clear=values.get('clear', False),
            )
            if 'subject' in values:
                changing.set_subject(mlist, conversation, values['subject'], asked.by)
            if 'posting' in values:
                changing.set_posting(mlist, conversation, values['posting'], asked.by)
            if 'name' in values:
                changing.rename(mlist, conversation, values['name'], asked.by)

        committed(work)

    @responder
    def on_delete(self, request: falcon.Request) -> None:
        """…/conversations/<name>; only by the present name."""
        asked = write(request)
        asked.read({})
        committed(lambda: changing.forget(*self.present(), asked.by))

    @child()
    def merge(self, context: Any, segments: list[str]) -> Any:
        return Merger(self.list_id, self.name), segments

    @child()
    def split(self, context: Any, segments: list[str]) -> Any:
        return Split(self.list_id, self.name), segments

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

    @child()
    def states(self, context: Any, segments: list[str]) -> Any:
        if not segments:
            return States(self.list_id, self.name)
        return AState(self.list_id, self.name, segments.pop(0)), segments


@public
class Merger(OfAConversation):
    """Merge a conversation into another one."""

    @responder
    def on_post(self, request: falcon.Request) -> None:
        """…/conversations/<name>/merge; `into`, both by their present names."""
        asked = write(request)
        into = asked.read({'into': str.strip}, required=['into'])['into']

        def work() -> None:
            mlist, source = self.present()
            try:
                target = lookup.conversation_named(mlist, into)
            except lookup.UnknownConversation as error:
                raise BadSetting('into', str(error)) from error
            changing.check_present(into, target)
            merging.merge(mlist, source, target, asked.by)

        committed(work)


@public
class Split(OfAConversation):
    """Split a conversation at a message."""

    @creating
    def on_post(self, request: falcon.Request) -> str:
        """…/conversations/<name>/split; `message_id`, `subject`, and maybe `name`."""
        asked = write(request)
        values = asked.read(PARTS, required=['message_id', 'subject'])

        def work() -> tuple[str, str]:
            mlist, conversation = self.conversation()
            new = splitting.split(mlist, conversation, by=asked.by, **values)
            return mlist.list_id, new.name

        list_id, name = committed(work)
        return self.link('lists', list_id, 'conversations', name)


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


def _subject(text: str) -> str:
    subject = changing.clean_subject(text)
    if not subject:
        raise ValueError('a text')
    return subject


CHANGES: dict[str, Any] = {
    'name': str,
    'subject': _subject,
    'posting': one_of(Posting),
    'access': one_of(Access),
    'mandatory': yes_or_no,
    'clear': yes_or_no,
}

PARTS: dict[str, Any] = {'message_id': str, 'subject': _subject, 'name': str}


def _is_closed(state: str) -> bool:
    try:
        return {'open': False, 'closed': True}[state]
    except KeyError:
        raise ValueError('open or closed') from None
