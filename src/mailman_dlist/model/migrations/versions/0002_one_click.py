# SPDX-License-Identifier: GPL-3.0-or-later
"""The target of List-Unsubscribe.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    """Add the column; for lists with settings the target is the list."""
    about_the_list = sa.Column(
        'one_click', sa.Integer, nullable=False, server_default='1'
    )
    with op.batch_alter_table('dlist_list') as table:
        table.add_column(about_the_list)
    # From now on the program sets the value.
    with op.batch_alter_table('dlist_list') as table:
        table.alter_column(
            'one_click',
            existing_type=sa.Integer,
            existing_nullable=False,
            server_default=None,
        )
