# SPDX-License-Identifier: GPL-3.0-or-later
"""What people install is what is in the tree.

Tests run on the tree itself, where nothing is ever missing; a template that the
wheel forgets would only be missed on somebody's site.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.house.tree import PACKAGE, ROOT, files


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both distributions from a copy, so that the tree stays clean."""
    tree = tmp_path_factory.mktemp('tree')
    for name in ('setup.cfg', 'pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(
        PACKAGE,
        tree / 'src' / PACKAGE.name,
        ignore=shutil.ignore_patterns('__pycache__'),
    )
    done = subprocess.run(
        [sys.executable, '-m', 'build', '--no-isolation', '--outdir', 'dist', '.'],
        cwd=tree,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tree / 'dist'


def test_the_wheel_holds_the_package_and_nothing_else(built: Path):
    [wheel] = built.glob('*.whl')
    held = {name for name in ZipFile(wheel).namelist() if '.dist-info/' not in name}
    assert held == {str(path.relative_to(PACKAGE.parent)) for path in files(PACKAGE)}


def test_both_distributions_hold_the_licence(built: Path):
    for archive in built.iterdir():
        unpacked = built.parent / archive.name.removesuffix('.gz')
        shutil.unpack_archive(
            archive, unpacked, 'zip' if archive.suffix == '.whl' else 'gztar'
        )
        assert list(unpacked.rglob('LICENSE'))
