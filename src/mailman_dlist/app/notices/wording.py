# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe in words what members receive.

Every sentence is in the language in use; a caller who writes to a member calls ``with
_.using(...)`` first.
"""

from __future__ import annotations

from public import public

from mailman_dlist.app.i18n import _
from mailman_dlist.domain.following import Choice, Default, Standing


@public
def of_default(default: Default) -> str:
    """Return a sentence about what a member receives without a choice."""
    match default:
        case Default.everything:
            return _('By default, you receive every message.')
        case Default.openings:
            return _(
                'By default, you receive only the first message of each conversation.'
            )
        case Default.nothing:
            return _('By default, you receive only conversations that you follow.')


@public
def of_standing(standing: Standing) -> str:
    """Return a few words about what a member receives of one conversation."""
    day = '' if standing.until is None else f'{standing.until:%Y-%m-%d}'
    match standing.choice:
        case Choice.mute if day:
            return _('you have muted it until ${day}')
        case Choice.mute:
            return _('you have muted it')
        case Choice.follow:
            return _('you follow it')
    if standing.hears_replies:
        return _('you receive all messages')
    return _('you do not receive replies')


@public
def of_attachment(whole: bool) -> str:
    """Return a sentence about how much of a returned message is attached."""
    if whole:
        return _('Your message is attached, so nothing is lost.')
    return _('Your message is large: its header and first 64 KB are attached.')


@public
def on_or_off(switch: bool) -> str:
    """Return the word for the state of a switch."""
    return _('on') if switch else _('off')
