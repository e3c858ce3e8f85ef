# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal links that members quote back, out of a message again.

They may stand in any text part and in the fields of a forwarded message, in every
charset and encoding that mail has.  A part without one stays octet for octet as it
came; so do signed and encrypted parts, with links or without.  How a link is
recognised in a text is in `text`.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Any

from mailman_dlist.domain.links.text import Plain, replaced
from mailman_dlist.mail.charsets import is_charset
from mailman_dlist.mail.encodings import UUENCODED, decoded, encoded, encoding_of


#: What is inside was signed, or nobody but its readers can read it.
SEALED = {'multipart/signed', 'multipart/encrypted'}

# A multipart without a boundary is one piece of text to who shows it.
TEXT = {'text', 'multipart', 'message'}


def scrub(msg: Message, plain: Plain) -> bool:
    """Replace the personal links in a message by plain ones.

    [U11], where the reply quotes what it answers.

    :param plain: Says for a token what link to put there: '' for none, None to
        leave it, since it is no token.
    :return: Whether there were any.
    """
    changed = False
    parts = [msg]
    while parts:
        part = parts.pop()
        # The fields are not what is signed.
        changed |= _scrub_fields(part, plain)
        if part.get_content_type() in SEALED:
            continue
        if part.is_multipart():
            changed |= _scrub_margins(part, plain)
            changed |= _scrub_encoded_message(part, plain)
            inside: Any = part.get_payload()
            parts.extend(inside)
        elif part.get_content_maintype() in TEXT:
            changed |= _scrub_text(part, plain)
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
    """Scrub what stands before the first part and after the last.

    Mail programs show neither, but lists that know no better put footers there.
    """
    before = part.preamble, part.epilogue
    part.preamble, part.epilogue = (each and replaced(each, plain) for each in before)
    return (part.preamble, part.epilogue) != before


def _scrub_encoded_message(part: Message, plain: Plain) -> bool:
    """Scrub a forwarded message in base64.

    No message may be encoded (RFC 2046, section 5.2.1), but some are, and the email
    package takes the encoded lines for the message.
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


def _scrub_text(part: Message, plain: Plain) -> bool:
    encoding = encoding_of(part)
    before = decoded(part, encoding)
    after = _scrub_octets(before, part.get_content_charset('us-ascii'), plain)
    if after == before:
        return False
    if encoding in UUENCODED:
        encoding = 'base64'
        part.replace_header('Content-Transfer-Encoding', encoding)
    part.set_payload(encoded(encoding, after))
    return True


def _scrub_octets(octets: bytes, charset: str, plain: Plain) -> bytes:
    """Scrub a text of which no more is known than what it says itself.

    It is read as it asks to be and, since it may be wrong about that, as UTF-8 or
    as octets.  All but the links stays as it is: a reading counts if the same
    octets come out when it is written.  Some charsets have several spellings of a
    text; what is only seen in such a reading is written anew.
    """
    anyway = 'latin-1' if _read(octets, 'utf-8') is None else 'utf-8'
    clean: set[str] = set()
    for codec, exact in ((charset, True), (anyway, True), (charset, False)):
        before = _read(octets, codec)
        if before is None or before in clean:
            continue
        after = replaced(before, plain)
        if after == before:
            clean.add(before)
        elif not exact or before.encode(codec) == octets:
            octets = after.encode(codec, 'replace')
    return octets


def _read(octets: bytes, codec: str) -> str | None:
    if not is_charset(codec):
        return None
    try:
        return octets.decode(codec)
    except ValueError:
        return None
