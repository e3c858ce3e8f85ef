# SPDX-License-Identifier: GPL-3.0-or-later
"""Close, hold and reopen a conversation by a moderator's mail [DESIGN, section 2].

Anybody can write a moderator's address into From.  The list therefore asks that address
first, and only the reply changes something.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from lazr.config import as_timedelta
from mailman.config import config
from mailman.interfaces.pending import IPendable, IPendings
from mailman.utilities.datetime import now
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.i18n import _
from mailman_dlist.app.life import changing
from mailman_dlist.app.notices import sending
from mailman_dlist.app.people.senders import from_address, is_address_banned
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.app.posts.refusals import refuse
from mailman_dlist.domain import confirmation
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.address import CLOSE, HOLD, REOPEN, Action
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.model.conversations import Conversation, numbered
from mailman_dlist.model.session import committed


log = logging.getLogger('mailman.plugins.dlist')

POSTINGS = {
    Action.close: Posting.closed,
    Action.hold: Posting.held,
    Action.reopen: Posting.open,
}

VERBS = {Posting.closed: CLOSE, Posting.held: HOLD, Posting.open: REOPEN}


@implementer(IPendable)
class Request(dict[str, Any]):
    """A request to change a conversation, until its sender confirms it.

    Mailman's own tokens are too long for an address with the name of the list.
    """

    PEND_TYPE = 'dlist-steering'


@public
def ask(arrival: Arrival) -> None:
    """Ask a moderator to confirm a command, by mail to their address."""
    mlist, intent = arrival.mlist, arrival.intent
    conversation = lookup.find(mlist, intent.name or '')
    if conversation is None:
        refuse(arrival, Judgement(Fate.unknown))
        return
    posting = POSTINGS[intent.action]
    email = from_address(arrival.msg)
    token = confirmation.new_token()
    until = now() + as_timedelta(config.mailman.pending_request_life)
    request = Request(
        list_id=mlist.list_id,
        token=token,
        conversation=conversation.id,
        posting=posting.name,
        email=email,
        until=until.isoformat(),
    )
    committed(lambda: getUtility(IPendings).add(request))
    log.info('%s: %s asked for', mlist.list_id, intent.extension)
    with _.using(mlist.preferred_language.code):
        subject = _('Please confirm: conversation "${conversation.name}"')
        facts = {
            'change': _wanted(posting),
            'until': f'{until:%Y-%m-%d %H:%M} UTC',
        }
    facts |= sending.facts_about(mlist, conversation)
    fields = {'Reply-To': lists.addresses(mlist).confirm(token)}
    template = 'dlist:notice:confirm-posting'
    notice = sending.write(mlist, mlist, template, subject, facts, fields=fields)
    sending.send(mlist, notice, email, answers=arrival.msg)


@public
def confirm(mlist: MailingList, msg: Message, token: str) -> bool:
    """Carry out the request that a token confirms, and say so.

    :return: False if the token belongs to no request of this kind.
    """
    found = _request(mlist, token)
    if found is None:
        return False
    key, request = found
    email, posting = request['email'], Posting[request['posting']]

    def work() -> Conversation | None:
        getUtility(IPendings).confirm(key)
        conversation = numbered(request['conversation'])
        is_over = datetime.fromisoformat(request['until']) <= now()
        if conversation is None or is_over or not _may(mlist, email):
            return None
        changing.set_posting(mlist, conversation, posting, By(Door.mail, email))
        return conversation

    conversation = committed(work)
    if conversation is None:
        return False
    _say_done(mlist, msg, conversation, posting, email)
    return True


def _request(mlist: MailingList, token: str) -> tuple[str, Any] | None:
    pendings = getUtility(IPendings)
    for key, request in pendings.find(mlist=mlist, pend_type=Request.PEND_TYPE):
        if request and request.get('token') == token:
            return key, request
    return None


def _may(mlist: MailingList, email: str) -> bool:
    """Return whether an address may still moderate the list."""
    return mlist.administrators.get_member(email) is not None and not (
        is_address_banned(mlist, email)
    )


def _say_done(
    mlist: MailingList,
    msg: Message,
    conversation: Conversation,
    posting: Posting,
    email: str,
) -> None:
    ours, name = lists.addresses(mlist), conversation.name
    with _.using(mlist.preferred_language.code):
        subject = _('Conversation "${name}" on ${mlist.display_name}')
        undo = []
        for other, sentence in (
            (Posting.open, _('To open it for replies again, send any message to')),
            (Posting.held, _('To hold replies for moderators, send any message to')),
            (Posting.closed, _('To close it, send any message to')),
        ):
            if other is not posting:
                undo += [sentence, f'    {ours.to(name, VERBS[other])}']
        facts = {'state': _state(posting), 'undo': '\n'.join(undo)}
    facts |= sending.facts_about(mlist, conversation)
    template = 'dlist:notice:posting-changed'
    notice = sending.write(mlist, mlist, template, subject, facts)
    sending.send(mlist, notice, email, answers=msg)


def _wanted(posting: Posting) -> str:
    match posting:
        case Posting.closed:
            return _('Close it: replies are returned to their authors.')
        case Posting.held:
            return _('Hold it: each reply waits until a moderator accepts it.')
        case Posting.open:
            return _('Reopen it: replies are sent out again.')


def _state(posting: Posting) -> str:
    match posting:
        case Posting.closed:
            return _('It is closed: replies are returned to their authors.')
        case Posting.held:
            return _('Replies are held until a moderator accepts them.')
        case Posting.open:
            return _('It is open: replies are sent out.')
