# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the project's own files are."""

from __future__ import annotations

from pathlib import Path


ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'src' / 'mailman_dlist'


def files(directory: Path) -> list[Path]:
    """Return the files below a directory, without what Python leaves there."""
    return sorted(
        path
        for path in directory.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    )


def python_files(directory: Path) -> list[Path]:
    return [path for path in files(directory) if path.suffix == '.py']


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))
