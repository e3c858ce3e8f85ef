# SPDX-License-Identifier: GPL-3.0-or-later
"""Joining a list whose owners ask questions first [U5].

The steps are Mailman's own.  Before the first of them that could confirm, moderate or
subscribe, whoever has not answered is asked, and the request waits for the answer
as it would for a confirmation; what is saved of it core could finish, too.

Each step is committed before a mail tells of it, and the mail is noted when it is on
its way; `send_due` sends what a crash kept back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from mailman.app.subscriptions import (
    SubscriptionManager,
    SubscriptionWorkflow,
    WhichSubscriber,
)
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import AlreadySubscribedError, MemberRole
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import (
    ISubscriptionManager,
    SubscriptionPendingError,
    TokenOwner,
)
from mailman.interfaces.usermanager import IUserManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app import essay_mail, essays, lists
from mailman_dlist.app.site import ready
from mailman_dlist.domain.essay import LONGEST, NoAnswer, clean
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import commit_and_keep, store


# Where Mailman notes requests.
log = logging.getLogger('mailman.subscribe')

# How often who gives no answer is asked again at most.
ASKED_AGAIN_AFTER = timedelta(days=1)

# A step and its mail take less; what is not sent by then met with a crash.
SENT_WITHIN = timedelta(minutes=1)
AT_A_TIME = 100

# When the mail came in that is worked on; None where a program asks.
_requested_at: ContextVar[datetime | None] = ContextVar('requested_at', default=None)

#: What `register` returns: a token, a `TokenOwner`, and a member or None.
Outcome = tuple[str | None, Any, Any]


@public
def manager(mlist: MailingList) -> Any:
    """Return who takes requests to join a list; for plain lists it is core's."""
    if lists.is_dlist(mlist):
        return EssayManager(mlist)
    return SubscriptionManager(mlist)


@public
@implementer(ISubscriptionManager)
class EssayManager:
    """Take requests to join a dlist, and ask first where its owners want that."""

    def __init__(self, mlist: MailingList):
        self._mlist = mlist
        self._core = SubscriptionManager(mlist)

    def register(self, subscriber: Any = None, **how: Any) -> Outcome:
        """See `ISubscriptionManager`."""
        ready()
        if lists.settings(self._mlist).essay:
            return _run(EssayWorkflow(self._mlist, subscriber, **how))
        try:
            return self._core.register(subscriber, **how)
        except SubscriptionPendingError:
            # Who waits with questions that are asked no more goes on without an answer.
            return _run(EssayWorkflow(self._mlist, subscriber, answer='', **how))

    def unregister(self, subscriber: Any = None, **how: Any) -> Outcome:
        """See `ISubscriptionManager`."""
        return self._core.unregister(subscriber, **how)

    def confirm(self, token: Any) -> Outcome:
        """See `ISubscriptionManager`.

        Without an answer nothing changes, and the questions go out again, unless the
        owners ask none any more.
        """
        ready()
        essay = None if token is None else model.with_pending(token)
        if essay is None:
            return self._core.confirm(token)
        if essay.list_id != self._mlist.list_id or _pendable(essay) is None:
            raise LookupError(token)
        if essay.answer is None and lists.settings(self._mlist).essay:
            _ask_again(self._mlist, essay, replied=False)
            return token, TokenOwner.subscriber, None
        # What is restored is deleted, so all that can be refused is refused before.
        if self._mlist.members.get_member(essay.email) is not None:
            raise AlreadySubscribedError(
                self._mlist.fqdn_listname, essay.email, MemberRole.member
            )
        if essay.answer is None:
            essays.answer(essay, '')
        workflow = EssayWorkflow(self._mlist)
        workflow.take_up(essay)
        return _run(workflow)

    def discard(self, token: Any) -> None:
        """See `ISubscriptionManager`."""
        self._core.discard(token)

    def evict(self) -> None:
        """See `ISubscriptionManager`."""
        getUtility(IPendings).evict()


