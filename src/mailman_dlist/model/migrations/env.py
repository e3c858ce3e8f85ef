# SPDX-License-Identifier: GPL-3.0-or-later
"""Run alembic over the connection that it is given."""

from __future__ import annotations

from alembic import context

from mailman_dlist.model.base import metadata
from mailman_dlist.model.schema import VERSION_TABLE


context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite changes a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
