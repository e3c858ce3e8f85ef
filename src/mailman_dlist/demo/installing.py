# SPDX-License-Identifier: GPL-3.0-or-later
"""Run pip and show its progress.

    python -m mailman_dlist.demo.installing TITLE PIP-OPTION...

``make`` does this before anything is installed.  pip itself prints either
several lines for each of a hundred packages, or nothing for a minute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence

from mailman_dlist.demo.progress import Progress


PIP = (sys.executable, '-m', 'pip', 'install')
INTERRUPTED = 130  # As shells report an end by SIGINT.
QUIET = ('--disable-pip-version-check', '--progress-bar', 'off')


class PipError(Exception):
    """pip failed to install the packages."""

    def __init__(self, code: int, complaints: str):
        self.code = code
        self.complaints = complaints
        super().__init__(f'pip: exit code {code}')


def install(title: str, options: Sequence[str], progress: Progress) -> int:
    """Run ``pip install``; return its exit code.  Show its errors if it fails."""
    environment = {**os.environ, 'PYTHONUNBUFFERED': '1'}
    # It leads to this package, which pip would then take for installed.
    environment.pop('PYTHONPATH', None)
    try:
        with progress.step(title), tempfile.TemporaryFile('w+') as complaints:
            with subprocess.Popen(
                [*PIP, *QUIET, *options],
                stdout=subprocess.PIPE,
                stderr=complaints,
                encoding='utf-8',
                errors='replace',
                env=environment,
            ) as pip:
                assert pip.stdout is not None
                follow(pip.stdout, progress)
            if pip.returncode:
                complaints.seek(0)
                raise PipError(pip.returncode, complaints.read())
    except PipError as error:
        progress.say(f'pip failed:\n{error.complaints}')
        return error.code
    except KeyboardInterrupt:
        progress.say('Stopped; the next run starts again.')
        return INTERRUPTED
    return 0


def follow(lines: Iterable[str], progress: Progress) -> None:
    """Show progress from the lines that pip writes."""
    downloaded = 0
    for line in lines:
        match line.split():
            case ['Collecting', name, *_]:
                downloaded += 1
                progress.note('Downloading packages', f'{downloaded}: {name}')
            case ['Building', 'wheels', *_]:
                progress.note('Building packages')
            case ['Installing', 'collected', 'packages:', *names]:
                progress.note('Installing packages', ' '.join(names))


if __name__ == '__main__':
    title, *options = sys.argv[1:]
    sys.exit(install(title, options, Progress(sys.stdout)))
