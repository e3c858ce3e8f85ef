# SPDX-License-Identifier: GPL-3.0-or-later
"""Normalise the addresses of aliases.

This module does not decide which addresses may become aliases.
"""

from __future__ import annotations

import re

from mailman_dlist.domain.naming import LOCAL_PART_OCTETS


# RFC 5321, section 4.5.3.1.3, where a path has its angle brackets.
ADDRESS_OCTETS = 254

# RFC 5322, section 3.2.3, in lower case.
DOT_ATOM = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
QUOTED = re.compile('"(.*)"')


def spelled(email: str) -> str:
    """Return an address in the spelling that is stored and looked up.

    >>> spelled('"Me"@Other.Example')
    'me@other.example'

    A quoted local part loses its quotes if it is valid without them (RFC 5321, section
    4.1.2).
    """
    local_part, at, host = email.strip().lower().rpartition('@')
    quoted = QUOTED.fullmatch(local_part)
    if quoted and DOT_ATOM.fullmatch(quoted[1]):
        local_part = quoted[1]
    return f'{local_part}{at}{host}'


def can_be_written(email: str) -> bool:
    """Return whether a normalised address can be written everywhere without quotes."""
    local_part, _, _host = email.rpartition('@')
    return (
        DOT_ATOM.fullmatch(local_part) is not None
        and len(local_part) <= LOCAL_PART_OCTETS
        and len(email) <= ADDRESS_OCTETS
    )
