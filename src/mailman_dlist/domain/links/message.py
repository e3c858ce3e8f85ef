# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove personal links that members quote in their replies.

They may occur in any text part and in the header of a forwarded message, in every
charset and encoding.  A part without a link stays unchanged to the octet, and so do
signed and encrypted parts, with links or without.  The module `text` recognises
links in a text.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from functools import partial
from typing import Any

from mailman_dlist.domain.links.text import Plain, replaced
from mailman_dlist.mail.encodings import decoded, encoding_of
from mailman_dlist.mail.texts import SEALED, rewrite


# Mail programs show a multipart without a boundary as one text.
TEXT = {'text', 'multipart', 'message'}


def scrub(msg: Message, plain: Plain) -> bool:
    """Replace the personal links in a message by plain ones.

    [U11], for replies that quote the original message.

    :param plain: Returns the replacement for a token: '' to remove the link, None if
        it is not a token.
    :return: Whether there were any links.
    """
    changed = False
    parts = [msg]
    while parts:
        part = parts.pop()
        # The signature does not cover the header fields.
        changed |= _scrub_fields(part, plain)
        if part.get_content_type() in SEALED:
            continue
        if part.is_multipart():
            changed |= _scrub_margins(part, plain)
            changed |= _scrub_encoded_message(part, plain)
            inside: Any = part.get_payload()
            parts.extend(inside)
        elif part.get_content_maintype() in TEXT:
            # A link must go even if other characters are encoded anew.
            changed |= rewrite(part, partial(replaced, plain=plain), is_exact=False)
    return changed


def _scrub_fields(part: Message, plain: Plain) -> bool:
    """Scrub the header fields: a forwarded message has List-Unsubscribe."""
    fields = [(name, str(value)) for name, value in part.raw_items()]
    found = {name.lower() for name, value in fields if replaced(value, plain) != value}
    for name in found:
        del part[name]
    for name, value in fields:
        if name.lower() in found:
            part[name] = replaced(value, plain)
    return bool(found)


def _scrub_margins(part: Message, plain: Plain) -> bool:
    """Scrub the text before the first part and after the last.

    Mail programs show neither, but some list servers put footers there.
    """
    before = part.preamble, part.epilogue
    part.preamble, part.epilogue = (each and replaced(each, plain) for each in before)
    return (part.preamble, part.epilogue) != before


def _scrub_encoded_message(part: Message, plain: Plain) -> bool:
    """Scrub a forwarded message in base64.

    A message must not be encoded (RFC 2046, section 5.2.1), but some are, and the
    email package parses the encoded lines as the message.
    """
    if encoding_of(part) != 'base64' or part.get_content_type() != 'message/rfc822':
        return False
    misread: Any = part.get_payload(0)
    forwarded = message_from_bytes(decoded(misread, 'base64'), type(part))
    if not scrub(forwarded, plain):
        return False
    part.set_payload([forwarded])
    part.replace_header('Content-Transfer-Encoding', '8bit')
    return True
