# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail about answers: to newcomers the questions, to moderators what was answered.

An answer to the questions goes to an address of its own.  No line in a log says what
somebody answered.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.mime.message import MIMEMessage
from email.mime.text import MIMEText
from hashlib import sha256
from types import SimpleNamespace

from mailman.core.i18n import _ as core_
from mailman.email.message import UserNotification
from mailman.interfaces.template import ITemplateLoader
from mailman.interfaces.usermanager import IUserManager
from mailman.utilities.datetime import now, today
from mailman.utilities.string import expand, wrap
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import templates
from mailman_dlist.app.site import ready
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.mail.references import bare
from mailman_dlist.mail.replies import Sent
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.notices import count_notice
from mailman_dlist.model.session import commit_and_keep, committed


log = logging.getLogger('mailman.plugins.dlist')

# The mails that ask, as their templates are called.
ASKING = ('questions', 'invitation', 'again')

# RFC 5322, section 2.1.1, has room for 998 octets; some programs add to them.
LONGEST_LINE = 900

# How often the questions go out again where there is no answer, at most.
ASKED_AGAIN_AFTER = timedelta(days=1)


@public
def ask(mlist: MailingList, essay: Essay) -> None:
    """Send the questions for the first time, and note it.

    Where something crashed, two processes may be about to do so.
    """
    notice = _asking(mlist, essay, _questions(essay), 'first')
    if _is_due(essay, answered=False):
        _send_asking(mlist, notice)
        essay.mailed_at = now()
    commit_and_keep()


@public
def ask_on_request(
    mlist: MailingList, essay: Essay, requested_at: datetime | None
) -> None:
    """Send the questions to who wants to join again, as often as the site allows.

    :param requested_at: When a mail said so; None where a program did.
    """
    if essay.mailed_at is None:
        # The first time something crashed.
        ask(mlist, essay)
        return
    # Some databases keep whole seconds.
    if requested_at and requested_at.replace(microsecond=0) <= essay.mailed_at:
        # Asked since: a crash lets Mailman take the same mail up again.
        return
    email, allowed = essay.email, ready().max_notices

    def note() -> int:
        essay.mailed_at = now()
        return count_notice(email, today())

    if committed(note) > allowed:
        log.info('%s was asked %s times today and is not asked more', email, allowed)
        return
    _ask_now(mlist, essay, _questions(essay))


@public
def ask_again(mlist: MailingList, essay: Essay, *, replied: bool) -> None:
    """Send the questions to who has not answered them; first it is noted.

    At most once a day.

    :param replied: True where somebody sent a reply with nothing in it.
    """
    if essay.reminded_at is not None and essay.reminded_at + ASKED_AGAIN_AFTER > now():
        return
    essay.reminded_at = now()
    commit_and_keep()
    _ask_now(mlist, essay, 'dlist:essay:again' if replied else _questions(essay))


def _is_due(essay: Essay, *, answered: bool) -> bool:
    """Say whether its mail is not sent yet; until a commit nobody else sends it.

    :param answered: What the request was when the mail was written.
    """
    claimed = model.claimed(essay.token)
    return (
        claimed is not None
        and claimed.pending is not None
        and claimed.mailed_at is None
        and (claimed.answer is not None) == answered
    )


def _questions(essay: Essay) -> str:
    return f'dlist:essay:{"invitation" if essay.invited else "questions"}'


def _ask_now(mlist: MailingList, essay: Essay, template: str) -> None:
    notice = _asking(mlist, essay, template, f'{now():%Y%m%d%H%M%S%f}')
    _send_asking(mlist, notice)


@public
def sent(mlist: MailingList, essay: Essay) -> Sent:
    """Return what a reply to the questions may quote."""
    texts = (_text(mlist, essay, f'dlist:essay:{each}') for each in ASKING)
    return Sent(
        '\n'.join(texts),
        (
            lists.addresses(mlist).confirm(essay.token),
            mlist.owner_address,
            mlist.posting_address,
            essay.email,
            _subject(mlist),
        ),
    )


def _text(mlist: MailingList, essay: Essay, template: str) -> str:
    code = mlist.preferred_language.code
    minimum = lists.settings(mlist).essay_min_length
    with _.using(code):
        facts = {
            'user_email': essay.email,
            'questions': keeping.questions(mlist),
            'minimum': str(minimum),
            'enough': _('Any answer of ${minimum} or more characters will do.')
            if minimum > 1
            else _('Any answer will do.'),
        }
    return templates.filled(template, mlist, code, facts)


