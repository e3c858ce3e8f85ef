# SPDX-License-Identifier: GPL-3.0-or-later
"""Members add addresses to post from, and take them away [U14, U16]."""

from __future__ import annotations

from public import public

from mailman_dlist.interfaces.mailman import MailingList, Message


@public
def confirm_by_mail(mlist: MailingList, msg: Message, token: str) -> None:
    raise NotImplementedError
