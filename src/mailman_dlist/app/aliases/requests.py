# SPDX-License-Identifier: GPL-3.0-or-later
"""Members add addresses to post from, and take them away [U14, U16].

Who asks for an alias learns nothing about the address: the answer, what is written
down, and how long it takes are the same whatever the address is already.  One mail
goes to it; only its reader learns more.  No line in a log names an alias.
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

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.aliases import mail as alias_mail
from mailman_dlist.app.aliases import obstacles
from mailman_dlist.app.aliases.obstacles import Obstacle
from mailman_dlist.app.people import senders
from mailman_dlist.app.site import ready
from mailman_dlist.domain import alias as spelling
from mailman_dlist.domain import confirmation
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.model import aliases as model
from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.session import committed, store


log = logging.getLogger('mailman.plugins.dlist')

DAY = timedelta(days=1)


@public
class NotAnAddress(DlistError):
    """What was given is no address, or none that can be written everywhere."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'"{given}" is not an address such as me@example.com')


@public
class AliasRefused(DlistError):
    """A member cannot have an alias now, whatever the address is."""


@public
class AliasesOff(AliasRefused):
    """The owners of the list want no aliases."""

    def __init__(self, mlist: MailingList):
        super().__init__(f'{mlist.fqdn_listname} does not allow aliases')


@public
class AlreadyAlias(AliasRefused):
    """The address is an alias of the member already."""

    def __init__(self, email: str):
        self.email = email
        super().__init__(f'{email} is already an alias of this member')


@public
class TooManyAliases(AliasRefused):
    """The member has, or waits for, as many aliases as the site allows."""

    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(
            f'This member has reached the limit of aliases, {limit}; remove one first'
        )


@public
class AskedTooOften(AliasRefused):
    """The member asked as often today as the site allows."""

    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(
            f'This member has reached the limit of requests for today, {limit}; '
            'try again tomorrow'
        )


@public
class CannotBeAlias(AliasRefused):
    """An address cannot be an alias; for who reads its mail alone."""

    def __init__(self, obstacle: Obstacle):
        self.obstacle = obstacle
        super().__init__(f'This address cannot be used.  {obstacle.sentence}')


@public
class UnknownAlias(lookup.Unknown):
    """The member has no such alias, and waits for none."""

    def __init__(self, given: str):
        self.given = given
        super().__init__(f'There is no alias "{given}"')


@public
class UnknownToken(lookup.Unknown):
    """A token confirms nothing; it does not say why."""

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
    """What a token confirms."""

    mlist: MailingList
    member: Member
    email: str
    state: AliasState


@public
def ask(mlist: MailingList, member: Member, given: str) -> str:
    """Let a member ask for an alias [U14]; one mail goes to the address.

    It is committed.

    :return: The address as it is spelled here.
    :raises NotAnAddress: when it is none.
    :raises AliasRefused: when the member can have no alias now, or has this one.
    """
    limit = ready().alias_limit
    if not lists.settings(mlist).aliases:
        raise AliasesOff(mlist)
    email, member_id, token = _read(given), member.member_id, confirmation.new_token()
    until = committed(lambda: _request(mlist, member_id, email, token, limit))
    obstacle = obstacles.find(mlist, email, member_id)
    if obstacle is None:
        alias_mail.ask(mlist, email, token, until)
    else:
        alias_mail.refuse(mlist, email, obstacle)
    return email


def _request(
    mlist: MailingList, member_id: UUID, email: str, token: str, limit: int
) -> datetime:
    """Write down that somebody asks; return until when it can be confirmed."""
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
    """Return a member's aliases, and those that wait to be confirmed, by address.

    Where an address cannot be an alias, the wish waits all the same.
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

    :raises UnknownAlias: when there is none, nor one that waits.
    """
    email = spelling.spelled(given)
    for each in show(member):
        if each.email == email:
            return each
    raise UnknownAlias(given)


@public
def remove(member: Member, given: str) -> str:
    """Take an alias from a member at once [U16], also one that waits.

    It is committed.

    :return: The address as it is spelled here.
    :raises UnknownAlias: when there is none.
    """
    def work() -> str:
        email = find(member, given).email
        _forget(member.member_id, email)
        return email

    return committed(work)


