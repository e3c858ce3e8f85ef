# SPDX-License-Identifier: GPL-3.0-or-later
"""A site admin follows docs/install.rst to the letter, and then removes us in a hurry.

The commands are those of the page.  Only paths differ, and pip has nothing to do, since
this environment has all of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailman_dlist.demo import configuration
from mailman_dlist.demo.configuration import (
    OTHER_RUNNERS,
    QUEUE_RUNNERS,
    parse_sections,
    write_sections,
)
from mailman_dlist.demo.sink import Sink
from mailman_dlist.demo.site import Site, script, until
from tests import processes
from tests.docs import pages
from tests.running.sites import idle


PATIENCE_SECONDS = 300

# What a post needs; the others would start for nothing.
NEEDED = {'in', 'pipeline', 'out', 'lmtp'}
IDLE = idle(sorted({*QUEUE_RUNNERS, *OTHER_RUNNERS} - NEEDED))

VENV = '/opt/mailman/venv/bin'


def commands(*first_words: str) -> list[str]:
    """Return the commands of the page with these words in them, as they are typed."""
    return [
        line.removeprefix('$ ')
        for block in pages.snippets(pages.INSTALL, 'console')
        for line in block.splitlines()
        if line.startswith('$ ') and any(word in line for word in first_words)
    ]


class Admin:
    """Who types commands on the site."""

    def __init__(self, site: Site):
        self.site = site
        self.programs = site.directory / 'bin'
        self.programs.mkdir()
        root = '--run-as-root' if os.geteuid() == 0 else ''
        self._program('mailman', f'{script("mailman")} -C {site.cfg} {root} "$@"')
        self._program('pip', '-m pip show --quiet mailman-dlist # "$@"')

    def _program(self, name: str, line: str) -> None:
        path = self.programs / name
        path.write_text(f'#!/bin/sh\nexec {sys.executable} {line}\n')
        path.chmod(0o755)

    def types(self, *lines: str, **environment: str) -> str:
        """Type lines into a shell; return what they print, errors included."""
        # No pipe: the Mailman that they start would inherit it.
        said = self.site.directory / 'said'
        with said.open('w') as file:
            subprocess.run(
                ['sh', '-ec', '\n'.join(lines).replace(VENV, str(self.programs))],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.site.var,
                env={**self.site._environment, **environment},
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        return said.read_text()

    def configures(self, text: str) -> None:
        """Write what mailman.cfg says beside the settings of the system."""
        sections = configuration.merged(self.site._sections, parse_sections(text))
        write_sections(self.site.cfg, sections)


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    """Their Mailman is stock, and nothing is made yet."""
    site = Site(tmp_path, plugin=False, extra=IDLE)
    site._write()
    sink = Sink(site.outbox, site.smtp_port)
    sink.start()
    admin = Admin(site)
    yield admin
    # Whatever happened.
    admin.configures('')
    admin.types(*stopping())
    sink.stop()
    site.close()
    assert processes.naming(site.cfg) == []


def stopping() -> list[str]:
    """Return the lines that stop Mailman and wait; the page has them several times."""
    lines = commands(' stop', ' status')
    assert lines[:2] == lines[2:4]
    return lines[:2]


def test_the_page_leads_to_a_message_in_a_conversation(admin):
    site = admin.site
    [start, *_more] = commands(' start')
    admin.types(start)
    assert until(lambda: 'in runner started' in site.log('mailman'), PATIENCE_SECONDS)
    admin.types(*commands('pip install ./'))
    admin.configures(pages.configuration(pages.INSTALL))
    # The line must work in a shell that ends with the first error.
    said = admin.types(*stopping(), start)
    assert 'already running' not in said, said
    assert until(site._lmtp_answers, PATIENCE_SECONDS), said
    said = admin.types(*commands('trial@'))
    assert 'you@example.com' in said, said
    assert 'Warning' not in said, said
    mail = EmailMessage()
    mail['From'] = 'you@example.com'
    mail['To'] = 'trial+new@example.com'
    mail['Subject'] = 'Does it work?'
    mail['Message-ID'] = '<trial@example.com>'
    mail.set_content('It does.')
    site.deliver('you@example.com', 'trial+new@example.com', mail)
    assert until(lambda: bool(site.outbox.to('you@example.com')), PATIENCE_SECONDS)
    delivery = site.outbox.to('you@example.com')[-1]
    assert delivery.message['x-dlist-conversation'] == 'does-it-work'
    log = site.log('plugins')
    assert log.count('Tables of mailman-dlist migrated from None') == 1
    assert 'cannot work' not in log
    assert 'mailman.cfg' not in log
    remove_in_a_hurry(admin)


def remove_in_a_hurry(admin: Admin) -> None:
    """Take the package away while Mailman runs, and come back from there."""
    stop, wait = stopping()
    # In the way of ours.
    gone = admin.site.directory / 'gone' / 'mailman_dlist'
    gone.mkdir(parents=True)
    (gone / '__init__.py').touch()
    there_is_none = {'PYTHONPATH': str(gone.parent)}
    assert 'ModuleNotFoundError' in admin.types(stop, **there_is_none)
    admin.configures('')
    said = admin.types(stop, wait, **there_is_none)
    assert 'ModuleNotFoundError' not in said
    assert processes.naming(admin.site.cfg) == []
