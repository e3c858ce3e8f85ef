# SPDX-License-Identifier: GPL-3.0-or-later
"""The style that makes a new list a dlist [U1]."""

from __future__ import annotations

import os
from contextlib import suppress

from mailman.config import config
from mailman.interfaces.mailinglist import DMARCMitigateAction, Personalization
from mailman.interfaces.styles import IStyle, IStyleManager
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app import lists
from mailman_dlist.app.i18n import _
from mailman_dlist.app.site import ready, site_settings
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.mailman import MailingList


@public
@implementer(IStyle)
class DlistStyle:
    """An ordinary discussion list, with conversations."""

    name = 'dlist'
    description = _(
        'Discussion list; members choose which conversations they receive (dlist).'
    )

    def apply(self, mailing_list: MailingList) -> None:
        """See `IStyle`.

        :raises ValueError: if the list cannot be a dlist; REST returns 400.
        """
        directory = mailing_list.data_path
        try:
            ready()
            getUtility(IStyleManager).get('legacy-default').apply(mailing_list)
            lists.enable(mailing_list)
        except DlistError as error:
            # Mailman's REST server commits even after an error.
            config.db.abort()
            with suppress(OSError):
                os.rmdir(directory)
            raise ValueError(str(error)) from error
        # The changed To breaks the author's DKIM signature; if their domain has a DMARC
        # policy, the message is sent from the list's address.
        mailing_list.dmarc_mitigate_action = DMARCMitigateAction.munge_from
        if site_settings().web_base_url:
            # Footers then have each member's own link.
            mailing_list.personalize = Personalization.individual
