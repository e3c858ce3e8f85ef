# SPDX-License-Identifier: GPL-3.0-or-later
"""What a crash left half-written is deleted, and nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from time import time
from typing import Any

import pytest
from mailman.config import config

from mailman_dlist.app import leftovers
from mailman_dlist.app.digests import locks
from mailman_dlist.app.links import keys


def queue(name: str) -> Path:
    return Path(config.switchboards[name].queue_directory)


def left(path: Path, *, days: int) -> Path:
    if path.suffix in ('.filling', '.ready'):
        path.mkdir()
        (path / '1.pck').write_text('a message')
    else:
        path.write_text('half a mess')
    then = time() - days * 24 * 60 * 60 - 60
    os.utime(path, (then, then))
    return path


@pytest.mark.parametrize(('place', 'name', 'goes'), [
    ('dlist', '1+a.pck.tmp', True),
    ('dlist', '1+a.pck', False),
    ('dlist', '1+a.bak', False),
    # Mailman's.
    ('in', '1+a.pck.tmp', False),
    ('virgin', 'ant.example.com.1.2.filling', True),
    ('virgin', 'ant.example.com.1.2.lock', True),
    # It waits for the job of the digest.
    ('virgin', 'ant.example.com.1.2.ready', False),
    ('virgin', 'gone.example.com.1.2.ready', True),
    ('', f'{keys.FILE_NAME}a1b2', True),
    ('', keys.FILE_NAME, False),
])
def test_what_is_left_for_a_day_is_deleted(
    place: str, name: str, goes: bool, mlist: Any
) -> None:
    directory = queue(place) if place else Path(config.DATA_DIR)
    path = directory / name
    try:
        left(path, days=1)
        leftovers.clear()
        assert path.exists() is not goes
        if goes:
            # Somebody may be writing it.
            left(path, days=0)
            os.utime(path)
            leftovers.clear()
            assert path.exists()
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def test_a_lock_that_is_held_stays(mlist: Any, monkeypatch: Any) -> None:
    path = left(queue('virgin') / 'ant.example.com.1.2.lock', days=1)

    def held(_file: Any, _how: int) -> None:
        raise BlockingIOError

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(locks.fcntl, 'lockf', held)
        leftovers.clear()
    assert path.exists()
    leftovers.clear()
    assert not path.exists()
