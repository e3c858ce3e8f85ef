# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mailmans that tests talk to.

All are inside the test's own process, but for those in tests/running:

``mailman``
    Mailman with an empty database and the domain example.com, for tests of one
    module against the real thing.
``ant``
    A dlist of a Mailman that mail goes into and comes out of, for journeys; its
    ``village`` has room for more lists.
``make_site``
    A Mailman of one's own, for journeys that configure it.

A test that takes ``database``, or a fixture built on it, runs on SQLite.  With
``@pytest.mark.every_database`` it runs on each database that answers: models, races,
numbers of statements, and one story of each use case.  ``pytest --database mariadb``
leaves out what would run on others.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from mailman.config import config as mailman_config
from mailman.config.config import Configuration

from mailman_dlist.demo.site import Site
from tests import archives, core, databases
from tests.databases import SQLITE, Database
from tests.inside import InsideSite
from tests.sharing import ByDatabase, rank
from tests.village import ARCHIVE, MailingList, Village


MakeSite = Callable[..., Site]

# Nothing that a test writes has to survive a power cut, so where the system keeps files
# in memory, and has this many bytes left, nobody waits for a disk.
MEMORY = '/dev/shm'
ENOUGH = 2 * 1024**3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        '--database',
        action='append',
        default=[],
        choices=[database.name for database in databases.EVERY],
        help='Run only on this database; may be given more than once.',
    )


def pytest_configure(config: pytest.Config) -> None:
    if 'TMPDIR' not in os.environ and _has_room(MEMORY):
        # Programs that tests start, and processes that share them, do the same.
        os.environ['TMPDIR'] = tempfile.tempdir = MEMORY
    for line in (
        'every_database: run on each database that answers, not on SQLite alone.',
        'databases(*names): run on the databases named, where they answer.',
    ):
        config.addinivalue_line('markers', line)


def _has_room(directory: str) -> bool:
    try:
        return os.access(directory, os.W_OK) and (
            shutil.disk_usage(directory).free >= ENOUGH
        )
    except OSError:
        return False


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what is there to stay.

    Mailman and the tests are a quarter of a million objects.  To visit them again and
    again would take a tenth of the time of all tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever needs a database on those it names that are wanted and answer."""
    if 'database' not in metafunc.fixturenames:
        return
    wanted = set(metafunc.config.getoption('database'))
    named = names_for(metafunc.definition)
    chosen = [
        database
        for database in databases.EVERY
        if database.name in named
        and (not wanted or database.name in wanted)
        and answers(database, asked_for=database.name in wanted)
    ]
    metafunc.parametrize(
        'database',
        chosen,
        indirect=True,
        scope='session',
        ids=[database.name for database in chosen],
    )


def names_for(item: pytest.Item) -> Collection[str]:
    """Return the names of the databases that a test is for."""
    if item.get_closest_marker('every_database'):
        return {database.name for database in databases.EVERY}
    marker = item.get_closest_marker('databases')
    return marker.args if marker else {SQLITE.name}


def answers(database: Database, asked_for: bool) -> bool:
    """Leave out a server that is not there, unless somebody counts on it."""
    if database.absence and asked_for:
        raise pytest.UsageError(f'{database.product}: {database.absence}')
    return not database.absence


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what runs on none of the databases that are wanted."""
    idle = [item for item in items if _is_idle(item)]
    if idle:
        config.hook.pytest_deselected(items=idle)
        items[:] = [item for item in items if not _is_idle(item)]
    items.sort(key=lambda item: rank(item.nodeid))


def _is_idle(item: pytest.Item) -> bool:
    # For a test that has no database left pytest makes one up.
    callspec = getattr(item, 'callspec', None)
    params = {} if callspec is None else callspec.params
    return not isinstance(params.get('database', SQLITE), Database)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let processes that share the tests have whole databases and whole files."""
    return ByDatabase(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note in the report, which crosses processes, what the test ran on."""
    callspec = getattr(item, 'callspec', None)
    if callspec and 'database' in callspec.params:
        item.user_properties.append(('database', callspec.params['database'].name))


# Around all others, so that the line stands below the failures.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Iterator[None]:
    yield
    used = {
        name
        for reports in terminalreporter.stats.values()
        for report in reports
        for key, name in getattr(report, 'user_properties', ())
        if key == 'database'
    }
    wanted = set(terminalreporter.config.getoption('database'))
    terminalreporter.write_line(databases.summary(used, wanted))
    terminalreporter.write_line(archives.summary())


@pytest.fixture(scope='session')
def database(request: pytest.FixtureRequest) -> Database:
    """The kind of database this test runs on."""
    # Examples in the pages have no parameters.
    return getattr(request, 'param', SQLITE)


@pytest.fixture(scope='session')
def mailman_core() -> Iterator[None]:
    """Mailman's own test layer, which a process can set up only once."""
    with core.set_up():
        yield


@pytest.fixture(scope='session')
def mailman_database(mailman_core: None, database: Database) -> Iterator[None]:
    with database.create() as url, core.on_database(database, url):
        yield


@pytest.fixture
def mailman(mailman_database: None) -> Iterator[Configuration]:
    """Mailman's ``config``: a fresh site with the domain example.com."""
    with core.fresh_site():
        yield mailman_config


@pytest.fixture(scope='session')
def make_site(
    mailman_database: None, tmp_path_factory: pytest.TempPathFactory
) -> MakeSite:
    """Makes a site inside; takes the keywords of `Site`, as ``with make_site():``."""

    def make(**settings: Any) -> Site:
        return InsideSite(
            tmp_path_factory.mktemp('site'),
            database_url=mailman_config.database.url,
            **settings,
        )

    return make


@pytest.fixture(scope='module')
def site(make_site: MakeSite) -> Iterator[Site]:
    """The Mailman that the journeys of a module share."""
    with make_site(extra=ARCHIVE) as site:
        yield site


@pytest.fixture
def village(site: Site) -> Iterator[Village]:
    """A mail domain for one journey, on which no mail may get lost."""
    shunted = len(site.shunted())
    site.outbox.clear()
    yield Village(site)
    assert len(site.shunted()) == shunted, site.log('mailman')[-3000:]


@pytest.fixture
def ant(village: Village) -> MailingList:
    """The dlist *ant*, without members."""
    return village.new_list('ant')
