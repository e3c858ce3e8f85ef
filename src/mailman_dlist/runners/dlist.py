# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner of the queue *dlist*: commands by mail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from mailman.config import config
from mailman.core.runner import Runner
from public import public

from mailman_dlist import metadata
from mailman_dlist.app import commands, leftovers, lists, steering
from mailman_dlist.app.access.requests import tell_moderators
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.essays import answering, keeping
from mailman_dlist.app.following.pauses import end_pauses
from mailman_dlist.app.halves import make_whole
from mailman_dlist.app.life.idle import close_idle
from mailman_dlist.app.lifecycle import forget_former
from mailman_dlist.app.people.senders import commander, is_banned, is_moderator
from mailman_dlist.app.records import audit
from mailman_dlist.app.site import ready
from mailman_dlist.domain import seldom
from mailman_dlist.domain.address import STEERING, Action
from mailman_dlist.domain.errors import DlistError, Gone
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData


log = logging.getLogger('mailman.vette')
plugin_log = logging.getLogger('mailman.plugins.dlist')

# The chores beside the commands, and how often they run in seconds (chosen by us).  An
# expired timed mute or request may be kept that much longer.
CHORES: dict[Callable[[], None], float] = {
    end_pauses: 10.0,
    answering.send_due: 10.0,
    make_whole: 60.0,
    close_idle: 3600.0,
    tell_moderators: 60.0,
    requests.expire: 3600.0,
    keeping.forget_old: 3600.0,
    forget_former: 3600.0,
    audit.forget_old: 3600.0,
    leftovers.clear: 86400.0,
}


@public
class DlistRunner(Runner):
    """Carry out the commands of members.

    Mail from a stranger or a banned address is processed like a post, so that the
    list's own rules apply to the sender; in the end it is refused, because it is not
    a post.  The runner also ends timed mutes and expired requests.
    """

    def __init__(self, name: str, slice: int | None = None):
        super().__init__(name, slice)
        self._due = dict.fromkeys(CHORES, 0.0)

    def _dispose(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """See `IRunner`."""
        list_id = mlist.list_id
        try:
            return self._carry_out(mlist, msg, msgdata)
        except Exception as error:
            if metadata.may_retry(error, msgdata):
                config.db.abort()
                # It stays in the queue.
                return True
            if lists.is_deleted(list_id):
                why = f'{list_id} has been deleted'
                log.info('DLIST: %s was not carried out: %s', msg['message-id'], why)
                return False
            if not isinstance(error, Gone):
                raise
        # The member has left in the meantime, or the conversation was deleted.
        metadata.look_again(msgdata)
        return self._carry_out(mlist, msg, msgdata)

    def _carry_out(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> bool:
        """Return False, because the message is done with here."""
        ready()
        if not lists.is_dlist(mlist):
            # It was a dlist when the mail arrived.  A plain list treats it as a post.
            config.switchboards['in'].enqueue(msg, msgdata, to_list=True)
            return False
        arrival = metadata.arrival(mlist, msg, msgdata)
        intent = arrival.intent
        why = arrival.automatic
        if why is not None:
            metadata.take_traces(mlist, msg, msgdata)
            log.info('DLIST: %s was not carried out: %s', msg['message-id'], why)
            return False
        banned = is_banned(mlist, msg, arrival.author)
        if intent.action is Action.confirm and not banned:
            # Anybody who has the token may do this.
            commands.confirm(mlist, msg, intent.token)
            return False
        if intent.action in STEERING and not banned and (
            is_moderator(mlist, msg, arrival.author)
        ):
            # A moderator need not be a member.
            steering.ask(arrival)
            return False
        member = None if banned else commander(mlist, msg, arrival.author)
        if member is None or not intent.is_command:
            config.switchboards['in'].enqueue(msg, msgdata, to_list=True)
            return False
        # The reply goes to the alias, with the refused mail attached.
        commands.obey(metadata.take_traces(mlist, msg, msgdata), member)
        return False

    def _do_periodic(self) -> None:
        """See `IRunner`.  Mailman calls it after each file and each look."""
        for chore, every_seconds in CHORES.items():
            if monotonic() < self._due[chore]:
                continue
            self._due[chore] = monotonic() + every_seconds
            try:
                chore()
                # A transaction that only reads would stay open until the next mail.
                config.db.commit()
            except Exception as error:
                # An error here would end the runner, and commands would wait.
                _report(chore.__name__, error)
                config.db.abort()


def _report(chore: str, error: Exception) -> None:
    """Log the failure of a chore; each kind once, and then once an hour.

    An error of ours says what to repair, and is the same for all chores.
    """
    if isinstance(error, DlistError):
        if seldom.is_due(str(error)):
            plugin_log.error('mailman-dlist cannot work: %s', error)
    elif seldom.is_due((chore, type(error))):
        plugin_log.exception('%s failed', chore)
