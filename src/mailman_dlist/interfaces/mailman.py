# SPDX-License-Identifier: GPL-3.0-or-later
"""Type names for Mailman's objects.

Mailman has no annotations; these names say which of its interfaces is meant.
"""

from __future__ import annotations

from typing import Any, TypeAlias


#: An `IMailingList`.
MailingList: TypeAlias = Any

#: A `mailman.email.message.Message`.
Message: TypeAlias = Any

#: An `IMember`.
Member: TypeAlias = Any

#: The metadata of a message in the queues; plain values, since it is pickled.
MsgData: TypeAlias = dict[str, Any]
