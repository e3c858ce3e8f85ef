# SPDX-License-Identifier: GPL-3.0-or-later
"""Close conversations in which nobody has posted for a long time.

Owners choose the number of days with the setting ``close_after``.  A list is looked at
once a day, so that its owners receive at most one notice a day about it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now, today
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.life import changing
from mailman_dlist.app.notices import sending
from mailman_dlist.app.site import ready
from mailman_dlist.domain.actors import AUTOMATIC
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import life as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.lists import closing_lists
from mailman_dlist.model.notices import count_notice
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

# More would not be read.
MOST_SHOWN = 50


@public
def close_idle() -> None:
    """Close the idle conversations of lists that want it, and tell their owners.

    A crash in between loses the notice and nothing else.
    """
    ready()
    for list_id, days in closing_lists():
        closed = committed(partial(_close, list_id, days))
        mlist = getUtility(IListManager).get_by_list_id(list_id)
        if closed and mlist is not None:
            log.info('%s: %s idle conversations closed', list_id, len(closed))
            _tell(mlist, days, closed)


def _close(list_id: str, days: int) -> list[Conversation]:
    mlist = getUtility(IListManager).get_by_list_id(list_id)
    if mlist is None or not lists.is_dlist(mlist):
        return []
    moment = now() - timedelta(days=days)
    found = model.idle(list_id, moment)
    # Counted like the notices to an address, of which this key is none.
    if not found or count_notice(f'{list_id} idle', today()) > 1:
        return []
    for conversation in found:
        changing.set_posting(mlist, conversation, Posting.closed, AUTOMATIC)
    return found


def _tell(mlist: MailingList, days: int, closed: list[Conversation]) -> None:
    ours = lists.addresses(mlist)
    lines = []
    for conversation in closed[:MOST_SHOWN]:
        lines += [
            f'    {conversation.subject or conversation.name}',
            f'        {ours.reopen(conversation.name)}',
        ]
    if len(closed) > MOST_SHOWN:
        lines.append('    ...')
    with _.using(mlist.preferred_language.code):
        subject = _('Idle conversations on ${mlist.display_name} were closed')
    facts = {'days': str(days), 'conversations': '\n'.join(lines)}
    notice = sending.write(mlist, mlist, 'dlist:notice:idle', subject, facts)
    sending.send(mlist, notice, mlist.owner_address, limited=False)
