# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman inside the process of a bench, as a site runs it, with many members.

Tests have a Mailman with a clock that stands still and logs that say everything;
a bench takes the one that an administrator starts, with the settings it ships
with.  Mailman can be initialised once per process, so whatever measures runs
`apart`.  Tests of a bench run it in their own process and on their own Mailman,
which is quicker.
"""

from __future__ import annotations

import random
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from mailman.config import config
from mailman.core.initialize import initialize
from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.mailinglist import DMARCMitigateAction
from mailman.interfaces.member import DeliveryMode, DeliveryStatus
from zope.component import getUtility

from tests.core import PLUGIN_CFG, fresh_site, on_database
from tests.databases import EVERY, Database
from tests.model.stage import Newcomer, crowd, new_list


T = TypeVar('T')

# How a bench calls what measures: `apart`, or in a test at once.
Call = Callable[..., Any]

# PostgreSQL goes by what it knows of the tables: empty ones it reads from end to
# end, for each new user again.
BATCH = 2000

CFG = """\
[mailman]
layout: local
site_owner: postmaster@example.com

[paths.local]
var_dir: {var}

[database]
class: {mailman_class}
url: {url}

[mta]
incoming: mailman.mta.null.NullMTA

"""

SMTP = """\
[mta]
smtp_host: 127.0.0.1
smtp_port: {port}
"""


def add_database_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        '--database',
        action='append',
        choices=[database.name for database in EVERY],
        help='only this one; all that answer if none is named',
    )


def databases(options: Namespace) -> Iterator[Database]:
    """Yield the databases to measure on, and say which do not answer."""
    for database in EVERY:
        if options.database and database.name not in options.database:
            continue
        if database.absence:
            print(f'\n{database.product} is left out: {database.absence}')
        else:
            yield database


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function in a new process and return what it returns."""
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        return pool.submit(function, *arguments).result()


@contextmanager
def mailman(database: Database, smtp_port: int = 0) -> Iterator[None]:
    """Give Mailman with the plugin, an empty database and the domain example.com.

    :param smtp_port: Where a mail server takes what goes out.
    """
    is_in_test = config.db is not None
    with database.create() as url:
        site = _test_mailman if is_in_test else _initialised
        with site(database, url):
            config.push('bench', SMTP.format(port=smtp_port))
            try:
                yield
            finally:
                # With what a bench has pushed since.
                config.pop('bench')


@contextmanager
def _initialised(database: Database, url: str) -> Iterator[None]:
    """Initialise Mailman; once per process."""
    with tempfile.TemporaryDirectory(prefix='dlist-bench-') as var:
        cfg = Path(var) / 'mailman.cfg'
        own = CFG.format(
            var=var,
            mailman_class=database.mailman_class,
            url=url.replace('$', '$$'),
        )
        cfg.write_text(own + PLUGIN_CFG, encoding='utf-8')
        initialize(str(cfg))
        getUtility(IDomainManager).add('example.com')
        config.db.commit()
        try:
            yield
        finally:
            config.db.close_session()
            config.db.engine.dispose()


@contextmanager
def _test_mailman(database: Database, url: str) -> Iterator[None]:
    """Take the Mailman that a test has initialised, on another database."""
    with on_database(database, url), fresh_site():
        yield


def list_of(members: list[Newcomer], name: str, style: str) -> Any:
    """Make a list, with or without conversations, of these members."""
    mlist = new_list(name, style)
    # Or every post asks the Internet about example.com.
    mlist.dmarc_mitigate_action = DMARCMitigateAction.no_mitigation
    config.db.commit()
    for start in range(0, len(members), BATCH):
        crowd(mlist, members[start : start + BATCH])
        if start == 0:
            settle()
    return mlist


def people(count: int, prefix: str = 'p') -> list[Newcomer]:
    """Invent members as they are on real lists, the same in every run.

    One in five is subscribed as a user, one in ten takes digests, one in twenty
    has delivery disabled, one in five has preferences as a user, which the
    membership's own outweigh now and then.
    """
    chance = random.Random(count)
    return [_person(chance, f'{prefix}{number}') for number in range(count)]


def _person(chance: random.Random, name: str) -> Newcomer:
    newcomer = Newcomer(
        f'{name}@example.com', as_user=chance.random() < 0.2
    )
    levels = (newcomer.preferences, newcomer.of_address, newcomer.of_user)
    if chance.random() < 0.2:
        newcomer.of_user['delivery_status'] = DeliveryStatus.by_user
        newcomer.preferences['delivery_status'] = DeliveryStatus.enabled
    if chance.random() < 0.05:
        newcomer.preferences['delivery_status'] = DeliveryStatus.by_bounces
    if chance.random() < 0.1:
        level = chance.choices(levels, (8, 1, 1))[0]
        level['delivery_mode'] = DeliveryMode.mime_digests
    return newcomer


def takes_posts(newcomer: Newcomer) -> bool:
    """Say whether the member gets single messages, by Mailman's rule."""
    wishes = newcomer.of_user | newcomer.of_address | newcomer.preferences
    return (
        wishes.get('delivery_status', DeliveryStatus.enabled)
        is DeliveryStatus.enabled
        and wishes.get('delivery_mode', DeliveryMode.regular) is DeliveryMode.regular
    )


def settle() -> None:
    """Let a server count its rows, as it does by itself before long.

    SQLite counts nothing unless told, and Mailman never tells it.
    """
    engine = config.db.engine
    with engine.connect().execution_options(
        isolation_level='AUTOCOMMIT'
    ) as connection:
        if engine.dialect.name == 'postgresql':
            connection.exec_driver_sql('VACUUM ANALYZE')
        elif engine.dialect.name == 'mysql':
            tables = connection.exec_driver_sql('SHOW TABLES').scalars().all()
            for table in tables:
                connection.exec_driver_sql(f'ANALYZE TABLE `{table}`').all()
