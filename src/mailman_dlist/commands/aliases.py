# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist alias``: show and change a member's aliases [U14, U16]."""

from __future__ import annotations

import click

from mailman_dlist.app import lookup, views
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import (
    CLI,
    EMAIL,
    JSON,
    LIST,
    named_dlist,
    say,
    say_json,
    say_table,
)


@click.command(
    short_help=_('Show or change the aliases of a member.'),
    help=_("""\
    Show or change the aliases of a member.

    A new alias is valid after a reply from that address has confirmed it.

    \b
    Examples:
      mailman dlist alias ant@example.com bart@example.com
      mailman dlist alias ant@example.com bart@example.com --add b@other.example
    """),
)
@LIST
@EMAIL
@click.option('--add', metavar='ADDRESS', help=_('Ask ADDRESS to confirm the alias.'))
@click.option('--remove', metavar='ADDRESS', help=_('Remove the alias ADDRESS.'))
@click.option('--clear', is_flag=True, help=_('Remove all aliases.'))
@JSON
def alias(
    given_list: str,
    given_email: str,
    add: str | None,
    remove: str | None,
    clear: bool,
    as_json: bool,
) -> None:
    if (add is not None) + (remove is not None) + clear > 1:
        raise click.UsageError(_('Use only one of --add, --remove and --clear.'))
    mlist = named_dlist(given_list)
    member = lookup.member_with_email(mlist, given_email)
    if add is not None:
        requests.ask(mlist, member, add, CLI)
    if remove is not None:
        requests.remove(mlist, member, remove, CLI)
    if clear:
        requests.clear(mlist, member, CLI)
    found = [views.alias(*each) for each in requests.show(member)]
    if as_json:
        say_json(found)
    elif found:
        say_table([
            (_('ALIAS'), _('STATE')),
            *((view['email'], view['state']) for view in found),
        ])
    else:
        words = {'email': member.address.email}
        say(_('${email} has no aliases.', words))
