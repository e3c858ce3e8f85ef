# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module imports, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import resolve_name


def imported(module: str, source: str) -> Iterator[str]:
    """Yield the dotted names that a module imports, anywhere in it.

    ``from a import b`` may mean a module *a.b* or something in *a*: it counts
    as the first, since that shows the part of the package in either case.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name(
                '.' * node.level + (node.module or ''), module.rpartition('.')[0]
            )
            yield from (f'{base}.{alias.name}' for alias in node.names)
