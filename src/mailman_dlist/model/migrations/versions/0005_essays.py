# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions before joining, and the answers.

Revision ID: 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID, SAUnicode
from sqlalchemy.dialects.mysql import MEDIUMTEXT


revision = '0005'
down_revision = '0004'

LONG_TEXT = sa.Text().with_variant(
    MEDIUMTEXT(charset='utf8mb4', collation='utf8mb4_bin'), 'mysql', 'mariadb'
)


def upgrade() -> None:
    """Add the table, and the settings of existing lists."""
    op.create_table(
        'dlist_essay',
        sa.Column('token', sa.String(16), nullable=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('email', SAUnicode, nullable=False),
        sa.Column('pending', SAUnicode, nullable=True),
        sa.Column('invited', sa.Boolean, nullable=False),
        sa.Column('answer', LONG_TEXT, nullable=True),
        sa.Column('asked_at', sa.DateTime, nullable=False),
        sa.Column('answered_at', sa.DateTime, nullable=True),
        sa.Column('mailed_at', sa.DateTime, nullable=True),
        sa.Column('reminded_at', sa.DateTime, nullable=True),
        sa.Column('joined_at', sa.DateTime, nullable=True),
        sa.Column('member_id', UUID, nullable=True),
        sa.PrimaryKeyConstraint('token', name='pk_dlist_essay'),
    )
    for column in ('list_id', 'pending', 'member_id'):
        op.create_index(f'ix_dlist_essay_{column}', 'dlist_essay', [column])
    columns: dict[str, tuple[Any, Any]] = {
        'essay': (sa.Boolean, sa.false()),
        # MySQL has no default for a text of this size.
        'essay_questions': (LONG_TEXT, None),
        'essay_min_length': (sa.Integer, sa.text('1')),
        'ask_invited': (sa.Boolean, sa.false()),
        'essay_retention': (sa.Integer, sa.text('0')),
    }
    with op.batch_alter_table('dlist_list') as table:
        for name, (kind, value) in columns.items():
            table.add_column(
                sa.Column(name, kind, nullable=value is None, server_default=value)
            )
    op.execute("UPDATE dlist_list SET essay_questions = ''")
    # From now on the program sets the value.
    with op.batch_alter_table('dlist_list') as table:
        for name, (kind, value) in columns.items():
            table.alter_column(
                name,
                existing_type=kind,
                existing_nullable=value is None,
                nullable=False,
                server_default=None,
            )
