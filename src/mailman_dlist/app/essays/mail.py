# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail about answers: to newcomers the questions, to moderators what was answered.

An answer to the questions goes to an address of its own.  No line in a log says what
somebody answered.
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


# The mails that ask, as their templates are called.
ASKING = ('questions', 'invitation', 'again')

# How often the questions go out again where there is no answer, at most.
ASKED_AGAIN_AFTER = timedelta(days=1)


@public
def advance(mlist: MailingList, essay: Essay) -> None:
    """Send the mail that is due about a request, if any, and note it.

    It does no harm to do so again, nor in two processes at once: whoever holds the row
    sends, if the request is still what the mail was written about.
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
            # Nothing is committed before it is noted, and so it is not counted.
            to = essay.email if essay.answer is None else mlist.owner_address
            sending.send(mlist, due, to, limited=False)
        claimed.mailed_at = now()
    commit_and_keep()


def _due(mlist: MailingList, essay: Essay) -> Notice | None:
    """Return what a request that is not noted has to tell.

    To newcomers the questions, to moderators the answer; a mail of core's is sent.
    """
    if essay.answer is None:
        return _asking(mlist, essay, _questions(essay), 'first')
    pendable = pendings.request_of(essay)
    moderated = pendable and pendable['token_owner'] == TokenOwner.moderator.name
    return _telling(mlist, essay) if moderated and mlist.admin_immed_notify else None


@public
def was_asked(mlist: MailingList, email: str, since: datetime) -> bool:
    """Return whether somebody who has not answered yet was sent the questions since."""
    if not lists.is_dlist(mlist):
        return False
    ready()
    essay = model.of_newcomer(mlist.list_id, email.lower(), answered=False)
    return (
        lists.settings(mlist).essay
        and essay is not None
        and essay.mailed_at is not None
        # Some databases keep whole seconds.
        and since.replace(microsecond=0) <= essay.mailed_at
    )


@public
def ask_on_request(mlist: MailingList, essay: Essay) -> None:
    """Send the questions again on request, as often as the site allows."""
    if essay.mailed_at is None:
        # The first time something crashed.
        advance(mlist, essay)
        return

    def note() -> None:
        essay.mailed_at = now()

    committed(note)
    _ask_now(mlist, essay, _questions(essay), limited=True)


@public
def ask_again(mlist: MailingList, essay: Essay, *, replied: bool) -> None:
    """Note that there is no answer yet, and send the questions again.

    At most once a day.

    :param replied: True if somebody sent a reply with nothing in it.
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
    """Return what a reply to the questions may quote."""
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

    :param more: What the template names beside that.
    :param time: Tells the mails of one request apart; a mail that a crash repeats
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
    # Message-IDs stand in logs.  So do senders, and it is not from the address that
    # takes the answer.
    known_by = sha256(essay.token.encode()).hexdigest()[:32]
    fields = {
        'Message-ID': f'<{known_by}.{time}@{mlist.mail_host}>',
        'Reply-To': lists.addresses(mlist).confirm(essay.token),
    }
    # As core's own confirmations: some mail systems hide bulk mail.
    return sending.write(
        mlist, mlist, template, subject, facts, fields=fields, bulk=False
    )


def _telling(mlist: MailingList, essay: Essay) -> Notice:
    """Return core's notice to moderators, with the answer to the last character."""
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
        answered = _(
            'The rest of this message was written by the person who wants to join:'
        )
    text = f'{text.rstrip()}\n\n{answered}\n\n{essay.answer}\n'
    return Notice(subject, text, language)


@public
def give_back(mlist: MailingList, msg: Message, template: str) -> None:
    """Return an answer that does not count to its sender, with the reason.

    Where it came too late, a reply is a request to join; otherwise the owners get it.
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

    :param length: Its characters.
    """
    time = f'{now():%Y%m%d%H%M%S%f}'
    notice = _refusing(mlist, essay, time, length)
    sending.send(
        mlist, replace(notice, returned=msg), msg.sender, answers=msg, limited=False
    )


def _refusing(mlist: MailingList, essay: Essay, time: str, length: int) -> Notice:
    """Return a mail that asks for an answer of another length."""
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
