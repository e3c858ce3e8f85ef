# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the choices of members, and compute what they receive [U7, U8, U12, U13]."""

from __future__ import annotations

from datetime import datetime

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.app.people.senders import by_mail
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.following import Choice, Default, Reason, Standing, replaces
from mailman_dlist.interfaces.events import ChangedEvent, ChoiceChangedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import audience
from mailman_dlist.model import following as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import store


@public
def default_of(mlist: MailingList, member: Member) -> Default:
    """Return what the member receives without a choice."""
    row = model.settings_of(member.member_id)
    own = None if row is None else row.default
    return own or lists.settings(mlist).base_default


@public
def settings_of(mlist: MailingList, member: Member) -> model.MemberSettings:
    """Return the member's settings, for reading or changing."""
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
    """Return what the member receives of the conversation now, and why."""
    chosen = model.choices_about(conversation, member.member_id)
    return standing_of(default_of(mlist, member), chosen, now())


@public
def standing_of(
    default: Default, chosen: model.Choices, moment: datetime
) -> Standing:
    """Return what a member with this default and these choices receives at a moment."""
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
    by: By,
    until: datetime | None = None,
    *,
    reason: Reason | None = None,
) -> bool:
    """Record a choice, even if it repeats the default: the member asked for it.

    A choice without an end replaces all earlier choices; a choice with an end is a
    pause and replaces only another pause.

    :param until: When it ends, UTC without a time zone; None for never.
    :param reason: If it is not that of the door.
    :return: False if it did not replace a choice that a person had made.
    """
    chosen = model.choices_about(conversation, member.member_id)
    moment = now()
    before = _word(chosen.counting(moment))
    row = _replace(
        chosen, mlist, conversation, member, choice, reason or by.door.reason, until
    )
    if row is None:
        return False
    if isinstance(row, model.MemberChoice):
        row.made_at = by.dated(moment)
    after = _word(row)
    if before != after:
        notify(
            ChangedEvent(
                mlist, by, choice.name, conversation, member, before, after
            )
        )
    return True


def _word(row: model.MemberChoice | model.Pause | None) -> str:
    """Return the choice that counts, as it is recorded with a change; '' for none."""
    if row is None or row.choice is None:
        return ''
    if isinstance(row, model.Pause):
        return f'{row.choice.name} until {row.ends.isoformat(timespec="seconds")}Z'
    if row.reason.automatic:
        return f'{row.choice.name} ({row.reason.label})'
    return row.choice.name


def _replace(
    chosen: model.Choices,
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    choice: Choice,
    reason: Reason,
    until: datetime | None = None,
) -> model.MemberChoice | model.Pause | None:
    """Record a choice in place of the earlier one, if any.

    :return: None if it did not replace a choice that a person had made.
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
            # A longer mute began with the first pause.
            row.began, row.own_posts = moment, 0
        row.ends = until
    row.choice, row.reason, row.told = choice, reason, False
    store().add(row)
    notify(ChoiceChangedEvent(mlist, conversation, member, choice, reason))
    return row


@public
def forget(
    mlist: MailingList, conversation: Conversation, member: Member, by: By
) -> None:
    """Return to the member's default, whatever was chosen before."""
    chosen = model.choices_about(conversation, member.member_id)
    moment = now()
    chosen = _without_ended_pause(chosen, moment)
    before = _word(chosen.counting(moment))
    if any(chosen):
        _delete(*chosen)
        reason = by.door.reason
        notify(ChoiceChangedEvent(mlist, conversation, member, None, reason))
        notify(ChangedEvent(mlist, by, 'reset', conversation, member, before))


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
    """Make a member follow a conversation they post in, unless a choice says otherwise.

    Any choice that counts stays, also an automatic one: a member who opened a
    conversation and replies in it still follows it because they opened it.

    :param opens: Whether the conversation is new, so that no choice can exist.
    :param again: Whether the message was accepted before, and then an error occurred.
    :param by_alias: Whether the author must stay hidden from owners, who see choices.
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
            # The reason "opened it", or the exact time of the post, would reveal the
            # author.
            by = by_mail(member, from_alias=True)
            row.made_at = by.dated(row.made_at)
            # As for the command that the reason pretends: that only this choice has no
            # event would reveal the author, too.
            notify(
                ChangedEvent(
                    mlist, by, 'follow', conversation, member, '', _word(row)
                )
            )
    return False


def _follows_by_itself(member: Member, opens: bool) -> bool:
    settings = model.settings_of(member.member_id)
    if settings is None:
        return True
    return settings.follow_opened if opens else settings.follow_replied


@public
def hearing(mlist: MailingList, conversation: Conversation) -> audience.Hearing:
    """Return the question about the audience of a reply that is sent now."""
    return audience.Hearing(
        list_id=mlist.list_id,
        base_default=lists.settings(mlist).base_default,
        conversation_id=conversation.id,
        opening=False,
        moment=now(),
    )


def _without_ended_pause(chosen: model.Choices, moment: datetime) -> model.Choices:
    """Return the choices that a new one replaces.

    A pause that is over is ended first, since digests need its time.
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
