# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out commands that members send by mail [U12, U13]."""

from __future__ import annotations

import logging

from mailman.utilities.datetime import now
from public import public

from mailman_dlist.app import lists, lookup, steering
from mailman_dlist.app.access import states
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.essays import answering
from mailman_dlist.app.essays import mail as essay_mail
from mailman_dlist.app.following import choices, preferences
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending, wording
from mailman_dlist.app.people.senders import by_mail
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.domain.access import AccessRefused
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.address import Action, Intent
from mailman_dlist.domain.confirmation import is_token
from mailman_dlist.domain.following import Choice
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail import replies
from mailman_dlist.model import essays
from mailman_dlist.model.conversations import Conversation, Search, search, search_size
from mailman_dlist.model.following import Choices, choices_of
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

_CHOICES = {Action.follow: Choice.follow, Action.mute: Choice.mute}

# As many conversations as fit into a mail that a person can read.
MOST_SHOWN = 50


@public
def obey(arrival: Arrival, member: Member) -> None:
    """Carry out a member's command and acknowledge it.

    The change is committed before the acknowledgement is sent; repeating it after a
    crash is safe.
    """
    mlist, msg, intent = arrival.mlist, arrival.msg, arrival.intent
    log.info('%s: %s for %s', mlist.list_id, intent.extension, msg.sender)
    match intent.action:
        case Action.close | Action.hold | Action.reopen:
            template, conversation, facts = 'dlist:notice:moderators-only', None, {}
        case Action.help:
            template, conversation = 'dlist:notice:help', None
            facts = _help(arrival, member)
        case Action.conversations:
            template, conversation = 'dlist:notice:conversations', None
            facts = _conversations(mlist, member)
        case _:
            conversation = lookup.find(mlist, intent.name or '')
            if conversation is None:
                refuse(arrival, Judgement(Fate.unknown))
                return
            by = by_mail(member, from_alias=arrival.author is not None)
            template, facts = _steer(mlist, conversation, member, intent, by)
    notice = sending.write_about(mlist, member, template, conversation, facts)
    sending.send(mlist, notice, member, answers=msg)


def _steer(
    mlist: MailingList,
    conversation: Conversation,
    member: Member,
    intent: Intent,
    by: By,
) -> tuple[str, sending.Facts]:
    """Carry out a command about one conversation; return how to acknowledge it."""
    choice = _CHOICES.get(intent.action)
    until = None if intent.span is None else now() + intent.span
    try:
        outcome = committed(
            lambda: states.wish(
                mlist, conversation, member, choice, by, until=until, as_member=True
            )
        )
    except AccessRefused as refused:
        with _.using(member.preferred_language.code):
            about = sending.facts_about(mlist, conversation)
            reason = wording.of_refusal(refused, about)
        return 'dlist:notice:access-refused', {'reason': reason}
    if outcome is states.Outcome.asked:
        return 'dlist:notice:asked', {}
    if until is not None:
        return 'dlist:notice:paused', {'until': f'{until:%Y-%m-%d %H:%M} UTC'}
    with _.using(member.preferred_language.code):
        default = choices.default_of(mlist, member)
        sentence = wording.of_default_in(default, conversation.terms)
    if outcome is states.Outcome.withdrawn:
        return 'dlist:notice:withdrawn', {'default': sentence}
    if conversation.mandatory:
        return 'dlist:notice:mandatory', {}
    return f'dlist:notice:{_DONE[choice]}', {'default': sentence}


_DONE = {Choice.follow: 'followed', Choice.mute: 'muted', None: 'reset'}


def _help(arrival: Arrival, member: Member) -> sending.Facts:
    mlist = arrival.mlist
    settings = preferences.show(mlist, member)
    with _.using(member.preferred_language.code):
        return {
            'default': wording.of_default(choices.default_of(mlist, member)),
            'follow_opened': wording.on_or_off(settings['follow_opened']),
            'follow_replied': wording.on_or_off(settings['follow_replied']),
            'aliases': _help_with_aliases(arrival),
        }


def _help_with_aliases(arrival: Arrival) -> str:
    """Return a line about aliases if the list allows them."""
    if not lists.settings(arrival.mlist).aliases:
        return ''
    author = arrival.author
    if author is not None:
        # The only command that an alias may give.
        hint = _('remove this alias')
        return f'    dlist alias remove {author.email}\n        {hint}\n'
    hint = _('post from that address as well')
    return f'    dlist alias add ADDRESS\n        {hint}\n'


def _conversations(mlist: MailingList, member: Member) -> sending.Facts:
    """List the open conversations, those with the latest posts first."""
    wanted = Search(mlist.list_id, closed=False)
    found = [each.conversation for each in search(wanted, count=MOST_SHOWN)]
    chosen = choices_of(member.member_id, [each.id for each in found])
    default = choices.default_of(mlist, member)
    moment = now()
    with _.using(member.preferred_language.code):
        lines = []
        for conversation in found:
            of_this = chosen.get(conversation.id, Choices())
            standing = choices.standing_of(
                default, of_this, moment, conversation.terms
            )
            lines += [
                f'{conversation.name}: {wording.of_standing(standing)}',
                f'    {conversation.subject}',
            ]
        total = search_size(wanted)
        if not lines:
            lines.append(_('None at the moment.'))
        elif total > len(found):
            shown = len(found)  # noqa: F841 # named in the sentence
            lines += ['', _('Shown: ${shown} of ${total}, most recent posts first.')]
        return {
            'conversations': '\n'.join(lines),
            'default': wording.of_default(default),
        }


@public
def confirm(mlist: MailingList, msg: Message, token: str) -> None:
    """Carry out what a reply to one of our messages confirms, or accept an answer."""
    if is_token(token) and steering.confirm(mlist, msg, token):
        return
    essay = essays.essay(token) if is_token(token) else None
    if essay is not None:
        # It may take a while, so the request is read again afterwards.
        words = replies.own_words(msg, essay_mail.sent(mlist, essay))
        essay = essays.claimed(token)
    if essay is not None and essay.list_id == mlist.list_id:
        answering.answer_by_mail(mlist, msg, essay, words)
    else:
        # This also replies to tokens that confirm nothing.
        requests.confirm_by_mail(mlist, msg, token)
