# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to the owners' questions: written down, kept, and forgotten [U5].

What becomes of the request that an answer belongs to is in `app.essays.workflow`.
"""

from __future__ import annotations

from datetime import timedelta

from mailman.utilities.datetime import now
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.site import ready
from mailman_dlist.domain import confirmation
from mailman_dlist.domain import essay as words
from mailman_dlist.interfaces.essay import EssayState
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import committed, store


# How long who answers too late is told so; we chose it.
REMEMBERED = timedelta(days=30)


@public
def questions(mlist: MailingList) -> str:
    """Return what newcomers are asked, in the language in use."""
    return lists.settings(mlist).essay_questions or _(
        'Who are you, and why would you like to join this list?'
    )


@public
def start(
    mlist: MailingList, email: str, answer: str | None, *, invited: bool
) -> Essay:
    """Write down that somebody is asked, or has answered unasked.

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
    """Return a text as an answer that the list takes.

    Where the owners ask nothing any more, nothing needs to be said.

    :raises NoAnswer: if it is none.
    """
    settings = lists.settings(mlist)
    return words.read(text, settings.essay_min_length if settings.essay else 0)


@public
def answer(essay: Essay, text: str) -> None:
    """Write an answer down; the moderators are to be told."""
    essay.answer = text
    essay.answered_at = now()
    essay.mailed_at = None


@public
def state(essay: Essay) -> EssayState:
    """Say how far somebody has come who was asked."""
    if essay.member_id is not None:
        return EssayState.kept
    if essay.pending is None:
        return EssayState.over
    return EssayState.asked if essay.answer is None else EssayState.answered


@public
def end(essay: Essay) -> None:
    """Forget an answer, since nobody joins by it.

    The token alone stays for a while: who answers later is told.  A request that
    somebody else went on with meanwhile stays as it is.
    """
    model.end(essay)


@public
def joined(mlist: MailingList, member: Member) -> None:
    """Keep a new member's answer with the membership, by whatever door they came."""
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
    """Return what a member answered before joining, None if it is not kept."""
    essay = model.of_member(member.member_id)
    return None if essay is None else essay.answer


@public
def forget_old() -> None:
    """Delete answers that are kept no longer, and what is over since long."""
    ready()
    moment = now()

    def work() -> None:
        model.forget_over(moment - REMEMBERED)
        for list_id, days in model.retentions():
            model.forget_joined(list_id, moment - timedelta(days=days))

    committed(work)
