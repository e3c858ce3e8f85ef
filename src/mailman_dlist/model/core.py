# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman's own tables, for use in statements.

Mailman's classes have no annotations, and often only columns are needed.
"""

from __future__ import annotations

from typing import Any

from mailman.model.address import Address
from mailman.model.bans import Ban
from mailman.model.digests import OneLastDigest
from mailman.model.domain import Domain
from mailman.model.mailinglist import AcceptableAlias, ListArchiver, MailingList
from mailman.model.member import Member
from mailman.model.pending import Pended
from mailman.model.preferences import Preferences
from mailman.model.user import User


acceptable_alias: Any = AcceptableAlias.__table__
address: Any = Address.__table__
archivers: Any = ListArchiver.__table__
ban: Any = Ban.__table__
domain: Any = Domain.__table__
last_digest: Any = OneLastDigest.__table__
lists: Any = MailingList.__table__
member: Any = Member.__table__
pended: Any = Pended.__table__
preferences: Any = Preferences.__table__
user: Any = User.__table__
