# SPDX-License-Identifier: GPL-3.0-or-later
"""Put each fault of a list into a copy of the project; the tests must find it.

The tests that are named beside a fault run until the first of them fails.  All of them
run without any fault as well: if one fails there, the results mean nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.mutations.listing import Fault, NotOnce, faults


ROOT = Path(__file__).parents[2]

# Chosen: tests that a fault keeps waiting for so long have found it.
SECONDS = 600

SURVIVED = 'SURVIVED'
FAILED = re.compile(r'^(?:FAILED|ERROR) (.+?)(?: - .*)?$', re.MULTILINE)


class NotRun(Exception):
    """The tests were not run to their end, and so say nothing."""


def outcome(fault: Fault) -> str:
    """Return what becomes of a fault: the first test that fails, or `SURVIVED`."""
    with TemporaryDirectory(prefix='mutation-') as directory:
        copy = Path(directory, 'copy')
        # Hidden are the virtual environment, git's files, and caches.
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns('.*'))
        source = (copy / fault.path).read_text('utf-8')
        (copy / fault.path).write_text(fault.put_into(source), 'utf-8')
        try:
            done = run(copy, fault.tests, seconds=SECONDS)
        except subprocess.TimeoutExpired:
            return f'killed by tests that do not end in {SECONDS} seconds'
    if done.returncode == pytest.ExitCode.OK:
        return SURVIVED
    failed = FAILED.search(done.stdout)
    # Else there were no tests, or a module cannot be imported.
    if done.returncode != pytest.ExitCode.TESTS_FAILED or failed is None:
        raise NotRun(f'{fault.name}: pytest failed\n{done.stdout}{done.stderr}')
    return f'killed by {failed[1]}'


def check_without_faults(names: Iterable[str], known: dict[str, Fault]) -> None:
    """Run all tests that are named beside some faults.

    :raises NotRun: when one fails.
    """
    tests = {test for name in names for test in known[name].tests}
    done = run(ROOT, sorted(tests))
    if done.returncode != pytest.ExitCode.OK:
        raise NotRun(f'Tests fail without any fault:\n{done.stdout}{done.stderr}')


def run(
    copy: Path, tests: Iterable[str], seconds: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy with the copy's own sources, on SQLite alone.

    :raises subprocess.TimeoutExpired: when they take longer.
    """
    quietly = '-x -q --tb=no -rfE --database=sqlite -p no:cacheprovider'
    return subprocess.run(
        [sys.executable, '-m', 'pytest', *quietly.split(), *tests],
        cwd=copy,
        # Before the sources that are installed.
        env=os.environ | {'PYTHONPATH': str(copy / 'src')},
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.mutations')
    parser.add_argument(
        '--only', action='append', metavar='NAME', help='may be given more than once'
    )
    parser.add_argument('--jobs', type=int, default=2, help='how many at a time')
    asked = parser.parse_args()
    known = {fault.name: fault for fault in faults()}
    names = asked.only or list(known)
    if unknown := set(names) - set(known):
        parser.error(f'there is no fault named {", ".join(sorted(unknown))}')
    killed = survivors = errors = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        sound = pool.submit(check_without_faults, names, known)
        outcomes = {name: pool.submit(outcome, known[name]) for name in names}
        for name, coming in outcomes.items():
            try:
                said = coming.result()
                survivors += said == SURVIVED
                killed += said != SURVIVED
            except (NotOnce, NotRun, OSError) as error:
                errors += 1
                said = f'ERROR {error}'
            print(f'{name:60} {said}', flush=True)
        try:
            sound.result()
        except NotRun as error:
            errors += 1
            print(error)
    print(f'{killed} killed, {survivors} survived, {errors} errors')
    return 1 if survivors or errors else 0


if __name__ == '__main__':
    sys.exit(main())
