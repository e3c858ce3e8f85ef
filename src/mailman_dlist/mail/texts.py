# SPDX-License-Identifier: GPL-3.0-or-later
"""Change a few words in the text of a part, and nothing else.

The charset and the transfer encoding stay, and so does every other octet, even if the
declared charset is wrong.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from email.message import Message

from mailman_dlist.mail.charsets import is_charset
from mailman_dlist.mail.encodings import UUENCODED, decoded, encoded, encoding_of


#: Parts whose content is signed, or only its recipients can read it.
SEALED = {'multipart/signed', 'multipart/encrypted'}

_ARMOUR = re.compile(
    r'(?<![^\n])-----(?:(?P<begin>BEGIN PGP SIGNED MESSAGE)|END PGP SIGNATURE)-----'
)


def rewrite(
    part: Message, change: Callable[[str], str], *, is_exact: bool = True
) -> bool:
    """Change the text of a part.

    :param change: Returns the changed text, or the same text.
    :param is_exact: False if words must be changed even where other characters are
        encoded anew: some charsets can encode a text in several ways.
    :return: Whether the text was changed.
    """
    encoding = encoding_of(part)
    before = decoded(part, encoding)
    charset = part.get_content_charset('us-ascii')
    after = _changed(before, charset, change, is_exact)
    if after == before:
        return False
    if encoding in UUENCODED:
        encoding = 'base64'
        part.replace_header('Content-Transfer-Encoding', encoding)
    part.set_payload(encoded(encoding, after))
    return True


def _changed(
    octets: bytes, charset: str, change: Callable[[str], str], is_exact: bool
) -> bytes:
    """Change a text whose declared charset may be wrong.

    It is decoded with the declared charset, then as UTF-8, then as single octets.  A
    decoding counts if encoding gives the same octets again.
    """
    anyway = 'latin-1' if _read(octets, 'utf-8') is None else 'utf-8'
    codecs = [(charset, True), (anyway, True)]
    if not is_exact:
        codecs.append((charset, False))
    unchanged: set[str] = set()
    for codec, same in codecs:
        before = _read(octets, codec)
        if before is None or before in unchanged:
            continue
        after = change(before)
        if after == before:
            unchanged.add(before)
        elif not same or before.encode(codec) == octets:
            octets = after.encode(codec, 'replace')
    return octets


def _read(octets: bytes, codec: str) -> str | None:
    if not is_charset(codec):
        return None
    try:
        return octets.decode(codec)
    except ValueError:
        return None


def signed_blocks(text: str) -> list[tuple[int, int]]:
    """Return where the blocks with a PGP signature are, in order."""
    blocks = []
    start = None
    for line in _ARMOUR.finditer(text):
        if line['begin']:
            start = line.start()
        elif start is not None:
            blocks.append((start, line.end()))
            start = None
    return blocks


def is_within(place: int, blocks: list[tuple[int, int]]) -> bool:
    """Return whether a place in a text is in one of the blocks."""
    before = bisect_right(blocks, place, key=lambda block: block[0])
    return before > 0 and place < blocks[before - 1][1]
