# SPDX-License-Identifier: GPL-3.0-or-later
"""Process accepted posts: Mailman's own pipeline, with our handlers beside its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from mailman.config import config
from mailman.interfaces.handler import IHandler
from mailman.interfaces.pipeline import DiscardMessage, IPipeline, RejectMessage
from public import public
from zope.interface import implementer

from mailman_dlist import metadata
from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.posts import delivery
from mailman_dlist.handlers.acknowledgement import Acknowledgement
from mailman_dlist.handlers.collection import Collection
from mailman_dlist.interfaces.dlist import PIPELINE
from mailman_dlist.interfaces.mailman import MailingList, Message, MsgData
from mailman_dlist.model.conversations import Step


# Our handlers, by the handler of core's that they precede, follow or replace.
FIRST = 'dlist-refusal'
BEFORE = {
    # The content filter may forward a message to the moderators.
    'mime-delete': 'dlist-quoting',
    'member-recipients': 'dlist-recipients',
    'avoid-duplicates': 'dlist-duplicates',
}
AFTER = {
    # The last handler that can refuse a message; what it refuses leaves no trace.
    'mime-delete': 'dlist-conversation',
    'cook-headers': 'dlist-headers',
}
INSTEAD = {'to-outgoing': 'dlist-to-outgoing'}

# Handlers that send or count something, and must not do it again when a message is
# replayed after a crash.
ONCE = {
    'to-archive': Step.archive,
    'to-digest': Step.digest,
    'to-usenet': Step.usenet,
    'after-delivery': Step.after_delivery,
    'acknowledge': Step.acknowledge,
}

WRAPPED = {'acknowledge': Acknowledgement, 'to-digest': Collection}


@implementer(IHandler)
class Once:
    """A handler of core's that runs only once for each message."""

    def __init__(self, handler: Any, step: Step):
        self.name = handler.name
        self.description = handler.description
        self._handler = handler
        self._step = step

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        delivery.once(
            msgdata[metadata.ACCEPTED],
            self._step,
            partial(self._handler.process, mlist, msg, msgdata),
        )


@implementer(IHandler)
class Fork:
    """Find the handlers that follow, when the message enters the pipeline."""

    name = 'dlist-fork'
    description = _('Choose the pipeline of a plain list or of a dlist.')

    def __init__(self) -> None:
        self.plain: str | None = None

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        if not lists.is_dlist(mlist):
            # An admin has exchanged the chain, or chosen this pipeline alone.
            _chain, self.plain = lists.plain_way(mlist)


@implementer(IHandler)
class Guarded:
    """A handler that stops the message if the list is deleted in the meantime.

    Otherwise the message would be shunted, and could never be delivered.  While the
    database is locked, it goes back into the queue.
    """

    def __init__(self, handler: Any):
        self.name = handler.name
        self.description = handler.description
        self._handler = handler

    def process(self, mlist: MailingList, msg: Message, msgdata: MsgData) -> None:
        """See `IHandler`."""
        try:
            self._handler.process(mlist, msg, msgdata)
        except (DiscardMessage, RejectMessage):
            raise
        except Exception as error:
            if metadata.may_retry(error, msgdata):
                config.db.abort()
                # Like a replay of a shunted message, but automatic.
                config.switchboards['pipeline'].enqueue(msg, msgdata)
                raise DiscardMessage(
                    'the database is locked; the message is queued again'
                ) from error
            if lists.is_deleted(msgdata.get('listid')):
                raise DiscardMessage('the list has been deleted') from error
            raise


@public
@implementer(IPipeline)
class DlistPostingPipeline:
    """Core's posting pipeline with our handlers beside its own."""

    name = PIPELINE
    description = _('Posting pipeline for lists with conversations (dlists).')

    def __iter__(self) -> Iterator[Any]:
        """See `IPipeline`."""
        return map(Guarded, self._handlers())

    def _handlers(self) -> Iterator[Any]:
        fork = Fork()
        yield fork
        if fork.plain is not None:
            yield from config.pipelines[fork.plain]
            return
        yield config.handlers[FIRST]
        for handler in config.pipelines['default-posting-pipeline']:
            if handler.name in BEFORE:
                yield config.handlers[BEFORE[handler.name]]
            if handler.name in INSTEAD:
                yield config.handlers[INSTEAD[handler.name]]
            elif handler.name in ONCE:
                wrap = WRAPPED.get(handler.name, lambda handler: handler)
                yield Once(wrap(handler), ONCE[handler.name])
            else:
                yield handler
            if handler.name in AFTER:
                yield config.handlers[AFTER[handler.name]]
