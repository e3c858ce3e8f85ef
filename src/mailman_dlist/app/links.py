# SPDX-License-Identifier: GPL-3.0-or-later
"""Links in mail: to a conversation, and personal ones that need no login.

A personal link is good for one member and one conversation, until it expires, its
key is gone, or the membership ends.  `domain.token` decides about the first two
before anything else is looked at, so that nobody learns anything by guessing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import following, keys, lists, lookup
from mailman_dlist.app.site import site_settings
from mailman_dlist.domain import token
from mailman_dlist.domain.following import Choice, Reason, Standing
from mailman_dlist.domain.token import Link, LinkAction
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import conversations as model
from mailman_dlist.model import following as choices
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

_CHOICES = {LinkAction.mute: Choice.mute, LinkAction.follow: Choice.follow}


@public
class UnknownLink(lookup.Unknown):
    """A token leads nowhere; it does not say why."""

    def __init__(self) -> None:
        super().__init__('There is no such link, or it is no longer good')


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
def plain(mlist: MailingList, name: str) -> str:
    """Return the link to a conversation, the same for everybody.

    :return: '' where the site has no web pages.
    """
    base = site_settings().web_base_url
    return base and f'{base}/lists/{mlist.list_id}/conversations/{name}/'


@public
def personal(member_id: UUID, conversation_id: int, action: LinkAction) -> str:
    """Return a member's own link about a conversation.

    :return: '' where the site has no web pages.
    :raises KeyFileError: when it cannot be signed.
    """
    return writer(conversation_id, action)(member_id)


@public
def writer(conversation_id: int, action: LinkAction) -> Callable[[UUID], str]:
    """Return what writes the link of each member about a conversation.

    The day and the key are those of now: it is for one message.  A message has
    many readers, and to ask for day and key takes longer than to sign.

    :raises KeyFileError: as `personal` does.
    """
    settings = site_settings()
    base = settings.web_base_url
    if not base:
        return lambda member_id: ''
    last_day = now().date() + timedelta(days=settings.token_lifetime)
    key_id, key = keys.signing()

    def write(member_id: UUID) -> str:
        link = Link(member_id, conversation_id, action, last_day)
        return f'{base}/dlist/t/{token.write(link, key_id, key)}'

    return write


@public
def alias(confirming: str) -> str:
    """Return the link to the page with the button that confirms an alias [U14].

    :param confirming: The token of the request.
    :return: '' where the site has no web pages.
    """
    base = site_settings().web_base_url
    return base and f'{base}/dlist/alias/{confirming}'


@public
def for_everybody(text: str) -> str | None:
    """Return what may stand in the place of a personal link that is quoted.

    Also one that has expired or whose member has left: nobody should have it.

    :return: The plain link, '' where there is none, and None where the token is
        not of ours, so that it may stay.
    :raises KeyFileError: when no token can be checked.
    """
    link = token.read(text, keys.accepted(), date.min)
    if link is None:
        return None
    conversation = model.numbered(link.conversation_id)
    if conversation is None:
        return ''
    mlist = getUtility(IListManager).get_by_list_id(conversation.list_id)
    return '' if mlist is None else plain(mlist, conversation.name)


@public
def look(text: str) -> Landing:
    """Say where a token leads; this changes nothing.

    :raises UnknownLink: when it is forged, altered or expired, its key is gone, or
        the member, the conversation or the dlist is.
    :raises KeyFileError: when no token can be checked.
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
    standing = following.standing(mlist, conversation, member)
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
        following.forget(*parties, Reason.link)
    elif not _is_done(landing, wish):
        following.choose(*parties, wish, Reason.link)
    return landing


def _is_done(landing: Landing, wish: Choice) -> bool:
    row = choices.choice_of(landing.conversation, landing.member.member_id)
    return (
        row is not None
        and (row.choice, row.reason, row.until) == (wish, Reason.link, None)
    )
