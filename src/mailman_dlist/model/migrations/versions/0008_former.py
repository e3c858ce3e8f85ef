# SPDX-License-Identifier: GPL-3.0-or-later
"""Ended memberships, whose data is kept for a day.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID, SAUnicode


revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        'dlist_former',
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('email', SAUnicode, nullable=True),
        sa.Column('user_id', UUID, nullable=True),
        sa.Column('ended_at', sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint('member_id', name='pk_dlist_former'),
    )
    for column in ('list_id', 'ended_at'):
        op.create_index(f'ix_dlist_former_{column}', 'dlist_former', [column])
