# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the choices of members, and compute what they receive [U7, U8, U12, U13]."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.app import lists
from mailman_dlist.app.people.senders import by_mail
from mailman_dlist.domain.actors import AUTOMATIC, By
from mailman_dlist.domain.following import (
    Choice,
    Default,
    Reason,
    Ruling,
    Standing,
    Terms,
    replaces,
)
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
    return standing_of(default_of(mlist, member), chosen, now(), conversation.terms)


@public
def standing_of(
    default: Default, chosen: model.Choices, moment: datetime, terms: Terms
) -> Standing:
    """Return what a member with this default and these choices receives at a moment.

    :param terms: Of the conversation.
    """
    standing = Standing(default, ruling=chosen.ruling, terms=terms)
    row = chosen.counting(moment)
    if row is None:
        return standing
    until = row.ends if isinstance(row, model.Pause) else None
    return replace(standing, choice=row.choice, reason=row.reason, until=until)


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
    """Record a choice, even if it repeats the default.

    A choice without an end replaces all earlier choices; a choice with an end is a
    pause and replaces only another pause.  This does not ask whether a person may make
    the choice: see `app.access.states`.

    :param until: When it ends, UTC without a time zone; None for never.
    :param reason: If it is not that of the door.
    :return: False if it did not replace a choice that a person had made.
    """
    chosen = model.choices_about(conversation, member.member_id)
    before = chosen.counting(now()) or chosen.lasting
    reason = reason or by.door.reason
    if not replaces(reason, None if before is None else before.reason):
        return False
    record(
        mlist,
        conversation,
        member,
        chosen,
        choice,
        by,
        action=choice.name,
        reason=reason,
        until=until,
    )
    return True


@public
def record(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    chosen: model.Choices,
    choice: Choice | None,
    by: By,
    *,
    action: str | None,
    reason: Reason,
    ruling: Ruling | None = None,
    until: datetime | None = None,
    keep_pause: bool = False,
) -> None:
    """Record a choice in place of the earlier one, if any.

    :param chosen: The member's present choices.
    :param choice: None for a request to follow.
    :param action: The word for it in the audit; None for a choice that nobody made.
    :param keep_pause: Whether a choice without an end leaves a pause running.
    """
    moment = now()
    counted, before = chosen.counting(moment), _word(chosen, moment)
    lasting, pause = _without_ended_pause(chosen, moment)
    ids = {'conversation_id': conversation.id, 'member_id': member.member_id}
    row: model.MemberChoice | model.Pause
    if until is None:
        if not keep_pause:
            _delete(pause)
            pause = None
        row = lasting = lasting or model.MemberChoice(**ids)
        row.made_at, row.ruling = by.dated(moment), ruling
    else:
        row = pause = pause or model.Pause(**ids)
        if row.choice is not choice:
            # A longer mute began with the first pause.
            row.began, row.own_posts = moment, 0
        row.ends = until
    row.choice, row.reason, row.told = choice, reason, False
    store().add(row)
    if choice is not None or counted is not None:
        notify(ChoiceChangedEvent(mlist, conversation, member, choice, reason))
    after = _word(model.Choices(lasting, pause), moment)
    if action is not None and before != after:
        notify(
            ChangedEvent(mlist, by, action, conversation, member, before, after)
        )


def _word(chosen: model.Choices, moment: datetime) -> str:
    """Return the state of a member, as it is recorded with a change; '' for none."""
    row, ruling = chosen.counting(moment), chosen.ruling
    words = [] if ruling is None else [ruling.name]
    if isinstance(row, model.Pause):
        words.append(
            f'{row.choice.name} until {row.ends.isoformat(timespec="seconds")}Z'
        )
    elif row is not None and row.choice is not None and ruling is None:
        automatic = f' ({row.reason.label})' if row.reason.automatic else ''
        words.append(row.choice.name + automatic)
    return ', '.join(words)


@public
def forget(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    by: By,
    chosen: model.Choices | None = None,
    *,
    action: str = 'reset',
    keep_pause: bool = False,
) -> None:
    """Return to the member's default, whatever was chosen before.

    :param chosen: The member's present choices, if they are known.
    :param action: The word for it in the audit.
    :param keep_pause: Whether to leave a pause running.
    """
    if chosen is None:
        chosen = model.choices_about(conversation, member.member_id)
    moment = now()
    counted, before = chosen.counting(moment), _word(chosen, moment)
    lasting, pause = _without_ended_pause(chosen, moment)
    left = pause if keep_pause else None
    _delete(lasting, None if keep_pause else pause)
    if counted is not None:
        notify(
            ChoiceChangedEvent(mlist, conversation, member, None, by.door.reason)
        )
    after = _word(model.Choices(None, left), moment)
    if before != after:
        notify(
            ChangedEvent(mlist, by, action, conversation, member, before, after)
        )


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
    conversation and replies in it still follows it because they opened it.  A reply
    makes nobody follow a conversation that members cannot follow by themselves.

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
    terms = conversation.terms
    if row is not None and row.choice is Choice.mute and not terms.mandatory:
        told, row.told = row.told, True
        return not told
    if terms.is_restricted:
        # With the reason of a command that is not possible there, an author behind an
        # alias would stand out.
        may_follow = opens and not by_alias
    else:
        may_follow = chosen.ruling is None
    if row is None and may_follow and _follows_by_itself(member, opens):
        by, reason, action = AUTOMATIC, Reason.replied, None
        if opens:
            reason = Reason.opened
        if by_alias:
            # The reason "opened it", or the exact time of the post, would reveal the
            # author.  So would the lack of an event, which the command that the reason
            # pretends would have.
            by, reason = by_mail(member, from_alias=True), Reason.mail
            action = Choice.follow.name
        record(
            mlist,
            conversation,
            member,
            chosen,
            Choice.follow,
            by,
            action=action,
            reason=reason,
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
        terms=conversation.terms,
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
