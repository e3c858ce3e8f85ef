# SPDX-License-Identifier: GPL-3.0-or-later
"""The footers of conversations: what they contain, and how a quoted one is recognised.

`app.notices.templates.AmendingLoader` writes them below the messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import TypeAlias

from mailman.handlers.decorate import decorate_template
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.links import making
from mailman_dlist.app.notices import templates
from mailman_dlist.domain import footers
from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.domain.following import OPEN, Access, Terms
from mailman_dlist.interfaces.mailman import MailingList


Work: TypeAlias = Callable[[str, list[re.Pattern[str]]], str]

# A variable that Mailman has filled in for each recipient.
_VARIABLE = re.compile(r'\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})')

# A private character that stands between two templates.
_BETWEEN = '\ue004'

# What there is a footer for: the terms, and whether its readers receive the replies.
KINDS = (
    (OPEN, True),
    (OPEN, False),
    (Terms(mandatory=True), True),
    (Terms(Access.moderated), False),
    (Terms(Access.invitation), False),
)

# As it is written in a link, or in one inside the link of a service that checks links.
_SLASH = r'(?:/|%(?:25)*2F|_)'


@public
def decoration(
    mlist: MailingList,
    addresses: ListAddresses,
    name: str,
    *,
    receives_replies: bool,
    terms: Terms = OPEN,
) -> dict[str, str]:
    """Return the values for a footer about a conversation, and which footer it is.

    :param receives_replies: Whether its readers will receive the replies.
    :param terms: Of the conversation.
    """
    return {
        'dlist_footer': templates.footer_name(terms, replies=receives_replies),
        'dlist_name': name,
        'dlist_conversation_address': addresses.conversation(name),
        'dlist_follow_address': addresses.follow(name),
        'dlist_mute_address': addresses.mute(name),
        'dlist_link': making.plain(mlist, name),
    }


@public
def removers(mlist: MailingList) -> dict[str, Callable[[str], str]]:
    """Return functions that remove quoted footers of the list, by content types.

    They know the templates that the list has now, and look them up only for a text with
    addresses like those in its footers.
    """
    ours = lists.addresses(mlist)
    sign = f'{ours.list_name}{ours.delimiter}'
    texts = cache(partial(_texts, mlist, ours))

    def remove(work: Work, form: footers.Form, text: str) -> str:
        if sign not in text or ours.mail_host not in text:
            return text
        path = _path(mlist)
        found = (footers.pattern(each, path, form) for each in texts())
        return work(text, [each for each in found if each is not None])

    return {
        'text/plain': partial(remove, footers.without, footers.TEXT),
        'text/html': partial(remove, footers.without_in_page, footers.PAGE),
    }


def _texts(mlist: MailingList, ours: ListAddresses) -> list[str]:
    """Return all footers with private characters for what may differ."""
    all_values = [
        decoration(mlist, ours, footers.NAME, receives_replies=replies, terms=terms)
        for terms, replies in KINDS
    ]
    all_templates = [templates.footer(mlist, values) for values in all_values]
    values = {
        variable: f'{value}{footers.END}' if variable.endswith('_address') else value
        for variable, value in all_values[0].items()
    }
    values['dlist_link'] = values['dlist_link'] and footers.LINK
    # Mailman looks up the domain of the list for each text that it fills in.
    joined = decorate_template(mlist, _BETWEEN.join(all_templates), values)
    return _VARIABLE.sub(footers.UNKNOWN, joined).split(_BETWEEN)


def _path(mlist: MailingList) -> str:
    """Return a pattern for the path of a link to any conversation of the list."""
    list_id = re.escape(mlist.list_id).replace(r'\-', '-(?:2D)?')
    return f'{list_id}{_SLASH}conversations{_SLASH}'
