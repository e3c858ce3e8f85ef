# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses in addition to lasting choices, which they leave unchanged.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from mailman.database.types import UUID


revision = '0007'
down_revision = '0006'

# Values of the enumerations in `domain.following`, as stored.
MUTE = 2
BY_MAIL = 1

choice = sa.table(
    'dlist_choice',
    sa.column('conversation_id', sa.Integer),
    sa.column('member_id', UUID),
    sa.column('choice', sa.Integer),
    sa.column('reason', sa.Integer),
    sa.column('made_at', sa.DateTime),
    sa.column('until', sa.DateTime),
    sa.column('then_choice', sa.Integer),
    sa.column('then_reason', sa.Integer),
    sa.column('told', sa.Boolean),
)
pause = sa.table(
    'dlist_pause',
    sa.column('conversation_id', sa.Integer),
    sa.column('member_id', UUID),
    sa.column('choice', sa.Integer),
    sa.column('reason', sa.Integer),
    sa.column('began', sa.DateTime),
    sa.column('ends', sa.DateTime),
    sa.column('told', sa.Boolean),
    sa.column('running', sa.Boolean),
)
over = sa.table(
    'dlist_pause',
    sa.column('conversation_id', sa.Integer),
    sa.column('member_id', UUID),
    sa.column('began', sa.DateTime),
    sa.column('ended', sa.DateTime),
)


def upgrade() -> None:
    """Move pauses out of the choices; when those had been made is unknown."""
    # The pauses that digests still need: those of a few days at most.
    kept = op.get_bind().execute(sa.select(over)).all()
    op.drop_table('dlist_pause')
    op.create_table(
        'dlist_pause',
        sa.Column('id', sa.Integer, nullable=False),
        sa.Column('conversation_id', sa.Integer, nullable=False),
        sa.Column('member_id', UUID, nullable=False),
        sa.Column('choice', sa.Integer, nullable=False),
        sa.Column('reason', sa.Integer, nullable=False),
        sa.Column('began', sa.DateTime, nullable=False),
        sa.Column('ends', sa.DateTime, nullable=False),
        sa.Column('told', sa.Boolean, nullable=False),
        sa.Column('running', sa.Boolean),
        sa.PrimaryKeyConstraint('id', name='pk_dlist_pause'),
        sa.UniqueConstraint(
            'conversation_id',
            'member_id',
            'running',
            name='uq_dlist_pause_conversation_id',
        ),
        sa.ForeignKeyConstraint(
            ['conversation_id'],
            ['dlist_conversation.id'],
            name='fk_dlist_pause_conversation_id',
        ),
    )
    op.create_index('ix_dlist_pause_member_id', 'dlist_pause', ['member_id'])
    op.create_index('ix_dlist_pause_running', 'dlist_pause', ['running', 'ends'])
    op.bulk_insert(
        pause,
        [
            {
                'conversation_id': row.conversation_id,
                'member_id': row.member_id,
                'choice': MUTE,
                'reason': BY_MAIL,
                'began': row.began,
                'ends': row.ended,
                'told': False,
                'running': None,
            }
            for row in kept
        ],
    )
    is_timed = choice.c.until.is_not(None)
    timed = sa.select(
        choice.c.conversation_id,
        choice.c.member_id,
        choice.c.choice,
        choice.c.reason,
        choice.c.made_at,
        choice.c.until,
        choice.c.told,
        sa.true(),
    )
    op.execute(pause.insert().from_select(list(pause.c), timed.where(is_timed)))
    op.execute(choice.delete().where(is_timed, choice.c.then_choice.is_(None)))
    before = {'choice': choice.c.then_choice, 'reason': choice.c.then_reason}
    op.execute(choice.update().where(is_timed).values(before))
    with op.batch_alter_table('dlist_choice') as table:
        table.drop_index('ix_dlist_choice_until')
        table.drop_column('until')
        table.drop_column('then_choice')
        table.drop_column('then_reason')
