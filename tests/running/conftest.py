# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailmans that run, with all their processes, ports and signals.

A start takes two seconds of CPU for each process, so tests here share few sites, and
show what no other test can: that the parts find each other, crashes, races.

``site``
    As install.rst tells site admins to configure it; ``village`` and ``ant`` are in it.
``stock``
    Without the plugin.

They end behind the last test here: with __init__.py this directory is a package to
pytest.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailman_dlist.demo.site import Site
from tests.docs import pages
from tests.running.sites import running
from tests.village import ARCHIVE


@pytest.fixture(scope='package')
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Mailman in which two processes share each of the queues of posts."""
    with running(
        tmp_path_factory.mktemp('running'),
        plugin=False,
        extra=pages.documented_configuration() + ARCHIVE,
        instances={'in': 2, 'pipeline': 2},
    ) as site:
        yield site


@pytest.fixture(scope='package')
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(
        tmp_path_factory.mktemp('stock'),
        plugin=False,
        extra=f'{ARCHIVE}[mta]\ndelivery_retry_period: 2d\n',
        instances={'in': 2},
    ) as site:
        yield site
