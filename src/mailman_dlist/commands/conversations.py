# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist conversations`` and ``show``: show the conversations of a list."""

from __future__ import annotations

from typing import Any

import click
from mailman.utilities.datetime import now

from mailman_dlist.app import lookup, views
from mailman_dlist.app.following import choices as following
from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import (
    JSON,
    LIST,
    NAME,
    named_dlist,
    say,
    say_json,
    say_table,
    word,
)
from mailman_dlist.model import audience
from mailman_dlist.model import conversations as model
from mailman_dlist.model import following as choices
from mailman_dlist.model.conversations import Search


@click.command(
    short_help=_('Show the conversations of a list.'),
    help=_("""\
    Show the open conversations of a list, most recent posts first.

    \b
    Examples:
      mailman dlist conversations ant@example.com
      mailman dlist conversations ant@example.com --all --search picnic
    """),
)
@LIST
@click.option('--closed', is_flag=True, help=_('Show closed conversations only.'))
@click.option('--all', 'everything', is_flag=True, help=_('Show open and closed ones.'))
@click.option(
    '--search',
    'text',
    metavar='TEXT',
    default='',
    help=_('Show only conversations with TEXT in the name or subject.'),
)
@JSON
def conversations(
    given_list: str, closed: bool, everything: bool, text: str, as_json: bool
) -> None:
    if closed and everything:
        raise click.UsageError(_('Use either --closed or --all, not both.'))
    mlist = named_dlist(given_list)
    wanted = Search(mlist.list_id, None if everything else closed, text.strip())
    found = [views.conversation(overview) for overview in model.search(wanted)]
    if as_json:
        say_json(found)
    elif found:
        say_table([
            (_('NAME'), _('STATE'), _('POSTS'), _('LAST POST'), _('SUBJECT')),
            *(
                (
                    view['name'],
                    view['state'],
                    str(view['posts']),
                    view['last_post_at'],
                    view['subject'],
                )
                for view in found
            ),
        ])
    else:
        words = {'list': mlist.fqdn_listname}
        say(_('No such conversations on ${list}.', words))


@click.command(
    short_help=_('Show one conversation.'),
    help=_("""\
    Show one conversation: its addresses, the number of recipients, and choices.

    NAME may also be an earlier name of the conversation.

    \b
    Example:
      mailman dlist show ant@example.com picnic
    """),
)
@LIST
@NAME
@JSON
def show(given_list: str, given_name: str, as_json: bool) -> None:
    mlist = named_dlist(given_list)
    conversation = lookup.conversation_named(mlist, given_name)
    view = views.conversation(model.overview(conversation))
    addresses = views.addresses(mlist, conversation)
    heard = {
        'hear': audience.size(following.hearing(mlist, conversation)),
        'members': mlist.members.member_count,
    }
    chosen = [views.choice(each) for each in choices.choices(conversation, now())]
    if as_json:
        say_json(
            view | {'addresses': addresses, 'audience': heard, 'choices': chosen}
        )
        return
    say_table([(name, word(value)) for name, value in view.items()])
    say()
    say(_('Addresses:'))
    say_table(list(addresses.items()), indent='  ')
    say()
    say(_('${hear} of ${members} members will receive the next reply.', heard))
    say()
    if chosen:
        _say_choices(chosen)
    else:
        say(_('No member has made a choice for it.'))


def _say_choices(chosen: list[dict[str, Any]]) -> None:
    say(_('Choices:'))
    say_table(
        [
            (_('EMAIL'), _('CHOICE'), _('REASON'), _('UNTIL')),
            *(
                (
                    view['email'],
                    view['choice'],
                    view['reason'],
                    view['until'] or _('for good'),
                )
                for view in chosen
            ),
        ],
        indent='  ',
    )
