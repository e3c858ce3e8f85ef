# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist events`` and ``stats``: changes on a list, and its numbers."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import click

from mailman_dlist.app import lookup, views
from mailman_dlist.app.i18n import _
from mailman_dlist.app.records import audit
from mailman_dlist.app.records import stats as numbers
from mailman_dlist.app.views import View
from mailman_dlist.commands.shared import (
    JSON,
    LIST,
    named_dlist,
    say,
    say_json,
    say_table,
    word,
)
from mailman_dlist.model import events as model
from mailman_dlist.model import memberships
from mailman_dlist.model.counts import By, Total


# The characters of the longest bar.
WIDTH = 50


def _since(_ctx: Any, _option: Any, given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(given), time.min)
    except ValueError:
        pass
    try:
        return views.read_time(given)
    except ValueError:
        raise click.BadParameter(
            _('a date such as 2026-07-01, or a time such as 2026-07-01T12:30:00Z')
        ) from None


@click.command(
    short_help=_('Show who changed what on a list.'),
    help=_("""\
    Show who changed what on a list, latest changes first; times are in UTC.

    Automatic follows are not recorded.  Changes of aliases do not show whose they are,
    and a command from an alias has no hour.  The setting audit_retention says for how
    many days changes are kept.

    \b
    Examples:
      mailman dlist events ant@example.com
      mailman dlist events ant@example.com --member bart@example.com
      mailman dlist events ant@example.com --conversation picnic
      mailman dlist events ant@example.com --since 2026-07-01
    """),
)
@LIST
@click.option(
    '--member', 'email', metavar='EMAIL', help=_('Show only changes about this member.')
)
@click.option(
    '--conversation',
    'name',
    metavar='NAME',
    help=_('Show only changes about this conversation, by any name it had.'),
)
@click.option(
    '--since',
    metavar='DATE',
    callback=_since,
    help=_('Show only changes from this date, or time, on.'),
)
@JSON
def events(
    given_list: str,
    email: str | None,
    name: str | None,
    since: datetime | None,
    as_json: bool,
) -> None:
    mlist = named_dlist(given_list)
    about = None
    if email is not None:
        about = lookup.member_with_email(mlist, email).member_id
    wanted = model.Search(
        mlist.list_id,
        about=about,
        numbers=None if name is None else audit.numbers(mlist, name),
        since=since,
    )
    found = [views.event(row) for row in model.search(wanted)]
    if as_json:
        say_json(found)
    elif found:
        say_table(_event_rows(found))
    else:
        say(_('No such changes on ${list}.', {'list': mlist.fqdn_listname}))


def _event_rows(found: Sequence[View]) -> list[list[str]]:
    members = {view['member_id'] for view in found} - {None}
    emails = memberships.emails(members)
    columns = 'when', 'door', 'actor', 'conversation', 'action', 'before', 'after'
    rows = [[name.upper() for name in columns] + [_('MEMBER')]]
    for view in found:
        key = view['member_id']
        # A former member has no address any more.
        member = '' if key is None else emails.get(key, key.hex)
        rows.append([*(word(view[name]) for name in columns), member])
    return rows


@click.command(
    short_help=_('Show the numbers of posts and deliveries.'),
    help=_("""\
    Show how many posts a list had, from how many posters, how many deliveries were
    made, and how many a plain list would have made.

    Without --by, each conversation is shown in each month.  Digests do not count.

    \b
    Examples:
      mailman dlist stats ant@example.com --by month
      mailman dlist stats ant@example.com --by conversation --csv
    """),
)
@LIST
@click.option(
    '--by',
    type=click.Choice([each.name for each in By]),
    help=_('Add up the numbers of each month, or of each conversation.'),
)
@JSON
@click.option('--csv', 'as_csv', is_flag=True, help=_('Print CSV, for spreadsheets.'))
def stats(given_list: str, by: str | None, as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise click.UsageError(_('Use either --json or --csv, not both.'))
    mlist = named_dlist(given_list)
    found = list(numbers.totals(mlist, None if by is None else By[by]))
    if as_json:
        say_json([views.total(total) for total in found])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator='\n')
        writer.writerow(Total._fields)
        writer.writerows(found)
    elif found:
        _say_chart(found, by)
    else:
        say(_('Nothing was posted to ${list} yet.', {'list': mlist.fqdn_listname}))


def _say_chart(found: Sequence[Total], by: str | None) -> None:
    names = [_name(total, by) for total in found]
    say_table([
        (
            _('MONTH') if by == By.month.name else _('CONVERSATION'),
            _('POSTS'),
            _('POSTERS'),
            _('DELIVERIES'),
            _('PLAIN LIST'),
        ),
        *(
            (name, *map(str, total[2:]))
            for name, total in zip(names, found, strict=True)
        ),
    ])
    most = max(1, *(max(total.deliveries, total.plain_deliveries) for total in found))
    say()
    say(_('Deliveries made (#), and saved in comparison with a plain list (.):'))
    say_table([
        (name, _bar(total, most)) for name, total in zip(names, found, strict=True)
    ])


def _name(total: Total, by: str | None) -> str:
    if by == By.month.name:
        return total.month or ''
    name = total.conversation or _('(deleted)')
    return name if total.month is None else f'{total.month} {name}'


def _bar(total: Total, most: int) -> str:
    made = _scaled(total.deliveries, most)
    plain = _scaled(total.plain_deliveries, most)
    return '#' * made + '.' * (plain - made)


def _scaled(number: int, most: int) -> int:
    """Return a length that is 0 only for 0."""
    return -(-number * WIDTH // most)
