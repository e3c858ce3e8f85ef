# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations that owners hold, merge, delete and restrict.

Revision ID: 0010
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from mailman.database.types import SAUnicode


revision = '0010'
down_revision = '0009'

# Values of the enumerations in `interfaces.conversation`, as stored.
CLOSED = 3

conversation = sa.table(
    'dlist_conversation',
    sa.column('closed_at', sa.DateTime),
    sa.column('posting', sa.Integer),
)

sequence = sa.table(
    'sqlite_sequence', sa.column('name', sa.String), sa.column('seq', sa.Integer)
)
of_conversations = sequence.c.name == 'dlist_conversation'

NUMBERED: dict[str, Any] = {'table_kwargs': {'sqlite_autoincrement': True}}

# With the values for rows that exist.
CONVERSATION_COLUMNS = {'posting': (sa.Integer, '1')}
LIST_COLUMNS = {
    'access': (sa.Integer, '1'),
    'mandatory': (sa.Boolean, sa.false()),
    'close_after': (sa.Integer, '0'),
    'audit_retention': (sa.Integer, '365'),
}


def upgrade() -> None:
    """Add the columns and the table; closed conversations stay closed."""
    _add('dlist_list', **LIST_COLUMNS)
    latest = _latest_number()
    _add('dlist_conversation', **CONVERSATION_COLUMNS)
    closed = conversation.c.closed_at.is_not(None)
    op.execute(conversation.update().where(closed).values(posting=CLOSED))
    with op.batch_alter_table('dlist_conversation', **NUMBERED) as table:
        table.add_column(sa.Column('reopened_at', sa.DateTime))
        table.add_column(sa.Column('split_from', sa.Integer))
        table.drop_column('closed_at')
    _continue_after(latest)
    with op.batch_alter_table('dlist_message') as table:
        table.alter_column(
            'conversation_id', existing_type=sa.Integer, nullable=True
        )
    with op.batch_alter_table('dlist_choice') as table:
        table.alter_column('choice', existing_type=sa.Integer, nullable=True)
        table.add_column(sa.Column('ruling', sa.Integer))
    op.create_table(
        'dlist_merged',
        sa.Column('number', sa.Integer, nullable=False, autoincrement=False),
        sa.Column('list_id', SAUnicode, nullable=False),
        sa.Column('conversation_id', sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint('number', name='pk_dlist_merged'),
        sa.ForeignKeyConstraint(
            ['conversation_id'],
            ['dlist_conversation.id'],
            name='fk_dlist_merged_conversation_id',
        ),
    )
    op.create_index(
        'ix_dlist_merged_conversation_id', 'dlist_merged', ['conversation_id']
    )


def _latest_number() -> int | None:
    """Return the highest number that a conversation ever had; None except on SQLite."""
    if op.get_context().dialect.name != 'sqlite':
        return None
    return op.get_bind().scalar(sa.select(sequence.c.seq).where(of_conversations))


def _continue_after(latest: int | None) -> None:
    """Never use a number again: SQLite forgets it when it copies a table."""
    if latest is not None:
        op.execute(sequence.delete().where(of_conversations))
        op.execute(sequence.insert().values(name='dlist_conversation', seq=latest))


def _add(name: str, **columns: Any) -> None:
    kind_of_table = NUMBERED if name == 'dlist_conversation' else {}
    with op.batch_alter_table(name, **kind_of_table) as table:
        for column, (kind, value) in columns.items():
            table.add_column(
                sa.Column(column, kind, nullable=False, server_default=value)
            )
    # From now on the program sets the values.
    with op.batch_alter_table(name, **kind_of_table) as table:
        for column, (kind, _value) in columns.items():
            table.alter_column(
                column,
                existing_type=kind,
                existing_nullable=False,
                server_default=None,
            )
