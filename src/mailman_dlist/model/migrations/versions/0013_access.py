# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a list has bars, and when its moderators are told about requests.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'


def upgrade() -> None:
    """Add the columns; nobody is barred yet, and nobody has asked."""
    with op.batch_alter_table('dlist_list') as table:
        table.add_column(
            sa.Column('bars', sa.Boolean, nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column('requests_told_at', sa.DateTime))
        table.add_column(sa.Column('requests_due_at', sa.DateTime))
    # From now on the program sets the value.
    with op.batch_alter_table('dlist_list') as table:
        table.alter_column(
            'bars',
            existing_type=sa.Boolean,
            existing_nullable=False,
            server_default=None,
        )
