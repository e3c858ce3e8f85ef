# SPDX-License-Identifier: GPL-3.0-or-later
"""End pauses that are over, and tell their members [U12].

A pause ends by itself: every query about choices compares its end with the time.
"""

from __future__ import annotations

import logging
from functools import partial

from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import IListArchiverSet
from mailman.interfaces.subscriptions import ISubscriptionService
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending, wording
from mailman_dlist.app.site import ready
from mailman_dlist.domain.following import Choice
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import following as model
from mailman_dlist.model.conversations import Conversation, posted_between
from mailman_dlist.model.session import committed, store


log = logging.getLogger('mailman.plugins.dlist')

# The number at a time; commands that arrive in the meantime are not delayed long.
AT_A_TIME = 100


@public
def end_pauses() -> None:
    """Tell members whose timed mute is over what they missed.

    A crash in between loses the notice and nothing else.
    """
    ready()
    moment = now()
    for pause in model.over(moment, AT_A_TIME):
        end = partial(model.end, pause.conversation_id, pause.member_id, moment)
        if committed(end) and pause.choice is Choice.mute:
            _tell(pause)


def _tell(pause: model.Over) -> None:
    member = getUtility(ISubscriptionService).get_member(pause.member_id)
    conversation = store().get(Conversation, pause.conversation_id)
    if member is None or member.address is None or conversation is None:
        return
    mlist = getUtility(IListManager).get_by_list_id(conversation.list_id)
    if not lists.is_dlist(mlist):
        return
    posted = posted_between(conversation, pause.began, pause.ends)
    # Members know their own posts.  Of those posted at the very end, only one may
    # count.
    missed = max(0, posted - pause.own_posts)
    with _.using(member.preferred_language.code):
        standing = choices.standing(mlist, conversation, member)
        facts = {
            'missed': str(missed),
            'archive': _archive(mlist) if missed else '',
            'standing': wording.of_standing(standing),
        }
    template = 'dlist:notice:pause-over'
    notice = sending.write_about(mlist, member, template, conversation, facts)
    sending.send(mlist, notice, member)


def _archive(mlist: MailingList) -> str:
    """Return a sentence with the address of the list's archive; '' without one."""
    for archiver in IListArchiverSet(mlist).archivers:
        url = archiver.is_enabled and archiver.system_archiver.list_url(mlist)
        if url:
            return '\n'.join([_('You can read them in the archive:'), f'    {url}', ''])
    return ''
