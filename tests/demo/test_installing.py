# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make`` says while pip installs."""

from __future__ import annotations

import io
import re

import pytest

from mailman_dlist.demo import installing
from mailman_dlist.demo.progress import Progress


PIP = """\
Obtaining file:///mailman-dlist
  Preparing editable metadata (pyproject.toml): started
Collecting mailman<3.4,>=3.3.10 (from mailman-dlist==0.1.0)
  Using cached mailman-3.3.10-py3-none-any.whl
Collecting alembic>=1.13 (from mailman-dlist==0.1.0)
Building wheels for collected packages: mailman-dlist
  Building editable for mailman-dlist (pyproject.toml): started
Successfully built mailman-dlist
Installing collected packages: zope, alembic, mailman, mailman-dlist
Successfully installed alembic-1.13 mailman-3.3.10 mailman-dlist-0.1.0 zope-6.0
"""


class Terminal(io.StringIO):
    encoding = 'utf-8'

    def isatty(self):
        return True


def test_a_log_has_a_line_for_each_thing_that_pip_does():
    output = io.StringIO()
    installing.follow(PIP.splitlines(), Progress(output))
    assert [line.strip() for line in output.getvalue().splitlines()] == [
        'Downloading packages',
        'Building packages',
        'Installing packages',
    ]


def test_a_terminal_shows_each_package():
    output = Terminal()
    installing.follow(PIP.splitlines(), Progress(output, clock=lambda: 7.0))
    frames = output.getvalue().split('\r\x1b[K')
    assert [frame.strip() for frame in frames if frame] == [
        'Downloading packages, 0 s  1: mailman<3.4,>=3.3.10',
        'Downloading packages, 0 s  2: alembic>=1.13',
        'Building packages, 0 s',
        'Installing packages, 0 s  zope, alembic, mailman, mailman-dlist',
    ]


@pytest.mark.parametrize(
    ('option', 'code', 'said'),
    [
        ('pip', 0, r'  ✓ Installing +\d+\.\d s\n'),
        ('--no-such-option', 2, r'pip failed:\n(.*\n)*.*no-such-option(.*\n)*'),
    ],
)
def test_the_end_says_whether_pip_has_succeeded(option, code, said):
    output = io.StringIO()
    # Installed already; and nothing is asked of the network.
    options = ['--no-index', option]
    assert installing.install('Installing', options, Progress(output)) == code
    first, _, rest = output.getvalue().partition('\n')
    assert first == '  Installing ...'
    assert re.fullmatch(said, rest)
