# SPDX-License-Identifier: GPL-3.0-or-later
"""A Mailman that runs, on a database that tests can look into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mailman_dlist.demo.site import Site
from tests.databases import SQLITE


@contextmanager
def running(directory: Path, **settings: Any) -> Iterator[Site]:
    """Start a Mailman, and stop it at the end.

    :param settings: As `Site` takes them.
    """
    with SQLITE.create() as url, Site(directory, database_url=url, **settings) as site:
        yield site
