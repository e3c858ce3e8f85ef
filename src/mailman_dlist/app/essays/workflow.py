# SPDX-License-Identifier: GPL-3.0-or-later
"""Joining a list whose owners ask questions first [U5].

The steps are Mailman's own.  Before the first step that could confirm, moderate or
subscribe, newcomers without an answer are asked, and the request waits for the answer
as it would for a confirmation.  Core could also complete the saved request.

Each step is committed before a mail tells of it, and the mail is recorded when it is on
its way; mail that a crash delayed is sent later.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from mailman.app.subscriptions import (
    SubscriptionManager,
    SubscriptionWorkflow,
    WhichSubscriber,
)
from mailman.interfaces.member import AlreadySubscribedError, MemberRole
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import (
    ISubscriptionManager,
    SubscriptionPendingError,
    TokenOwner,
)
from public import public
from zope.component import getUtility
from zope.event import notify
from zope.interface import implementer

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping, pendings
from mailman_dlist.app.essays import mail as essay_mail
from mailman_dlist.app.site import ready
from mailman_dlist.domain.actors import AUTOMATIC, By, Door
from mailman_dlist.interfaces.events import ESSAY, ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import commit_and_keep, store


# The log in which Mailman notes requests.
log = logging.getLogger('mailman.subscribe')

# The attributes of a request that make the word of others about the address
# unnecessary.
VOUCHING = 'pre_verified', 'pre_confirmed', 'pre_approved'

#: What `register` returns: a token, a `TokenOwner`, and a member or None.
Outcome = tuple[str | None, Any, Any]


@public
def manager(mlist: MailingList) -> Any:
    """Return the manager of requests to join a list; core's for plain lists."""
    if lists.is_dlist(mlist):
        return EssayManager(mlist)
    return SubscriptionManager(mlist)


