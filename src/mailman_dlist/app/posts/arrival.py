# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail that has arrived, with all that its way depends on.

Each stage (chain, pipeline, runner of commands) makes one `Arrival` and hands it on,
so that each fact is looked up once a stage.  The next stage may be weeks later, when
a moderator accepts the mail, and looks again.
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


#: The mark of a mail that came from an alias which its author has no more.
LOST = ''


@public
@dataclass(frozen=True, eq=False)
class Arrival:
    """A mail to a dlist, at one stage of its way.

    :param intent: What it is asked to do.
    :param message_id: The one it came with, or, from an alias, the published one.
    :param author: Who wrote it from an alias, None if nobody did.
    :param mark: What tells us whose alias it is from, once its traces are gone.
    :param others: Extensions that are not understood, beside that of the intent.
    :param copied: Whether such an author had sent a copy to another own address.
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
        """The member behind the mail; None for a stranger."""
        return member_of(self.mlist, self.msg, self.author)

    @cached_property
    def hidden(self) -> Member | None:
        """A member with aliases whom a post might show beside one of them."""
        return hidden_member(self.mlist, self.msg, self.author)

    @cached_property
    def thread(self) -> Thread:
        """What the list knows of the message and of those that it names."""
        return thread(self.mlist, self.msg, self.message_id)

    @cached_property
    def automatic(self) -> str | None:
        """Why no person wrote the mail, a phrase for the log; None if one did."""
        return automatic(self.msg, self.msg.get_unixfrom(), self.mlist.list_id)

    @property
    def addresses(self) -> ListAddresses:
        """The addresses of the list, to read what people write."""
        return lists.addresses(self.mlist, self.settings.alias_host)

    @cached_property
    def mentioned(self) -> ListAddresses:
        """The addresses of the list that To and Cc name, also those it had before.

        The database is asked about the latter only if somebody else is named, too.
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
    """Return a mail with what must be known of it first, in one statement.

    :param extension: Of the envelope recipient, which is the truth.  Only where it
        is not known, since the mail was injected, do the header fields count.
    :raises NotADlist: if the list is none.
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