@public
class EssayWorkflow(SubscriptionWorkflow):
    """Core's way of a request to join, with an answer on it.

    :param answer: What came with the request, as `essays.read` returns it.
    """

    def __init__(
        self,
        mlist: MailingList,
        subscriber: Any = None,
        *,
        answer: str | None = None,
        **how: Any,
    ):
        self.essay: Essay | None = None
        self._answer = answer
        super().__init__(mlist, subscriber, **how)

    def take_up(self, essay: Essay) -> None:
        """Go on with a request where it stopped."""
        self.essay = essay
        self.token = essay.pending
        self.restore()

    def _set_token(self, token_owner: Any) -> None:
        essay = self.essay
        if essay is not None:
            # Core deletes the old token, and the answer of a deleted one goes.
            essay.pending = None
        super()._set_token(token_owner)
        if essay is not None:
            # Whoever reads what is not committed finds no token without its request.
            store().flush()
            essay.pending = self.token

    def _step_sanity_checks(self) -> None:
        try:
            super()._step_sanity_checks()
        except SubscriptionPendingError:
            email = self.address.email
            essay = model.of_newcomer(self.mlist.list_id, email, answered=False)
            if essay is None or _pendable(essay) is None:
                raise
            if self._answer is not None:
                now_so = model.claimed(essay.token)
                if now_so is None or now_so.answer is not None:
                    raise
                self._go_on_with(essay, self._answer)
                return
            if not self._is_asked():
                # Who adds people hears of it that one of them waits already.
                raise
            essay_mail.ask_on_request(self.mlist, essay, _requested_at.get())
            self.token, self.token_owner = essay.pending, TokenOwner.subscriber
            raise StopIteration from None

    def _go_on_with(self, essay: Essay, answer: str) -> None:
        """Give the answer to a request that waits for it.

        The address has not answered itself: what the policy of the list asks for
        beside is still to come.
        """
        flags = 'pre_verified', 'pre_confirmed', 'pre_approved'
        given = {name: getattr(self, name) for name in flags}
        essays.answer(essay, answer)
        self.take_up(essay)
        for name, value in given.items():
            setattr(self, name, getattr(self, name) or value)
        self.subscriber = (
            self.address if self.which is WhichSubscriber.address else self.user
        )
        self._set_token(TokenOwner.no_one)
        self._next.clear()
        self.push('verification_checks')

    def _step_verification_checks(self) -> None:
        if self.essay is None and (self._answer is not None or self._is_asked()):
            self.essay = essays.start(
                self.mlist, self.address.email, self._answer, invited=self.invitation
            )
        if self.essay is None or self.essay.answer is not None:
            super()._step_verification_checks()
            return
        self._set_token(TokenOwner.subscriber)
        self.push('do_confirm_verify')
        self.save()
        commit_and_keep()
        essay_mail.ask(self.mlist, self.essay)
        raise StopIteration

    def _is_asked(self) -> bool:
        settings = lists.settings(self.mlist)
        # Who is invited is approved as well.
        passes = not settings.ask_invited if self.invitation else self.pre_approved
        return settings.essay and not passes

    def _step_do_subscription(self) -> None:
        if self.essay is not None and self.subscriber is self.user:
            # Who prefers no address joins with the one that was asked.
            prefers = self.user.preferred_address is not None
            self.subscriber = self.user if prefers else self.address
        super()._step_do_subscription()

    def _step_get_moderator_approval(self) -> None:
        if self.essay is None:
            return super()._step_get_moderator_approval()
        # Core's step, but for the notice.
        self._set_token(TokenOwner.moderator)
        # A mail before this step, of core's, may have been noted.
        self.essay.mailed_at = None
        self.push('subscribe_from_restored')
        self.save()
        email = self.address.email
        log.info(
            '%s: held subscription request from %s', self.mlist.fqdn_listname, email
        )
        commit_and_keep()
        essay_mail.tell_moderators(self.mlist, self.essay)
        raise StopIteration


def _run(workflow: SubscriptionWorkflow) -> Outcome:
    # Core iterates, and takes an IndexError out of a step for the end of all steps:
    # the request is lost without a word.  Step by step it is an error.
    with suppress(StopIteration):
        workflow.run_thru(None)
    return workflow.token, workflow.token_owner, workflow.member


@public
@contextmanager
def requested_at(received: datetime | None) -> Iterator[None]:
    """Let requests to join be those of a mail that came in then."""
    token = _requested_at.set(received)
    try:
        yield
    finally:
        _requested_at.reset(token)


@public
def subscribe(
    mlist: MailingList, subscriber: Any, answer: str, **how: Any
) -> Outcome:
    """Make a request to join that brings its answer, or answer one that waits.

    :param answer: As `essays.read` returns it.
    :param how: As `ISubscriptionManager.register` takes it.
    :raises SubscriptionPendingError: when there is an answer already; all others
        are core's own.
    """
    return _run(EssayWorkflow(mlist, subscriber, answer=answer, **how))


