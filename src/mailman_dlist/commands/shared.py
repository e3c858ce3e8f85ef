# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments, output and errors that all of ``mailman dlist`` have in common.

Scripts can rely on the exit code: 0 for success, 1 for a refusal, with one sentence
on standard error, 2 for incorrect usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import click

from mailman_dlist.app import lookup
from mailman_dlist.app.i18n import _
from mailman_dlist.app.site import ready, runner_faults
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.interfaces.mailman import MailingList


GAP = '  '

# Mailman's shell commands do not ask who types them.
CLI = By(Door.cli)

LIST = click.argument('given_list', metavar='LIST')
NAME = click.argument('given_name', metavar='NAME')
EMAIL = click.argument('given_email', metavar='EMAIL')
JSON = click.option(
    '--json', 'as_json', is_flag=True, help=_('Print JSON, for other programs.')
)


class Commands(click.Group):
    """A group that lists subcommands in the order they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        warn(runner_faults())
        try:
            return super().invoke(ctx)
        except DlistError as error:
            raise click.ClickException(str(error)) from error


def named_list(given: str) -> MailingList:
    """Return a list, plain or not, by its List-ID or posting address.

    :raises DlistError: if there is none, or when the plugin cannot work.
    """
    ready()
    return lookup.list_named(given)


def named_dlist(given: str) -> MailingList:
    """Return a dlist by its List-ID or posting address.

    :raises DlistError: if there is none, or when the plugin cannot work.
    """
    ready()
    return lookup.dlist_named(given)


def pair(change: str) -> tuple[str, str]:
    """Read a setting to change: a name and a value."""
    name, equals, value = change.partition('=')
    if not equals:
        raise click.UsageError(
            _('"${change}" is not of the form NAME=VALUE.', {'change': change})
        )
    return name.strip(), value.strip()


def say(text: str = '') -> None:
    """Print a line; characters that the terminal cannot show become question marks."""
    encoding = sys.stdout.encoding or 'ascii'
    click.echo(text.encode(encoding, 'replace').decode(encoding))


def warn(sentences: Iterable[str]) -> None:
    """Print warnings on standard error, so that no program takes them for data."""
    for sentence in sentences:
        click.echo(_('Warning: ${sentence}', {'sentence': sentence}), err=True)


def say_table(rows: Sequence[Sequence[str]], indent: str = '') -> None:
    """Print rows in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say((indent + GAP.join(cells)).rstrip())


def say_json(view: Any) -> None:
    """Print a view, or several, in ASCII."""
    click.echo(json.dumps(view, indent=2, default=_plain))


def word(value: Any) -> str:
    """Return a value of a view in words for people."""
    if value is None:
        return ''
    if isinstance(value, bool):
        return _('yes') if value else _('no')
    # Some settings are long texts; a row of a table is one line.
    return ' '.join(str(value).split('\n'))


def _plain(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex
    raise TypeError(value)
