# SPDX-License-Identifier: GPL-3.0-or-later
"""Send a digest of a dlist with the messages that each reader wants [U9].

Mailman collects the messages and decides when a digest is due.  Readers who want the
same messages in the same format share one digest.  After a crash every reader still
receives it exactly once: see `app.digests.handover`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from mailman.core.i18n import _ as core_
from mailman.utilities.datetime import now
from mailman.utilities.string import expand
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.copies.lookups import asked_once
from mailman_dlist.app.digests.format import FORMATS, Format, Topic, compose
from mailman_dlist.app.digests.handover import Handover
from mailman_dlist.app.digests.mailbox import messages_in
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending, templates
from mailman_dlist.app.site import ready
from mailman_dlist.domain.digest import Post, Wish, wanted
from mailman_dlist.domain.following import OPEN, Default
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.mail.references import id_hash
from mailman_dlist.model import digests as model
from mailman_dlist.model.conversations import ConversationMessage
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')


@public
@dataclass(frozen=True)
class Issue:
    """A digest as Mailman hands it over.

    :param path: The mailbox with the messages; it is deleted at the end.
    """

    path: Path
    volume: int
    number: int


@dataclass(frozen=True)
class Collected:
    """A message of a digest.

    :param row: Its row in our tables; None if it belongs to no conversation.
    """

    message: Message
    row: ConversationMessage | None

    @property
    def conversation_id(self) -> int | None:
        return None if self.row is None else self.row.conversation_id

    def as_post(self) -> Post:
        if self.row is None or self.row.kind is MessageKind.awaited:
            # Posted before the list had conversations; replies may have come since.
            return Post(None, False, now())
        row, conversation = self.row, self.row.conversation
        return Post(
            row.conversation_id,
            row.kind is MessageKind.opening,
            row.posted_at or now(),
            OPEN if conversation is None else conversation.terms,
        )


@public
def send(mlist: MailingList, issue: Issue) -> None:
    """Queue a digest for its readers, or the rest of it after a crash."""
    ready()
    handover = Handover('virgin', f'{mlist.list_id}.{issue.volume}.{issue.number}')
    # There may be two jobs for it, and several runners.
    with handover.alone():
        if issue.path.exists() or handover.is_ready:
            _send(mlist, issue, handover)
        else:
            log.info('%s is already queued', issue.path)


def _send(mlist: MailingList, issue: Issue, handover: Handover) -> None:
    collected = _collected(mlist, issue.path)
    last_digests = model.last_digests(mlist.id)
    readers = model.readers(mlist.list_id, mlist.id)
    if not handover.is_ready:
        _fill(handover, mlist, issue, collected, _by_content(mlist, collected, readers))
    handover.deliver()
    posts = [each.row for each in collected if each.row is not None]
    committed(partial(model.settle, mlist.list_id, posts, last_digests, now()))
    issue.path.unlink(missing_ok=True)
    handover.close()


def _collected(mlist: MailingList, path: Path) -> list[Collected]:
    """Return the messages grouped by conversation, each of them once.

    After a crash, a message may be in the mailbox twice, or in the last digest too.
    """
    if not path.exists():
        return []
    messages = {
        id_hash(str(message.get('message-id', place))): message
        for place, message in enumerate(messages_in(path))
    }
    known = model.with_hashes(mlist.list_id, messages)
    # By any of its ids: an anonymous list assigns a new one every time.
    once = {known[key].id if key in known else key: key for key in messages}
    conversations: dict[int | None, list[Collected]] = defaultdict(list)
    for key in once.values():
        row = known.get(key)
        if row is None or row.digested_at is None:
            each = Collected(messages[key], row)
            conversations[each.conversation_id].append(each)
    others = conversations.pop(None, [])
    return [each for some in conversations.values() for each in some] + others


def _by_content(
    mlist: MailingList,
    collected: Sequence[Collected],
    readers: Sequence[model.Reader],
) -> dict[tuple[Format, frozenset[int]], set[str]]:
    """Group readers by the format of their digest and the indexes of its messages."""
    posts = [each.as_post() for each in collected]
    conversation_ids = {
        post.conversation_id for post in posts if post.conversation_id is not None
    }
    chosen = model.wishes(conversation_ids, now())
    base_default = lists.settings(mlist).base_default
    seen: dict[tuple[Default, frozenset[tuple[int, Wish]]], frozenset[int]] = {}
    places: dict[tuple[Format, str], frozenset[int]] = defaultdict(frozenset)
    for reader in readers:
        default = reader.default or base_default
        wishes = chosen.get(reader.member_id, {})
        # Most members have made no choice about any of these conversations.
        key = default, frozenset(wishes.items())
        if key not in seen:
            seen[key] = wanted(default, wishes, posts)
        # One address may have two memberships, as an address and as its user.
        places[FORMATS[reader.mode], reader.email] |= seen[key]
    shared: dict[tuple[Format, frozenset[int]], set[str]] = defaultdict(set)
    for (kind, email), content in places.items():
        if content:
            shared[kind, content].add(email)
    return shared


def _fill(
    handover: Handover,
    mlist: MailingList,
    issue: Issue,
    collected: Sequence[Collected],
    shared: dict[tuple[Format, frozenset[int]], set[str]],
) -> None:
    language = mlist.preferred_language.code
    with (
        handover.filling() as queue,
        asked_once(mlist, ()),
        core_.using(language),
        _.using(language),
    ):
        headings = _headings(mlist, collected)
        for (kind, places), emails in shared.items():
            wanted = [collected[place] for place in sorted(places)]
            digest = compose(
                kind,
                mlist,
                issue.volume,
                issue.number,
                list(_topics(wanted, headings)),
            )
            queue.enqueue(
                digest, recipients=emails, listid=mlist.list_id, isdigest=True
            )


def _headings(
    mlist: MailingList, collected: Sequence[Collected]
) -> dict[int | None, str]:
    """Return the heading of each conversation in the table of contents."""
    template = templates.text(
        'dlist:digest:conversation', mlist, mlist.preferred_language.code
    )
    facts = templates.facts_of(mlist)
    headings: dict[int | None, str] = {}
    for each in collected:
        number = each.conversation_id
        if number in headings:
            continue
        conversation = None if each.row is None else each.row.conversation
        if conversation is None:
            # Without other topics, it is a digest as Mailman makes it.
            headings[number] = _('Other messages') if headings else ''
        else:
            about = sending.facts_about(mlist, conversation)
            headings[number] = expand(template, mlist, facts | about)
    return headings


def _topics(
    wanted: Sequence[Collected], headings: dict[int | None, str]
) -> Iterator[Topic]:
    for number, some in groupby(wanted, key=lambda each: each.conversation_id):
        yield Topic(headings[number], [each.message for each in some])
