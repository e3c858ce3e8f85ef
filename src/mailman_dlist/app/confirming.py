# SPDX-License-Identifier: GPL-3.0-or-later
"""What the token in ``ant+confirm+TOKEN@`` confirms: an alias, or an answer."""

from __future__ import annotations

from public import public

from mailman_dlist.app import aliases, joining
from mailman_dlist.domain import replies
from mailman_dlist.domain.confirmation import is_token
from mailman_dlist.interfaces.mailman import MailingList, Message
from mailman_dlist.model import essays as model


@public
def by_mail(mlist: MailingList, msg: Message, token: str) -> None:
    """Let an answer to one of our mails confirm what that asked for."""
    essay = model.essay(token) if is_token(token) else None
    if essay is not None:
        # It may take a while, so the request is read again afterwards.
        words = replies.own_words(msg)
        essay = model.claimed(token)
    if essay is not None and essay.list_id == mlist.list_id:
        joining.answer_by_mail(mlist, msg, essay, words)
    else:
        # It also answers for what confirms nothing.
        aliases.confirm_by_mail(mlist, msg, token)
