# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the messages of the list that a message replies to.

A post from an alias is published under an id of ours, and the id from its author's mail
program is not stored.  Still some people have that one: the author, who may reply to
their own copy, and recipients of a Cc.  Their replies are matched by deriving our id
from it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from public import public

from mailman_dlist.app.links import keys
from mailman_dlist.domain.pseudonyms import published_id
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.mail import references
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import ConversationMessage


log = logging.getLogger('mailman.plugins.dlist')


@public
@dataclass(frozen=True)
class Thread:
    """The list's records of a message and of those that it names.

    :param seen: The message itself, if it came before.
    :param parents: The ids that it names, nearest first.
    :param known: Those that the list knows, by the ids as they are named.
    """

    seen: ConversationMessage | None
    parents: list[str]
    known: Mapping[str, ConversationMessage]

    @property
    def nearest(self) -> ConversationMessage | None:
        return next(iter(self.known.values()), None)

    @property
    def hidden(self) -> dict[str, str]:
        """The original ids that were published under others, and these others."""
        return {
            named: row.message_id
            for named, row in self.known.items()
            if references.id_hash(named) != row.id_hash
        }


@public
def thread(mlist: MailingList, msg: Message, message_id: str) -> Thread:
    """Look up a message and all that it names, in one statement.

    :param message_id: The original id.
    """
    parents = references.parents(
        msg.get_all('in-reply-to'), msg.get_all('references')
    )
    secrets = _keys()
    spellings = {
        each: [
            references.id_hash(each),
            *(
                references.id_hash(
                    published_id(each, mlist.list_id, mlist.mail_host, key)
                )
                for key in secrets
            ),
        ]
        for each in (message_id, *parents)
    }
    rows = model.with_hashes(
        mlist.list_id, {each for some in spellings.values() for each in some}
    )
    found = {
        named: rows[each]
        for named, some in spellings.items()
        for each in reversed(some)
        if each in rows
    }
    known = {each: found[each] for each in parents if each in found}
    return Thread(found.get(message_id), parents, known)


def _keys() -> list[bytes]:
    try:
        return list(keys.accepted().values())
    except keys.KeyFileError as error:
        log.error('Replies to posts from aliases are not recognised: %s', error)
        return []
