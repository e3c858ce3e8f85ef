# SPDX-License-Identifier: GPL-3.0-or-later
"""The token that confirms: whoever writes to ``ant+confirm+TOKEN@`` has our mail.

What it confirms is for others to know.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode


# 80 bits: nobody guesses one, and it leaves room in a local part for the name of
# any list that can be a dlist.  Letters of either case read the same.
TOKEN_BYTES = 10
TOKEN_LENGTH = 16
TOKEN = re.compile('[a-z2-7]{16}')


def new_token() -> str:
    """Return what confirms one request."""
    return b32encode(secrets.token_bytes(TOKEN_BYTES)).decode('ascii').lower()


def is_token(text: str) -> bool:
    """Tell whether a text, in lower case, may be a token."""
    return TOKEN.fullmatch(text) is not None
