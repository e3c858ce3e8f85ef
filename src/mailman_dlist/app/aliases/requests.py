# SPDX-License-Identifier: GPL-3.0-or-later
"""Add, confirm and remove aliases of members [U14, U16].

A request reveals nothing about the address: the response, the stored row and the time
are the same, whatever the address already is.  One message is sent to the address, and
only its reader learns more.  No log line names an alias.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lazr.config import as_timedelta
from mailman.config import config
from mailman.interfaces.address import IEmailValidator
from mailman.interfaces.listmanager import IListManager
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility
from zope.event import notify

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.aliases import eligibility
from mailman_dlist.app.aliases import mail as alias_mail
from mailman_dlist.app.aliases.eligibility import Obstacle
from mailman_dlist.app.people import senders
from mailman_dlist.app.site import ready
from mailman_dlist.domain import alias as spelling
from mailman_dlist.domain import confirmation
from mailman_dlist.domain.actors import AUTOMATIC, By, Door
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.interfaces.events import ALIAS, ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.model import aliases as model
from mailman_dlist.model import former
from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.session import committed, store


log = logging.getLogger('mailman.plugins.dlist')

DAY = timedelta(days=1)


@public
class NotAnAddress(DlistError):
    """The text is not an address, or not one that can be written everywhere."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'"{given}" is not an address such as me@example.com')


@public
class AliasRefused(DlistError):
    """A member cannot have an alias now, whatever the address is."""


@public
class AliasesOff(AliasRefused):
    """The owners of the list have switched aliases off."""

    def __init__(self, mlist: MailingList):
        super().__init__(f'{mlist.fqdn_listname} does not allow aliases')


@public
class AlreadyAlias(AliasRefused):
    """The address is already an alias of the member."""

    def __init__(self, email: str):
        self.email = email
        super().__init__(f'{email} is already an alias of this member')


@public
class TooManyAliases(AliasRefused):
    """The member has reached the limit of aliases, pending ones included."""

    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(
            f'This member has reached the limit of aliases, {limit}; remove one first'
        )


@public
class AskedTooOften(AliasRefused):
    """The member has reached the limit of requests for today."""

    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(
            f'This member has reached the limit of requests for today, {limit}; '
            'try again tomorrow'
        )


@public
class CannotBeAlias(AliasRefused):
    """An address cannot be an alias; only its reader may learn why."""

    def __init__(self, obstacle: Obstacle):
        self.obstacle = obstacle
        super().__init__(f'This address cannot be used.  {obstacle.sentence}')


