# SPDX-License-Identifier: GPL-3.0-or-later
"""Write footers only once if they differ only in a link.

Mailman decorates every personal copy anew.  If header and footer tell nothing about the
recipient, the change is the same in all copies: Mailman decorates one of them, and the
same change is made to the others, each with its own link.
"""

from __future__ import annotations

from collections.abc import Callable
from email import base64mime, quoprimime
from email.message import Message as AnyMessage
from secrets import token_hex
from string import Template
from typing import Any

from mailman.handlers.decorate import Decorate
from mailman.interfaces.handler import IHandler
from mailman.interfaces.template import ITemplateLoader
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app.copies.lookups import Templates
from mailman_dlist.app.copies.sharing import duplicate
from mailman_dlist.app.notices.templates import FOOTER_OF_LIST
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


HEADER_OF_LIST = 'list:member:regular:header'

# The attribute by which `AmendingLoader` recognises a footer of ours, and the variable
# in it for which Mailman gets a mark.
FOOTER = 'dlist_footer'
LINK = 'dlist_link'

# Encoders by transfer encoding; a character of the text stands for an octet.
ENCODERS: dict[str, Callable[[str], str]] = {
    '7bit': str,
    '8bit': str,
    'base64': lambda text: base64mime.body_encode(text.encode('latin-1')),
    'quoted-printable': quoprimime.body_encode,
}

# A field that separates the fields that were there from those that are added.
LAST = 'X-Dlist-Last'

# Every variable with which Mailman tells something about the recipient begins with one
# of these.
PERSONAL = ('user_', 'member')

# Without any of these, Mailman need not look up the recipient.
NOBODY = {'member': None}


class Text:
    """The text of a part, with a mark for the link."""

    def __init__(self, part: AnyMessage, mark: str):
        payload: Any = part.get_payload()
        self._payload = self._text = payload
        self._mark = mark
        encoding = str(part.get('content-transfer-encoding', '7bit')).lower()
        self._encode = ENCODERS.get(encoding)
        if self._encode is not str:
            octets: Any = part.get_payload(decode=True)
            self._text = octets.decode('latin-1')
        self.has_mark = mark in self._text

    def is_known(self) -> bool:
        """Return whether the text is encoded as we would encode it, if it is at all."""
        if self._encode is None:
            return False
        return not self.has_mark or self._encode(self._text) == self._payload

    def with_link(self, link: str) -> str:
        assert self._encode is not None, 'Asked for a text that is not known'
        return self._encode(self._text.replace(self._mark, link))


class Pattern:
    """The change that decoration makes to a copy: fields removed and added, a new text.

    :param before: A copy, whose last field is `LAST`.
    :param after: The same copy, decorated.
    :param mark: The text that stands for the link.
    """

    def __init__(self, before: AnyMessage, after: AnyMessage, mark: str):
        self._after = vars(after)
        fields = self._after['_headers']
        # New fields are added at the end.
        end = [name for name, _value in fields].index(LAST)
        self._added = fields[end + 1 :]
        self._gone = {
            name.lower() for name, _value in vars(before)['_headers']
        } - {name.lower() for name, _value in fields[:end + 1]}
        self._as_before = self._fields(before) == fields
        texts = {
            place: Text(part, mark)
            for place, part in enumerate(after.walk())
            if isinstance(part.get_payload(), str)
        }
        self._texts = list(texts.values())
        self._linked = {place: each for place, each in texts.items() if each.has_mark}

    def fits(self) -> bool:
        """Return whether all copies can be made from this pattern."""
        return self._as_before and all(text.is_known() for text in self._texts)

    def apply(self, msg: AnyMessage, link: str) -> None:
        attributes, payload = vars(msg), self._after['_payload']
        attributes['_headers'] = self._fields(msg)
        attributes['_charset'] = self._after['_charset']
        attributes['_payload'] = (
            payload
            if isinstance(payload, str)
            else [duplicate(part) for part in payload]
        )
        if self._linked:
            for place, part in enumerate(msg.walk()):
                if place in self._linked:
                    part.set_payload(self._linked[place].with_link(link))

    def _fields(self, msg: AnyMessage) -> list[tuple[str, Any]]:
        fields = vars(msg)['_headers']
        if not self._gone:
            return fields + self._added
        return [
            each for each in fields if each[0].lower() not in self._gone
        ] + self._added


# Not public: Mailman would register it in addition to the handler that it replaces.
@implementer(IHandler)
class DecoratedOnce:
    """Wrap Mailman's own handler, for the copies of one message.

    :param is_personal: See `is_personal`; the handler decorates such copies itself.
    """

    def __init__(self, handler: Any, is_personal: bool = True):
        self.name = handler.name
        self.description = handler.description
        self.is_personal = is_personal
        self._handler = handler
        self._mark = f'dlist-{token_hex()}'
        self._patterns: dict[tuple[Any, ...], Pattern | None] = {}

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        if self.is_personal:
            self._handler.process(mlist, msg, msgdata)
            return
        decoration = msgdata.get('decoration-data', {})
        link = decoration.get(LINK) or ''
        key = (bool(link), *(each for each in decoration.items() if each[0] != LINK))
        if key not in self._patterns:
            self._patterns[key] = self._pattern(mlist, msg, msgdata)
        pattern = self._patterns[key]
        if pattern is None or not link.isascii():
            self._handler.process(mlist, msg, msgdata | NOBODY)
        else:
            pattern.apply(msg, link)

    def _pattern(
        self, mlist: MailingList, msg: Message, msgdata: MsgData
    ) -> Pattern | None:
        """Return the change made to all copies; None if they do not change alike."""
        decoration = msgdata.get('decoration-data', {})
        if decoration.get(LINK):
            decoration = decoration | {LINK: self._mark}
        before, after = duplicate(msg), duplicate(msg)
        before[LAST] = after[LAST] = ''
        self._handler.process(
            mlist, after, msgdata | NOBODY | {'decoration-data': decoration}
        )
        if not _is_whole(after.get_payload()):
            return None
        pattern = Pattern(before, after, self._mark)
        return pattern if pattern.fits() else None


def _is_whole(payload: Any) -> bool:
    """Return whether there is a text or parts, but not both as in some broken mail."""
    return isinstance(payload, str) or (
        isinstance(payload, list)
        and all(isinstance(part, AnyMessage) for part in payload)
    )


@public
def is_personal(handler: Any, mlist: MailingList, msgdata: MsgData) -> bool:
    """Return whether copies may tell something about the recipient, other than a link.

    A handler that we do not know may tell anything.
    """
    if type(handler) is not Decorate:
        return True
    # In these cases core adds no header and no footer, so that an unreadable one does
    # no harm.
    if msgdata.get('isdigest') or msgdata.get('nodecorate'):
        return False
    decoration = msgdata.get('decoration-data', {})
    if FOOTER in decoration:
        # Only some copies have a link, and its line may contain more.
        decoration = decoration | {LINK: LINK}
    loader = getUtility(ITemplateLoader)
    if not isinstance(loader, Templates):
        return True
    for name in (HEADER_OF_LIST, FOOTER_OF_LIST):
        if not loader.chooses_alike(name):
            return True
        names = Template(loader.get(name, mlist, **decoration)).get_identifiers()
        if any(each.startswith(PERSONAL) for each in names):
            return True
    return False
