# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the pages for readers, taken out of them again to be run."""

from __future__ import annotations

import re
import textwrap
from importlib.resources import files
from pathlib import Path

from tests.house.tree import ROOT


README = ROOT / 'README.md'
INSTALL = ROOT / 'docs' / 'install.rst'

_FENCED = r'^```{}\n(.*?)^```$'
_DIRECTIVE = r'^ *\.\. code-block:: {}\n((?:\n| +.*\n)+)'


def snippets(page: Path, language: str) -> list[str]:
    """Return the blocks in that language, in their order."""
    pattern = _FENCED if page.suffix == '.md' else _DIRECTIVE
    found = re.findall(
        pattern.format(re.escape(language)), page.read_text('utf-8'), re.M | re.S
        if page.suffix == '.md' else re.M,
    )
    return [textwrap.dedent(block).strip('\n') + '\n' for block in found]


def configuration(page: Path) -> str:
    """Return what a page tells a site admin to add to mailman.cfg."""
    [snippet] = [
        block for block in snippets(page, 'ini') if block.startswith('[plugin.dlist]')
    ]
    return snippet


def documented_configuration() -> str:
    """Return what install.rst says to add, with the settings that the package ships."""
    added = configuration(INSTALL)
    settings = files('mailman_dlist') / 'dlist.cfg'
    named = added.replace(
        '# configuration: /etc/mailman3/dlist.cfg', f'configuration: {settings}'
    )
    assert named != added
    return named
