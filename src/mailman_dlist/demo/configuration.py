# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a private Mailman.

Sections are merged before they are written, because Mailman refuses a file that
has one twice: ours, then the plugin's, then what a caller asks for.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path


Sections = dict[str, dict[str, str]]

# Runners that look into a queue; Mailman's own pause between two looks is a
# second, and two minutes for bounces.
QUEUE_RUNNERS = (
    'archive', 'bounces', 'command', 'digest', 'in', 'out', 'pipeline', 'virgin',
)  # fmt: skip
# Runners without a queue that is ours to watch.
OTHER_RUNNERS = ('lmtp', 'rest', 'retry', 'task')
SLEEP_TIME = '0.1s'
# At each look this one reads all bounces from the database.
BOUNCES_SLEEP_TIME = '1s'

PLUGIN = {
    'plugin.dlist': {
        'class': 'mailman_dlist.plugin.DlistPlugin',
        'enabled': 'yes',
        'component_package': 'mailman_dlist',
    },
    'runner.lmtp': {'class': 'mailman_dlist.runners.lmtp.DlistLMTPRunner'},
    'runner.dlist': {
        'class': 'mailman_dlist.runners.dlist.DlistRunner',
        'sleep_time': SLEEP_TIME,
    },
    'runner.digest': {'class': 'mailman_dlist.runners.digest.DlistDigestRunner'},
}

DATABASE_CLASSES = {
    'sqlite': 'mailman.database.sqlite.SQLiteDatabase',
    'postgresql': 'mailman.database.postgresql.PostgreSQLDatabase',
    'mysql': 'mailman.database.mysql.MySQLDatabase',
}


def parse_sections(text: str) -> Sections:
    """Read sections from text in the format of mailman.cfg.

    >>> parse_sections('[mta]\\nverp_delimiter: -')
    {'mta': {'verp_delimiter': '-'}}
    """
    parser = configparser.ConfigParser(interpolation=None, default_section='')
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def instances(counts: Mapping[str, int]) -> Sections:
    """Return the sections that set how many processes share each queue.

    >>> instances({'in': 2})
    {'runner.in': {'instances': '2'}}
    """
    return {
        f'runner.{name}': {'instances': str(count)} for name, count in counts.items()
    }


def database(url: str | None, class_name: str | None = None) -> Sections:
    """Return the section for a database URL; empty for SQLite in the site's directory.

    >>> database('postgresql://tests@localhost/tests')['database']['class']
    'mailman.database.postgresql.PostgreSQLDatabase'

    :param class_name: Mailman's class, if the URL does not determine it.
    """
    if url is None:
        return {}
    dialect = url.partition(':')[0].partition('+')[0]
    return {'database': {'url': url, 'class': class_name or DATABASE_CLASSES[dialect]}}


def runners(sections: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Return the runners that a site with these sections starts, with their numbers."""
    expected = dict.fromkeys((*QUEUE_RUNNERS, *OTHER_RUNNERS), 1)
    for section, settings in sections.items():
        kind, _, name = section.partition('.')
        if kind == 'runner':
            started = settings.get('start') != 'no'
            expected[name] = int(settings.get('instances', 1)) if started else 0
    return expected


def started(
    log: str, sections: Mapping[str, Mapping[str, str]]
) -> tuple[int, int]:
    """Return how many runners have started, according to the log, and how many will.

    >>> started('2026 (7) in runner started.', {})
    (1, 12)
    """
    expected = runners(sections)
    found = {name: log.count(f' {name} runner started.') for name in expected}
    # A runner that was started again counts once.
    up = sum(min(found[name], count) for name, count in expected.items())
    return up, sum(expected.values())


def merged(*layers: Mapping[str, Mapping[str, str]]) -> Sections:
    """Merge settings; later ones override earlier ones."""
    result: Sections = {}
    for layer in layers:
        for name, settings in layer.items():
            result.setdefault(name, {}).update(settings)
    return result


def write_sections(path: Path, sections: Sections) -> None:
    lines = []
    for name, settings in sections.items():
        lines.append(f'[{name}]')
        # A value goes on in the lines that are indented.
        lines += [
            f'{key}: {value}'.replace('\n', '\n    ') for key, value in settings.items()
        ]
        lines.append('')
    path.write_text('\n'.join(lines))
