# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist``: everything a site admin does from the shell."""

from __future__ import annotations

import click
from mailman.interfaces.command import ICLISubCommand
from public import public
from zope.interface import implementer

from mailman_dlist.app.i18n import _
from mailman_dlist.commands import (
    aliases,
    choices,
    conversations,
    essay,
    lists,
    site,
)
from mailman_dlist.commands.shared import Commands


@click.group(
    cls=Commands,
    short_help=_('Look after lists with dynamic sublists.'),
    help=_("""\
    Look after dlists: lists whose members choose, conversation by conversation,
    what they hear.

    LIST is a posting address such as ant@example.com, or a List-ID such as
    ant.example.com.  NAME is what follows the plus in the address of a
    conversation, EMAIL the address of a member.

    Exit codes are 0 when it is done, 1 when it is refused (with a sentence that
    says why), and 2 when the command is written wrongly.
    """),
)
def dlist() -> None:
    pass


for command in (
    lists.enable,
    lists.disable,
    lists.settings,
    essay.essay,
    conversations.conversations,
    conversations.show,
    choices.follow,
    choices.mute,
    choices.reset,
    aliases.alias,
    site.upgrade,
    site.demo,
):
    dlist.add_command(command)


@public
@implementer(ICLISubCommand)
class Dlist:
    """The subcommand as Mailman finds it."""

    name = 'dlist'
    command = dlist