def _subject(mlist: MailingList) -> str:
    with _.using(mlist.preferred_language.code):
        return _('Joining ${mlist.display_name}: a question first')


def _asking(
    mlist: MailingList, essay: Essay, template: str, time: str
) -> UserNotification:
    """Return a mail with the questions.

    :param time: Tells the mails of one request apart; a mail that a crash repeats
        has the same Message-ID as before, so that many mail programs show it once.
    """
    language = mlist.preferred_language
    text = _text(mlist, essay, template)
    subject = _subject(mlist)
    # Not from the address that takes the answer: senders stand in logs.
    notice = _notice(essay.email, mlist.owner_address, subject, text, language)
    # Message-IDs stand there as well.
    known_by = sha256(essay.token.encode()).hexdigest()[:32]
    notice['Message-ID'] = f'<{known_by}.{time}@{mlist.mail_host}>'
    notice['Reply-To'] = lists.addresses(mlist).confirm(essay.token)
    notice['Auto-Submitted'] = 'auto-generated'
    return notice


def _send_asking(mlist: MailingList, notice: UserNotification) -> None:
    # As core's own confirmations: some mail systems hide bulk mail.
    notice.send(mlist, add_precedence=False)


@public
def tell_moderators(mlist: MailingList, essay: Essay) -> None:
    """Tell the moderators of a request and its answer, and note it.

    It is core's notice, with the answer below to the last character.
    """
    notice = _telling(mlist, essay) if mlist.admin_immed_notify else None
    if _is_due(essay, answered=True):
        if notice is not None:
            notice.send(mlist)
        essay.mailed_at = now()
    commit_and_keep()


def _telling(mlist: MailingList, essay: Essay) -> UserNotification:
    language = mlist.preferred_language
    address = getUtility(IUserManager).get_address(essay.email)
    name = '' if address is None else address.display_name
    # Core's sentence, which core has translations of, names these.
    self = SimpleNamespace(mlist=mlist, address=essay)  # noqa: F841
    with core_.using(language.code):
        subject = core_(
            'New subscription request to ${self.mlist.display_name} '
            'from ${self.address.email}'
        )
    template = getUtility(ITemplateLoader).get('list:admin:action:subscribe', mlist)
    member = f'{name} <{essay.email}>' if name else essay.email
    text = wrap(expand(template, mlist, {'member': member}))
    with _.using(language.code):
        answered = _('All that follows was written by the person who wants to join:')
    text = f'{text.rstrip()}\n\n{answered}\n\n{essay.answer}\n'
    owner = mlist.owner_address
    return _notice(owner, owner, subject, text, language)


@public
def give_back(
    mlist: MailingList, msg: Message, template: str, facts: dict[str, str] | None = None
) -> None:
    """Return an answer that does not count to who sent it, with the reason.

    :param facts: What the template names beside the address for joining.
    """
    if not msg.sender:
        log.info('%s has no sender to return it to', msg['message-id'])
        return
    language = mlist.preferred_language
    facts = {'join_email': mlist.join_address} | (facts or {})
    text = templates.filled(template, mlist, language.code, facts)
    with _.using(language.code):
        subject = _('Your answer to ${mlist.display_name} was not used')
    notice = UserNotification(msg.sender, mlist.owner_address, subject, lang=language)
    notice.set_type('multipart/mixed')
    notice.attach(MIMEText(text, _charset='utf-8'))
    notice.attach(MIMEMessage(msg))
    notice['Auto-Submitted'] = 'auto-replied'
    answered = bare(str(msg.get('message-id', '')))
    if answered:
        notice['In-Reply-To'] = notice['References'] = f'<{answered}>'
    notice.send(mlist)


def _notice(
    recipient: str, sender: str, subject: str, text: str, language: object
) -> UserNotification:
    """Return a mail that says a text to the last character, whatever is in it."""
    notice = UserNotification(recipient, sender, subject, lang=language)
    longest = max(map(len, text.splitlines()), default=0)
    plain = text.isascii() and longest <= LONGEST_LINE
    notice.set_payload(text.encode(), 'us-ascii' if plain else 'utf-8')
    return notice
