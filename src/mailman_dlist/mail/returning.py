# SPDX-License-Identifier: GPL-3.0-or-later
"""Return a mail to its sender, shortened if it is large.

Notices reply to mail that anybody may have forged.  Without a limit, one large mail to
many addresses would send its victim many large ones.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message


# Octets; our choice (DESIGN, section 4).
LARGEST_WHOLE = 256 * 1024
FIRST = 64 * 1024


def cut(msg: Message) -> tuple[Message, bool]:
    """Return a mail, or the header and the first 64 KB of a larger one.

    :return: The returned mail, and whether it is complete.
    """
    octets = msg.as_bytes()
    if len(octets) <= LARGEST_WHOLE:
        return msg, True
    header, blank, body = octets.partition(b'\n\n')
    # A character or a line that is cut in two does no harm.
    return message_from_bytes(header + blank + body[:FIRST]), False
