# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices to one person: what is true now, or why a mail came back.

No program answers them (RFC 3834), and an address gets no more acknowledgements
a day than the site allows: a forged sender must not be drowned by our answers.
Members read their own language, who is none reads the list's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from email.mime.message import MIMEMessage
from email.mime.text import MIMEText
from typing import Any

from mailman.email.message import UserNotification
from mailman.utilities.datetime import today
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import templates
from mailman_dlist.app.people.senders import is_answered
from mailman_dlist.app.site import ready
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.references import bare
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.notices import count_notice
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

Facts = dict[str, str]


@public
@dataclass(frozen=True)
class Letter:
    """What a notice says that is about no conversation.

    :param subject: In the language of who reads it.
    :param facts: What the template names beside what is known of the list.
    :param reply_to: Where an answer goes; '' for the owners of the list.
    """

    template: str
    subject: str
    facts: Facts
    reply_to: str = ''


@public
def acknowledge(
    mlist: MailingList,
    msg: Message,
    member: Member,
    template: str,
    conversation: Conversation | None = None,
    facts: Facts | None = None,
) -> None:
    """Tell who sent a command what is true now, and how to undo it.

    The answer goes to the address that the command came from, where that is the
    member's or an alias.

    :param facts: What the template names beside what is known of the list and
        the conversation.
    """
    letter = _about(mlist, member, template, conversation, facts)
    email = msg.sender if is_answered(mlist, msg) else member.address.email
    notice = _limited(mlist, email, member, letter)
    if notice is not None:
        _send(mlist, notice, 'auto-replied', msg)


@public
def tell(
    mlist: MailingList,
    member: Member,
    template: str,
    conversation: Conversation | None = None,
    facts: Facts | None = None,
) -> None:
    """Tell a member something without being asked."""
    tell_member(mlist, member, _about(mlist, member, template, conversation, facts))


@public
def tell_member(
    mlist: MailingList, member: Member, letter: Letter, *, limited: bool = True
) -> None:
    """Tell a member something that is about no conversation.

    :param limited: False while a transaction of Mailman's is under way, in which
        nothing may be committed, and so not counted.
    """
    email = member.address.email
    notice = (
        _limited(mlist, email, member, letter)
        if limited
        else _compose(mlist, email, member, letter)
    )
    if notice is not None:
        _send(mlist, notice, 'auto-generated')


@public
def tell_address(mlist: MailingList, email: str, letter: Letter) -> None:
    """Tell something to an address, whoever reads its mail.

    Beyond the limit of the day there is silence, and nobody sees a difference.
    """
    allowed = ready().max_notices
    if committed(lambda: count_notice(email, today())) > allowed:
        # The address may be an alias, and the next line name the member.
        log.info('An address had %s notices today and gets no more', allowed)
        return
    _send(mlist, _compose(mlist, email, mlist, letter), 'auto-generated')


@public
def answer(mlist: MailingList, msg: Message, letter: Letter) -> None:
    """Answer the sender of a mail, who need not be a member."""
    if not msg.sender:
        log.info('%s has no sender to be answered', msg['message-id'])
        return
    notice = _limited(mlist, msg.sender, mlist, letter)
    if notice is not None:
        _send(mlist, notice, 'auto-replied', msg)


def _about(
    mlist: MailingList,
    member: Member,
    template: str,
    conversation: Conversation | None,
    facts: Facts | None,
) -> Letter:
    """Return what is told about a conversation, or about all of them."""
    with _.using(member.preferred_language.code):
        subject = _('Conversations on ${mlist.display_name}')
        if conversation is not None:
            name = conversation.name  # noqa: F841 # named in the subject
            subject = _('Conversation "${name}" on ${mlist.display_name}')
    known = {} if conversation is None else facts_about(mlist, conversation)
    return Letter(template, subject, known | (facts or {}))


def _limited(
    mlist: MailingList, email: str, party: Any, letter: Letter
) -> UserNotification | None:
    """Compose a notice, None when the address had enough of them today."""
    allowed = ready().max_notices
    sent = committed(lambda: count_notice(email, today()))
    if sent > allowed:
        log.info('%s had %s notices today and gets no more', email, allowed)
        return None
    last = ''
    if sent == allowed:
        code = party.preferred_language.code
        facts = {'max_notices': str(allowed)}
        last = templates.filled('dlist:notice:last-today', mlist, code, facts)
    return _compose(mlist, email, party, letter, last)


def _compose(
    mlist: MailingList, email: str, party: Any, letter: Letter, last: str = ''
) -> UserNotification:
    """Write a notice.

    :param party: The member or the list in whose language it is.
    :param last: What stands below it.
    """
    language = party.preferred_language
    text = templates.filled(letter.template, mlist, language.code, letter.facts)
    notice = UserNotification(
        email, mlist.owner_address, letter.subject, text + last, language
    )
    if letter.reply_to:
        notice['Reply-To'] = letter.reply_to
    return notice


@public
def give_back(
    mlist: MailingList,
    msg: Message,
    member: Member | None,
    template: str,
    facts: Facts,
    conversation: Conversation | None = None,
) -> None:
    """Return a mail whole to who sent it, with the reason.

    There is no limit to these: what is not posted comes back.
    """
    if not msg.sender:
        log.info('%s has no sender to return it to', msg['message-id'])
        return
    party = mlist if member is None else member
    language = party.preferred_language
    known = {} if conversation is None else facts_about(mlist, conversation)
    text = templates.filled(template, mlist, language.code, known | facts)
    with _.using(language.code):
        subject = _('Your message to ${mlist.display_name} was not posted')
    notice = UserNotification(msg.sender, mlist.owner_address, subject, lang=language)
    notice.set_type('multipart/mixed')
    notice.attach(_text_part(text, language.charset))
    notice.attach(MIMEMessage(msg))
    _send(mlist, notice, 'auto-replied', msg)


@public
def tell_owners(mlist: MailingList, letter: Letter) -> None:
    """Tell something to the owners and moderators of a list, however often."""
    _send(mlist, _compose(mlist, mlist.owner_address, mlist, letter), 'auto-generated')


@public
def facts_about(mlist: MailingList, conversation: Conversation) -> Facts:
    """Return what templates about a conversation may name beside those on its list."""
    ours, name = lists.addresses(mlist), conversation.name
    return {
        'name': name,
        'subject': conversation.subject or name,
        'conversation_address': ours.conversation(name),
        'follow_address': ours.follow(name),
        'mute_address': ours.mute(name),
        'pause_address': ours.mute(name, '7d'),
        'reset_address': ours.reset(name),
    }


def _text_part(text: str, charset: str) -> MIMEText:
    try:
        return MIMEText(text, _charset=charset)
    except UnicodeError:
        return MIMEText(text, _charset='utf-8')


def _send(
    mlist: MailingList,
    notice: UserNotification,
    submitted: str,
    msg: Message | None = None,
) -> None:
    """Send a notice that no program will answer (RFC 3834, section 5).

    :param msg: What it answers, if anything.
    """
    notice['Auto-Submitted'] = submitted
    answered = '' if msg is None else bare(str(msg.get('message-id', '')))
    if answered:
        notice['In-Reply-To'] = notice['References'] = f'<{answered}>'
    notice.send(mlist)
