# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx turns these pages into a book."""

from __future__ import annotations

from importlib.metadata import version as version_of


project = 'mailman-dlist'
author = 'The mailman-dlist authors'
project_copyright = f'2026, {author}'
release = version = version_of('mailman-dlist')

extensions: list[str] = []
exclude_patterns = ['_build']
html_theme = 'alabaster'
html_theme_options = {
    'description': 'Every conversation its own small list, for GNU Mailman 3',
}
nitpicky = True
