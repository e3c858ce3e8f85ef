# SPDX-License-Identifier: GPL-3.0-or-later
"""Record changes, and count posts and their deliveries.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID, SAUnicode, SAUnicode4Byte


revision = '0012'
down_revision = '0010'

NAME = sa.String(64)


def upgrade() -> None:
    """Add the tables; posts from before the upgrade are not counted."""
    op.create_table(
        'dlist_event',
        sa.Column('id', sa.Integer, nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('at', sa.DateTime, nullable=False),
        sa.Column('door', sa.Integer, nullable=False),
        sa.Column('actor', SAUnicode, nullable=False),
        sa.Column('action', sa.String(32), nullable=False),
        sa.Column('conversation_number', sa.Integer),
        sa.Column('conversation_name', NAME),
        sa.Column('about', UUID),
        sa.Column('before', SAUnicode4Byte, nullable=False),
        sa.Column('after', SAUnicode4Byte, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_dlist_event'),
    )
    op.create_index('ix_dlist_event_list_id', 'dlist_event', ['list_id', 'at'])
    op.create_index('ix_dlist_event_about', 'dlist_event', ['about'])
    op.create_table(
        'dlist_post_count',
        sa.Column(
            'conversation_number', sa.Integer, nullable=False, autoincrement=False
        ),
        sa.Column('month', sa.String(7), nullable=False),
        sa.Column('poster', sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('posts', sa.Integer, nullable=False),
        sa.Column('deliveries', sa.Integer, nullable=False),
        sa.Column('plain_deliveries', sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            'conversation_number', 'month', 'poster', name='pk_dlist_post_count'
        ),
    )
    op.create_index(
        'ix_dlist_post_count_list_id', 'dlist_post_count', ['list_id', 'month']
    )
    with op.batch_alter_table('dlist_message') as table:
        table.add_column(sa.Column('poster', sa.BigInteger))
        table.add_column(
            sa.Column('deliveries', sa.Integer, nullable=False, server_default='0')
        )
        table.add_column(sa.Column('plain_deliveries', sa.Integer))
    with op.batch_alter_table('dlist_message') as table:
        table.alter_column(
            'deliveries',
            existing_type=sa.Integer,
            existing_nullable=False,
            server_default=None,
        )
