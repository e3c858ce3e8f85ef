# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that arrive by mail, and mail about requests that a crash delayed [U5]."""

from __future__ import annotations

import logging
from datetime import timedelta

from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import AlreadySubscribedError
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import TokenOwner
from mailman.interfaces.usermanager import IUserManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping, pendings
from mailman_dlist.app.essays import mail as essay_mail
from mailman_dlist.app.essays.workflow import EssayManager
from mailman_dlist.app.people.senders import is_address_banned
from mailman_dlist.app.site import ready
from mailman_dlist.domain.actors import AUTOMATIC
from mailman_dlist.domain.essay import NoAnswer, clean
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import commit_and_keep


# The log in which Mailman notes requests.
log = logging.getLogger('mailman.subscribe')

# A step and its mail take less; mail that is still unsent by then was delayed by a
# crash.
SENT_WITHIN = timedelta(minutes=1)


AT_A_TIME = 100


@public
def answer_by_mail(mlist: MailingList, msg: Message, essay: Essay, text: str) -> None:
    """Accept the answer to the owner's questions, which confirms the address as well.

    Anybody who has the token may send it, from any address.  The first answer counts,
    unless it came with the request and is not confirmed: anybody may have written that
    one.  An answer that comes too late, or is too short or too long, goes back with the
    reason.

    :param text: The newcomer's text without quotes.
    """
    pendable = pendings.request_of(essay)
    if essay.member_id is None and (pendable is None or not _may_join(mlist, essay)):
        _end(essay)
        essay_mail.give_back(mlist, msg, 'dlist:essay:over')
        return
    if pendable is None or pendable['token_owner'] != TokenOwner.subscriber.name:
        if essay.answer != clean(text):
            essay_mail.give_back(mlist, msg, 'dlist:essay:answered')
        return
    try:
        words = keeping.read(mlist, text)
    except NoAnswer as error:
        if error.length:
            essay_mail.give_back_length(mlist, msg, essay, error.length)
            return
        if essay.answer is None:
            essay_mail.ask_again(mlist, essay, replied=True)
            return
        words = ''
    if essay.answer is None or words not in ('', essay.answer):
        keeping.answer(essay, words)
        # From here on the answer is stored, and a crash repeats only what follows.
        commit_and_keep()
    try:
        _token, actor, _member = EssayManager(mlist).confirm(essay.pending)
    except (LookupError, AlreadySubscribedError):
        # A moderator decides, or the newcomer joins in another way, at the same moment.
        config.db.abort()
        essay_mail.give_back(mlist, msg, 'dlist:essay:over')
        return
    commit_and_keep()
    if actor is TokenOwner.moderator:
        # New members get a welcome message instead.
        essay_mail.acknowledge(mlist, msg)


def _may_join(mlist: MailingList, essay: Essay) -> bool:
    """Return whether the address still exists, is not a member, and is not banned."""
    known = getUtility(IUserManager).get_address(essay.email) is not None
    return (
        known
        and mlist.members.get_member(essay.email) is None
        and not is_address_banned(mlist, essay.email)
    )


def _end(essay: Essay) -> None:
    pending = essay.pending
    keeping.end(essay, AUTOMATIC, 'discarded')
    if pending is not None:
        getUtility(IPendings).confirm(pending)
    commit_and_keep()


@public
def send_due() -> None:
    """Send the mail that a crash has delayed."""
    ready()
    for essay in model.due(now() - SENT_WITHIN, AT_A_TIME):
        try:
            mlist = getUtility(IListManager).get_by_list_id(essay.list_id)
            if mlist is not None and lists.is_dlist(mlist):
                essay_mail.advance(mlist, essay)
        except Exception:
            # A mail that cannot be sent must not delay the others.
            log.exception('Could not send mail about a request to join')
            config.db.abort()
