# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman's pending requests, and the answers that belong to them.

REST shows, discards and rejects requests straight through the pendings.  So this is the
one place where an answer is shown with its request, and deleted with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailman.app.subscriptions import PendableSubscription
from mailman.interfaces.pending import IPendings
from mailman.model.pending import Pendings
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app.essays import keeping
from mailman_dlist.domain.actors import AUTOMATIC, By, Door
from mailman_dlist.model import essays as model
from mailman_dlist.model import schema
from mailman_dlist.model.essays import Essay


@public
def request_of(essay: Essay) -> Any:
    """Return Mailman's data about the request; None if it is over."""
    if essay.pending is None:
        return None
    pendable = getUtility(IPendings).confirm(essay.pending, expunge=False)
    # MariaDB shows the rest of a request that is being deleted.
    return pendable if pendable and 'token_owner' in pendable else None


def _is_whole(token: str, pendable: Any) -> bool:
    """Return whether the request is complete, so that nobody is deleting it.

    Every request of Mailman's to join has an address, but other programs may store some
    without.
    """
    return 'email' in pendable or model.is_pending(token)


@public
@implementer(IPendings)
class EssayPendings(Pendings):
    """Mailman's pendings, with the answers in requests to join."""

    def confirm(self, token: Any, *, expunge: bool = True) -> Any:
        """See `IPendings`.

        Core counts the rows before it reads them; another process may delete them in
        between.
        """
        try:
            pendable = super().confirm(token, expunge=expunge)
        except IndexError:
            return None
        if (
            pendable is None
            or pendable.get('type') != PendableSubscription.PEND_TYPE
            or not schema.usable()
        ):
            return pendable
        answer = model.shown(pendable.get('list_id', ''), str(token))
        if answer is not None:
            pendable['essay'] = answer
        if expunge:
            # Discarded or rejected: a request that continues gives up its token before.
            essay = model.with_pending(str(token))
            if essay is not None and essay.member_id is None:
                # Mailman tells neither which of the two nor who decides, by REST.
                keeping.end(essay, By(Door.rest), 'refused')
        return pendable

    def find(
        self,
        mlist: Any = None,
        pend_type: str | None = None,
        confirm: bool = True,
        token_owner: Any = None,
        held_msgid: str | None = None,
    ) -> Iterator[tuple[str, Any]]:
        """See `IPendings`.

        Another process may be deciding on a request.  MariaDB shows what is left of it
        (Mailman lets it read uncommitted rows), other databases show nothing, and core
        fails.
        """
        found = super().find(mlist, pend_type, confirm, token_owner, held_msgid)
        joining = confirm and pend_type == PendableSubscription.PEND_TYPE
        for token, pendable in found:
            if not joining or (pendable and _is_whole(token, pendable)):
                yield token, pendable

    def evict(self) -> None:
        """See `IPendings`."""
        super().evict()
        if schema.usable():
            for essay in model.lapsed():
                keeping.end(essay, AUTOMATIC, 'expired')
