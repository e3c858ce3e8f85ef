# SPDX-License-Identifier: GPL-3.0-or-later
"""What README and the pages tell people to type, and what they promise, holds.

The examples in the pages run by themselves, and on a Mailman that is configured
as install.rst says; see docs/conftest.py.
"""

from __future__ import annotations

import argparse
import configparser
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from mailman.app.lifecycle import create_list
from mailman.commands.cli_lists import Create
from mailman.interfaces.listmanager import IListManager
from sqlalchemy import text
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.notices.templates import TEMPLATES
from mailman_dlist.commands.dlist import dlist
from mailman_dlist.model.base import metadata
from mailman_dlist.model.conversations import Step
from mailman_dlist.model.schema import VERSION_TABLE
from mailman_dlist.model.session import store
from tests.docs import pages
from tests.house.imports import imported
from tests.house.tree import PACKAGE, ROOT, python_files, short
from tests.model.stage import join, new_list
from tests.rest import FORM, Client


COMMANDS = {'create': Create.command, 'dlist': dlist}

# Distributions whose modules have another name.
MODULES = {
    'SQLAlchemy': 'sqlalchemy',
    'atpublic': 'public',
    'mail-parser-reply': 'mailparser_reply',
    'python-slugify': 'slugify',
}


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the subcommands of mailman that a page shows, about lists."""
    for block in pages.snippets(page, 'console'):
        for line in block.splitlines():
            if re.match(r'\$ (/\S+/)?mailman ', line):
                _program, name, *arguments = shlex.split(line.removeprefix('$ '))
                if name in COMMANDS:
                    yield name, arguments


def test_readme_and_installation_say_the_same():
    assert pages.configuration(pages.README) == pages.configuration(pages.INSTALL)


@pytest.mark.parametrize('page', [pages.README, pages.INSTALL], ids=short)
def test_the_commands_do_what_they_say(mailman, page):
    manager = getUtility(IListManager)
    shown = list(commands(page))
    assert shown
    for name, arguments in shown:
        address = arguments[-1]
        if name != 'create' and manager.get(address) is None:
            create_list(address)
        done = CliRunner().invoke(COMMANDS[name], arguments)
        assert done.exit_code == 0, done.output
        assert lists.is_dlist(manager.get(address)) is ('disable' not in arguments)


def test_without_the_package_a_dlist_becomes_plain_by_sql(mailman):
    mlist = new_list()
    store().commit()
    # The prose below is indented as well.
    [block] = pages.snippets(pages.INSTALL, 'sql')
    *statements, _rest = block.split(';')
    assert len(statements) == 2
    for statement in statements:
        store().execute(text(statement))
    store().commit()
    stock = create_list('bee@example.com', style_name='legacy-default')
    assert mlist.posting_chain == stock.posting_chain
    assert mlist.posting_pipeline == stock.posting_pipeline


def curls(page: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield method, path below the API and form of what a page asks REST for."""
    for block in pages.snippets(page, 'console'):
        for line in block.replace('\\\n', '').splitlines():
            if not line.startswith('$ curl '):
                continue
            options = argparse.ArgumentParser()
            options.add_argument('--user')
            options.add_argument('--request', default='GET')
            options.add_argument('--data', action='append', default=[])
            options.add_argument('url')
            given = options.parse_args(shlex.split(line)[2:])
            server, _version, path = given.url.partition('/3.1/')
            assert (server, given.user) == (
                'http://localhost:8001', 'restadmin:restpass'
            )
            yield given.request, path, dict(each.split('=') for each in given.data)


def test_the_commands_for_curl_are_answered(mailman):
    mlist = new_list()
    member_id = join(mlist, 'Anne').member_id.hex
    store().commit()
    client, paths = Client(), []
    for method, path, form in curls(ROOT / 'docs' / 'rest.rst'):
        path, _mark, query = path.replace('MEMBER_ID', member_id).partition('?')
        answer = client._client.simulate_request(
            method,
            f'/3.1/{path}',
            query_string=query,
            body=urlencode(form),
            headers={'Content-Type': FORM},
        )
        assert answer.status_code in (200, 204), (path, answer.text)
        paths.append(path)
        if path == 'members/find':
            assert [each['member_id'] for each in answer.json['entries']] == [member_id]
    assert len(paths) == 5


def test_the_links_of_readme_lead_somewhere():
    links = re.findall(r'\]\((?!https?:)([^)#]+)', pages.README.read_text('utf-8'))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def requirements() -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg', 'utf-8')
    lines = setup['options']['install_requires'].split('\n')
    return {re.split('[ <>=!]', line)[0] for line in lines if line}


def test_the_design_notes_give_a_reason_for_every_requirement():
    notes = (ROOT / 'docs' / 'design-notes.rst').read_text('utf-8')
    table = notes.partition('\npackage ')[2].partition('\n\n')[0]
    assert set(re.findall(r'^([\w.-]*\w)  ', table, re.M)) == requirements()


def test_what_we_require_is_what_we_import():
    names = {
        name
        for path in python_files(PACKAGE)
        for name in imported(
            '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts),
            path.read_text('utf-8'),
        )
    }
    ours = sys.stdlib_module_names | {'mailman_dlist'}
    theirs = {name for name in names if name.split('.')[0] not in ours}
    modules = {MODULES.get(each, each) for each in requirements()}
    used = {
        module: [name for name in theirs if f'{name}.'.startswith(f'{module}.')]
        for module in modules
    }
    unused = {module for module in modules if not used[module]}
    unnamed = theirs - {name for found in used.values() for name in found}
    assert (unused, unnamed) == (set(), set())


def test_the_pages_make_a_book(tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'sphinx', '-W', '--keep-going', '-q', 'docs', tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_modules_that_the_architecture_names_are_there():
    page = (ROOT / 'docs' / 'architecture.rst').read_text('utf-8')
    named = re.findall(
        r'``((?:mail|domain|interfaces|model|app|chains|rules|handlers|pipelines|runners)'
        r'(?:\.[a-z_]+)+)',
        page,
    )
    assert named
    assert [name for name in named if not has_module(name)] == []


def has_module(name: str) -> bool:
    """Tell whether a dotted name is a module, or something in one."""
    path = PACKAGE / name.replace('.', '/')
    return any(each.with_suffix('.py').exists() for each in (path, path.parent))


def test_the_architecture_names_every_table():
    page = (ROOT / 'docs' / 'architecture.rst').read_text('utf-8')
    named = set(re.findall(r'^``(dlist_\w+)``', page, re.M))
    assert named == {*metadata.tables, VERSION_TABLE}


def test_the_owners_page_names_every_template():
    page = (ROOT / 'docs' / 'owners.rst').read_text('utf-8')
    named = set(re.findall(r'``(dlist:\w+:[a-z-]+)``', page))
    assert named == TEMPLATES


def test_the_reliability_page_names_every_step():
    page = (ROOT / 'docs' / 'reliability.rst').read_text('utf-8')
    table = page.partition('\nstep ')[2].partition('\n\n')[0]
    # The two footer groups share a row.
    assert len(table.splitlines()) - 3 == len(Step) - 1
