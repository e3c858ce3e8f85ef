# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the site: what dlist.cfg may say, and how it is told a fault."""

from __future__ import annotations

import sys
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mailman.config import config
from mailman.core.runner import Runner
from mailman.testing.helpers import configuration
from mailman.utilities.modules import find_name

from mailman_dlist.app import site
from mailman_dlist.app.site import SiteSettingError, SiteSettings
from mailman_dlist.domain import seldom
from mailman_dlist.runners.dlist import DlistRunner
from mailman_dlist.runners.lmtp import DlistLMTPRunner


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns a function that writes a dlist.cfg and makes it the site's."""
    path = tmp_path / 'dlist.cfg'
    ours = {'component_package': 'mailman_dlist', 'configuration': str(path)}
    other = {'component_package': 'other', 'configuration': '/nowhere.cfg'}
    sections = [('plugin.other', other), ('plugin.sublists', ours)]
    mailman = SimpleNamespace(plugin_configs=sections, data=object())
    monkeypatch.setattr(site, 'config', mailman)

    def write(text: str | bytes) -> Path:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        site.read.cache_clear()
        return path

    return write


@pytest.mark.parametrize(('text', 'settings'), [
    ('', SiteSettings()),
    ('[dlist]\n', SiteSettings()),
    ('[dlist]\nmax_notices: 7\n', SiteSettings(max_notices=7)),
    ('[dlist]\nMax_Notices = 7\n', SiteSettings(max_notices=7)),
    ('[dlist]\nweb_base_url:\n', SiteSettings(web_base_url='')),
    *((f'[dlist]\nweb_base_url: {given}\n', SiteSettings(web_base_url=kept))
      for given, kept in [
          ('https://lists.example.com', 'https://lists.example.com'),
          ('https://lists.example.com/mailman3/', 'https://lists.example.com/mailman3'),
          ('http://localhost:8000/', 'http://localhost:8000'),
          ('HTTPS://Lists.Example.com/M', 'HTTPS://Lists.Example.com/M'),
      ]),
    ('[dlist]\ntoken_lifetime: 1\n', SiteSettings(token_lifetime=1)),
    ('[dlist]\ntoken_lifetime: 3650\n', SiteSettings(token_lifetime=3650)),
    ('[dlist]\nname_length: 8\n', SiteSettings(name_length=8)),
    ('[dlist]\nname_length: 40\n', SiteSettings(name_length=40)),
    ('[dlist]\nlog_level: DEBUG\n', SiteSettings(log_level='debug')),
    ('# Été\n[dlist]\nlog_level: error\n', SiteSettings(log_level='error')),
])
def test_what_the_file_says_holds(text, settings, configure):
    configure(text)
    assert site.site_settings() == settings


@pytest.mark.parametrize(('text', 'line', 'problem'), [
    ('[dlist]\nmax_notice: 7\n', 2, 'unknown setting max_notice; there are '),
    ('[dlist]\n\n\nlog_level: loud\n', 4,
     "log_level is 'loud', but it must be one of debug, info, warning, error, "
     'critical'),
    ('[dlist]\nmax_notices: many\n', 2,
     "max_notices is 'many', but it must be a number of notices from 1 to 100000"),
    ('[dlist]\nmax_notices: 0\n', 2, "max_notices is '0', but it must be a number"),
    ('[dlist]\nmax_notices: -1\n', 2, "max_notices is '-1', but it must be"),
    ('[dlist]\nmax_notices: ²\n', 2, "max_notices is '²', but it must be"),
    ('[dlist]\nmax_notices:\n', 2, "max_notices is '', but it must be"),
    # Python reads no number of so many digits, and says so in its own words.
    (f'[dlist]\nmax_notices: {5000 * "7"}\n', 2,
     f"max_notices is '{5000 * '7'}', but it must be a number of notices"),
    ('[dlist]\ntoken_lifetime: 0\n', 2,
     "token_lifetime is '0', but it must be a number of days from 1 to 3650"),
    ('[dlist]\ntoken_lifetime: 3651\n', 2, "token_lifetime is '3651', but it must"),
    *((f'[dlist]\nweb_base_url: {url}\n', 2,
       f'web_base_url is {url!r}, but it must be a URL such as https://lists')
      for url in [
          'lists.example.com', 'ftp://lists.example.com', 'https://', 'https:///m',
          '/mailman3', 'https://a.example/?m=3', 'https://a.example/#m',
          'https://a.example/a b', 'https://a.example/?', 'https://me@a.example/',
          'https://a.example/<b>', 'https://[a.example/', 'https://ä.example/',
      ]),
    ('[dlist]\nname_length: 7\n', 2,
     "name_length is '7', but it must be a number of octets from 8 to 40"),
    ('[dlist]\nname_length: 41\n', 2, "name_length is '41', but it must be"),
    ('[dlist]\nmax_notices: 7\n[dlists]\n', 3,
     'unknown section [dlists]; all settings belong to [dlist]'),
    ('# one\n[mailman]\nx: y\n', 2, 'unknown section [mailman]; '),
    # Comments and longer names do not count as the line of a setting.
    ('[dlist]\n#name_length: 9\nname_length: 9x\n', 3, "name_length is '9x'"),
    ('max_notices: 7\n', 1, 'a setting stands above [dlist]'),
    ('[dlist]\nmax_notices: 7\nmax_notices: 8\n', 3,
     'max_notices is set more than once'),
    ('[dlist]\nmax_notices: 7\n\n[dlist]\n', 4, 'there is more than one [dlist]'),
    ('[dlist]\nmax_notices\n', 2, 'this is no setting'),
    ('[DEFAULT]\nmax_notices: 7\n', 1, 'unknown section [DEFAULT]; '),
])
def test_a_fault_is_told_with_its_line(text, line, problem, configure):
    path = configure(text)
    with pytest.raises(SiteSettingError) as raised:
        site.site_settings()
    assert raised.value.line == line
    assert raised.value.problem.startswith(problem)
    assert str(raised.value).startswith(f'{path}, line {line}: ')


