# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist essay``: the questions before joining [U5]."""

from __future__ import annotations

from typing import TextIO

import click

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import (
    CLI,
    JSON,
    LIST,
    named_dlist,
    say,
    say_json,
    warn,
)
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model.session import committed


NAMES = 'essay', 'essay_questions', 'essay_min_length', 'ask_invited', 'essay_retention'


@click.command(
    short_help=_('Show or change the questions to newcomers.'),
    help=_("""\
    Show or change the questions that a list asks before somebody joins.

    --set reads the questions from a file with plain text or Markdown (- for standard
    input) and switches them on.  If the file is empty, the list asks a neutral
    question.  With --off, newcomers who have been asked already may still answer.

    \b
    Examples:
      mailman dlist essay ant@example.com --set questions.txt
      mailman dlist essay ant@example.com --off
    """),
)
@LIST
@click.option(
    '--set',
    'file',
    metavar='FILE',
    type=click.File(encoding='utf-8'),
    help=_('Ask the questions in this file.'),
)
@click.option('--show', is_flag=True, help=_('Show the questions (the default).'))
@click.option('--off', is_flag=True, help=_('Switch the questions off, but keep them.'))
@JSON
def essay(
    given_list: str, file: TextIO | None, show: bool, off: bool, as_json: bool
) -> None:
    if [file is not None, show, off].count(True) > 1:
        raise click.UsageError(_('Use only one of --set, --show and --off.'))
    values: dict[str, str | bool] = {}
    if file is not None:
        try:
            values = {'essay': True, 'essay_questions': file.read()}
        except UnicodeDecodeError:
            raise click.UsageError(_('The file must be UTF-8 text.')) from None
    elif off:
        values = {'essay': False}

    def work() -> MailingList:
        mlist = named_dlist(given_list)
        lists.change(mlist, values, CLI)
        return mlist

    mlist = committed(work)
    warn(lists.warnings(mlist, values))
    if as_json:
        settings = lists.show(mlist)
        say_json({name: settings[name] for name in NAMES})
        return
    words = {'list': mlist.fqdn_listname}
    if lists.settings(mlist).essay:
        say(_('${list} asks newcomers:', words))
        say()
        say(keeping.questions(mlist))
    else:
        say(_('${list} does not ask newcomers anything.', words))
