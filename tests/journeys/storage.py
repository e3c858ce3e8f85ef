# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site keeps in its database, seen from outside.

Journeys look at mail.  Where nothing must be left behind, or nothing made yet,
no mail tells of it, and they look here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, NullPool, create_engine, select

from mailman_dlist.demo.site import Site, until


PATIENCE_SECONDS = 300

# Belong to the site, not to any list.
KEPT = {'dlist_alembic_version', 'dlist_notice'}


@contextmanager
def connected(site: Site) -> Iterator[tuple[Connection, MetaData]]:
    """Give a connection to the database, and our tables in it."""
    settings = ConfigParser(interpolation=None)
    settings.read(site.cfg)
    engine = create_engine(settings['database']['url'], poolclass=NullPool)
    tables = MetaData()
    tables.reflect(engine, only=lambda name, _: name.startswith('dlist_'))
    with engine.connect() as connection:
        yield connection, tables


def next_second() -> None:
    """Wait until what happens is later than before, also for MariaDB.

    Its times are whole seconds, and it counts by them.
    """
    now = time.time()
    until(lambda: time.time() > now + 2, PATIENCE_SECONDS)


def everything_of_lists(site: Site) -> dict[str, set[tuple[str, ...]]]:
    """Return all rows that we keep about lists and members, by table."""
    with connected(site) as (connection, tables):
        return {
            table.name: {
                tuple(map(repr, row)) for row in connection.execute(select(table))
            }
            for table in tables.sorted_tables
            if table.name not in KEPT
        }


def rows_about(site: Site, member_id: str) -> list[tuple[str, ...]]:
    """Return all rows that name a membership, as 32 hexadecimal digits."""
    return [
        row
        for rows in everything_of_lists(site).values()
        for row in rows
        if any(member_id in cell.replace('-', '') for cell in row)
    ]


def conversations(site: Site, list_id: str) -> list[str]:
    """Return the names of a list's conversations, oldest first."""
    with connected(site) as (connection, tables):
        table = tables.tables['dlist_conversation']
        return list(
            connection.scalars(
                select(table.c.name)
                .where(table.c.list_id == list_id)
                .order_by(table.c.id)
            )
        )


def choices(site: Site, list_id: str) -> int:
    """Return how many choices members of a list have made."""
    with connected(site) as (connection, tables):
        conversation = tables.tables['dlist_conversation']
        choice = tables.tables['dlist_choice']
        rows = connection.execute(
            select(choice.c.member_id)
            .join(conversation, conversation.c.id == choice.c.conversation_id)
            .where(conversation.c.list_id == list_id)
        )
        return len(rows.all())


def former(site: Site) -> list[str]:
    """Return the memberships of which something is kept for a day."""
    with connected(site) as (connection, tables):
        rows = connection.execute(select(tables.tables['dlist_former'].c.member_id))
        return [str(member_id).replace('-', '') for [member_id] in rows]
