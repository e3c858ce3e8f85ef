# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a new dlist, as programs read them."""

from __future__ import annotations


FRESH = {
    'enabled': True,
    'plain_posts': 'open',
    'new_member_default': 'everything',
    'footers': True,
    'one_click': 'list',
    'close_after': 0,
    'access': 'open',
    'mandatory': False,
    'essay': False,
    'essay_questions': '',
    'essay_min_length': 1,
    'ask_invited': False,
    'essay_retention': 0,
    'aliases': True,
    'aliases_visible': False,
    'audit_retention': 365,
}
