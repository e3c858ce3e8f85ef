# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses that are over, published ids of posts, and the digests that had them.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID


revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    """Add the table and the columns; the values for existing rows are unknown."""
    op.create_table(
        'dlist_pause',
        sa.Column('conversation_id', sa.Integer, nullable=False),
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('began', sa.DateTime, nullable=False),
        sa.Column('ended', sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint(
            'conversation_id', 'member_id', 'ended', name='pk_dlist_pause'
        ),
        sa.ForeignKeyConstraint(
            ['conversation_id'],
            ['dlist_conversation.id'],
            name='fk_dlist_pause_conversation_id',
        ),
    )
    op.create_index('ix_dlist_pause_member_id', 'dlist_pause', ['member_id'])
    with op.batch_alter_table('dlist_message') as table:
        table.add_column(sa.Column('post_id', sa.Integer))
        table.add_column(sa.Column('digested_at', sa.DateTime))
        table.create_foreign_key(
            'fk_dlist_message_post_id',
            'dlist_message',
            ['post_id'],
            ['id'],
            ondelete='SET NULL',
        )
        table.create_index('ix_dlist_message_post_id', ['post_id'])
