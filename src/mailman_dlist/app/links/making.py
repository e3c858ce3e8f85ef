# SPDX-License-Identifier: GPL-3.0-or-later
"""Write links for mail: to a conversation, and personal ones that need no login.

A personal link is valid for one member and one conversation, until it expires, its key
is removed, or the membership ends.  `domain.links.token` checks key and expiry before
any look-up, so that guessing reveals nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app.links import keys
from mailman_dlist.app.site import site_settings
from mailman_dlist.domain.links import token
from mailman_dlist.domain.links.token import Link, LinkAction
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import conversations as model


@public
def plain(mlist: MailingList, name: str) -> str:
    """Return the link to a conversation, the same for everybody.

    :return: '' if the site has no web pages.
    """
    base = site_settings().web_base_url
    return base and f'{base}/lists/{mlist.list_id}/conversations/{name}/'


@public
def personal(member_id: UUID, conversation_id: int, action: LinkAction) -> str:
    """Return a member's own link about a conversation.

    :return: '' if the site has no web pages.
    :raises KeyFileError: if it cannot be signed.
    """
    return writer(conversation_id, action)(member_id)


@public
def writer(conversation_id: int, action: LinkAction) -> Callable[[UUID], str]:
    """Return a function that writes each member's link about a conversation.

    It uses the present day and key, so it is for one message.  A message has many
    readers, and to look up day and key takes longer than to sign.

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
    :return: '' if the site has no web pages.
    """
    base = site_settings().web_base_url
    return base and f'{base}/dlist/alias/{confirming}'


@public
def for_everybody(text: str) -> str | None:
    """Return the plain replacement for a quoted personal link.

    This includes links that have expired or whose member has left: nobody else should
    have them.

    :return: The plain link; '' if there is none; None if the token is not one of ours,
        so that the text may stay.
    :raises KeyFileError: if no token can be checked.
    """
    link = token.read(text, keys.accepted(), date.min)
    if link is None:
        return None
    conversation = model.numbered(link.conversation_id)
    if conversation is None:
        return ''
    mlist = getUtility(IListManager).get_by_list_id(conversation.list_id)
    return '' if mlist is None else plain(mlist, conversation.name)