@public
@implementer(ISubscriptionManager)
class EssayManager:
    """Take requests to join a dlist, and ask questions first if owners want that."""

    def __init__(self, mlist: MailingList):
        self._mlist = mlist
        self._core = SubscriptionManager(mlist)

    def register(self, subscriber: Any = None, **how: Any) -> Outcome:
        """See `ISubscriptionManager`."""
        ready()
        return subscribe(self._mlist, subscriber, None, **how)

    def unregister(self, subscriber: Any = None, **how: Any) -> Outcome:
        """See `ISubscriptionManager`."""
        return self._core.unregister(subscriber, **how)

    def confirm(self, token: Any) -> Outcome:
        """See `ISubscriptionManager`.

        Without an answer nothing changes, and the questions are sent again, unless the
        owners no longer ask any.
        """
        ready()
        essay = None if token is None else model.with_pending(token)
        if essay is None:
            return self._core.confirm(token)
        request = pendings.request_of(essay)
        if essay.list_id != self._mlist.list_id or request is None:
            raise LookupError(token)
        if essay.answer is None and lists.settings(self._mlist).essay:
            essay_mail.ask_again(self._mlist, essay, replied=False)
            return token, TokenOwner.subscriber, None
        # Restoring deletes the saved state, so refuse everything before that.
        if self._mlist.members.get_member(essay.email) is not None:
            raise AlreadySubscribedError(
                self._mlist.fqdn_listname, essay.email, MemberRole.member
            )
        if essay.answer is None:
            keeping.answer(essay, '')
        workflow = EssayWorkflow(self._mlist)
        if request['token_owner'] == TokenOwner.moderator.name:
            # Moderators decide by REST alone, and Mailman does not tell who.
            workflow.by = By(Door.rest)
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
    """Core's workflow for requests to join, with an answer.

    :param answer: The answer that came with the request, as `essays.read` returns it.
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
        #: The person who decides whether the newcomer joins.
        self.by = AUTOMATIC
        self._answer = answer
        super().__init__(mlist, subscriber, **how)

    def take_up(self, essay: Essay) -> None:
        """Continue a request where it stopped."""
        self.essay = essay
        self.token = essay.pending
        self.restore()

    def _set_token(self, token_owner: Any) -> None:
        essay = self.essay
        if essay is not None:
            # Core deletes the old token, and with it its answer.
            essay.pending = None
        super()._set_token(token_owner)
        if essay is not None:
            # A process that reads uncommitted rows must not find a token without a
            # request.
            store().flush()
            essay.pending = self.token

    def answer(self, essay: Essay, answer: str) -> None:
        """Add the answer to a request that waits for it."""
        given = {name: getattr(self, name) for name in VOUCHING}
        keeping.answer(essay, answer)
        self.take_up(essay)
        for name, value in given.items():
            setattr(self, name, value or getattr(self, name))
        self._answer = answer

    def _step_do_confirm_verify(self) -> None:
        if self._answer is None:
            super()._step_do_confirm_verify()
            return
        # The address has not answered itself: the other steps of the list's policy are
        # still to come.
        by_address = self.which is WhichSubscriber.address
        self.subscriber = self.address if by_address else self.user
        self._set_token(TokenOwner.no_one)
        self.push('verification_checks')

    def _step_verification_checks(self) -> None:
        if self.essay is None and (self._answer is not None or self.is_asked()):
            self.essay = keeping.start(
                self.mlist, self.address.email, self._answer, invited=self.invitation
            )
        if self.essay is None or self.essay.answer is not None:
            super()._step_verification_checks()
            return
        self._set_token(TokenOwner.subscriber)
        self.push('do_confirm_verify')
        self.save()
        raise StopIteration

    def is_asked(self) -> bool:
        """Return whether newcomers who join in this way must answer first."""
        settings = lists.settings(self.mlist)
        # Invitations are approved as well.
        passes = not settings.ask_invited if self.invitation else self.pre_approved
        return settings.essay and not passes

    def _step_do_subscription(self) -> None:
        if self.essay is not None and self.subscriber is self.user:
            # A user without a preferred address joins with the address that was asked.
            prefers = self.user.preferred_address is not None
            self.subscriber = self.user if prefers else self.address
        super()._step_do_subscription()

    def _step_get_moderator_approval(self) -> None:
        if self.essay is None:
            return super()._step_get_moderator_approval()
        # Core's step without its notice.
        self._set_token(TokenOwner.moderator)
        # An earlier mail of core's may have been recorded.
        self.essay.mailed_at = None
        self.push('subscribe_from_restored')
        self.save()
        email = self.address.email
        log.info(
            '%s: held subscription request from %s', self.mlist.fqdn_listname, email
        )
        raise StopIteration


def _run(workflow: EssayWorkflow) -> Outcome:
    # Core iterates, and takes an IndexError in a step for the end of all steps, so that
    # the request is lost silently.  Called step by step, it is an error.
    with suppress(StopIteration):
        workflow.run_thru(None)
    if workflow.essay is not None and workflow.member is not None:
        mlist, member = workflow.mlist, workflow.member
        notify(
            ChangedEvent(
                mlist, workflow.by, ESSAY, None, member, 'answered', 'accepted'
            )
        )
        store().flush()
    if workflow.essay is not None and workflow.token is not None:
        commit_and_keep()
        essay_mail.advance(workflow.mlist, workflow.essay)
    return workflow.token, workflow.token_owner, workflow.member


@public
def subscribe(
    mlist: MailingList, subscriber: Any, answer: str | None, **how: Any
) -> Outcome:
    """Start a request to join, or continue one that waits for its answer.

    :param answer: As `keeping.read` returns it; None if the request has none.
    :param how: As `ISubscriptionManager.register` takes it.
    :raises SubscriptionPendingError: if there is an answer already; all other errors
        are core's own.
    """
    workflow = EssayWorkflow(mlist, subscriber, answer=answer, **how)
    try:
        return _run(workflow)
    except SubscriptionPendingError:
        email = workflow.address.email
        essay = model.of_newcomer(mlist.list_id, email, answered=False)
        if essay is None or pendings.request_of(essay) is None:
            raise
        if answer is None and lists.settings(mlist).essay:
            if not workflow.is_asked():
                # A caller that adds people is told that one of them is pending.
                raise
            essay_mail.ask_on_request(mlist, essay)
            return essay.pending, TokenOwner.subscriber, None
        claimed = model.claimed(essay.token)
        if claimed is None or claimed.pending is None or claimed.answer is not None:
            raise
        # If the owners no longer ask anything, no answer is needed.
        workflow.answer(claimed, answer or '')
        return _run(workflow)
