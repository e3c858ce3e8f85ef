# SPDX-License-Identifier: GPL-3.0-or-later
"""The style that makes a new list a dlist with questions for newcomers [U1, U5]."""

from __future__ import annotations

from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.styles import IStyle
from public import public
from zope.interface import implementer

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.styles.dlist import DlistStyle


@public
@implementer(IStyle)
class DlistEssayStyle:
    """An ordinary discussion list, with conversations and questions."""

    name = 'dlist-essay'
    description = _(
        'Discussion list with conversations; newcomers answer questions, and a '
        'moderator decides whether they join (dlist-essay).'
    )

    def apply(self, mailing_list: MailingList) -> None:
        """See `IStyle`.

        :raises ValueError: if the list cannot be a dlist; REST returns 400.
        """
        DlistStyle().apply(mailing_list)
        lists.settings(mailing_list).essay = True
        # Without a moderator, any answer would be accepted.
        mailing_list.subscription_policy = SubscriptionPolicy.confirm_then_moderate
