# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that has web pages, and so links to them in its mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from mailman.config import config

from mailman_dlist.app import site


BASE = 'https://lists.example.com/mailman3'

# What a personal link begins with.
PERSONAL = f'{BASE}/dlist/t/'


def open_web(directory: Path, patch: pytest.MonkeyPatch, **settings: object) -> Path:
    """Give the site a dlist.cfg, and keys of its own.

    :return: The key file, which is not there yet.
    """
    given = {'web_base_url': BASE, **settings}
    path = directory / 'dlist.cfg'
    lines = [f'{name}: {value}\n' for name, value in given.items()]
    path.write_text(''.join(['[dlist]\n', *lines]))
    site.read.cache_clear()
    patch.setattr(site, '_configuration', lambda _version: path)
    patch.setattr(config, 'DATA_DIR', str(directory))
    return directory / 'dlist.keys'
