# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens in base64url, as they were written before 2026-11-29.

Links that have them stay valid until they expire, and are removed from quotations.
Remove this module and all references to it after 2027-12-01: by then all of them have
expired, unless ``token_lifetime`` was more than the usual 365 days.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


VERSION = 1

LENGTH = 52
#: The form of a token after a slash; the version is in the first two bits.
PATTERN = '(?:(?<=/)|(?<=2F)|(?<=2f))[Q-Za-f][A-Za-z0-9_-]{51}'


def decode(token: str) -> bytes | None:
    """Return the octets of a token; None if the text cannot be one."""
    try:
        octets = urlsafe_b64decode(token)
    except ValueError:
        return None
    # Characters outside the alphabet are skipped.
    same = len(token) == LENGTH and urlsafe_b64encode(octets).decode('ascii') == token
    return octets if same else None
