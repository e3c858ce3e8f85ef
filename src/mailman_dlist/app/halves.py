# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair lists that have our posting chain or our pipeline, but not both.

Postorius and REST let owners choose any pipeline, and nothing keeps the two together.
Such a list is a plain list at once, since every part of the plugin calls
`lists.is_dlist`.  This module restores Mailman's own chain or pipeline as well, so that
the list stays plain until somebody enables it again, and tells the owners.
"""

from __future__ import annotations

import logging

from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending
from mailman_dlist.app.site import ready
from mailman_dlist.domain.actors import AUTOMATIC
from mailman_dlist.interfaces.dlist import CHAIN
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import lists as model
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')


@public
def make_whole() -> None:
    """Make half dlists plain lists, and tell the owners of each once."""
    ready()
    while committed(_make_one_plain):
        pass


def _make_one_plain() -> bool:
    found = model.half_dlists(1)
    for mlist in found:
        was_dlist = mlist.posting_chain == CHAIN
        _log(mlist, was_dlist)
        lists.disable(mlist)
        if was_dlist:
            words = {'before': 'yes', 'after': 'no'}
            notify(ChangedEvent(mlist, AUTOMATIC, 'enabled', **words))
        _tell(mlist, was_dlist)
    return bool(found)


def _log(mlist: MailingList, was_dlist: bool) -> None:
    if was_dlist:
        log.warning(
            '%s is a plain list now: somebody has set its pipeline to %s; '
            '"mailman dlist enable" makes it a dlist again',
            mlist.list_id,
            mlist.posting_pipeline,
        )
    else:
        log.warning(
            '%s remains a plain list: somebody has set its pipeline to %s, but not its '
            'chain; "mailman dlist enable" makes it a dlist',
            mlist.list_id,
            mlist.posting_pipeline,
        )


def _tell(mlist: MailingList, was_dlist: bool) -> None:
    template = f'dlist:notice:{"became" if was_dlist else "remains"}-plain'
    with _.using(mlist.preferred_language.code):
        subject = _('${mlist.display_name} is a plain list')
    # Nothing may be committed before the list is, so the notice is not counted.
    notice = sending.write(mlist, mlist, template, subject, {})
    sending.send(mlist, notice, mlist.owner_address, limited=False)
