# SPDX-License-Identifier: GPL-3.0-or-later
"""Handle lists that are members of other lists, and lists that were renamed.

Mailman holds mail that names neither the list nor one of its acceptable aliases.  An
alias is the address of a list above this one, or an address that the list had before.
The conversations of a dlist add an extension to either.
"""

from __future__ import annotations

import re

from mailman.config import config
from mailman.email.message import Message as NewMessage
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import IAcceptableAliasSet
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.domain.address import without_extension
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.mail.fields import addresses
from mailman_dlist.model import lists as model


@public
def former_addresses(mlist: MailingList) -> frozenset[str]:
    """Return the acceptable aliases that are the list's own, in lower case.

    The address of another list belongs to that list: a reply to all goes to both.
    """
    by_fqdn = getUtility(IListManager).get_by_fqdn
    return frozenset(
        alias.lower()
        for alias in IAcceptableAliasSet(mlist).aliases
        if not alias.startswith('^') and by_fqdn(alias.lower()) is None
    )


@public
def names_alias(mlist: MailingList, msg: Message) -> bool:
    """Return whether a mail names an acceptable alias, with or without an extension."""
    named = addresses(msg, 'to', 'cc', 'resent-to', 'resent-cc')
    plain = (without_extension(each, lists.delimiter()) for each in named)
    return _is_explicit(mlist, [*named, *plain])


@public
def lists_that_will_hold(mlist: MailingList) -> list[MailingList]:
    """Return plain lists that accept this list's mail, but would hold it from a dlist.

    They are members of it or name it among their acceptable aliases.
    """
    ours = lists.addresses(mlist)
    return [
        child
        for child in model.lists_below(mlist.list_id, ours.posting)
        if not lists.is_dlist(child)
        and _is_explicit(child, [ours.posting])
        and not _is_explicit(child, [ours.conversation('x')])
    ]


@public
def pattern(mlist: MailingList) -> str:
    """Return the acceptable alias with which a list below accepts mail of this one."""
    name, host, plus = map(
        re.escape, (mlist.list_name, mlist.mail_host, lists.delimiter())
    )
    return f'^{name}({plus}.*)?@{host}$'


def _is_explicit(mlist: MailingList, named: list[str]) -> bool:
    letter = NewMessage()
    # Other texts are not addresses, and match nothing.
    plain = (each for each in named if each.isascii() and each.isprintable())
    letter['To'] = ', '.join(plain)
    return not config.rules['implicit-dest'].check(mlist, letter, {})
