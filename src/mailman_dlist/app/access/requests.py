# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell moderators about requests to follow, and members about the decisions.

The first request is told within a minute; later ones are collected, so that moderators
get at most one mail a day.  If nobody decides, they are reminded.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import groupby

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.access import states
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending
from mailman_dlist.app.site import ready
from mailman_dlist.domain.access import Action
from mailman_dlist.domain.actors import By
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import access as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import committed


# Our choice.
REMINDER = timedelta(days=3)

# As many as fit into a mail that a person can read.
MOST_SHOWN = 50

# What a member is told; the subject is that of every notice about a conversation.
TOLD = {
    Action.approve_request: 'dlist:notice:approved',
    Action.deny_request: 'dlist:notice:denied',
    Action.block_request: 'dlist:notice:blocked',
    Action.add_subscriber: 'dlist:notice:invited',
}


@public
def tell(
    mlist: MailingList, conversation: Conversation, member: Member, action: Action
) -> None:
    """Tell a member what a moderator has decided, after it is committed."""
    if action in TOLD and member.address is not None:
        notice = sending.write_about(mlist, member, TOLD[action], conversation)
        sending.send(mlist, notice, member)


@public
def act(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    action: Action,
    by: By,
    *,
    as_moderator: bool = True,
) -> None:
    """Carry out one of subman's actions, commit it, and tell the member.

    :raises AccessRefused: if the member's state or the access does not allow it.
    """
    committed(
        lambda: states.act(
            mlist, conversation, member, action, by, as_moderator=as_moderator
        )
    )
    tell(mlist, conversation, member, action)


@public
def tell_moderators() -> None:
    """Write to the moderators of all lists with requests that they should know.

    A crash in between loses the mail, but not the reminder.
    """
    ready()
    for list_id in model.lists_with_requests_due(now()):
        found = committed(partial(_due, list_id))
        mlist = getUtility(IListManager).get_by_list_id(list_id)
        if found and mlist is not None:
            _write(mlist, found)


def _due(list_id: str) -> list[model.Request]:
    """Return the requests to tell now, and decide when to tell the next time."""
    mlist = getUtility(IListManager).get_by_list_id(list_id)
    if mlist is None or not lists.is_dlist(mlist):
        return []
    settings, moment = lists.settings(mlist), now()
    if settings.requests_due_at is None or settings.requests_due_at > moment:
        # Another runner was faster.
        return []
    found = model.requests(list_id)
    settings.requests_due_at = moment + REMINDER if found else None
    if found:
        settings.requests_told_at = moment
    return found


def _write(mlist: MailingList, found: list[model.Request]) -> None:
    total = len(found)  # noqa: F841 # named in the sentence
    lines = []
    for (name, subject), some in groupby(
        sorted(found[:MOST_SHOWN]), key=lambda each: (each.name, each.subject)
    ):
        lines += [f'{name}: {subject}', '']
        for each in some:
            lines.append(f'    {each.email} ({each.asked_at:%Y-%m-%d})')
        lines.append('')
    with _.using(mlist.preferred_language.code):
        subject = _('Requests to follow conversations on ${mlist.display_name}')
        if len(found) > MOST_SHOWN:
            shown = MOST_SHOWN  # noqa: F841 # named in the sentence
            lines += [_('Shown: ${shown} of ${total}, the oldest.'), '']
    facts = {
        'requests': '\n'.join(lines),
        'name': found[0].name,
        'email': found[0].email,
    }
    notice = sending.write(mlist, mlist, 'dlist:notice:requests', subject, facts)
    sending.send(mlist, notice, mlist.owner_address, limited=False)
