# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist``: the group of all subcommands."""

from __future__ import annotations

import click
from mailman.interfaces.command import ICLISubCommand
from public import public
from zope.interface import implementer

from mailman_dlist.app.i18n import _
from mailman_dlist.commands import (
    access,
    aliases,
    choices,
    conversations,
    essay,
    life,
    lists,
    members,
    records,
    site,
)
from mailman_dlist.commands.shared import Commands


@click.group(
    cls=Commands,
    short_help=_('Manage lists with conversations (dlists).'),
    help=_("""\
    Manage dlists: lists whose members choose which conversations they receive.

    LIST is a posting address such as ant@example.com, or a List-ID such as
    ant.example.com.  NAME is the name of a conversation, which follows the
    plus in its address.  EMAIL is the address of a member.

    The exit code is 0 if the command succeeded, 1 if it was refused (with a message
    that says why), and 2 if it was not written correctly.
    """),
)
def dlist() -> None:
    pass


for command in (
    lists.enable,
    lists.disable,
    lists.all_lists,
    lists.settings,
    essay.essay,
    conversations.conversations,
    conversations.show,
    life.rename,
    life.close,
    life.hold,
    life.reopen,
    life.merge,
    life.split,
    life.delete,
    members.members,
    choices.follow,
    choices.mute,
    choices.reset,
    access.access,
    access.invite,
    access.pin,
    access.bar,
    access.requests,
    aliases.alias,
    records.events,
    records.stats,
    site.upgrade,
    site.demo,
):
    dlist.add_command(command)


@public
@implementer(ICLISubCommand)
class Dlist:
    """The command ``dlist``, as Mailman finds it."""

    name = 'dlist'
    command = dlist
