# SPDX-License-Identifier: GPL-3.0-or-later
"""Send notices to one person: about a new state, or with a returned message.

Programs do not reply to them (RFC 3834), and an address gets no more of them a day than
the site allows, so that the victim of a forged sender is not flooded with them.
Members get them in their own language, others in the list's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from email.message import Message as Part
from email.mime.message import MIMEMessage
from typing import Any

from mailman.email.message import UserNotification
from mailman.utilities.datetime import today
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import templates, wording
from mailman_dlist.app.people.senders import is_answered
from mailman_dlist.app.site import ready
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail.references import bare
from mailman_dlist.mail.returning import cut
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.notices import count_notice
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

# RFC 5322, section 2.1.1, has room for 998 octets; some programs add to them.
LONGEST_LINE = 900

Facts = dict[str, str]


@public
@dataclass(frozen=True)
class Notice:
    """A notice to one person.

    :param language: Mailman's, of the subject and the text.
    :param fields: Header fields in addition to those that every notice has.
    :param returned: A message to return.
    :param bulk: False for notices that some mail systems would hide otherwise.
    """

    subject: str
    text: str
    language: Any
    fields: Facts = field(default_factory=dict)
    returned: Message | None = None
    bulk: bool = True


@public
def write(
    mlist: MailingList,
    reader: MailingList | Member,
    template: str,
    subject: str,
    facts: Facts,
    **more: Any,
) -> Notice:
    """Return a notice whose text is a template of ours.

    :param reader: The member, or the list for other readers.
    :param subject: In the reader's language.
    :param facts: Values for the template, in addition to those about the list.
    :param more: As `Notice` takes it.
    """
    language = reader.preferred_language
    returned = more.get('returned')
    if returned is not None:
        part, whole = cut(returned)
        more |= {'returned': part}
        with _.using(language.code):
            facts = facts | {'attached': wording.of_attachment(whole)}
    text = templates.filled(template, mlist, language.code, facts)
    return Notice(subject, text, language, **more)


@public
def write_about(
    mlist: MailingList,
    member: Member,
    template: str,
    conversation: Conversation | None = None,
    facts: Facts | None = None,
) -> Notice:
    """Return a notice to a member about one conversation, or about all of them."""
    with _.using(member.preferred_language.code):
        subject = _('Conversations on ${mlist.display_name}')
        if conversation is not None:
            name = conversation.name  # noqa: F841 # named in the subject
            subject = _('Conversation "${name}" on ${mlist.display_name}')
    known = {} if conversation is None else facts_about(mlist, conversation)
    return write(mlist, member, template, subject, known | (facts or {}))


@public
def send(
    mlist: MailingList,
    notice: Notice,
    to: Member | str,
    *,
    answers: Message | None = None,
    limited: bool = True,
) -> None:
    """Send a notice to which no program will reply (RFC 3834, section 5).

    :param to: An address; or a member, who gets it at the address that the mail came
        from, if that is an address of the member's or an alias.
    :param answers: The mail that it replies to.
    :param limited: False to send it without a limit, also if nothing may be committed,
        so that it cannot be counted.
    """
    answered = '' if answers is None else bare(str(answers.get('message-id', '')))
    if not isinstance(to, str):
        if answers is not None and is_answered(mlist, answers):
            to = answers.sender
        else:
            to = to.address.email
    if not to:
        log.info('<%s> has no sender to reply to', answered)
        return
    text = notice.text
    if limited:
        allowed = ready().max_notices
        sent = committed(lambda: count_notice(to, today()))
        if sent > allowed:
            # The address may be an alias, and the next line would name the member.
            log.info('An address has reached the limit of %s notices today', allowed)
            return
        if sent == allowed:
            facts = {'max_notices': str(allowed)}
            code = notice.language.code
            text += templates.filled('dlist:notice:last-today', mlist, code, facts)
    mail = _mail(to, mlist.owner_address, notice, text)
    mail['Auto-Submitted'] = 'auto-generated' if answers is None else 'auto-replied'
    if answered:
        mail['In-Reply-To'] = mail['References'] = f'<{answered}>'
    mail.send(mlist, add_precedence=notice.bulk)


def _mail(to: str, sender: str, notice: Notice, text: str) -> UserNotification:
    """Return a mail that has the text to the last character, whatever it contains."""
    mail = UserNotification(to, sender, notice.subject, lang=notice.language)
    for name, value in notice.fields.items():
        mail[name] = value
    part: Part = mail
    if notice.returned is not None:
        part = Part()
        mail.set_type('multipart/mixed')
        mail.attach(part)
        mail.attach(MIMEMessage(notice.returned))
    longest = max(map(len, text.splitlines()), default=0)
    # Mailboxes begin messages with "From ", so programs quote such lines of a text.
    quoted = any(line.startswith('From ') for line in text.splitlines())
    plain = text.isascii() and longest <= LONGEST_LINE and not quoted
    part.set_payload(text.encode(), 'us-ascii' if plain else 'utf-8')
    return mail


@public
def facts_about(mlist: MailingList, conversation: Conversation) -> Facts:
    """Return a conversation's values for templates, in addition to the list's."""
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
