# SPDX-License-Identifier: GPL-3.0-or-later
"""What a personal link does: it shows a conversation, and makes a choice about it.

`domain.links.token` decides whether a token is genuine and has not expired before
anything else is looked at, so that nobody learns anything by guessing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.following import choices
from mailman_dlist.app.links import keys
from mailman_dlist.app.people.senders import is_member_banned
from mailman_dlist.domain.following import Choice, Reason, Standing
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
    """A token leads nowhere; it does not say why."""

    def __init__(self) -> None:
        super().__init__('This link is invalid or has expired')


@public
@dataclass(frozen=True)
class Landing:
    """What a personal link leads to.

    ``wish`` is the choice that its button makes.
    """

    mlist: MailingList
    conversation: Conversation
    member: Member
    standing: Standing
    wish: Choice


@public
def look(text: str) -> Landing:
    """Say where a token leads; this changes nothing.

    :raises UnknownLink: if it is forged, altered or expired, its key is gone, or
        the member, the conversation or the dlist is, or the member is banned.
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
    """Do what its member wants of the conversation, and say what is true then.

    It is committed.  Doing the same again changes nothing.

    :param wish: None to go back to the default.
    :raises UnknownLink: as `look` does, and KeyFileError.
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
    if wish is None:
        choices.forget(*parties, Reason.link)
    elif not _is_done(landing.standing, wish):
        choices.choose(*parties, wish, Reason.link)
    return landing


def _is_done(standing: Standing, wish: Choice) -> bool:
    done = standing.choice, standing.reason, standing.until
    return done == (wish, Reason.link, None)