@public
def clear(member: Member) -> None:
    """Take all aliases from a member at once [U16]; it is committed."""
    member_id = member.member_id
    committed(lambda: _forget(member_id))


def _forget(member_id: UUID, email: str | None = None) -> None:
    model.remove(member_id, email)
    model.withdraw(member_id, email)


@public
def look(text: str) -> Confirmation:
    """Say what a token confirms; this changes nothing.

    :raises UnknownToken: when there is none, it has expired or was withdrawn, or
        the member or the list is gone or has no aliases any more.
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
    own = {each.email for each in model.aliases_of(member.member_id)}
    confirmed = request.email in own
    state = AliasState.confirmed if confirmed else AliasState.pending
    return Confirmation(mlist, member, request.email, state)


@public
def confirm(text: str) -> Confirmation:
    """Make an alias of the address to which a token was sent [U14].

    It is committed, and then the address and the member are told.  Doing it again
    changes nothing.

    :raises UnknownToken: as `look` does.
    :raises CannotBeAlias: when it cannot be one now; a mail to the address says so.
    """
    before, obstacle = committed(lambda: _confirm(text))
    mlist, member, email = before.mlist, before.member, before.email
    if obstacle is not None:
        alias_mail.refuse(mlist, email, obstacle)
        raise CannotBeAlias(obstacle)
    if before.state is AliasState.pending:
        log.info('%s: an alias has been confirmed', mlist.list_id)
        alias_mail.say_confirmed(mlist, email)
        alias_mail.tell_member(mlist, member, 'added', email)
    return look(text)


def _confirm(text: str) -> tuple[Confirmation, Obstacle | None]:
    """Add the alias; return how things were before, and what stands in the way.

    Of two members who race the later one's row is refused by its key; from the
    start again, the other's alias stands in the way.
    """
    before = look(text)
    if before.state is AliasState.confirmed:
        return before, None
    mlist, member_id = before.mlist, before.member.member_id
    obstacle = obstacles.find(mlist, before.email, member_id)
    if obstacle is None:
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
    return before, obstacle


@public
def confirm_by_mail(mlist: MailingList, msg: Message, token: str) -> None:
    """Confirm what an answer to our mail confirms; the answer goes to the alias.

    Whoever has the token may, from whatever address they write.
    """
    try:
        before = look(token)
        if before.mlist.list_id != mlist.list_id:
            raise UnknownToken
        confirm(token)
    except UnknownToken:
        alias_mail.answer_unknown(mlist, msg)
    except CannotBeAlias:
        # A mail said so.
        return
    else:
        if before.state is AliasState.confirmed:
            alias_mail.say_confirmed(mlist, before.email)


@public
def give_way(mlist: MailingList, member: Member) -> None:
    """Take an alias away whose address is a member's now.

    Mailman has not committed the membership yet, so nothing is committed here.
    """
    email = member.address.email
    found = model.alias(mlist.list_id, email)
    if found is None:
        return
    owner_id = found.member_id
    _forget(owner_id, email)
    try:
        owner = lookup.member_with_id(mlist, owner_id)
    except lookup.UnknownMember:
        return
    alias_mail.tell_member(mlist, owner, 'taken', email, limited=False)


@public
def expire() -> None:
    """Delete what can be confirmed no more; who asked today is remembered."""
    ready()
    before = now() - max(_life(), DAY)
    count = committed(lambda: model.forget_requests(before))
    if count:
        log.info('%s requests for aliases expired', count)


def _life() -> timedelta:
    """Return how long a request can be confirmed, as Mailman's own can."""
    return as_timedelta(config.mailman.pending_request_life)


def _is_pending(request: AliasRequest, moment: datetime) -> bool:
    return not request.withdrawn and request.asked_at + _life() > moment


def _read(given: str) -> str:
    """Return an address as it is spelled here.

    :raises NotAnAddress: when Mailman would not take it, or not everybody could
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
