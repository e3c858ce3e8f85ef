# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell which of Python's codecs are charsets of mail."""

from __future__ import annotations

import codecs


# Python's own codecs; some take hours for a long text.
NO_CHARSETS = {'idna', 'punycode', 'unicode-escape', 'raw-unicode-escape'}


def is_charset(name: str) -> bool:
    """Return whether a text can be in this charset, and can be decoded safely.

    >>> [is_charset(name) for name in ('utf-8', 'punycode', 'x-klingon')]
    [True, False, False]
    """
    try:
        # Some codecs fail only when they are used.
        b'.'.decode(name, 'replace')
        return codecs.lookup(name).name not in NO_CHARSETS
    except (LookupError, ValueError):
        return False
