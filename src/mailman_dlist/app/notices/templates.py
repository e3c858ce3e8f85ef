# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of the texts for people, which a site can override.

A template of ours is overridden as Mailman's are: by a URI for a list, a domain or the
site, or by a file in the site's template directory.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any

from mailman.interfaces.mailinglist import IMailingList
from mailman.interfaces.template import ITemplateLoader
from mailman.utilities.i18n import TemplateNotFoundError, find
from mailman.utilities.string import expand
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import wording
from mailman_dlist.domain.following import Access, Terms
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model.templates import is_set


FOOTER_OF_LIST = 'list:member:regular:footer'
WELCOME_OF_LIST = 'list:user:notice:welcome'
MASTHEAD_OF_DIGEST = 'list:member:digest:masthead'

#: The footers for recipients who will receive the replies, and for those who will not.
FOOTERS = {True: 'dlist:footer:conversation', False: 'dlist:footer:opening'}

FOOTER_OF_MANDATORY = 'dlist:footer:mandatory'

#: Instead of the second, if members cannot follow by themselves.
FOOTERS_OF_RESTRICTED = {
    Access.moderated: 'dlist:footer:moderated',
    Access.invitation: 'dlist:footer:invitation',
}

#: Left out of a footer if there is no link.
LINE_WITH_LINK = re.compile(r'^.*\$(?:dlist_link\b|\{dlist_link\}).*\n?', re.M)

TEMPLATES = frozenset(
    {
        *FOOTERS.values(),
        FOOTER_OF_MANDATORY,
        *FOOTERS_OF_RESTRICTED.values(),
        'dlist:digest:conversation',
        'dlist:digest:masthead',
        'dlist:notice:followed',
        'dlist:notice:muted',
        'dlist:notice:reset',
        'dlist:notice:asked',
        'dlist:notice:withdrawn',
        'dlist:notice:mandatory',
        'dlist:notice:access-refused',
        'dlist:notice:approved',
        'dlist:notice:denied',
        'dlist:notice:blocked',
        'dlist:notice:invited',
        'dlist:notice:requests',
        'dlist:notice:barred',
        'dlist:notice:paused',
        'dlist:notice:pause-over',
        'dlist:notice:posted-muted',
        'dlist:notice:held-alias',
        'dlist:notice:help',
        'dlist:notice:conversations',
        'dlist:notice:last-today',
        'dlist:notice:welcome',
        'dlist:notice:closed',
        'dlist:notice:deleted',
        'dlist:notice:confirm-posting',
        'dlist:notice:posting-changed',
        'dlist:notice:moderators-only',
        'dlist:notice:idle',
        'dlist:notice:unclear',
        'dlist:notice:became-plain',
        'dlist:notice:remains-plain',
        'dlist:notice:unknown',
        'dlist:notice:reused',
        'dlist:notice:no-member',
        'dlist:notice:alias-confirm',
        'dlist:notice:alias-refused',
        'dlist:notice:alias-confirmed',
        'dlist:notice:alias-unknown',
        'dlist:notice:alias-added',
        'dlist:notice:alias-taken',
        'dlist:essay:questions',
        'dlist:essay:invitation',
        'dlist:essay:again',
        'dlist:essay:length',
        'dlist:essay:answered',
        'dlist:essay:arrived',
        'dlist:essay:over',
    }
)


@public
def text(name: str, mlist: MailingList, language: str) -> str:
    """Return a template of ours: the site's version, or else the one that we ship."""
    if is_set(name, mlist.list_id, mlist.mail_host):
        # An unreadable template is an OSError; another text is better than none.
        with suppress(OSError):
            return getUtility(ITemplateLoader).get(name, mlist, language=language)
    # Mailman's loader is asked only for names that are set.  If ours were in Mailman's
    # own list of templates, REST clients that set all of them would have to set ours.
    with suppress(TemplateNotFoundError):
        _path, file = find(f'{name}.txt', mlist, language)
        with file:
            return file.read()
    shipped = files('mailman_dlist') / 'templates'
    for code in (language, 'en'):
        path = shipped / code / f'{name.replace(":", "-")}.txt'
        if path.is_file():
            return path.read_text(encoding='utf-8')
    raise TemplateNotFoundError(name)


@public
def filled(
    name: str, mlist: MailingList, language: str, facts: dict[str, str]
) -> str:
    """Return a template of ours with its variables filled in.

    :param facts: Values in addition to those about the list.
    """
    return expand(text(name, mlist, language), mlist, facts_of(mlist) | facts)


@public
def footer_name(terms: Terms, *, replies: bool) -> str:
    """Return the name of the template for a footer in a conversation.

    :param replies: Whether its readers will receive the replies.
    """
    if terms.mandatory:
        return FOOTER_OF_MANDATORY
    if not replies and terms.access in FOOTERS_OF_RESTRICTED:
        return FOOTERS_OF_RESTRICTED[terms.access]
    return FOOTERS[replies]


@public
def facts_of(mlist: MailingList) -> dict[str, str]:
    """Return the values for every template, except footers."""
    ours = lists.addresses(mlist)
    return {
        'opening_address': ours.opening,
        'help_address': ours.help,
        'conversations_address': ours.conversations,
        'leave_address': mlist.leave_address,
        'delimiter': ours.delimiter,
    }


@public
@implementer(ITemplateLoader)
class AmendingLoader:
    """Add our texts to the list's own: footers, and the notice that welcomes members.

    The masthead of digests is ours unless the list has its own.  Mailman's asks for a
    better Subject in a reply, as if that were enough to reply to a member.

    Core decorates a message when it is sent, so that archives and digests have no
    footers.  It passes the message's metadata, which names our footer, to the loader.
    All other templates come from the wrapped loader.
    """

    def __init__(self, loader: Any):
        self._loader = loader

    def get(self, name: str, context: Any = None, **kws: Any) -> str:
        """See `ITemplateLoader`."""
        theirs = self._loader.get(name, context, **kws)
        if not IMailingList.providedBy(context):
            # The template is for a domain or for the site.
            return theirs
        if name == FOOTER_OF_LIST and 'dlist_footer' in kws:
            return footer(context, kws) + theirs
        if name == WELCOME_OF_LIST and lists.is_dlist(context):
            ours = _welcome(context, _language(context, kws))
            return f'{theirs.rstrip()}\n\n{ours}'
        if (
            name == MASTHEAD_OF_DIGEST
            and lists.is_dlist(context)
            and theirs in _mastheads_of_mailman()
        ):
            return filled('dlist:digest:masthead', context, _language(context, kws), {})
        return theirs


@public
def footer(mlist: MailingList, values: dict[str, Any]) -> str:
    """Return the template of a footer.

    :param values: The values of its variables, and in ``dlist_footer`` its name.
    """
    found = text(values['dlist_footer'], mlist, _language(mlist, values))
    return found if values.get('dlist_link') else LINE_WITH_LINK.sub('', found)


@cache
def _mastheads_of_mailman() -> frozenset[str]:
    shipped = files('mailman') / 'templates'
    paths = (each / f'{MASTHEAD_OF_DIGEST}.txt' for each in shipped.iterdir())
    return frozenset(path.read_text('utf-8') for path in paths if path.is_file())


def _language(mlist: MailingList, kws: dict[str, Any]) -> str:
    return kws.get('language', mlist.preferred_language.code)


def _welcome(mlist: MailingList, language: str) -> str:
    """Return what a new member should know about conversations.

    Core fills paragraphs afterwards, except indented ones.
    """
    with _.using(language):
        default = wording.of_default(lists.settings(mlist).new_member_default)
    return filled('dlist:notice:welcome', mlist, language, {'default': default})
