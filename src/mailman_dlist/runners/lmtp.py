# SPDX-License-Identifier: GPL-3.0-or-later
"""An LMTP server that keeps the extension of an address with the message.

Core's server removes the extension.  This server leaves every RCPT to core.  At DATA it
handles only the recipients that are addresses of dlists, and leaves the others to core,
as if they had been the only ones.

Unexpected errors are temporary: after 451 the mail server keeps the mail and tries
again; after 550 it would bounce the mail.  Only what can never be handled is refused
for good, with the reason.
"""

from __future__ import annotations

import copy
import email
import logging
import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from email.utils import parseaddr
from typing import Any

from mailman.config import config
from mailman.core.runner import Runner
from mailman.database.transaction import transactional
from mailman.email.message import Message
from mailman.interfaces.listmanager import IListManager
from mailman.runners.lmtp import (
    CRLF,
    ERR_451,
    ERR_501,
    LMTPController,
    LMTPHandler,
    LMTPRunner,
    split_recipient,
)
from mailman.utilities.datetime import now
from mailman.utilities.email import add_message_hash
from public import public
from zope.component import getUtility

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.posts import claims
from mailman_dlist.domain.address import (
    MOST_COMMANDS,
    Action,
    Intent,
    parse,
    reduce,
    share,
)
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.mail import references
from mailman_dlist.mail.limits import DEEPEST, excess
from mailman_dlist.mail.mending import mend, mend_message_id
from mailman_dlist.mail.references import bare
from mailman_dlist.model.conversations import known_names


OK_250 = '250 Ok'

# RFC 3463, section 3.6: too many recipients.
TOO_MANY = (
    f'554 5.5.3 Not carried out: a message has at most {MOST_COMMANDS} commands '
    'for a list'
)
# A client would not show more.
MOST_OTHERS = 100

TOO_DEEP = f'it has parts nested more than {DEEPEST} deep'

# The log of core's LMTP runner.
log = logging.getLogger('mailman.smtp')

# The server library logs each dialogue here; core has configured that.
wire_log = logging.getLogger('mail.log')
_SENDER = re.compile(r"(mail from:\s*<?|\bsender: )[^\s>'\"]*", re.IGNORECASE)


class TooMuch(DlistError):
    """A message is refused because its contents exceed a limit."""


class WithoutSenders(logging.Filter):
    """Keep senders out of the log, because they may be hidden behind an alias.

    A member who posts from an alias may send from the real address.  The log of the
    mail server in front of Mailman has it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove senders from a record; drop lines of messages (level debug)."""
        text = record.getMessage()
        record.msg, record.args = _SENDER.sub(r'\1...', text), ()
        return not text.startswith('DATA readline')


WITHOUT_SENDERS = WithoutSenders()


class DlistLMTPHandler(LMTPHandler):
    """Respond for the addresses of dlists, and let core respond for the rest."""

    # The name is Mailman's.
    def _handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        try:
            dlists = _dlists(envelope.rcpt_tos)
        except Exception:
            log.exception('Could not look up the lists of %s', envelope.rcpt_tos)
            config.db.abort()
            return CRLF.join(ERR_451 for _to in envelope.rcpt_tos)
        if not dlists:
            return super()._handle_DATA(server, session, envelope)
        statuses: dict[str, str] = {}
        others = [to for to in envelope.rcpt_tos if to not in dlists]
        if others:
            theirs = copy.copy(envelope)
            theirs.rcpt_tos = others
            answers = super()._handle_DATA(server, session, theirs).split(CRLF)
            if len(answers) != len(others):
                # Core responds once for a message with defects; LMTP requires one
                # response for each recipient (RFC 2033, section 4.2).
                answers = answers[:1] * len(others)
            statuses.update(zip(others, answers, strict=True))
        statuses.update(_queue(envelope, dlists))
        return CRLF.join(statuses[to] for to in envelope.rcpt_tos)


def _dlists(recipients: list[str]) -> dict[str, MailingList]:
    """Return the recipients that are addresses of dlists, with their lists."""
    manager = getUtility(IListManager)
    found = {}
    for to in recipients:
        list_name, subaddress, host = split_recipient(parseaddr(to)[1].lower())
        if subaddress is not None:
            # The name of a list may end like a subaddress.
            list_name = f'{list_name}-{subaddress}'
        mlist = manager.get_by_fqdn(f'{list_name}@{host}')
        if mlist is not None and lists.is_dlist(mlist):
            found[to] = mlist
    return found


