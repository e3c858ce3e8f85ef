# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a member posted during a timed mute.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    """Add the column; of the mutes that there are, nobody knows."""
    with op.batch_alter_table('dlist_pause') as table:
        table.add_column(
            sa.Column(
                'own_posts', sa.Integer, nullable=False, server_default=sa.text('0')
            )
        )
    # From now on the program says it.
    with op.batch_alter_table('dlist_pause') as table:
        table.alter_column(
            'own_posts',
            existing_type=sa.Integer,
            existing_nullable=False,
            server_default=None,
        )
