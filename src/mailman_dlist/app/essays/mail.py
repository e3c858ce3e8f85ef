# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail about answers: questions to newcomers, answers to moderators.

An answer to the questions goes to an address of its own.  No log line contains the text
of an answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace

from mailman.core.i18n import _ as core_
from mailman.interfaces.subscriptions import TokenOwner
from mailman.interfaces.template import ITemplateLoader
from mailman.interfaces.usermanager import IUserManager
from mailman.utilities.datetime import now
from mailman.utilities.string import expand, wrap
from public import public
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping, pendings
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending
from mailman_dlist.app.notices.sending import Notice
from mailman_dlist.app.site import ready
from mailman_dlist.domain.essay import LONGEST
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.mail.replies import Sent
from mailman_dlist.model import essays as model
from mailman_dlist.model.essays import Essay
from mailman_dlist.model.session import commit_and_keep, committed


# The mails that ask, by the names of their templates.
ASKING = ('questions', 'invitation', 'again')

# How often the questions are sent again without an answer, at most.
ASKED_AGAIN_AFTER = timedelta(days=1)


@public
def advance(mlist: MailingList, essay: Essay) -> None:
    """Send the mail that is due about a request, if any, and record that it is sent.

    It is safe to repeat this, also in two processes at once: the process that holds the
    row sends, if the request is still in the state that the mail describes.
    """
    written_about = essay.pending, essay.answer
    due = _due(mlist, essay)
    claimed = model.claimed(essay.token)
    if (
        claimed is not None
        and claimed.mailed_at is None
        and claimed.pending is not None
        and (claimed.pending, claimed.answer) == written_about
    ):
        if due is not None:
            # Nothing is committed before the mail is recorded, so it is not counted.
            to = essay.email if essay.answer is None else mlist.owner_address
            sending.send(mlist, due, to, limited=False)
        claimed.mailed_at = now()
    commit_and_keep()


def _due(mlist: MailingList, essay: Essay) -> Notice | None:
    """Return the mail that is due about a request.

    Newcomers get the questions, moderators the answer; a mail of core's is sent as it
    is.
    """
    if essay.answer is None:
        return _asking(mlist, essay, _questions(essay), 'first')
    pendable = pendings.request_of(essay)
    moderated = pendable and pendable['token_owner'] == TokenOwner.moderator.name
    return _telling(mlist, essay) if moderated and mlist.admin_immed_notify else None


@public
def was_asked(mlist: MailingList, email: str, since: datetime) -> bool:
    """Return whether a newcomer without an answer has been sent the questions since.

    If they are still to be sent, only this process can send them until the commit.
    """
    if not lists.is_dlist(mlist):
        return False
    ready()
    essay = model.of_newcomer(mlist.list_id, email.lower(), answered=False)
    if essay is not None and essay.mailed_at is None:
        essay = model.claimed(essay.token)
    return (
        lists.settings(mlist).essay
        and essay is not None
        and essay.mailed_at is not None
        # Some databases store whole seconds.
        and since.replace(microsecond=0) <= essay.mailed_at
    )


@public
def ask_on_request(mlist: MailingList, essay: Essay) -> None:
    """Send the questions again on request, as often as the site allows."""
    if essay.mailed_at is None:
        # A crash happened at the first attempt.
        advance(mlist, essay)
        return

    def note() -> None:
        essay.mailed_at = now()

    committed(note)
    _ask_now(mlist, essay, _questions(essay), limited=True)


@public
def ask_again(mlist: MailingList, essay: Essay, *, replied: bool) -> None:
    """Record that there is no answer yet, and send the questions again.

    This is done at most once a day.

    :param replied: True if somebody sent an empty reply.
    """
    if essay.reminded_at is not None and essay.reminded_at + ASKED_AGAIN_AFTER > now():
        return
    essay.reminded_at = now()
    commit_and_keep()
    template = 'dlist:essay:again' if replied else _questions(essay)
    _ask_now(mlist, essay, template, limited=False)


def _questions(essay: Essay) -> str:
    return f'dlist:essay:{"invitation" if essay.invited else "questions"}'


def _ask_now(
    mlist: MailingList, essay: Essay, template: str, *, limited: bool
) -> None:
    notice = _asking(mlist, essay, template, f'{now():%Y%m%d%H%M%S%f}')
    sending.send(mlist, notice, essay.email, limited=limited)


