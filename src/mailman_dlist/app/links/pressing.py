# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the page of a personal link, and make the choice of its button.

`domain.links.token` decides whether a token is genuine and has not expired before any
look-up, so that guessing reveals nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.access import states
from mailman_dlist.app.following import choices
from mailman_dlist.app.links import keys
from mailman_dlist.app.people.senders import is_member_banned
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Reason, Ruling, Standing
from mailman_dlist.domain.links import token
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')


_CHOICES = {LinkAction.mute: Choice.mute, LinkAction.follow: Choice.follow}


@public
class UnknownLink(lookup.Unknown):
    """A token is not valid; the error does not say why."""

    def __init__(self) -> None:
        super().__init__('This link is invalid or has expired')


@public
@dataclass(frozen=True)
class Landing:
    """The target of a personal link.

    ``wish`` is the choice that its button makes.
    """

    mlist: MailingList
    conversation: Conversation
    member: Member
    standing: Standing
    wish: Choice


@public
def look(text: str) -> Landing:
    """Return the target of a token, without changing anything.

    :raises UnknownLink: if it is forged, altered or expired, if its key, the member,
        the conversation or the dlist no longer exists, or if the member is banned.
    :raises KeyFileError: if no token can be checked.
    """
    link = token.read(text, keys.accepted(), now().date())
    if link is None:
        raise UnknownLink
    conversation = model.numbered(link.conversation_id)
    if conversation is None:
        raise UnknownLink
    mlist = getUtility(IListManager).get_by_list_id(conversation.list_id)
    if mlist is None or not lists.is_dlist(mlist):
        raise UnknownLink
    try:
        member = lookup.member_with_id(mlist, link.member_id)
    except lookup.UnknownMember:
        raise UnknownLink from None
    if is_member_banned(mlist, member):
        raise UnknownLink
    standing = choices.standing(mlist, conversation, member)
    return Landing(mlist, conversation, member, standing, _CHOICES[link.action])


@public
def act(text: str, wish: Choice | None) -> Landing:
    """Make the member's choice about the conversation, and return the new state.

    The choice is committed.  Repeating this changes nothing.

    In a moderated conversation, a wish to follow is a request.

    :param wish: None to return to the default.
    :raises UnknownLink: as `look` does, and KeyFileError.
    :raises AccessRefused: if the member may not make the choice.
    """
    landing = committed(lambda: _act(text, wish))
    log.info(
        '%s: %s %s by link for %s',
        landing.mlist.list_id,
        'reset' if wish is None else wish.name,
        landing.conversation.name,
        landing.member.member_id,
    )
    return look(text)


def _act(text: str, wish: Choice | None) -> Landing:
    landing = look(text)
    parties = landing.mlist, landing.conversation, landing.member
    by = By(Door.link, lookup.email_of(landing.member) or '')
    if not _is_done(landing.standing, wish):
        states.wish(*parties, wish, by, as_member=True)
    return landing


def _is_done(standing: Standing, wish: Choice | None) -> bool:
    if wish is Choice.follow and standing.ruling is Ruling.pending:
        return True
    done = standing.choice, standing.reason, standing.until
    return done == (wish, Reason.link, None)
