# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist essay``: what a list asks those who want to join [U5]."""

from __future__ import annotations

from typing import TextIO

import click

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import JSON, LIST, named_dlist, say, say_json
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model.session import committed


NAMES = 'essay', 'essay_questions', 'essay_min_length', 'ask_invited', 'essay_retention'


@click.command(
    short_help=_('Show or change what newcomers are asked.'),
    help=_("""\
    Show or change what a list asks those who want to join.

    --set takes the questions from a file of plain text or Markdown, - for standard
    input, and lets the list ask them; an empty file stands for a neutral question.
    Who has been asked already may still answer.

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
@click.option('--show', is_flag=True, help=_('Show what is asked; the default.'))
@click.option('--off', is_flag=True, help=_('Ask nothing; the questions are kept.'))
@JSON
def essay(
    given_list: str, file: TextIO | None, show: bool, off: bool, as_json: bool
) -> None:
    if [file is not None, show, off].count(True) > 1:
        raise click.UsageError(_('Give one of --set, --show and --off.'))
    values: dict[str, str | bool] = {}
    if file is not None:
        try:
            values = {'essay': True, 'essay_questions': file.read()}
        except UnicodeDecodeError:
            raise click.UsageError(_('The file should be text in UTF-8.')) from None
    elif off:
        values = {'essay': False}

    def work() -> MailingList:
        mlist = named_dlist(given_list)
        lists.change(mlist, values)
        return mlist

    mlist = committed(work)
    if as_json:
        settings = lists.show(mlist)
        say_json({name: settings[name] for name in NAMES})
        return
    words = {'list': mlist.fqdn_listname}
    if lists.settings(mlist).essay:
        say(_('${list} asks those who want to join:', words))
        say()
        say(keeping.questions(mlist))
    else:
        say(_('${list} asks nothing of those who want to join.', words))
