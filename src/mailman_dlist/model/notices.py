# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the notices to each address on each day."""

from __future__ import annotations

from datetime import date

from mailman.database.types import SAUnicode
from public import public
from sqlalchemy import delete
from sqlalchemy.orm import Mapped, mapped_column

from mailman_dlist.model.base import Base
from mailman_dlist.model.session import store


@public
class NoticeCount(Base):
    """The notices sent to one address on one day."""

    __tablename__ = 'dlist_notice'

    email: Mapped[str] = mapped_column(SAUnicode, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    count: Mapped[int] = mapped_column(default=0)


@public
def count_notice(email: str, day: date) -> int:
    """Count one more notice to the address; return the number of today's notices.

    The number of statements is the same for a new address as for any other.
    """
    store().execute(delete(NoticeCount).where(NoticeCount.day < day))
    row = store().get(NoticeCount, (email, day))
    if row is None:
        row = NoticeCount(email=email, day=day, count=0)
        store().add(row)
    row.count += 1
    store().flush()
    return row.count
