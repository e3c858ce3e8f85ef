# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices with an end, and members who were told about their mute.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    """Add the columns; existing choices stay unchanged."""
    with op.batch_alter_table('dlist_choice') as table:
        table.add_column(sa.Column('then_choice', sa.Integer))
        table.add_column(sa.Column('then_reason', sa.Integer))
        table.add_column(
            sa.Column('told', sa.Boolean, nullable=False, server_default=sa.false())
        )
        table.create_index('ix_dlist_choice_until', ['until'])
    with op.batch_alter_table('dlist_choice') as table:
        table.alter_column('told', existing_type=sa.Boolean, server_default=None)
