# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliver a message: the recipients, their groups, and each step only once.

An opening is sent as two messages, to members who will receive replies and to members
who will not; they differ in the footer.  A reply is sent as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from mailman.config import config
from mailman.interfaces.mailinglist import Personalization
from mailman.utilities.datetime import now
from public import public

from mailman_dlist.app.links import footers
from mailman_dlist.app.people.senders import owner
from mailman_dlist.app.posts.accepting import Accepted
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.domain.following import Why
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.interfaces.dlist import OneClick
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.mail import references
from mailman_dlist.mail.fields import addresses
from mailman_dlist.model import audience, counts
from mailman_dlist.model import conversations as model
from mailman_dlist.model.aliases import aliases_among
from mailman_dlist.model.conversations import Step
from mailman_dlist.model.session import commit_and_keep


# Committed with the next step.  Digests leave out messages that they have had before,
# and the post counter is in the database itself.
HARMLESS = frozenset({Step.digest, Step.after_delivery})


@public
@dataclass(frozen=True)
class Group:
    """Some recipients of a message, and what is specific to their copies.

    :param decoration: The contents of their footer.
    :param action: The action of their personal links.
    :param unsubscribe: The address in List-Unsubscribe, if it is about the
        conversation; None leaves the list's own.
    :param reasons: Why each recipient gets the message, as numbers of `Why`; empty if
        all copies are alike.
    """

    step: Step
    recipients: set[str]
    decoration: dict[str, str]
    action: LinkAction
    unsubscribe: str | None
    reasons: dict[str, int]


@public
def recipients(accepted: Accepted) -> dict[str, Why]:
    """Return the recipients of the message, and why they receive it."""
    arrival = accepted.arrival
    heard = audience.recipients(
        audience.Hearing(
            list_id=arrival.mlist.list_id,
            base_default=arrival.settings.base_default,
            conversation_id=model.present_conversation(accepted.message),
            opening=accepted.opening,
            moment=now(),
            terms=accepted.conversation.terms,
        )
    )
    member = arrival.member
    if member is not None and not member.receive_own_postings:
        heard.pop(member.address.email, None)
    return heard


@public
def spared(arrival: Arrival) -> set[str]:
    """Return the addresses of members who have a direct copy and want no duplicates."""
    mlist, msg = arrival.mlist, arrival.msg
    ours = arrival.addresses
    others = {
        email.lower()
        for email in addresses(msg, 'to', 'cc', 'resent-to', 'resent-cc')
        if email.isascii() and email.isprintable() and ours.extension(email) is None
    }
    author = arrival.author
    members = [author.member] if author is not None and arrival.copied else []
    for alias in aliases_among(mlist.list_id, others) if others else []:
        member = owner(mlist, alias.email)
        if member is not None:
            members.append(member)
    return {each.address.email for each in members if not each.receive_list_copy}


@public
def groups(
    accepted: Accepted, heard: dict[str, Why], left: Iterable[str]
) -> Iterator[Group]:
    """Yield the groups that the message goes out to, disjoint and not empty.

    :param heard: The result of `recipients`.
    :param left: The recipients after later handlers have removed and added some.
    """
    split: dict[bool, set[str]] = {True: set(), False: set()}
    for email in left:
        why = heard.get(email)
        split[why is None or why.hears_replies].add(email)
    for replies, emails in split.items():
        if emails:
            yield Group(
                Step.hearing if replies else Step.opening,
                emails,
                _decoration(accepted, replies),
                LinkAction.mute if replies else LinkAction.follow,
                _unsubscribe(accepted) if replies else None,
                _reasons(accepted.arrival.mlist, heard, emails),
            )


@public
def once(
    accepted: Accepted, step: Step, action: Callable[[], None], *, commit: bool = True
) -> None:
    """Do a step unless it was done before a crash, and record that it is done.

    A crash between the two repeats this one step; see docs/reliability.

    :param commit: False if the next step commits the record, and nothing is done before
        that.
    """
    if accepted.message.steps & step:
        return
    nothing_to_do = _does_nothing(accepted.arrival, step)
    if step is Step.acknowledge and not nothing_to_do:
        # The text may come from a slow web server, and while changes wait to be
        # committed, no other process can write to SQLite.
        commit_and_keep()
    action()
    if nothing_to_do:
        return
    accepted.message.steps |= step
    if commit and step not in HARMLESS:
        commit_and_keep()


def _does_nothing(arrival: Arrival, step: Step) -> bool:
    """Return whether a step of Mailman's has no effect, so that it may be repeated."""
    match step:
        case Step.digest:
            return not arrival.mlist.digests_enabled
        case Step.usenet:
            return not arrival.mlist.gateway_to_news
        case Step.acknowledge:
            member = arrival.member
            return member is None or not member.acknowledge_posts
    return False


@public
def hand_over(
    accepted: Accepted, groups: Iterable[Group], queue: Callable[[Group], None]
) -> None:
    """Queue the copies of each group once, and record that all are queued."""
    def queue_and_count(group: Group) -> None:
        queue(group)
        accepted.message.deliveries += len(group.recipients)

    groups = list(groups)
    for number, group in enumerate(groups, start=1):
        is_last = number == len(groups)
        queue_group = partial(queue_and_count, group)
        once(accepted, group.step, queue_group, commit=not is_last)
    finish(accepted)


@public
def publish(accepted: Accepted, message_id: str) -> None:
    """Record the Message-ID that is really sent out for the conversation.

    Anonymous lists and wrapped messages have new ones, and replies name those.
    """
    conversation = accepted.conversation
    if references.bare(message_id) == accepted.message.message_id:
        return
    if model.message(conversation.list_id, message_id) is None:
        row = model.add_message(conversation, message_id, MessageKind.published)
        row.post = accepted.message
        # A message that arrives with this id is our own message.
        row.delivered_at = now()
        commit_and_keep()


@public
def finish(accepted: Accepted) -> None:
    """Record that all is done: from now on the same message is a repetition.

    The post is counted in the same transaction.
    """
    accepted.message.delivered_at = now()
    counts.count_post(accepted.message, accepted.unwanted)
    commit_and_keep()


def _unsubscribe(accepted: Accepted) -> str | None:
    # A mandatory conversation cannot be muted.
    is_about_list = accepted.arrival.settings.one_click is OneClick.list
    if is_about_list or accepted.conversation.mandatory:
        return None
    return accepted.arrival.addresses.mute(accepted.conversation.name)


def _reasons(
    mlist: MailingList, heard: dict[str, Why], emails: set[str]
) -> dict[str, int]:
    personalised = (
        mlist.personalize is not Personalization.none
        # Mailman sends some or all mail separately to each recipient.
        or config.mta.verp_delivery_interval != '0'
    )
    if not personalised:
        return {}
    return {email: heard[email].value for email in emails if email in heard}


def _decoration(accepted: Accepted, replies: bool) -> dict[str, str]:
    arrival = accepted.arrival
    if not arrival.settings.footers:
        return {}
    return footers.decoration(
        arrival.mlist,
        arrival.addresses,
        accepted.conversation.name,
        receives_replies=replies,
        terms=accepted.conversation.terms,
    )
