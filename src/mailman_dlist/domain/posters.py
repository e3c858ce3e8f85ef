# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the posters of a list apart without storing who they are.

Statistics count distinct posters.  An alias is a poster of its own: nothing that is
stored leads from it to the member.
"""

from __future__ import annotations

from hashlib import sha256


# 64 bits: with 100,000 posters, two of them are the same with a probability below one
# in a billion.
OCTETS = 8


def poster(list_id: str, email: str) -> int:
    """Return the number of a poster, the same for each post to the list.

    :param email: The address of the member; the alias, or a stranger's address.
    """
    content = f'{list_id}\n{email.lower()}'.encode('utf-8', 'surrogateescape')
    return int.from_bytes(sha256(content).digest()[:OCTETS], 'big', signed=True)
