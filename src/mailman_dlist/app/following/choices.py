# SPDX-License-Identifier: GPL-3.0-or-later
"""What members choose, and who therefore hears what [U7, U8, U12, U13]."""

from __future__ import annotations

from datetime import datetime, time

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.domain.following import Choice, Default, Reason, Standing, replaces
from mailman_dlist.interfaces.events import ChoiceChangedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import audience
from mailman_dlist.model import following as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import store


@public
def default_of(mlist: MailingList, member: Member) -> Default:
    """Return what the member hears without a choice."""
    row = model.settings_of(member.member_id)
    own = None if row is None else row.default
    return own or lists.settings(mlist).base_default


@public
def settings_of(mlist: MailingList, member: Member) -> model.MemberSettings:
    """Return the member's settings, to read or to change."""
    row = model.settings_of(member.member_id)
    if row is None:
        row = model.MemberSettings(
            member_id=member.member_id,
            list_id=mlist.list_id,
            follow_opened=True,
            follow_replied=True,
        )
        store().add(row)
    if row.default is None:
        row.default = lists.settings(mlist).base_default
    return row


@public
def standing(
    mlist: MailingList, conversation: Conversation, member: Member
) -> Standing:
    """Return what the member hears of the conversation now, and why."""
    row = model.choice_of(conversation, member.member_id)
    return standing_of(default_of(mlist, member), row, now())


@public
def standing_of(
    default: Default, row: model.MemberChoice | None, moment: datetime
) -> Standing:
    """Return what a member with this default and choice hears at a moment."""
    return Standing(default, *_counting(row, moment))


@public
def lasts_until(row: model.MemberChoice, moment: datetime) -> datetime | None:
    """Return when the choice that counts at a moment ends, None for never."""
    return row.until if row.until is not None and row.until > moment else None


@public
def choose(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    choice: Choice,
    reason: Reason,
    until: datetime | None = None,
) -> bool:
    """Record a choice, also one that repeats the default: it was wished for.

    :param until: When it ends, UTC without a time zone, and what counted before
        it counts again; None for never.
    :return: False when it gave way to what a person had chosen.
    """
    row = model.choice_of(conversation, member.member_id)
    return _replace(row, mlist, conversation, member, choice, reason, until) is not None


def _replace(
    row: model.MemberChoice | None,
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    choice: Choice,
    reason: Reason,
    until: datetime | None = None,
) -> model.MemberChoice | None:
    """Record a choice in the place of what there is, which may be nothing.

    :return: None when it gave way to what a person had chosen.
    """
    moment = began = now()
    row = _without_pause(row, moment)
    before, why_before = _counting(row, moment)
    if not replaces(reason, why_before):
        return None
    if row is None:
        row = model.MemberChoice(
            conversation_id=conversation.id, member_id=member.member_id
        )
        store().add(row)
    elif until is not None and row.until is not None:
        # Another while instead of the last: what was before both comes back, and
        # a longer silence began with the first.
        before, why_before = row.then_choice, row.then_reason
        began = row.made_at if row.choice is choice else moment
    row.choice, row.reason = choice, reason
    row.made_at, row.until, row.told = began, until, False
    row.then_choice = before if until else None
    row.then_reason = why_before if until else None
    notify(ChoiceChangedEvent(mlist, conversation, member, choice, reason))
    return row


@public
def forget(
    mlist: MailingList, conversation: Conversation, member: Member, reason: Reason
) -> None:
    """Return to the member's default, whatever was chosen before."""
    row = _without_pause(model.choice_of(conversation, member.member_id), now())
    if row is not None:
        store().delete(row)
        notify(ChoiceChangedEvent(mlist, conversation, member, None, reason))


@public
def follow_by_posting(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    *,
    opens: bool = False,
    by_alias: bool = False,
) -> bool:
    """Let a member follow what they open or reply to, unless they mind.

    Any choice that counts stays, also one that came about by itself: who opened a
    conversation and replies in it goes on following it because they opened it.

    :param opens: Whether the conversation is new, so that nobody can have chosen.
    :param by_alias: Whether owners, who see choices, may not see who posted.
    :return: Whether to tell the member that posting does not un-mute: the first time
        after they muted the conversation.
    """
    row = None if opens else model.choice_of(conversation, member.member_id)
    choice, _reason = _counting(row, now())
    if row is not None and choice is Choice.mute:
        told, row.told = row.told, True
        return not told
    if choice is None and _follows_by_itself(member, opens):
        reason = Reason.opened if opens else Reason.replied
        if by_alias:
            reason = Reason.mail
        row = _replace(row, mlist, conversation, member, Choice.follow, reason)
        if by_alias and row is not None:
            # "Opened it", or the very second of the post, would tell who hides there.
            row.made_at = datetime.combine(row.made_at, time.min)
    return False


def _follows_by_itself(member: Member, opens: bool) -> bool:
    settings = model.settings_of(member.member_id)
    if settings is None:
        return True
    return settings.follow_opened if opens else settings.follow_replied


@public
def hearing(mlist: MailingList, conversation: Conversation) -> audience.Hearing:
    """Return what to ask the audience of: a reply sent now."""
    return audience.Hearing(
        list_id=mlist.list_id,
        base_default=lists.settings(mlist).base_default,
        conversation_id=conversation.id,
        opening=False,
        moment=now(),
    )


def _without_pause(
    row: model.MemberChoice | None, moment: datetime
) -> model.MemberChoice | None:
    """Return the choice that another replaces.

    One that is over ends first, since digests ask for its time.
    """
    if row is None or row.until is None or row.until > moment:
        return row
    key = row.conversation_id, row.member_id
    model.end(*key, row.until)
    return store().get(model.MemberChoice, key)


def _counting(
    row: model.MemberChoice | None, moment: datetime
) -> tuple[Choice | None, Reason | None]:
    """Return the choice that counts at a moment, and its reason."""
    if row is None:
        return None, None
    if row.until is not None and row.until <= moment:
        return row.then_choice, row.then_reason
    return row.choice, row.reason
