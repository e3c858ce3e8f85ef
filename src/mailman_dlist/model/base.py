# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata of the plugin's tables, separate from Mailman's.

Mailman creates its tables only in a new database, and migrates them itself.  The
plugin's tables are added to an existing database by migrations of their own.
"""

from __future__ import annotations

from sqlalchemy import MetaData, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.orm import DeclarativeBase


# Constraints need names, or SQLite cannot drop them in a later migration.
metadata = MetaData(
    naming_convention={
        'ix': 'ix_%(column_0_label)s',
        'uq': 'uq_%(table_name)s_%(column_0_name)s',
        'fk': 'fk_%(table_name)s_%(column_0_name)s',
        'pk': 'pk_%(table_name)s',
    }
)

# Texts that people write, in any script.  MySQL's TEXT is limited to 64 KB.
LONG_TEXT = Text().with_variant(
    MEDIUMTEXT(charset='utf8mb4', collation='utf8mb4_bin'), 'mysql', 'mariadb'
)


class Base(DeclarativeBase):
    """The base class of the tables, all of which are named `dlist_*`."""

    metadata = metadata
