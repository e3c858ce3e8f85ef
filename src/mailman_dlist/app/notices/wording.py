# SPDX-License-Identifier: GPL-3.0-or-later
"""What members hear, in words for them.

Every sentence is in the language that is in use; whoever writes to a member says
``with _.using(...)`` first.
"""

from __future__ import annotations

from public import public

from mailman_dlist.app.i18n import _
from mailman_dlist.domain.following import Choice, Default, Standing


@public
def of_default(default: Default) -> str:
    """Say what a member hears without a choice, in one sentence."""
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
    """Say what a member hears of one conversation, in a few words."""
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
    """Say what of a returned message is attached to a notice."""
    if whole:
        return _('Your message is attached, so nothing is lost.')
    return _('Your message is large: its header and first 64 KB are attached.')


@public
def on_or_off(switch: bool) -> str:
    """Say how a switch stands."""
    return _('on') if switch else _('off')
