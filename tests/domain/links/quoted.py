# SPDX-License-Identifier: GPL-3.0-or-later
"""Personal links for the tests that look for them in text and mail."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote
from uuid import UUID

from mailman_dlist.domain.links.token import Link, LinkAction, read, write


KEYS = {3: b'a key of this site'}
MEMBER = UUID('ffbefbef-befb-4fbe-bfff-ffffffffffff')
DAY = date(2027, 1, 1)
TOKEN = write(Link(MEMBER, 7, LinkAction.mute, DAY), 3, KEYS[3])
OTHER = write(Link(MEMBER, 8, LinkAction.follow, DAY), 3, KEYS[3])
# Says what TOKEN says, as it was written before tokens were of letters and digits.
FORMER = 'Q_-------0--v_________8AAAAHJoYciYBX2YRcM-V98b0PwPJF'

BASE = 'https://lists.example.com/mailman3/'
WEB = f'{BASE}dlist/t/'
LINK = f'{WEB}{TOKEN}'
PLAIN = f'{BASE}lists/ant.example.com/conversations/pic-nic/'

SAFE = 'https://emea01.safelinks.protection.outlook.com/?url='
ENCODED = quote(LINK, safe='')
PLAIN_ENCODED = quote(PLAIN, safe='')


def plain(token: str) -> str | None:
    """Say as a site does what is a token: expired ones too, forged ones not."""
    return PLAIN if read(token, KEYS, date.min) else None


def cut_at(text: str, width: int, between: str) -> str:
    return between.join(
        text[start : start + width] for start in range(0, len(text), width)
    )


def dashed(link: str) -> str:
    """Write a link as version 2 of Proofpoint's does."""
    link = link.replace('-', '-2D').replace('_', '-5F')
    return link.replace(':', '-3A').replace('/', '_')