@public
class UnknownAlias(lookup.Unknown):
    """The member has no such alias and no request for it."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'There is no alias "{given}"')


@public
class UnknownToken(lookup.Unknown):
    """A token confirms nothing; the error does not say why."""

    def __init__(self) -> None:
        super().__init__('This token is unknown or has expired')


@public
class OwnAlias(NamedTuple):
    """An alias as its member sees it."""

    email: str
    state: AliasState


@public
@dataclass(frozen=True)
class Confirmation:
    """The request that a token confirms."""

    mlist: MailingList
    member: Member
    email: str
    state: AliasState


@public
def ask(
    mlist: MailingList, member: Member, given: str, by: By = AUTOMATIC
) -> str:
    """Request an alias for a member [U14]; sends one message to the address.

    The request is committed.

    :return: The normalised address.
    :raises NotAnAddress: if the text is not an address.
    :raises AliasRefused: if the member can have no alias now, or has this one.
    """
    limit = ready().alias_limit
    if not lists.settings(mlist).aliases:
        raise AliasesOff(mlist)
    email, member_id, token = _read(given), member.member_id, confirmation.new_token()

    def work() -> datetime:
        until = _request(mlist, member_id, email, token, limit)
        _report(mlist, member, by, 'requested')
        return until

    until = committed(work)
    obstacle = eligibility.find(mlist, email, member_id)
    if obstacle is None:
        alias_mail.ask(mlist, email, token, until)
    else:
        alias_mail.refuse(mlist, email, obstacle)
    return email


def _request(
    mlist: MailingList, member_id: UUID, email: str, token: str, limit: int
) -> datetime:
    """Store a request; return until when it can be confirmed."""
    moment = now()
    confirmed = {each.email for each in model.aliases_of(member_id)}
    asked = model.requests_of(member_id, moment - max(_life(), DAY))
    if email in confirmed:
        raise AlreadyAlias(email)
    if sum(each.asked_at > moment - DAY for each in asked) >= limit:
        raise AskedTooOften(limit)
    pending = {each.email for each in asked if _is_pending(each, moment)}
    if len(confirmed | pending | {email}) > limit:
        raise TooManyAliases(limit)
    store().add(
        AliasRequest(
            token=token,
            list_id=mlist.list_id,
            member_id=member_id,
            email=email,
            asked_at=moment,
            withdrawn=False,
        )
    )
    return moment + _life()


@public
def show(member: Member) -> list[OwnAlias]:
    """Return a member's confirmed and pending aliases, by address.

    An address that cannot be an alias is shown as pending all the same.
    """
    moment = now()
    confirmed = {each.email for each in model.aliases_of(member.member_id)}
    asked = model.requests_of(member.member_id, moment - _life())
    pending = {each.email for each in asked if _is_pending(each, moment)}
    return sorted([
        *(OwnAlias(email, AliasState.confirmed) for email in confirmed),
        *(OwnAlias(email, AliasState.pending) for email in pending - confirmed),
    ])


@public
def find(member: Member, given: str) -> OwnAlias:
    """Return one of a member's aliases.

    :raises UnknownAlias: if there is none, not even a pending one.
    """
    email = spelling.spelled(given)
    for each in show(member):
        if each.email == email:
            return each
    raise UnknownAlias(given)


@public
def remove(
    mlist: MailingList, member: Member, given: str, by: By = AUTOMATIC
) -> str:
    """Remove an alias of a member at once [U16], also a pending one.

    The removal is committed.

    :return: The normalised address.
    :raises UnknownAlias: if there is none.
    """
    def work() -> str:
        email = find(member, given).email
        _forget(member.member_id, email)
        _report(mlist, member, by, 'removed')
        return email

    return committed(work)


@public
def clear(mlist: MailingList, member: Member, by: By = AUTOMATIC) -> None:
    """Remove all aliases of a member at once [U16], and commit."""
    def work() -> None:
        had = show(member)
        _forget(member.member_id)
        if had:
            _report(mlist, member, by, 'cleared')

    committed(work)


def _report(mlist: MailingList, member: Member, by: By, what: str) -> None:
    """Notify other modules about a change of an alias, without the address."""
    by = By(by.door, from_alias=by.from_alias)
    notify(ChangedEvent(mlist, by, ALIAS, None, member, after=what))


def _forget(member_id: UUID, email: str | None = None) -> None:
    model.remove(member_id, email)
    model.withdraw(member_id, email)


@public
def look(text: str) -> Confirmation:
    """Return the request that a token confirms, without changing anything.

    :raises UnknownToken: if there is none, if it has expired or was withdrawn, if the
        member or the list no longer exists or may no longer have aliases, or if the
        member is banned.
    """
    token = text.lower()
    request = model.request(token) if confirmation.is_token(token) else None
    if request is None or not _is_pending(request, now()):
        raise UnknownToken
    mlist = getUtility(IListManager).get_by_list_id(request.list_id)
    if mlist is None or not lists.is_dlist(mlist) or not lists.settings(mlist).aliases:
        raise UnknownToken
    try:
        member = lookup.member_with_id(mlist, request.member_id)
    except lookup.UnknownMember:
        raise UnknownToken from None
    if senders.is_member_banned(mlist, member):
        raise UnknownToken
    own = {each.email for each in model.aliases_of(member.member_id)}
    confirmed = request.email in own
    state = AliasState.confirmed if confirmed else AliasState.pending
    return Confirmation(mlist, member, request.email, state)


@public
def confirm(text: str, by: By = AUTOMATIC) -> Confirmation:
    """Make the address to which a token was sent an alias [U14].

    The alias is committed, and then the address and the member are told.  Repeating
    this changes nothing.

    :raises UnknownToken: as `look` does.
    :raises CannotBeAlias: if it cannot be one now; a message to the address says why.
    """
    before, obstacle = committed(lambda: _confirm(text, by))
    mlist, member, email = before.mlist, before.member, before.email
    if obstacle is not None:
        alias_mail.refuse(mlist, email, obstacle)
        raise CannotBeAlias(obstacle)
    if before.state is AliasState.pending:
        log.info('%s: an alias has been confirmed', mlist.list_id)
        alias_mail.say_confirmed(mlist, email)
        alias_mail.tell_member(mlist, member, 'added', email)
    return look(text)


def _confirm(text: str, by: By) -> tuple[Confirmation, Obstacle | None]:
    """Add the alias; return the state before, and the obstacle if there is one.

    If two members confirm at the same time, the key refuses the later row; on the
    second attempt, the other member's alias is the obstacle.
    """
    before = look(text)
    if before.state is AliasState.confirmed:
        return before, None
    mlist, member_id = before.mlist, before.member.member_id
    obstacle = eligibility.find(mlist, before.email, member_id)
    if obstacle is None:
        former.release_alias(mlist.list_id, before.email)
        store().add(
            Alias(
                list_id=mlist.list_id,
                email=before.email,
                member_id=member_id,
                confirmed_at=now(),
            )
        )
        for nonmember in mlist.nonmembers.get_memberships(before.email):
            if not senders.is_decided(nonmember):
                nonmember.unsubscribe()
        _report(mlist, before.member, by, 'confirmed')
    return before, obstacle


@public
def confirm_by_mail(mlist: MailingList, msg: Message, token: str) -> None:
    """Confirm an alias by a reply to the message; the notice goes to the alias.

    Anybody who has the token may confirm, from any address.
    """
    try:
        before = look(token)
        if before.mlist.list_id != mlist.list_id:
            raise UnknownToken
        confirm(token, By(Door.mail))
    except UnknownToken:
        alias_mail.answer_unknown(mlist, msg)
    except CannotBeAlias:
        # The message to the address promised so.
        return
    else:
        if before.state is AliasState.confirmed:
            alias_mail.say_confirmed(mlist, before.email)


@public
def give_way(mlist: MailingList, member: Member) -> None:
    """Remove an alias whose address has been subscribed to the list.

    Mailman has not committed the membership yet, so nothing is committed here.
    """
    email = member.address.email
    found = model.alias(mlist.list_id, email)
    if found is None:
        return
    owner_id = found.member_id
    _forget(owner_id, email)
    if owner_id == member.member_id:
        # The alias of the membership that this one takes over.
        return
    try:
        owner = lookup.member_with_id(mlist, owner_id)
    except lookup.UnknownMember:
        return
    _report(mlist, owner, AUTOMATIC, 'removed')
    alias_mail.tell_member(mlist, owner, 'taken', email, limited=False)


@public
def expire() -> None:
    """Delete expired requests, but keep those of today, which are counted."""
    ready()
    before = now() - max(_life(), DAY)
    count = committed(lambda: model.forget_requests(before))
    if count:
        log.info('%s requests for aliases expired', count)


def _life() -> timedelta:
    """Return how long a request can be confirmed, which is as long as Mailman's own."""
    return as_timedelta(config.mailman.pending_request_life)


def _is_pending(request: AliasRequest, moment: datetime) -> bool:
    return not request.withdrawn and request.asked_at + _life() > moment


def _read(given: str) -> str:
    """Return the normalised address.

    :raises NotAnAddress: if Mailman would not accept it, or not everybody could
        write to it.
    """
    email = spelling.spelled(given)
    if not (
        email.isascii()
        and getUtility(IEmailValidator).is_valid(email)
        and spelling.can_be_written(email)
    ):
        raise NotAnAddress(given)
    return email
