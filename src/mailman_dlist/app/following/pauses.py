# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices that end by themselves, and what members hear of that [U12]."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

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

# As many at a time as leave room for the commands that wait meanwhile.
AT_A_TIME = 100


class Ended(NamedTuple):
    """A choice that has ended, as it was."""

    conversation_id: int
    member_id: UUID
    choice: Choice
    made_at: datetime
    until: datetime


@public
def end_pauses() -> None:
    """End the choices whose time is over, and tell the members what they missed.

    A crash in between loses the notice, not the end.
    """
    ready()
    moment = now()
    over = [
        Ended(row.conversation_id, row.member_id, row.choice, row.made_at, row.until)
        for row in model.ended(moment, AT_A_TIME)
        if row.until is not None
    ]
    for ended in over:
        end = partial(
            model.end, ended.conversation_id, ended.member_id, ended.until
        )
        if committed(end) and ended.choice is Choice.mute:
            _tell(ended)


def _tell(ended: Ended) -> None:
    member = getUtility(ISubscriptionService).get_member(ended.member_id)
    conversation = store().get(Conversation, ended.conversation_id)
    if member is None or member.address is None or conversation is None:
        return
    mlist = getUtility(IListManager).get_by_list_id(conversation.list_id)
    if not lists.is_dlist(mlist):
        return
    missed = posted_between(conversation, ended.made_at, ended.until)
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
    """Say where the list's messages can be read, if anywhere."""
    for archiver in IListArchiverSet(mlist).archivers:
        url = archiver.is_enabled and archiver.system_archiver.list_url(mlist)
        if url:
            return '\n'.join([_('You find them in the archive:'), f'    {url}', ''])
    return ''