@public
def sent(mlist: MailingList, essay: Essay) -> Sent:
    """Return the text that a reply to the questions may quote."""
    mails = [_asking(mlist, essay, f'dlist:essay:{each}', '') for each in ASKING]
    mails += [_refusing(mlist, essay, '', length) for length in (0, LONGEST + 1)]
    return Sent(
        '\n'.join(each.text for each in mails),
        (
            lists.addresses(mlist).confirm(essay.token),
            mlist.owner_address,
            mlist.posting_address,
            essay.email,
            mails[0].subject,
        ),
    )


def _asking(
    mlist: MailingList,
    essay: Essay,
    template: str,
    time: str,
    more: sending.Facts | None = None,
) -> Notice:
    """Return a mail with the questions.

    :param more: Further values for the template.
    :param time: Distinguishes the mails of one request.  A mail that a crash repeats
        has the same Message-ID as before, so that many mail programs show it once.
    """
    minimum = lists.settings(mlist).essay_min_length
    with _.using(mlist.preferred_language.code):
        facts = {
            'user_email': essay.email,
            'questions': keeping.questions(mlist),
            'minimum': str(minimum),
            'enough': _('Your answer must have at least ${minimum} characters.')
            if minimum > 1
            else _('Your answer may be as short as you like.'),
        } | (more or {})
        subject = _('Joining ${mlist.display_name}: please answer these questions')
    # Message-IDs appear in logs.  Senders do as well, so it does not come from the
    # address that takes the answer.
    known_by = sha256(essay.token.encode()).hexdigest()[:32]
    fields = {
        'Message-ID': f'<{known_by}.{time}@{mlist.mail_host}>',
        'Reply-To': lists.addresses(mlist).confirm(essay.token),
    }
    # Like core's own confirmations: some mail systems hide bulk mail.
    return sending.write(
        mlist, mlist, template, subject, facts, fields=fields, bulk=False
    )


def _telling(mlist: MailingList, essay: Essay) -> Notice:
    """Return core's notice to moderators, with the answer to the last character."""
    language = mlist.preferred_language
    address = getUtility(IUserManager).get_address(essay.email)
    name = '' if address is None else address.display_name
    # Core's sentence, for which core has translations, names these.
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
        answered = _(
            'The rest of this message was written by the person who wants to join:'
        )
    text = f'{text.rstrip()}\n\n{answered}\n\n{essay.answer}\n'
    return Notice(subject, text, language)


@public
def give_back(mlist: MailingList, msg: Message, template: str) -> None:
    """Return an unacceptable answer to its sender, with the reason.

    If it came too late, a reply is a request to join; otherwise the owners get the
    reply.
    """
    over = template == 'dlist:essay:over'
    notice = sending.write(
        mlist,
        mlist,
        template,
        _not_used(mlist),
        {'join_email': mlist.join_address},
        fields={'Reply-To': mlist.join_address} if over else {},
        returned=msg,
    )
    sending.send(mlist, notice, msg.sender, answers=msg, limited=False)


@public
def give_back_length(
    mlist: MailingList, msg: Message, essay: Essay, length: int
) -> None:
    """Return an answer that is too short or too long, and ask once more.

    Its sender had the token, whatever the address.

    :param length: In characters.
    """
    time = f'{now():%Y%m%d%H%M%S%f}'
    notice = _refusing(mlist, essay, time, length)
    sending.send(
        mlist, replace(notice, returned=msg), msg.sender, answers=msg, limited=False
    )


def _refusing(mlist: MailingList, essay: Essay, time: str, length: int) -> Notice:
    """Return a mail that asks for a shorter or longer answer."""
    with _.using(mlist.preferred_language.code):
        problem = _('It is too long.') if length > LONGEST else _('It is too short.')
    facts = {'length': str(length), 'maximum': str(LONGEST), 'problem': problem}
    notice = _asking(mlist, essay, 'dlist:essay:length', time, facts)
    return replace(notice, subject=_not_used(mlist))


def _not_used(mlist: MailingList) -> str:
    with _.using(mlist.preferred_language.code):
        return _('Your answer to ${mlist.display_name} was not used')


@public
def acknowledge(mlist: MailingList, msg: Message) -> None:
    """Tell a newcomer that the answer has arrived, and that moderators decide."""
    with _.using(mlist.preferred_language.code):
        subject = _('Your answer to ${mlist.display_name} has arrived')
    notice = sending.write(mlist, mlist, 'dlist:essay:arrived', subject, {})
    sending.send(mlist, notice, msg.sender, answers=msg)
