# SPDX-License-Identifier: GPL-3.0-or-later
"""Store, return and delete answers to the owners' questions [U5].

The module `app.essays.workflow` decides about the request that an answer belongs to.
"""

from __future__ import annotations

from datetime import timedelta

from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.site import ready
from mailman_dlist.domain import confirmation
from mailman_dlist.domain import essay as words
from mailman_dlist.domain.actors import By
from mailman_dlist.interfaces.essay import EssayState
from mailman_dlist.interfaces.events import ESSAY, ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import committed, store


# How long a late answer gets an explanation; our choice.
REMEMBERED = timedelta(days=30)


@public
def questions(mlist: MailingList) -> str:
    """Return the questions for newcomers, in the language in use."""
    return lists.settings(mlist).essay_questions or _(
        'Who are you, and why would you like to join this list?'
    )


@public
def start(
    mlist: MailingList, email: str, answer: str | None, *, invited: bool
) -> Essay:
    """Record that a newcomer is asked, or has answered without being asked.

    :param answer: As `read` returns it.
    """
    moment = now()
    essay = Essay(
        token=confirmation.new_token(),
        list_id=mlist.list_id,
        email=email,
        invited=invited,
        answer=answer,
        asked_at=moment,
        answered_at=None if answer is None else moment,
    )
    store().add(essay)
    return essay


@public
def read(mlist: MailingList, text: str) -> str:
    """Return a text as an answer that the list accepts.

    If the owners no longer ask anything, the answer may be empty.

    :raises NoAnswer: if it is not acceptable.
    """
    settings = lists.settings(mlist)
    return words.read(text, settings.essay_min_length if settings.essay else 0)


@public
def answer(essay: Essay, text: str) -> None:
    """Store an answer; the moderators are to be told."""
    essay.answer = text
    essay.answered_at = now()
    essay.mailed_at = None


@public
def state(essay: Essay) -> EssayState:
    """Return how far a newcomer has come who was asked."""
    if essay.member_id is not None:
        return EssayState.kept
    if essay.pending is None:
        return EssayState.over
    return EssayState.asked if essay.answer is None else EssayState.answered


@public
def end(essay: Essay, by: By, what: str) -> None:
    """Delete an answer, since nobody joins by it.

    The token alone is kept for a while, so that a late answer gets an explanation.  A
    request that another process has continued in the meantime stays unchanged.

    :param by: The actor who ended it, and the door.
    :param what: The end: *refused*, *discarded* or *expired*.
    """
    mlist = getUtility(IListManager).get_by_list_id(essay.list_id)
    before = 'asked' if essay.answer is None else 'answered'
    if model.end(essay) and mlist is not None:
        notify(ChangedEvent(mlist, by, ESSAY, before=before, after=what))


@public
def joined(mlist: MailingList, member: Member) -> None:
    """Store a new member's answer with the membership, however they joined."""
    if member.address is None:
        return
    essay = model.of_newcomer(mlist.list_id, member.address.email, answered=True)
    if essay is not None:
        # An earlier membership may have left one, see `model.former`.
        model.forget_of_member(member.member_id)
        essay.member_id = member.member_id
        essay.joined_at = now()


@public
def of_member(member: Member) -> str | None:
    """Return the answer that a member gave before joining; None if it is not stored."""
    essay = model.of_member(member.member_id)
    return None if essay is None else essay.answer


@public
def forget_old() -> None:
    """Delete answers whose retention has ended, and requests that ended long ago."""
    ready()
    moment = now()

    def work() -> None:
        model.forget_over(moment - REMEMBERED)
        for list_id, days in model.retentions():
            model.forget_joined(list_id, moment - timedelta(days=days))

    committed(work)
