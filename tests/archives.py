# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of real lists, which lie beside the project if they are at hand."""

from __future__ import annotations

from tests.house.tree import ROOT


CORPUS = ROOT.parent / 'shared' / 'corpus'
REAL = ('developers.mbox', 'user-help.mbox')
AT_HAND = tuple(name for name in REAL if (CORPUS / name).exists())

# What the package ships, and stands in where none is at hand.
STORY = 'story.mbox'


def summary() -> str:
    """Return the line that ends a test run: which archives were there for it."""
    missing = [name for name in REAL if name not in AT_HAND]
    line = f'Real archives: {", ".join(AT_HAND) or "none"}.'
    return f'{line} Not at hand: {", ".join(missing)}.' if missing else line
