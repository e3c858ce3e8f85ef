# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Mailman's own tests without and with the plugin, and print what differs.

    python -m tests.core_suite [--only PATTERN] [--directory PATH]

The tests come from the sdist of the Mailman that is installed. Each run takes about
ten minutes, and has network interfaces of its own where the system allows it, since
the tests use fixed ports. Tests that fail in both runs tell something about the
machine or about newer libraries, and are only counted. With the plugin, tests may fail
that print a list of names which now has ours as well: see `LISTINGS`. Any other
difference is a fault.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from tests.core import EXTRA_CFG, PLUGIN_CFG


# What Mailman's tests need beside Mailman.
TOOLS = ('nose2', 'flufl.testing')

# These drop all tables and make only Mailman's again, so the next tests would not find
# those of the plugin.
LEFT_OUT = ('test_migrations', 'test_factory')

# Tests that print all styles, rules, commands, queues, sections of the configuration or
# log lines of a start.  With the plugin these are more.
LISTINGS = frozenset({
    'commands/docs/conf.rst',
    'commands/docs/help.rst',
    'commands/docs/inject.rst',
    'plugins/docs/intro.rst',
    'rest/docs/lists.rst',
    'rest/docs/queues.rst',
    'rest.tests.test_lists.TestListStyles.test_styles',
    'rest.tests.test_systemconf.TestSystemConfiguration.test_all_sections',
    'rules/docs/rules.rst',
    'styles/docs/styles.rst',
})

# How nose2 heads what it has to say about a failure: a test, or the path of a page.
FAILED = re.compile(
    r'^(?:FAIL|ERROR): (?:\S*/src/mailman/(\S+)|\S+ \(mailman\.(\S+)\)|(.+))$',
    re.MULTILINE,
)
RAN = re.compile(r'^Ran (\d+) tests?', re.MULTILINE)


def main() -> int:
    """Return the exit status: 1 where something differs that may not."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--only', default='', help='a pattern in the names of tests')
    parser.add_argument('--directory', type=Path, help='where to work and leave logs')
    given = parser.parse_args()
    directory = given.directory or Path(tempfile.mkdtemp(prefix='dlist-core-suite-'))
    directory.mkdir(parents=True, exist_ok=True)
    source, tools = fetch(directory)
    plugin = directory / 'plugin.cfg'
    plugin.write_text(PLUGIN_CFG, encoding='utf-8')
    said = {
        name: run(directory / name, source, tools, given.only, more)
        for name, more in {
            'without': {}, 'with': {EXTRA_CFG: str(plugin)},
        }.items()
    }
    failed = {
        name: {''.join(each) for each in FAILED.findall(text)}
        for name, text in said.items()
    }
    for name, text in said.items():
        ran = RAN.search(text)
        print(
            f'{name} the plugin: {ran[1] if ran else "no"} tests, '
            f'{len(failed[name])} did not pass; see {directory / name}.log'
        )
    more = failed['with'] - failed['without']
    for title, tests in {
        'Only without the plugin': failed['without'] - failed['with'],
        'Listings that now have names of the plugin': more & LISTINGS,
        'Faults of the plugin': more - LISTINGS,
    }.items():
        if tests:
            print(f'{title}:', *(f'    {test}' for test in sorted(tests)), sep='\n')
    complete = all(RAN.search(text) for text in said.values())
    return int(not complete or bool(more - LISTINGS))


def fetch(directory: Path) -> tuple[Path, Path]:
    """Return Mailman's source and the directory of the tools; download them once."""
    release = version('mailman')
    source, tools = directory / f'mailman-{release}', directory / 'tools'
    pip = [sys.executable, '-m', 'pip', '--quiet', '--disable-pip-version-check']
    if not source.is_dir():
        wanted = ['--no-binary', ':all:', '--no-deps', f'mailman=={release}']
        subprocess.run([*pip, 'download', *wanted], cwd=directory, check=True)
        with tarfile.open(directory / f'mailman-{release}.tar.gz') as archive:
            archive.extractall(directory, filter='data')
    if not tools.is_dir():
        subprocess.run([*pip, 'install', '--target', tools, *TOOLS], check=True)
    return source, tools


def run(
    directory: Path, source: Path, tools: Path, only: str, more: Mapping[str, str]
) -> str:
    """Run the tests in a fresh copy of the source; return what they print."""
    shutil.rmtree(directory, ignore_errors=True)
    copy = directory / 'source'
    shutil.copytree(source, copy)
    environment = {
        **os.environ,
        **more,
        'HOME': str(directory),
        'PYTHONPATH': os.pathsep.join([str(tools), str(copy / 'src')]),
    }
    pattern = f'^(?!.*({"|".join(LEFT_OUT)})).*{only}'
    command = [sys.executable, '-m', 'nose2', '-v', '-P', pattern]
    log = directory.with_suffix('.log')
    with log.open('w', encoding='utf-8') as file:
        subprocess.run(
            [*_own_network(), *command],
            cwd=copy, env=environment, stdout=file, stderr=subprocess.STDOUT,
        )
    return log.read_text(encoding='utf-8', errors='replace')


def _own_network() -> list[str]:
    """Return the beginning of a command that gives it network interfaces of its own."""
    inside = ['unshare', '--map-root-user', '--net', 'sh', '-c']
    if shutil.which('unshare') is None or shutil.which('ip') is None:
        return []
    tried = subprocess.run([*inside, 'ip link set lo up'], capture_output=True)
    return [] if tried.returncode else [*inside, 'ip link set lo up && exec "$@"', 'sh']


if __name__ == '__main__':
    sys.exit(main())
