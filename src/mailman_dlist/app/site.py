# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the settings of the site from dlist.cfg, and check that the plugin can work.

A constructor or hook that fails would break every Mailman command, `stop` included.
Therefore an error in the configuration or the tables is logged at start, and every
component calls `ready()` before it does anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from configparser import (
    ConfigParser,
    DuplicateOptionError,
    DuplicateSectionError,
    MissingSectionHeaderError,
    ParsingError,
)
from configparser import Error as ConfigParserError
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path

from mailman.config import config
from mailman.utilities.modules import find_name
from public import public

from mailman_dlist.domain.errors import DlistError
from mailman_dlist.domain.values import number
from mailman_dlist.model import schema


SECTION = 'dlist'

# A host, optionally a port, optionally a path (RFC 3986, section 3.3).
WEB_URL = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._~%!$&'()*+,;=:@/-]*)?", re.I
)

LEVELS = ('debug', 'info', 'warning', 'error', 'critical')


@public
class SiteSettingError(DlistError):
    """A setting in dlist.cfg is unknown or its value is not valid."""

    def __init__(self, path: Path, line: int | None, problem: str):
        self.path = path
        self.line = line
        self.problem = problem
        where = path if line is None else f'{path}, line {line}'
        super().__init__(f'{where}: {problem}')


@public
@dataclass(frozen=True)
class SiteSettings:
    """The settings of the site; see dlist.cfg for what they mean."""

    #: The address of the web pages, without a slash at the end; '' for none.
    web_base_url: str = ''
    #: Days for which a personal link is valid.
    token_lifetime: int = 365
    #: Notices to one address on one day.
    max_notices: int = 50
    #: Octets of a name that is made from a subject.
    name_length: int = 30
    #: Aliases of one member on one list, and how many may be requested a day.
    alias_limit: int = 10
    log_level: str = 'info'


@public
def ready() -> SiteSettings:
    """Return the settings of the site if the plugin can work.

    :raises SiteSettingError: if dlist.cfg has an error.
    :raises SchemaError: if the tables are not those of this release.
    """
    settings = site_settings()
    schema.check()
    return settings


@public
def site_settings() -> SiteSettings:
    """Return the settings of the site.

    :raises SiteSettingError: if dlist.cfg has an error.
    """
    path = _configuration(config.data)
    return SiteSettings() if path is None else read(path)


@lru_cache(maxsize=1)
def _configuration(_version: object) -> Path | None:
    """Return the file named in the plugin's section of mailman.cfg.

    This is called for every personal link.

    :param _version: Changes whenever Mailman's configuration does.
    """
    for _name, section in config.plugin_configs:
        if section['component_package'].strip() == 'mailman_dlist':
            named = section['configuration'].strip()
            return Path(named) if named else None
    return None


# The classes that mailman.cfg must name, and the consequence if it does not.
RUNNERS = {
    'lmtp': (
        'mailman_dlist.runners.lmtp.DlistLMTPRunner',
        'addresses lose the part after the plus, and mail to conversations is held '
        'or not understood',
    ),
    'dlist': (
        'mailman_dlist.runners.dlist.DlistRunner',
        'commands by mail cannot be carried out, and the mail server tries them again '
        'and again',
    ),
    'digest': (
        'mailman_dlist.runners.digest.DlistDigestRunner',
        'digests contain conversations that their readers have muted',
    ),
}


@public
def runner_faults() -> list[str]:
    """Say which sections of mailman.cfg are missing or name another class."""
    named = {
        section.name.partition('.')[2]: section['class'].strip()
        for section in config.runner_configs
    }
    faults = []
    for name, (wanted, consequence) in RUNNERS.items():
        found = named.get(name)
        if found is None:
            state = f'mailman.cfg has no section [runner.{name}]'
        elif not _is_class(found, wanted):
            state = f'The class in section [runner.{name}] of mailman.cfg is {found}'
        else:
            continue
        faults.append(
            f'{state}, so {consequence}.  Set "class: {wanted}" there, stop Mailman '
            'and start it again.'
        )
    return faults


def _is_class(found: str, wanted: str) -> bool:
    """Return whether a class is the given one or derived from it; both are paths."""
    if found == wanted:
        return True
    try:
        bases = find_name(found).__mro__
    except (ImportError, AttributeError, ValueError):
        return False
    return wanted in {f'{base.__module__}.{base.__qualname__}' for base in bases}


@cache
def read(path: Path) -> SiteSettings:
    """Read a dlist.cfg.

    :raises SiteSettingError: for the first error in it.
    """
    # No section is special: [DEFAULT] is as unknown as any other.
    parser = ConfigParser(interpolation=None, default_section='')
    try:
        text = path.read_text(encoding='utf-8')
        parser.read_string(text)
    except (OSError, UnicodeDecodeError) as error:
        raise SiteSettingError(path, None, f'cannot be read: {error}') from error
    except ConfigParserError as error:
        raise SiteSettingError(path, *_misread(error)) from error
    for name in parser.sections():
        if name != SECTION:
            raise SiteSettingError(
                path,
                _line(text, f'[{name}]'),
                f'unknown section [{name}]; all settings belong to [{SECTION}]',
            )
    values = dict(parser[SECTION]) if parser.has_section(SECTION) else {}
    known = {field.name for field in fields(SiteSettings)}
    checked: dict[str, str | int] = {}
    for name, value in values.items():
        if name not in known:
            problem = f'unknown setting {name}; there are {", ".join(sorted(known))}'
            raise SiteSettingError(path, _line(text, name), problem)
        try:
            checked[name] = _CONVERTERS[name](value.strip())
        except ValueError as error:
            problem = f'{name} is {value!r}, but it must be {error}'
            raise SiteSettingError(path, _line(text, name), problem) from error
    return SiteSettings(**checked)  # type: ignore[arg-type] # checked by name


def _misread(error: ConfigParserError) -> tuple[int | None, str]:
    """Return the line with a syntax error, and the reason."""
    match error:
        case MissingSectionHeaderError():
            return error.lineno, f'a setting stands above [{SECTION}]'
        case DuplicateSectionError():
            return error.lineno, f'there is more than one [{error.section}]'
        case DuplicateOptionError():
            return error.lineno, f'{error.option} is set more than once'
        case ParsingError():
            return error.errors[0][0], 'this is no setting'
    return None, error.message


def _web_url(value: str) -> str:
    if value and not WEB_URL.fullmatch(value):
        raise ValueError('a URL such as https://lists.example.com/mailman3, or empty')
    return value.rstrip('/')


def _level(value: str) -> str:
    if value.lower() not in LEVELS:
        raise ValueError(f'one of {", ".join(LEVELS)}')
    return value.lower()


_CONVERTERS: dict[str, Callable[[str], str | int]] = {
    'web_base_url': _web_url,
    'token_lifetime': number(1, 3650, 'days'),
    'max_notices': number(1, 100_000, 'notices'),
    'name_length': number(8, 40, 'octets'),
    'alias_limit': number(1, 1000, 'aliases'),
    'log_level': _level,
}


def _line(text: str, start: str) -> int | None:
    """Return the number of the line that begins with a text."""
    for position, line in enumerate(text.splitlines(), start=1):
        if line.strip().lower().startswith(start.lower()):
            return position
    return None
