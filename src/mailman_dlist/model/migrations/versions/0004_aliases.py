# SPDX-License-Identifier: GPL-3.0-or-later
"""Aliases of members.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID, SAUnicode


revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    """Add the tables, and the settings of existing lists."""
    op.create_table(
        'dlist_alias',
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('email', SAUnicode, nullable=False),
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('confirmed_at', sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint('list_id', 'email', name='pk_dlist_alias'),
    )
    op.create_index('ix_dlist_alias_member_id', 'dlist_alias', ['member_id'])
    op.create_table(
        'dlist_alias_request',
        sa.Column('token', sa.String(16), nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('email', SAUnicode, nullable=False),
        sa.Column('asked_at', sa.DateTime, nullable=False),
        sa.Column('withdrawn', sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint('token', name='pk_dlist_alias_request'),
    )
    for column in ('member_id', 'asked_at'):
        op.create_index(
            f'ix_dlist_alias_request_{column}', 'dlist_alias_request', [column]
        )
    settings = {'aliases': sa.true(), 'aliases_visible': sa.false()}
    with op.batch_alter_table('dlist_list') as table:
        for name, value in settings.items():
            table.add_column(
                sa.Column(name, sa.Boolean, nullable=False, server_default=value)
            )
    # From now on the program sets the value.
    with op.batch_alter_table('dlist_list') as table:
        for name in settings:
            table.alter_column(
                name,
                existing_type=sa.Boolean,
                existing_nullable=False,
                server_default=None,
            )
