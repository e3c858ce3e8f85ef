# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in these pages run against a Mailman.

It is configured with the very text that install.rst gives to site admins; what
examples can do stands in tests/docs/examples.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mailman_dlist.demo.site import Site
from tests.databases import Database
from tests.docs import pages
from tests.docs.examples import Examples


@pytest.fixture(scope='module')
def documented_site(make_site: Callable[..., Site]) -> Iterator[Site]:
    """A Mailman without the plugin, but for what install.rst says to add."""
    with make_site(plugin=False, extra=pages.documented_configuration()) as site:
        yield site


@pytest.fixture(autouse=True)
def examples(
    documented_site: Site,
    database: Database,
    doctest_namespace: dict[str, Callable[..., str | None]],
    request: pytest.FixtureRequest,
) -> Iterator[None]:
    """The dlist *ant* for one page; no mail may get lost on it."""
    request.node.user_properties.append(('database', database.name))
    page = Examples(documented_site)
    page.new_list('ant')
    page.subscribe('ant', 'anne@example.com', 'bart@example.com', 'cris@example.com')
    doctest_namespace.update(page.names)
    yield
    for name in page.names:
        del doctest_namespace[name]
    assert not documented_site.shunted(), documented_site.log('error')[-3000:]
