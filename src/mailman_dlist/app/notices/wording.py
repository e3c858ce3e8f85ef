# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe in words what members receive.

Every sentence is in the language in use; a caller who writes to a member calls ``with
_.using(...)`` first.
"""

from __future__ import annotations

from datetime import time

from public import public

from mailman_dlist.app.i18n import _
from mailman_dlist.domain.access import AccessRefused, Action, State
from mailman_dlist.domain.actors import Door
from mailman_dlist.domain.following import Choice, Default, Ruling, Standing, Terms
from mailman_dlist.model.events import Event


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
def of_default_in(default: Default, terms: Terms) -> str:
    """Return a sentence about what a member receives of one conversation by default."""
    if terms.mandatory:
        return _('Every member of the list receives this conversation.')
    if terms.is_restricted and default is not Default.nothing:
        return _('You receive only its first message: its replies go to followers.')
    return of_default(default)


@public
def of_refusal(refused: AccessRefused, addresses: dict[str, str]) -> str:
    """Return a sentence that says why a member's command was refused.

    :param addresses: Those of the conversation, by the names that templates use.
    """
    mute = addresses['mute_address']  # noqa: F841 # named in a sentence
    reset = addresses['reset_address']  # noqa: F841 # named in a sentence
    match refused.state:
        case State.unsubscription_override:
            return _("""\
A moderator has barred you from it.  You do not receive its replies, and
you can neither follow it nor post to it.""")
        case State.pending:
            return _("""\
You have already asked to follow it, and no moderator has decided yet.
To withdraw your request, send any message to
    ${reset}""")
        case State.subscription_override if refused.action is Action.reset:
            return _("""\
A moderator has made you follow it.  To mute it, send any message to
    ${mute}""")
    if refused.action.is_unsubscribing():
        return _("""\
Every member of the list receives this conversation, so it cannot be
muted.""")
    return _("""\
Only members whom a moderator has invited follow this conversation.""")


@public
def of_standing(standing: Standing) -> str:
    """Return a few words about what a member receives of one conversation."""
    if standing.terms.mandatory:
        return _('every member receives it')
    if standing.ruling is Ruling.barred:
        return _('a moderator has barred you from it')
    day = '' if standing.until is None else f'{standing.until:%Y-%m-%d}'
    match standing.choice:
        case Choice.mute if day:
            return _('you have muted it until ${day}')
        case Choice.mute:
            return _('you have muted it')
        case Choice.follow:
            return _('you follow it')
    if standing.ruling is Ruling.pending:
        return _('you have asked to follow it')
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


@public
def of_event(event: Event) -> str:
    """Return two lines about a change; they name no person."""
    # A change by a command from an alias has a day only.
    has_hour = event.at.time() != time.min
    when = f'{event.at:%Y-%m-%d %H:%M}' if has_hour else f'{event.at:%Y-%m-%d}'
    about, change = event.action, event.after
    if event.conversation_name is not None:
        about, change = event.conversation_name, event.after or event.action
    details = [_of_door(event.door)]
    if event.before:
        before = event.before  # noqa: F841 # in the sentence
        details.append(_('before: ${before}'))
    return f'{when:16}  {about}: {change}\n{"":18}{"; ".join(details)}'


def _of_door(door: Door) -> str:
    match door:
        case Door.mail:
            return _('by mail')
        case Door.web:
            return _('on the web')
        case Door.link:
            return _('by a link')
        case Door.rest:
            return _('by another program')
        case Door.cli:
            return _('by an administrator')
        case Door.automatic:
            return _('automatically')
