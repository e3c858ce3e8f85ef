# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes were started with a file of ours, on any system."""

from __future__ import annotations

from pathlib import Path

import psutil


def naming(path: Path) -> list[str]:
    """Return the command lines of processes that name a path."""
    lines = (
        ' '.join(process.info['cmdline'] or [])
        for process in psutil.process_iter(['cmdline'])
    )
    return [line for line in lines if str(path) in line]
