# SPDX-License-Identifier: GPL-3.0-or-later
"""What every Python file of the project has in common."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, ROOT, python_files, short


OURS = [
    path
    for directory in (PACKAGE, ROOT / 'tests', ROOT / 'bench', ROOT / 'docs')
    for path in python_files(directory)
]
MODULES = [path for path in OURS if path.name != '__init__.py']
PACKAGES = [path for path in OURS if path.name == '__init__.py']


@pytest.mark.parametrize('path', MODULES, ids=short)
def test_a_module_opens_with_its_licence_and_its_purpose(path: Path):
    source = path.read_text('utf-8')
    first = source.partition('\n')[0]
    assert first == '# SPDX-License-Identifier: GPL-3.0-or-later'
    assert ast.get_docstring(ast.parse(source))


# Mailman reads it like any module and would find a component there twice.
@pytest.mark.parametrize('path', PACKAGES, ids=short)
def test_an_init_is_empty(path: Path):
    assert path.read_bytes() == b''
