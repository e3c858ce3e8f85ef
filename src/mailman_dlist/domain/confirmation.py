# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that confirm a request, in ``ant+confirm+TOKEN@``.

A sender who knows the token has received the mail that contains it.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode


# 80 bits: impossible to guess, and short enough for a local part with the name of any
# list that can be a dlist.  Letters of either case read the same.
TOKEN_BYTES = 10
TOKEN_LENGTH = 16
TOKEN = re.compile('[a-z2-7]{16}')


def new_token() -> str:
    """Return a new token, which confirms one request."""
    return b32encode(secrets.token_bytes(TOKEN_BYTES)).decode('ascii').lower()


def is_token(text: str) -> bool:
    """Return whether a text in lower case has the form of a token."""
    return TOKEN.fullmatch(text) is not None
