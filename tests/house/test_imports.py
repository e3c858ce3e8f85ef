# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point down only.

The floors are those of the design: whoever reads one needs to know those below
it and nothing above.  The demo and the web pages stand apart.  They talk to a
running Mailman from outside, as any other program may, and share no code with
what runs inside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.imports import imported
from tests.house.tree import PACKAGE, python_files, short


FLOORS = (
    # The catalogues of translators are files, not code; anybody may open them.
    {'mail', 'messages'},
    {'domain'},
    {'interfaces'},
    {'model'},
    {'app'},
    {
        'plugin', 'chains', 'rules', 'handlers', 'pipelines', 'styles',
        'commands', 'runners', 'rest', 'mta', 'metadata',
    },
)
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
TOP = len(FLOORS)
# The rooms of app/, lowest first; those of one step do not know each other.
STEPS = (
    {'i18n', 'site'},
    {'lists'},
    {'nested'},
    {'people'},
    {'lookup'},
    {'records'},
    {'notices'},
    {'following'},
    {'access'},
    {'life', 'links'},
    {'aliases', 'copies', 'essays', 'posts'},
    {'digests'},
    {'steering'},
    {'commands', 'halves', 'leftovers', 'lifecycle', 'views'},
)
STEP_OF = {room: step for step, rooms in enumerate(STEPS) for room in rooms}
APART = {'demo', 'web'}

# Domain rules need neither Mailman nor a database to be understood or tested.
STRANGERS = {
    'mail': {'mailman', 'sqlalchemy', 'alembic', 'zope', 'lazr'},
    'domain': {'mailman', 'sqlalchemy', 'alembic', 'zope', 'lazr'},
    'demo': {'mailman', 'sqlalchemy', 'alembic', 'zope', 'lazr'},
    'web': {'mailman', 'sqlalchemy', 'alembic', 'zope', 'lazr'},
}


def faults(module: str, source: str) -> list[str]:
    """Return the names a module should not import."""
    return [
        name
        for name in imported(module, source)
        if not (may(part_of(module), name) and may_in_app(module, name))
    ]


def part_of(module: str) -> str:
    return module.split('.')[1]


def may(part: str, name: str) -> bool:
    if not name.startswith('mailman_dlist.'):
        return name.split('.')[0] not in STRANGERS.get(part, set())
    other = part_of(name)
    if part in APART or other in APART:
        return part == other
    return FLOOR_OF.get(other, TOP) <= FLOOR_OF.get(part, TOP)


def may_in_app(module: str, name: str) -> bool:
    """Say whether one room of app/ may know another, which stands below it."""
    if part_of(module) != 'app' or not name.startswith('mailman_dlist.app.'):
        return True
    room, other = (each.split('.')[2] for each in (module, name))
    return room == other or STEP_OF[other] < STEP_OF[room]


@pytest.mark.parametrize(('module', 'source', 'allowed'), [
    ('mail.subjects', 'from mailman_dlist.mail import charsets', True),
    ('mail.subjects', 'from mailman_dlist.domain import naming', False),
    ('domain.naming', 'from mailman_dlist.mail import subjects', True),
    ('domain.names', 'import re', True),
    ('domain.names', 'from mailman_dlist.domain.errors import ListNameUnfit', True),
    ('domain.names', 'from mailman_dlist.model import dlist', False),
    ('domain.names', 'from mailman.config import config', False),
    ('domain.names', 'import sqlalchemy.orm', False),
    ('domain.names', 'def f():\n    import mailman', False),
    ('interfaces.dlist', 'from zope.interface import Interface', True),
    ('interfaces.dlist', 'import mailman_dlist.app', False),
    ('model.dlist', 'from mailman_dlist.interfaces import dlist', True),
    ('model.dlist', 'from ..app import x', False),
    ('app.senders', 'from mailman_dlist.model import dlist', True),
    ('app.senders', 'from mailman_dlist import rules', False),
    ('app.posts.judging', 'from mailman_dlist.app.posts import threads', True),
    ('app.posts.judging', 'from mailman_dlist.app import lookup', True),
    ('app.posts.judging', 'from mailman_dlist.app.essays import mail', False),
    ('app.people.senders', 'from mailman_dlist.app.posts import judging', False),
    ('chains.posting', 'from mailman_dlist.rules.plain import X', True),
    ('plugin', 'from mailman_dlist.app import doctor', True),
    ('demo.site', 'from .mail import Letter', True),
    ('demo.site', 'from aiosmtpd.controller import Controller', True),
    ('demo.site', 'from mailman_dlist.domain import names', False),
    ('demo.site', 'import mailman.config', False),
    ('commands.dlist', 'from mailman_dlist.demo import site', False),
])
def test_an_upward_import_is_found(module, source, allowed):
    assert (faults(f'mailman_dlist.{module}', source) == []) is allowed


@pytest.mark.parametrize('path', python_files(PACKAGE), ids=short)
def test_imports_point_down(path: Path):
    module = '.'.join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix('').parts))
    assert faults(module, path.read_text('utf-8')) == []


def test_every_part_stands_on_a_floor():
    parts = {path.relative_to(PACKAGE).parts[0] for path in python_files(PACKAGE)}
    names = {part.removesuffix('.py') for part in parts} - {'__init__'}
    assert names - FLOOR_OF.keys() - APART == set()


def test_every_room_of_app_stands_on_a_step():
    app = PACKAGE / 'app'
    parts = {path.relative_to(app).parts[0] for path in python_files(app)}
    assert {part.removesuffix('.py') for part in parts} - {'__init__'} == set(STEP_OF)
