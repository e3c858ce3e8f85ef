# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist members``: what members receive without a choice [U7, U8]."""

from __future__ import annotations

import click

from mailman_dlist.app import lookup, views
from mailman_dlist.app.following import preferences
from mailman_dlist.app.i18n import _
from mailman_dlist.app.views import View
from mailman_dlist.commands.shared import (
    CLI,
    JSON,
    LIST,
    named_dlist,
    pair,
    say,
    say_json,
    say_table,
    word,
)
from mailman_dlist.model.session import committed


COLUMNS = 'email', 'default', 'follow_opened', 'follow_replied'


@click.command(
    short_help=_('Show or change the defaults of members.'),
    help=_("""\
    Show the members of a list with their defaults, or one member, or change the
    settings of one member.

    If one of the new values is not valid, nothing is changed.

    \b
    Settings and their values:
      default         everything, openings, nothing
      follow_opened   yes, no: follow conversations that the member starts
      follow_replied  yes, no: follow conversations that the member replies to

    \b
    Examples:
      mailman dlist members ant@example.com
      mailman dlist members ant@example.com bart@example.com default=openings
    """),
)
@LIST
@click.argument('given_email', metavar='[EMAIL', required=False)
@click.argument('changes', metavar='[NAME=VALUE]...]', nargs=-1)
@JSON
def members(
    given_list: str, given_email: str | None, changes: tuple[str, ...], as_json: bool
) -> None:
    values = dict(pair(change) for change in changes)

    def work() -> list[View]:
        mlist = named_dlist(given_list)
        if given_email is None:
            return [views.member(mlist, each) for each in mlist.members.members]
        member = lookup.member_with_email(mlist, given_email)
        if values:
            preferences.change(mlist, member, values, CLI)
        return [views.member(mlist, member)]

    found = committed(work)
    if as_json:
        say_json(found if given_email is None else found[0])
    elif given_email is not None:
        say_table([(name, word(found[0][name])) for name in COLUMNS])
    elif found:
        rows = [[word(view[name]) for name in COLUMNS] for view in found]
        say_table([[name.upper() for name in COLUMNS], *sorted(rows)])
    else:
        say(_('${list} has no members.', {'list': given_list}))
