# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts that people get, and how a site puts its own in their place.

A template of ours is overridden as Mailman's are: by a URI for a list, a domain
or the site, or by a file in the site's template directory.
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
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model.templates import is_set


FOOTER_OF_LIST = 'list:member:regular:footer'
WELCOME_OF_LIST = 'list:user:notice:welcome'
MASTHEAD_OF_DIGEST = 'list:member:digest:masthead'

#: The footer for who will hear the replies, and for who will not.
FOOTERS = {True: 'dlist:footer:conversation', False: 'dlist:footer:opening'}

#: Left out of a footer where there is no link.
LINE_WITH_LINK = re.compile(r'^.*\$(?:dlist_link\b|\{dlist_link\}).*\n?', re.M)

TEMPLATES = frozenset(
    {
        *FOOTERS.values(),
        'dlist:digest:conversation',
        'dlist:digest:masthead',
        'dlist:notice:followed',
        'dlist:notice:muted',
        'dlist:notice:reset',
        'dlist:notice:paused',
        'dlist:notice:pause-over',
        'dlist:notice:posted-muted',
        'dlist:notice:held-alias',
        'dlist:notice:help',
        'dlist:notice:conversations',
        'dlist:notice:last-today',
        'dlist:notice:welcome',
        'dlist:notice:closed',
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
    """Return a template of ours: the site's own one, else the one we ship."""
    if is_set(name, mlist.list_id, mlist.mail_host):
        # What cannot be read is an OSError; another text is better than none.
        with suppress(OSError):
            return getUtility(ITemplateLoader).get(name, mlist, language=language)
    # Mailman's loader is asked for what it knows only: in its own list of templates
    # ours would be required of whoever sets all of them by REST.
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
    """Return a template of ours with all that it names filled in.

    :param facts: What it names beside what is known of the list.
    """
    return expand(text(name, mlist, language), mlist, facts_of(mlist) | facts)


@public
def facts_of(mlist: MailingList) -> dict[str, str]:
    """Return what every template may name, but for footers."""
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
    """Put our texts beside the list's own: footers, and what to welcome with.

    What a digest begins with is ours where nobody has one of their own.  Mailman's
    asks for a better Subject in a reply, as if that were enough to answer somebody.

    Core decorates when a message leaves, so that archives and digests are free
    of footers; it hands over what travels with the message, and that names our
    footer.  All the rest is the loader's that was there before.
    """

    def __init__(self, loader: Any):
        self._loader = loader

    def get(self, name: str, context: Any = None, **kws: Any) -> str:
        """See `ITemplateLoader`."""
        theirs = self._loader.get(name, context, **kws)
        if not IMailingList.providedBy(context):
            # A text for a domain or for the site.
            return theirs
        if name == FOOTER_OF_LIST and 'dlist_footer' in kws:
            ours = text(kws['dlist_footer'], context, _language(context, kws))
            if not kws.get('dlist_link'):
                ours = LINE_WITH_LINK.sub('', ours)
            return ours + theirs
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


@cache
def _mastheads_of_mailman() -> frozenset[str]:
    shipped = files('mailman') / 'templates'
    paths = (each / f'{MASTHEAD_OF_DIGEST}.txt' for each in shipped.iterdir())
    return frozenset(path.read_text('utf-8') for path in paths if path.is_file())


def _language(mlist: MailingList, kws: dict[str, Any]) -> str:
    return kws.get('language', mlist.preferred_language.code)


def _welcome(mlist: MailingList, language: str) -> str:
    """Return what a new member should know about conversations.

    Core fills paragraphs after us; those with an indent it leaves alone.
    """
    with _.using(language):
        default = wording.of_default(lists.settings(mlist).new_member_default)
    return filled('dlist:notice:welcome', mlist, language, {'default': default})