@public
def answer_by_mail(mlist: MailingList, msg: Message, essay: Essay, text: str) -> None:
    """Take the answer to our questions, which confirms the address as well.

    Whoever has the token may, from whatever address they write.  The first answer
    counts, but for one that came with the request and is not confirmed: anybody may
    have written that.  What comes too late, or is too short or too long, goes
    back with the reason.

    :param text: What the newcomer wrote, nothing quoted.
    """
    pendable = _pendable(essay)
    if essay.member_id is None and (pendable is None or not _may_join(mlist, essay)):
        _end(essay)
        essay_mail.give_back(mlist, msg, 'dlist:essay:over')
        return
    if pendable is None or pendable['token_owner'] != TokenOwner.subscriber.name:
        if essay.answer != clean(text):
            essay_mail.give_back(mlist, msg, 'dlist:essay:answered')
        return
    try:
        words = essays.read(mlist, text)
    except NoAnswer as error:
        if error.length:
            facts = {
                'length': str(error.length),
                'minimum': str(error.minimum),
                'maximum': str(LONGEST),
            }
            essay_mail.give_back(mlist, msg, 'dlist:essay:length', facts)
            return
        if essay.answer is None:
            _ask_again(mlist, essay, replied=True)
            return
        words = ''
    if essay.answer is None or words not in ('', essay.answer):
        essays.answer(essay, words)
        # From here on the answer is safe, and a crash repeats only what follows.
        commit_and_keep()
    try:
        EssayManager(mlist).confirm(essay.pending)
    except (LookupError, AlreadySubscribedError):
        # Somebody decides, or they join by another door, at the same moment.
        config.db.abort()
        essay_mail.give_back(mlist, msg, 'dlist:essay:over')
        return
    commit_and_keep()


def _may_join(mlist: MailingList, essay: Essay) -> bool:
    """Say whether the address is there still, and no member yet."""
    known = getUtility(IUserManager).get_address(essay.email) is not None
    return known and mlist.members.get_member(essay.email) is None


def _end(essay: Essay) -> None:
    if essay.pending is not None:
        getUtility(IPendings).confirm(essay.pending)
    essays.end(essay)
    commit_and_keep()


@public
def send_due() -> None:
    """Send what was due when something crashed."""
    ready()
    for essay in model.due(now() - SENT_WITHIN, AT_A_TIME):
        try:
            _send_due(essay)
        except Exception:
            # One that cannot be sent must not keep the others back.
            log.exception('A mail about a request to join cannot be sent')
            config.db.abort()


def _send_due(essay: Essay) -> None:
    mlist = getUtility(IListManager).get_by_list_id(essay.list_id)
    if mlist is None or not lists.is_dlist(mlist):
        return
    send = _due(essay)
    if send is None:
        # Core has sent its own.
        model.mailed(essay, now())
        commit_and_keep()
    else:
        send(mlist, essay)


def _due(essay: Essay) -> Callable[[MailingList, Essay], None] | None:
    """Return what sends the mail that is due, None if none is."""
    if essay.answer is None:
        return essay_mail.ask
    pendable = _pendable(essay)
    if pendable and pendable['token_owner'] == TokenOwner.moderator.name:
        # The step may be later than the answer: whoever took it tells them.
        fresh = datetime.fromisoformat(pendable['when']) > now() - SENT_WITHIN
        return _wait if fresh else essay_mail.tell_moderators
    return None


def _wait(_mlist: MailingList, _essay: Essay) -> None:
    """Send nothing yet."""


def _pendable(essay: Essay) -> Any:
    """Return what Mailman knows of the request, None when it is over."""
    if essay.pending is None:
        return None
    pendable = getUtility(IPendings).confirm(essay.pending, expunge=False)
    # MariaDB shows what is left of one that is being deleted.
    return pendable if pendable and 'token_owner' in pendable else None


def _ask_again(mlist: MailingList, essay: Essay, *, replied: bool) -> None:
    """Ask who gave no answer, unless that was done a short while ago."""
    if essay.reminded_at is None or essay.reminded_at + ASKED_AGAIN_AFTER <= now():
        essay_mail.ask_again(mlist, essay, replied=replied)