@pytest.mark.parametrize('text', [b'\xff\xfe', None])
def test_a_file_that_cannot_be_read_is_named(text, configure):
    path = configure(text or '')
    if text is None:
        path.unlink()
    with pytest.raises(SiteSettingError) as raised:
        site.site_settings()
    assert str(raised.value).startswith(f'{path}: cannot be read: ')


def test_a_fault_stops_all_work(mailman_core, configure):
    configure('[dlist]\nlog_level: loud\n')
    with pytest.raises(SiteSettingError):
        site.ready()


def test_without_a_file_the_defaults_hold(mailman_core):
    assert site.site_settings() == SiteSettings()


# The file that we ship.

SHIPPED = (files('mailman_dlist') / 'dlist.cfg').read_text('utf-8')


def uncommented() -> str:
    """Return the file with the ``#`` taken from every setting."""
    names = {field.name for field in fields(SiteSettings)}
    lines = []
    for line in SHIPPED.splitlines():
        setting = line.removeprefix('#')
        lines.append(setting if setting.partition(':')[0] in names else line)
    return '\n'.join(lines)


def test_the_file_we_ship_changes_nothing(configure):
    configure(SHIPPED)
    assert site.site_settings() == SiteSettings()


def test_the_file_we_ship_names_every_setting_with_its_default(configure):
    configure(uncommented())
    assert site.site_settings() == SiteSettings()
    for field in fields(SiteSettings):
        assert f'\n{field.name}:' in uncommented()


def test_what_mailman_is_told_later_counts_at_once(mailman_core, tmp_path):
    before = site.site_settings()
    path = tmp_path / 'dlist.cfg'
    path.write_text('[dlist]\nmax_notices: 7\n')
    config.push('later', f'[plugin.dlist]\nconfiguration: {path}\n')
    assert site.site_settings() == SiteSettings(max_notices=7)
    config.pop('later')
    assert site.site_settings() == before == SiteSettings()


# The sections of mailman.cfg.


OURS = {
    f'runner.{name}': wanted for name, (wanted, _consequence) in site.RUNNERS.items()
}
STOCK = {
    'runner.lmtp': 'mailman.runners.lmtp.LMTPRunner',
    'runner.digest': 'mailman.runners.digest.DigestRunner',
}


class OwnLMTPRunner(DlistLMTPRunner):
    """What a site makes of ours."""


def own(name: str) -> str:
    return f'{__name__}.{name}'


@pytest.mark.parametrize(('sections', 'named'), [
    (OURS, []),
    (OURS | {'runner.lmtp': own('OwnLMTPRunner')}, []),
    (STOCK, ['runner.lmtp', 'runner.dlist', 'runner.digest']),
    (OURS | {'runner.digest': STOCK['runner.digest']}, ['runner.digest']),
    (OURS | {'runner.lmtp': own('no')}, ['runner.lmtp']),
    (OURS | {'runner.lmtp': 'nowhere.at.all'}, ['runner.lmtp']),
    (OURS | {'runner.lmtp': ''}, ['runner.lmtp']),
    ({}, ['runner.lmtp', 'runner.dlist', 'runner.digest']),
])
def test_each_missing_section_is_named_with_what_to_put_there(
    sections, named, monkeypatch
):
    runners = [Section(name, given) for name, given in sections.items()]
    mailman = SimpleNamespace(runner_configs=runners)
    monkeypatch.setattr(site, 'config', mailman)
    faults = site.runner_faults()
    assert len(faults) == len(named)
    for fault, name in zip(faults, named, strict=True):
        assert f'[{name}]' in fault
        assert f'"class: {OURS[name]}"' in fault


class Section(dict[str, str]):
    """A section of Mailman's configuration."""

    def __init__(self, name: str, given: str):
        super().__init__({'class': given})
        self.name = name


@pytest.mark.parametrize('name', site.RUNNERS)
def test_the_classes_that_are_asked_for_are_there(name):
    wanted, _consequence = site.RUNNERS[name]
    assert issubclass(find_name(wanted), Runner)


@pytest.mark.parametrize(('program', 'lines'), [
    ('/opt/mailman/bin/master', 1),
    ('/opt/mailman/bin/runner', 0),
    ('/opt/mailman/bin/mailman', 0),
])
def test_the_master_logs_once_for_all_runners(
    program, lines, mailman, monkeypatch, caplog
):
    monkeypatch.setattr(sys, 'argv', [program])
    stock = {'class': STOCK['runner.lmtp']}
    with configuration('runner.lmtp', **stock):
        config.plugins['dlist'].post_hook()
    assert caplog.text.count('[runner.lmtp]') == lines


def test_a_faulty_file_is_logged_once_an_hour_by_all_chores(
    mailman, monkeypatch, tmp_path, caplog
):
    path = tmp_path / 'dlist.cfg'
    path.write_text('[dlist]\nmax_notice: 7\n')
    monkeypatch.setattr(site, '_configuration', lambda _version: path)
    seldom.forget()
    for _look in range(3):
        # A new runner does all of its chores at once.
        DlistRunner('dlist')._do_periodic()
    assert caplog.text.count('unknown setting max_notice') == 1
    assert 'Traceback' not in caplog.text
    seldom.forget()
