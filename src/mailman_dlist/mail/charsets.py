# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of Python's codecs are charsets of mail."""

from __future__ import annotations

import codecs


# Python's own; some take hours for a long text.
NO_CHARSETS = {'idna', 'punycode', 'unicode-escape', 'raw-unicode-escape'}


def is_charset(name: str) -> bool:
    """Tell whether a text can be in this charset, and read without harm.

    >>> [is_charset(name) for name in ('utf-8', 'punycode', 'x-klingon')]
    [True, False, False]
    """
    try:
        # Some say what they are only when they are used.
        b'.'.decode(name, 'replace')
        return codecs.lookup(name).name not in NO_CHARSETS
    except (LookupError, ValueError):
        return False