@transactional
def _queue(envelope: Any, dlists: Mapping[str, MailingList]) -> dict[str, str]:
    """Queue a message once for each of its purposes; return the statuses."""
    try:
        msg = _parse(envelope)
        asked: dict[str, dict[str, Intent]] = defaultdict(dict)
        for to, mlist in dlists.items():
            ours = lists.known_addresses(mlist)
            intent = parse(ours.extension(to) or '', ours.delimiter)
            asked[mlist.list_id][to] = intent
    except RecursionError:
        config.db.abort()
        return _refuse(dlists, TOO_DEEP)
    except TooMuch as error:
        config.db.abort()
        return _refuse(dlists, str(error))
    except Exception:
        log.exception('Could not accept a message for %s', list(dlists))
        config.db.abort()
        return dict.fromkeys(dlists, ERR_451)
    if msg.defects:
        return dict.fromkeys(dlists, ERR_501)
    statuses: dict[str, str] = {}
    for list_id, intents in asked.items():
        results = _enqueue_shares(msg, list_id, reduce(intents.values()))
        statuses |= {to: results[each.purpose] for to, each in intents.items()}
    return statuses


def _refuse(recipients: Collection[str], reason: str) -> dict[str, str]:
    """Refuse a message for good; its mail server tells the sender the reason."""
    log.info('A message for %s was refused: %s', list(recipients), reason)
    # RFC 3463, section 3.7: some other content error.
    return dict.fromkeys(recipients, f'554 5.6.0 Message refused: {reason}')


def _parse(envelope: Any) -> Message:
    """Return the message as core would queue it, with header fields repaired."""
    msg = email.message_from_bytes(envelope.content, Message)
    msg.set_unixfrom(envelope.mail_from)
    msg.original_size = len(envelope.content)
    reason = excess(msg)
    if reason is not None:
        raise TooMuch(reason)
    mend_message_id(msg)
    mend(msg)
    add_message_hash(msg)
    msg['X-MailFrom'] = envelope.mail_from
    return msg


def _enqueue_shares(
    msg: Message, list_id: str, intents: list[Intent]
) -> dict[Hashable, str]:
    """Queue a message for its purposes on a list; return the statuses by purpose."""
    if len(intents) == 1:
        [intent] = intents
        return {intent.purpose: _enqueue(msg, list_id, intent)}
    named = {intent.name for intent in intents if intent.is_command and intent.name}
    known = known_names(list_id, named) if named else set()
    shares = share(intents, known)
    results = {each.purpose: _enqueue(msg, list_id, each) for each in shares.each}
    if shares.unknown:
        first, *others = shares.unknown
        status = _enqueue(msg, list_id, first, others[:MOST_OTHERS])
        results |= dict.fromkeys((each.purpose for each in shares.unknown), status)
    results |= dict.fromkeys((each.purpose for each in shares.excess), TOO_MANY)
    return results


def _enqueue(
    msg: Message, list_id: str, intent: Intent, others: Iterable[Intent] = ()
) -> str:
    """Queue a message for one purpose.

    :param others: Further extensions to name in the reply, if none is understood.
    """
    queue = 'dlist' if intent.is_command else 'in'
    if _may_have_copies(msg, intent):
        claims.claim(list_id, bare(str(msg['message-id'])), intent)
    try:
        config.switchboards[queue].enqueue(
            msg,
            listid=list_id,
            original_size=msg.original_size,
            received_time=now(),
            to_list=True,
            **metadata.asked(intent, others),
        )
    except Exception:
        log.exception('Could not queue %s for %s', msg['message-id'], list_id)
        return ERR_451
    return OK_250


def _may_have_copies(msg: Message, intent: Intent) -> bool:
    """Return whether copies to other addresses would belong to another conversation."""
    if not (intent.is_post and intent.name):
        return False
    # A reply is matched to the conversation without its name.
    fields = msg.get_all('in-reply-to'), msg.get_all('references')
    return intent.action is Action.open or not references.parents(*fields)


@public
class DlistLMTPRunner(LMTPRunner):
    """Core's LMTP runner with the handler above."""

    def __init__(self, name: str, slice: int | None = None):
        wire_log.addFilter(WITHOUT_SENDERS)
        # Core's constructor would bind the port with its own handler.
        Runner.__init__(self, name, slice)
        self.lmtp = LMTPController(
            DlistLMTPHandler(),
            hostname=config.mta.lmtp_host,
            port=int(config.mta.lmtp_port),
        )
