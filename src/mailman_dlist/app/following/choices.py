# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the choices of members, and compute what they receive [U7, U8, U12, U13]."""

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
    chosen = model.choices_about(conversation, member.member_id)
    return standing_of(default_of(mlist, member), chosen, now())


@public
def standing_of(
    default: Default, chosen: model.Choices, moment: datetime
) -> Standing:
    """Return what a member with this default and these choices hears at a moment."""
    row = chosen.counting(moment)
    if row is None:
        return Standing(default)
    until = row.ends if isinstance(row, model.Pause) else None
    return Standing(default, row.choice, row.reason, until)


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

    One without an end takes the place of all that was chosen before; one with an end
    is a pause and takes the place of another pause alone.

    :param until: When it ends, UTC without a time zone; None for never.
    :return: False if it gave way to what a person had chosen.
    """
    chosen = model.choices_about(conversation, member.member_id)
    row = _replace(chosen, mlist, conversation, member, choice, reason, until)
    return row is not None


def _replace(
    chosen: model.Choices,
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    choice: Choice,
    reason: Reason,
    until: datetime | None = None,
) -> model.MemberChoice | model.Pause | None:
    """Record a choice in the place of what there is, which may be nothing.

    :return: None if it gave way to what a person had chosen.
    """
    moment = now()
    lasting, pause = _without_ended_pause(chosen, moment)
    before = chosen.counting(moment)
    if not replaces(reason, None if before is None else before.reason):
        return None
    ids = {'conversation_id': conversation.id, 'member_id': member.member_id}
    row: model.MemberChoice | model.Pause
    if until is None:
        _delete(pause)
        row = lasting or model.MemberChoice(**ids)
        row.made_at = moment
    else:
        row = pause or model.Pause(**ids)
        if row.choice is not choice:
            # A longer silence began with the first.
            row.began, row.own_posts = moment, 0
        row.ends = until
    row.choice, row.reason, row.told = choice, reason, False
    store().add(row)
    notify(ChoiceChangedEvent(mlist, conversation, member, choice, reason))
    return row


@public
def forget(
    mlist: MailingList, conversation: Conversation, member: Member, reason: Reason
) -> None:
    """Return to the member's default, whatever was chosen before."""
    chosen = model.choices_about(conversation, member.member_id)
    chosen = _without_ended_pause(chosen, now())
    if any(chosen):
        _delete(*chosen)
        notify(ChoiceChangedEvent(mlist, conversation, member, None, reason))


@public
def follow_by_posting(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    *,
    opens: bool = False,
    by_alias: bool = False,
    again: bool = False,
) -> bool:
    """Let a member follow what they open or reply to, unless they mind.

    Any choice that counts stays, also one that came about by itself: who opened a
    conversation and replies in it goes on following it because they opened it.

    :param opens: Whether the conversation is new, so that nobody can have chosen.
    :param again: Whether the message was accepted before, and then something failed.
    :param by_alias: Whether owners, who see choices, may not see who posted.
    :return: Whether to tell the member that posting does not un-mute: the first time
        after they muted the conversation.
    """
    chosen = model.Choices()
    if not opens:
        chosen = model.choices_about(conversation, member.member_id)
    row = chosen.counting(now())
    if isinstance(row, model.Pause) and not again:
        row.own_posts += 1
    if row is not None and row.choice is Choice.mute:
        told, row.told = row.told, True
        return not told
    if row is None and _follows_by_itself(member, opens):
        reason = Reason.opened if opens else Reason.replied
        if by_alias:
            reason = Reason.mail
        row = _replace(chosen, mlist, conversation, member, Choice.follow, reason)
        if by_alias and isinstance(row, model.MemberChoice):
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


def _without_ended_pause(chosen: model.Choices, moment: datetime) -> model.Choices:
    """Return the choices that another replaces.

    A pause that is over ends first, since digests need its time.
    """
    lasting, pause = chosen
    if pause is None or pause.ends > moment:
        return chosen
    model.end(pause.conversation_id, pause.member_id, moment)
    return model.Choices(lasting, None)


def _delete(*rows: model.MemberChoice | model.Pause | None) -> None:
    for row in rows:
        if row is not None:
            store().delete(row)
