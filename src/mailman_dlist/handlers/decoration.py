# SPDX-License-Identifier: GPL-3.0-or-later
"""Add the personal link and the reason for delivery to each member's copy.

Mailman decorates a message when it sends it: once for all, or for each recipient if
delivery is personalised.  So neither the archive nor a digest has a personal link.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from mailman.interfaces.handler import IHandler
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app.links import making
from mailman_dlist.app.links.keys import KeyFileError
from mailman_dlist.domain.following import Why
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.interfaces.mailman import MailingList, Member, Message, MsgData


FIELD = 'X-Dlist-Reason'

# For people and their filters, therefore in one language.
REASONS = {
    Why.everything: 'you receive every message',
    Why.openings: 'you receive the first message of every conversation',
    Why.followed: 'you follow this conversation',
    Why.opened: 'you started this conversation',
    Why.replied: 'you replied in this conversation',
    Why.mandatory: 'every member receives this conversation',
}

log = logging.getLogger('mailman.plugins.dlist')


# Not public: Mailman would register it in addition to the handler that it wraps.
@implementer(IHandler)
class Decoration:
    """Mailman's own handler, with the values for this copy.

    :param writer: Returns the writer of links for a conversation.
    """

    def __init__(
        self,
        handler: Any,
        writer: Callable[[int, LinkAction], Callable[[UUID], str]] = making.writer,
    ):
        self.name = handler.name
        self.description = handler.description
        self._handler = handler
        self._writer = writer

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`.  Messages without a conversation pass unchanged."""
        plain = msgdata.get('isdigest') or msgdata.get('nodecorate')
        if metadata.CONVERSATION_ID in msgdata and not plain:
            msgdata = self._decorated(mlist, msg, msgdata)
        self._handler.process(mlist, msg, msgdata)

    def _decorated(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> MsgData:
        reader = _reader(mlist, msgdata)
        own = '' if reader is None else self._link(reader, msg, msgdata)
        if reader is not None:
            _tell_reason(msg, msgdata)
        if metadata.UNSUBSCRIBE in msgdata and mlist.include_rfc2369_headers:
            _unsubscribe(msg, msgdata[metadata.UNSUBSCRIBE], own)
        if not own:
            return msgdata
        decoration = msgdata.get('decoration-data', {}) | {'dlist_link': own}
        return msgdata | {'decoration-data': decoration}

    def _link(self, reader: Member, msg: Message, msgdata: MsgData) -> str:
        action = LinkAction[msgdata[metadata.ACTION]]
        try:
            write = self._writer(msgdata[metadata.CONVERSATION_ID], action)
        except KeyFileError as error:
            # Some recipients may have their copies already.
            _complain(str(error), str(msg['message-id']))
            return ''
        return write(reader.member_id)


def _reader(mlist: MailingList, msgdata: MsgData) -> Member | None:
    """Return the member whose copy this is; None if others get the same copy."""
    member, recipient = msgdata.get('member'), msgdata.get('recipient')
    if member is None or recipient is None or member.list_id != mlist.list_id:
        return None
    address = member.address
    # Anybody with the link may press the button.
    is_own = address is not None and address.email == recipient.lower()
    return member if is_own else None


@lru_cache(maxsize=1)
def _complain(problem: str, message_id: str) -> None:
    """Log a problem once for a message, not for each recipient."""
    log.error('%s goes out without personal links: %s', message_id, problem)


def _tell_reason(msg: Message, msgdata: MsgData) -> None:
    code = msgdata.get(metadata.REASONS, {}).get(msgdata['recipient'].lower())
    if code is not None:
        msg[FIELD] = REASONS[Why(code)]


def _unsubscribe(msg: Message, address: str, own: str) -> None:
    """Let a mail program's button mute the conversation (RFC 2369, RFC 8058)."""
    del msg['List-Unsubscribe']
    del msg['List-Unsubscribe-Post']
    by_mail = f'<mailto:{address}>'
    # RFC 8058, section 3.1, asks for an https link.
    if own.startswith('https:'):
        msg['List-Unsubscribe'] = f'<{own}>,\n\t{by_mail}'
        msg['List-Unsubscribe-Post'] = 'List-Unsubscribe=One-Click'
    else:
        msg['List-Unsubscribe'] = by_mail
