# SPDX-License-Identifier: GPL-3.0-or-later
"""A list with something to talk about, for tests of REST and the command line.

On ant@example.com Anne opened *picnic* and follows it therefore; Bart answered,
and muted it, and has the alias b@other.example; Cris has chosen nothing.  Dora is an
owner of ant and no member.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import MemberRole
from zope.component import getUtility

from mailman_dlist.app import lookup
from mailman_dlist.app.following import choices
from mailman_dlist.app.posts import accepting
from mailman_dlist.app.posts.arrival import arrive
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice
from mailman_dlist.model.conversations import Conversation, ConversationName
from mailman_dlist.model.session import store
from tests.core import built_once
from tests.model.stage import (
    give_alias,
    join,
    join_all,
    letter,
    new_list,
    now,
    pass_time,
)


LIST_ID = 'ant.example.com'

# All of REST, and which methods there are; names in capitals stand for ids.
ANT = f'lists/{LIST_ID}'
PICNIC = f'{ANT}/conversations/picnic'
COLLECTIONS = (
    'lists',
    f'{ANT}/conversations',
    f'{PICNIC}/messages',
    f'{PICNIC}/audience',
    f'{PICNIC}/choices',
)
METHODS = {
    **{path: {'GET'} for path in COLLECTIONS},
    ANT: {'GET', 'PATCH'},
    f'{ANT}/events': {'GET'},
    f'{ANT}/stats': {'GET'},
    PICNIC: {'GET', 'PATCH', 'DELETE'},
    f'{PICNIC}/merge': {'POST'},
    f'{PICNIC}/split': {'POST'},
    f'{PICNIC}/choices/BART': {'GET', 'PUT', 'DELETE'},
    f'{ANT}/members/BART': {'GET', 'PATCH'},
    f'{ANT}/members/BART/aliases': {'GET', 'POST', 'DELETE'},
    f'{ANT}/members/BART/aliases/b@other.example': {'GET', 'DELETE'},
}

MONDAY = datetime(2005, 8, 1, 7, 49, 23)
OPENED = '2005-08-01T07:49:23Z'
ANSWERED = '2005-08-01T08:49:23Z'


@dataclass(frozen=True)
class Scene:
    """Ids alone: Mailman closes its session after each request."""

    anne: Any
    bart: Any
    cris: Any
    dora: Any

    def at(self, path: str) -> str:
        """Write a path with the ids of those whose names it has in capitals."""
        for name, member_id in vars(self).items():
            path = path.replace(name.upper(), member_id.hex)
        return path

    @property
    def mlist(self) -> Any:
        return getUtility(IListManager).get_by_list_id(LIST_ID)


def picnic() -> Scene:
    return _at_its_time(_picnic)


def picnic_and_cat() -> Scene:
    """Beside ant there is the plain list cat."""
    return _at_its_time(_picnic_and_cat)


def _at_its_time(build: Callable[[], Scene]) -> Scene:
    # Other tests have turned the clock.
    pass_time(MONDAY - now())
    scene = build()
    pass_time(MONDAY + timedelta(hours=1) - now())
    return scene


def _build() -> Scene:
    mlist = new_list()
    anne, bart, cris = join_all(mlist, 'Anne', 'Bart', 'Cris')
    dora = join(mlist, 'Dora', role=MemberRole.owner)
    post(mlist, 'new', anne, 'Picnic', '1@example.com')
    pass_time(timedelta(hours=1))
    conversation = post(mlist, 'picnic', bart, 'Re: Picnic', '2@example.com')
    choices.choose(mlist, conversation, bart, Choice.mute, By(Door.mail))
    give_alias(mlist, bart, 'b@other.example')
    store().commit()
    return Scene(*(member.member_id for member in (anne, bart, cris, dora)))


_picnic = built_once(_build)


@built_once
def _picnic_and_cat() -> Scene:
    scene = _build()
    new_list('cat', style='legacy-default')
    return scene


def post(
    mlist: Any, extension: str, member: Any, subject: str, message_id: str
) -> Conversation:
    """Post a message that is accepted; return its conversation."""
    accepted = accepting.accept(
        arrive(mlist, letter(member, subject), message_id, extension)
    )
    assert isinstance(accepted, accepting.Accepted)
    return accepted.conversation


def rename(old: str, new: str) -> None:
    """Give a conversation another name; the old one goes on leading there."""
    found = lookup.find(getUtility(IListManager).get_by_list_id(LIST_ID), old)
    assert found is not None
    found.name = new
    store().add(
        ConversationName(list_id=LIST_ID, name=new, conversation_id=found.id)
    )
    store().commit()
