# SPDX-License-Identifier: GPL-3.0-or-later
"""REST resource for personal links."""

from __future__ import annotations

from typing import Any

import falcon
from public import public

from mailman_dlist.app import views
from mailman_dlist.app.links import pressing
from mailman_dlist.app.views import View
from mailman_dlist.domain.following import Choice
from mailman_dlist.domain.values import BadSetting, one_of
from mailman_dlist.rest.answers import Resource, responder
from mailman_dlist.rest.requests import write


# RFC 8058, section 3.1: the body that the button of a mail program sends.
ONE_CLICK = 'List-Unsubscribe'


@public
class ALink(Resource):
    """One personal link.

    The response to every invalid token is the same.

    :param token: As it is in the link.
    """

    def __init__(self, token: str):
        self.token = token

    @responder
    def on_get(self, request: falcon.Request) -> View:
        """/links/<token>; changes nothing, as programs scan mail."""
        return self.entry(views.landing(pressing.look(self.token)))

    on_head = on_get

    @responder
    def on_post(self, request: falcon.Request) -> View:
        """/links/<token>; `action`, or the body of RFC 8058."""
        # Before the body is read: only the owner of a link learns about a bad body.
        landing = pressing.look(self.token)
        asked = write(request).read(READERS)
        if len(asked) != 1:
            raise BadSetting('action', f'is required, or {ONE_CLICK}, but not both')
        wish = asked.get('action', landing.wish)
        return self.entry(views.landing(pressing.act(self.token, wish)))


def _action(text: str) -> Choice | None:
    if text.strip().lower() == 'reset':
        return None
    try:
        return one_of(Choice)(text)
    except ValueError:
        raise ValueError('follow, mute or reset') from None


def _one_click(text: str) -> None:
    if text.strip().lower() != 'one-click':
        raise ValueError('One-Click')


READERS: dict[str, Any] = {'action': _action, ONE_CLICK: _one_click}
