# SPDX-License-Identifier: GPL-3.0-or-later
"""Change who may follow a conversation, and whether every member receives it."""

from __future__ import annotations

from mailman.utilities.datetime import now
from public import public
from zope.event import notify

from mailman_dlist.domain.actors import By
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.domain.following import Access
from mailman_dlist.domain.values import value_name
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import access as model
from mailman_dlist.model import life, owners
from mailman_dlist.model.conversations import Conversation


@public
class SilencesExist(DlistError):
    """A conversation cannot become mandatory while members are not to receive it.

    :param number: Of the members who have muted it, for good or for a while, or are
        barred from it.
    """

    def __init__(self, number: int):
        self.number = number
        some = (
            '1 member has muted the conversation or is barred from it'
            if number == 1
            else f'{number} members have muted the conversation or are barred from it'
        )
        super().__init__(f'{some}; with "clear", mutes and bars are removed')


@public
def change(
    mlist: MailingList,
    conversation: Conversation,
    by: By,
    *,
    access: Access | None = None,
    mandatory: bool | None = None,
    clear: bool = False,
) -> None:
    """Change the access of a conversation, or whether it is mandatory.

    Members who follow it by a choice or are pinned stay; all others are computed.

    :param access: None to leave it as it is, as for ``mandatory``.
    :param clear: Whether to remove mutes and bars that are in the way.
    :raises SilencesExist: if there are any, and they shall not be removed.
    """
    owners.hold(mlist.list_id)
    life.lock(conversation.id)
    if access is not None and access is not conversation.access:
        before, conversation.access = conversation.access, access
        _notify(mlist, conversation, by, 'access', before, access)
    if mandatory is None or mandatory is conversation.mandatory:
        return
    if mandatory:
        moment = now()
        number = model.silence_count(conversation, moment)
        if number and not clear:
            raise SilencesExist(number)
        if number:
            model.clear_silences(conversation, moment)
            _notify(mlist, conversation, by, 'clear', number, None)
    conversation.mandatory = mandatory
    _notify(mlist, conversation, by, 'mandatory', not mandatory, mandatory)


def _notify(
    mlist: MailingList,
    conversation: Conversation,
    by: By,
    action: str,
    before: object,
    after: object,
) -> None:
    words = value_name(before), value_name(after)
    notify(ChangedEvent(mlist, by, action, conversation, None, *words))
