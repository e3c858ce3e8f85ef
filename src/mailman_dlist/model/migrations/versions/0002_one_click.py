# SPDX-License-Identifier: GPL-3.0-or-later
"""What List-Unsubscribe is about.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    """Let it be about the list where there are settings already."""
    about_the_list = sa.Column(
        'one_click', sa.Integer, nullable=False, server_default='1'
    )
    with op.batch_alter_table('dlist_list') as table:
        table.add_column(about_the_list)
    # From now on the program says it.
    with op.batch_alter_table('dlist_list') as table:
        table.alter_column(
            'one_click',
            existing_type=sa.Integer,
            existing_nullable=False,
            server_default=None,
        )
