# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in these pages run against a real Mailman.

It is configured with the very text that install.rst gives to site admins; what
examples can do stands in tests/docs/examples.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest

from mailman_dlist.demo.site import Site
from tests.docs import pages
from tests.docs.examples import Examples


@pytest.fixture(scope='session')
def documented_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A Mailman without the plugin, but for what install.rst says to add."""
    added = pages.configuration(pages.INSTALL)
    settings = files('mailman_dlist') / 'dlist.cfg'
    configuration = added.replace(
        '# configuration: /etc/mailman3/dlist.cfg', f'configuration: {settings}'
    )
    assert configuration != added
    with Site(
        tmp_path_factory.mktemp('docs'), plugin=False, extra=configuration
    ) as site:
        yield site


@pytest.fixture(autouse=True)
def examples(
    documented_site: Site, doctest_namespace: dict[str, Callable[..., str | None]]
) -> Iterator[None]:
    """The dlist *ant* for one page; no mail may get lost on it."""
    page = Examples(documented_site)
    page.new_list('ant')
    page.subscribe('ant', 'anne@example.com', 'bart@example.com', 'cris@example.com')
    doctest_namespace.update(page.names)
    yield
    for name in page.names:
        del doctest_namespace[name]
    shunted = documented_site.shunted()
    page.clear()
    assert not shunted, documented_site.log('error')[-3000:]
