# SPDX-License-Identifier: GPL-3.0-or-later
"""A message that has arrived, with all facts that its processing depends on.

Each stage (chain, pipeline, runner of commands) makes one `Arrival` and passes it on,
so that each fact is looked up once a stage.  The next stage may be weeks later, when a
moderator accepts the message, and looks the facts up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from public import public

from mailman_dlist.app import lists, nested
from mailman_dlist.app.people.reading import as_written
from mailman_dlist.app.people.senders import (
    AliasAuthor,
    from_address,
    hidden_member,
    member_of,
    member_posting_as,
)
from mailman_dlist.app.posts.threads import Thread, thread
from mailman_dlist.app.site import ready
from mailman_dlist.domain.address import Intent, ListAddresses, parse, reduce
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.automatic import automatic
from mailman_dlist.mail.fields import addresses
from mailman_dlist.model.lists import PostSettings


#: The mark of a message from an alias that its author no longer has.
LOST = ''


@public
@dataclass(frozen=True, eq=False)
class Arrival:
    """A message to a dlist, at one stage of its processing.

    :param intent: The action that the address asks for.
    :param message_id: The original id or, from an alias, the published one.
    :param author: The author of a message from an alias, else None.
    :param mark: Identifies the author behind an alias once the traces are removed.
    :param others: Extensions that are not understood, other than the intent's.
    :param copied: Whether such an author sent a copy to another address of their own.
    """

    mlist: MailingList
    msg: Message
    settings: PostSettings
    intent: Intent
    message_id: str
    author: AliasAuthor | None
    mark: str | None
    copied: bool
    others: Sequence[str] = ()

    @cached_property
    def member(self) -> Member | None:
        """The member behind the message; None for a stranger."""
        return member_of(self.mlist, self.msg, self.author)

    @cached_property
    def hidden(self) -> Member | None:
        """A member with aliases whose identity a post might reveal."""
        return hidden_member(self.mlist, self.msg, self.author)

    @cached_property
    def thread(self) -> Thread:
        """The list's records of the message and of the messages that it names."""
        return thread(self.mlist, self.msg, self.message_id)

    @cached_property
    def automatic(self) -> str | None:
        """Why the mail is automatic, for the log; None if a person wrote it."""
        return automatic(self.msg, self.msg.get_unixfrom(), self.mlist.list_id)

    @property
    def addresses(self) -> ListAddresses:
        """The addresses of the list, for reading addresses that people write."""
        return lists.addresses(self.mlist, self.settings.alias_host)

    @cached_property
    def mentioned(self) -> ListAddresses:
        """The addresses of the list in To and Cc, including former ones.

        The database is queried for former addresses only if other addresses are named,
        too.
        """
        ours = self.addresses
        named = addresses(self.msg, 'to', 'cc')
        if all(ours.extension(each) is not None for each in named):
            return ours
        return replace(ours, former=nested.former_addresses(self.mlist))


@public
def arrive(
    mlist: MailingList,
    msg: Message,
    message_id: str,
    extension: str | None,
    *,
    mark: str | None = None,
    copied: bool = False,
    others: Sequence[str] = (),
) -> Arrival:
    """Return a message with the facts that are needed first, in one statement.

    :param extension: The envelope recipient's, which is authoritative.  The header
        fields count only if it is not known, because the message was injected.
    :raises NotADlist: if the list is not a dlist.
    """
    ready()
    as_written(msg)
    email = from_address(msg)
    settings = lists.post_settings(mlist, email)
    if isinstance(extension, str):
        intent = parse(extension, lists.delimiter())
    else:
        intent = _intent_of_fields(msg, lists.addresses(mlist, settings.alias_host))
    author = None
    if settings.alias_of is not None and mark != LOST:
        member = member_posting_as(mlist, email, settings.alias_of)
        author = None if member is None else AliasAuthor(email, member)
    return Arrival(
        mlist, msg, settings, intent, message_id, author, mark, copied, others
    )


def _intent_of_fields(msg: Message, ours: ListAddresses) -> Intent:
    found = (ours.extension(address) for address in addresses(msg, 'to', 'cc'))
    intents = reduce(parse(each, ours.delimiter) for each in found if each is not None)
    return intents[0] if intents else parse('', ours.delimiter)
