# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of a member's posts during a timed mute.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    """Add the column; the number for existing mutes is unknown."""
    with op.batch_alter_table('dlist_pause') as table:
        table.add_column(
            sa.Column(
                'own_posts', sa.Integer, nullable=False, server_default=sa.text('0')
            )
        )
    # From now on the program sets the value.
    with op.batch_alter_table('dlist_pause') as table:
        table.alter_column(
            'own_posts',
            existing_type=sa.Integer,
            existing_nullable=False,
            server_default=None,
        )
