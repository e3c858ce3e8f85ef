# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist upgrade`` and ``demo``: commands for the whole site."""

from __future__ import annotations

import subprocess
import sys

import click

from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import say
from mailman_dlist.model import schema


@click.command(
    short_help=_('Create or upgrade the database tables.'),
    help=_("""\
    Create the plugin's tables in Mailman's database, or upgrade them to this release.

    Mailman also does this when it starts.  Before you run the command, stop Mailman,
    wait until it has stopped, and make a backup.  A table that somebody has dropped is
    created again, empty.  Running the command twice does no harm.

    \b
    Example:
      mailman stop
      while mailman status; [ $? = 1 ]; do sleep 1; done
      mailman dlist upgrade
      mailman start
    """),
)
def upgrade() -> None:
    before = schema.revision()
    upgraded = schema.upgrade()
    words = {'before': str(before), 'wanted': schema.head()}
    if not upgraded:
        say(_('The tables are up to date (revision ${wanted}).', words))
    elif before is None:
        say(_('The tables have been created (revision ${wanted}).', words))
    else:
        say(_('The tables have been upgraded from ${before} to ${wanted}.', words))
    # The migrations create all tables, but an administrator may have dropped some.
    for table in schema.restore():
        say(
            _(
                'The table ${table} was missing.  It has been created without the '
                'rows that it had; a backup may have them.',
                {'table': table},
            )
        )


@click.command(
    short_help=_('See dlists at work in a private Mailman.'),
    help=_("""\
    See dlists at work in a private Mailman, which is removed when the demo ends.

    The demo does not touch this site.

    \b
    Examples:
      mailman dlist demo
      mailman dlist demo --corpus old-list.mbox
    """),
)
@click.option('--keep', is_flag=True, help=_('Keep it running until Ctrl-C.'))
@click.option(
    '--corpus',
    metavar='FILE',
    type=click.Path(exists=True, dir_okay=False),
    help=_('Replay the first threads of this mailbox file.'),
)
@click.pass_context
def demo(ctx: click.Context, keep: bool, corpus: str | None) -> None:
    options = ['--keep'] if keep else []
    if corpus is not None:
        options += ['--corpus', corpus]
    ctx.exit(_run([sys.executable, '-m', 'mailman_dlist.demo', *options]))


def _run(command: list[str]) -> int:
    """Run a program; return its exit code as a shell does."""
    with subprocess.Popen(command) as process:
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                # The demo received Ctrl-C as well, and must stop its Mailman.
                continue
            # A signal terminated it.
            return code if code >= 0 else 128 - code
