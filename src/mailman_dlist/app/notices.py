# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices to one person: what is true now, or why a mail came back.

No program answers them (RFC 3834), and an address gets no more acknowledgements
a day than the site allows: a forged sender must not be drowned by our answers.
"""

from __future__ import annotations

import logging
from email.mime.message import MIMEMessage
from email.mime.text import MIMEText

from mailman.email.message import UserNotification
from mailman.utilities.datetime import today
from mailman.utilities.string import expand
from public import public

from mailman_dlist.app import lists, templates
from mailman_dlist.app.i18n import _
from mailman_dlist.app.site import ready
from mailman_dlist.domain.references import bare
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.notices import count_notice
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

Facts = dict[str, str]


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

    The answer goes to the address that the command came from.

    :param facts: What the template names beside what is known of the list and
        the conversation.
    """
    notice = _limited(mlist, msg.sender, member, template, conversation, facts)
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
    email = member.address.email
    notice = _limited(mlist, email, member, template, conversation, facts)
    if notice is not None:
        _send(mlist, notice, 'auto-generated')


def _limited(
    mlist: MailingList,
    email: str,
    member: Member,
    template: str,
    conversation: Conversation | None,
    facts: Facts | None,
) -> UserNotification | None:
    """Compose a notice, None when the address had enough of them today."""
    allowed = ready().max_notices
    sent = committed(lambda: count_notice(email, today()))
    if sent > allowed:
        log.info('%s had %s notices today and gets no more', email, allowed)
        return None
    language = member.preferred_language
    known = _facts(mlist, conversation) | (facts or {})
    text = expand(templates.text(template, mlist, language.code), mlist, known)
    if sent == allowed:
        last = templates.text('dlist:notice:last-today', mlist, language.code)
        text += expand(last, mlist, {'max_notices': str(allowed)})
    with _.using(language.code):
        subject = _('Conversations on ${mlist.display_name}')
        if conversation is not None:
            name = conversation.name  # noqa: F841 # named in the subject
            subject = _('Conversation "${name}" on ${mlist.display_name}')
    return UserNotification(email, mlist.owner_address, subject, text, language)


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
    facts = _facts(mlist, conversation) | facts
    text = expand(templates.text(template, mlist, language.code), mlist, facts)
    with _.using(language.code):
        subject = _('Your message to ${mlist.display_name} was not posted')
    notice = UserNotification(msg.sender, mlist.owner_address, subject, lang=language)
    notice.set_type('multipart/mixed')
    notice.attach(_text_part(text, language.charset))
    notice.attach(MIMEMessage(msg))
    _send(mlist, notice, 'auto-replied', msg)


def _facts(mlist: MailingList, conversation: Conversation | None) -> Facts:
    """Return what every template may name."""
    ours = lists.addresses(mlist)
    facts = {
        'opening_address': ours.opening,
        'help_address': ours.help,
        'conversations_address': ours.conversations,
        'delimiter': ours.delimiter,
    }
    if conversation is not None:
        name = conversation.name
        facts |= {
            'name': name,
            'subject': conversation.subject,
            'conversation_address': ours.conversation(name),
            'follow_address': ours.follow(name),
            'mute_address': ours.mute(name),
            'pause_address': ours.mute(name, '7d'),
            'reset_address': ours.reset(name),
        }
    return facts


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
