# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists, conversations, choices and notices.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID, SAText, SAUnicode, SAUnicode4Byte


revision = '0001'
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        'dlist_list',
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('base_default', sa.Integer, nullable=False),
        sa.Column('new_member_default', sa.Integer, nullable=False),
        sa.Column('plain_posts', sa.Integer, nullable=False),
        sa.Column('footers', sa.Boolean, nullable=False),
        sa.Column('previous_chain', SAUnicode, nullable=False),
        sa.Column('previous_pipeline', SAUnicode, nullable=False),
        sa.PrimaryKeyConstraint('list_id', name='pk_dlist_list'),
    )
    op.create_table(
        'dlist_conversation',
        sa.Column('id', sa.Integer, nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('name', sa.String(64), nullable=False),
        sa.Column('subject', SAUnicode4Byte, nullable=False),
        sa.Column('opened_at', sa.DateTime, nullable=False),
        sa.Column('last_post_at', sa.DateTime, nullable=False),
        sa.Column('closed_at', sa.DateTime),
        sa.Column('access', sa.Integer, nullable=False),
        sa.Column('mandatory', sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_dlist_conversation'),
        # A number is never used again.
        sqlite_autoincrement=True,
    )
    op.create_index(
        'ix_dlist_conversation_list_id',
        'dlist_conversation',
        ['list_id', 'last_post_at'],
    )
    op.create_table(
        'dlist_name',
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('name', sa.String(64), nullable=False),
        sa.Column('conversation_id', sa.Integer),
        sa.PrimaryKeyConstraint('list_id', 'name', name='pk_dlist_name'),
        sa.ForeignKeyConstraint(
            ['conversation_id'],
            ['dlist_conversation.id'],
            name='fk_dlist_name_conversation_id',
        ),
    )
    op.create_index('ix_dlist_name_conversation_id', 'dlist_name', ['conversation_id'])
    op.create_table(
        'dlist_message',
        sa.Column('id', sa.Integer, nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('id_hash', sa.String(32), nullable=False),
        sa.Column('message_id', SAText, nullable=False),
        sa.Column('conversation_id', sa.Integer, nullable=False),
        sa.Column('kind', sa.Integer, nullable=False),
        sa.Column('posted_at', sa.DateTime),
        sa.Column('delivered_at', sa.DateTime),
        sa.Column('steps', sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_dlist_message'),
        sa.UniqueConstraint('list_id', 'id_hash', name='uq_dlist_message_list_id'),
        sa.ForeignKeyConstraint(
            ['conversation_id'],
            ['dlist_conversation.id'],
            name='fk_dlist_message_conversation_id',
        ),
    )
    op.create_index(
        'ix_dlist_message_conversation_id', 'dlist_message', ['conversation_id']
    )
    op.create_table(
        'dlist_member',
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('default', sa.Integer),
        sa.Column('follow_opened', sa.Boolean, nullable=False),
        sa.Column('follow_replied', sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint('member_id', name='pk_dlist_member'),
    )
    op.create_index(
        'ix_dlist_member_list_id', 'dlist_member', ['list_id', 'default', 'member_id']
    )
    op.create_table(
        'dlist_choice',
        sa.Column('conversation_id', sa.Integer, nullable=False),
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('choice', sa.Integer, nullable=False),
        sa.Column('reason', sa.Integer, nullable=False),
        sa.Column('made_at', sa.DateTime, nullable=False),
        sa.Column('until', sa.DateTime),
        sa.PrimaryKeyConstraint('conversation_id', 'member_id', name='pk_dlist_choice'),
        sa.ForeignKeyConstraint(
            ['conversation_id'],
            ['dlist_conversation.id'],
            name='fk_dlist_choice_conversation_id',
        ),
    )
    op.create_index('ix_dlist_choice_member_id', 'dlist_choice', ['member_id'])
    op.create_table(
        'dlist_notice',
        sa.Column('email', SAUnicode, nullable=False),
        sa.Column('day', sa.Date, nullable=False),
        sa.Column('count', sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint('email', 'day', name='pk_dlist_notice'),
    )
    op.create_index('ix_dlist_notice_day', 'dlist_notice', ['day'])
