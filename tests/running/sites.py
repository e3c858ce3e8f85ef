# SPDX-License-Identifier: GPL-3.0-or-later
"""A Mailman that runs, on a database that tests can look into."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mailman_dlist.demo.site import Site
from tests.databases import SQLITE


# While a test runs nothing bounces, is sent again or expires.  The demo starts these
# runners as well.
UNUSED = ('bounces', 'retry', 'task')


@contextmanager
def running(
    directory: Path, *, extra: str, unused: Collection[str] = (), **settings: Any
) -> Iterator[Site]:
    """Start a Mailman, and kill it at the end.

    :param extra: As for `Site`.
    :param unused: Names of further runners that would start for nothing.
    :param settings: As `Site` takes them.
    """
    extra += idle((*UNUSED, *unused))
    with (
        SQLITE.create() as url,
        Site(directory, database_url=url, extra=extra, **settings) as site,
    ):
        yield site


def idle(names: Iterable[str]) -> str:
    """Return the configuration that does not start these runners."""
    return ''.join(f'[runner.{name}]\nstart: no\n' for name in names)
