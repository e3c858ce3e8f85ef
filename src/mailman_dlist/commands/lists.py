# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist enable``, ``disable``, ``lists`` and ``settings`` [U1]."""

from __future__ import annotations

import click

from mailman_dlist.app import lists, nested, views
from mailman_dlist.app.i18n import _
from mailman_dlist.app.site import ready
from mailman_dlist.commands.shared import (
    CLI,
    JSON,
    LIST,
    named_list,
    pair,
    say,
    say_json,
    say_table,
    warn,
    word,
)
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import lists as model
from mailman_dlist.model.session import committed


@click.command(
    short_help=_('Turn a list into a dlist.'),
    help=_("""\
    Turn a list into a dlist.

    Its members continue to receive every message.  If the list was a dlist before, its
    settings and conversations are restored.

    \b
    Example:
      mailman dlist enable ant@example.com
    """),
)
@LIST
def enable(given_list: str) -> None:
    mlist, was = _turn(given_list, to=True)
    words = {
        'list': mlist.fqdn_listname,
        'address': lists.addresses(mlist).opening,
    }
    if was:
        say(_('${list} is already a dlist.', words))
    else:
        say(_('${list} is now a dlist.', words))
        say(_('Members start a conversation by writing to ${address}.', words))
        for child in nested.lists_that_will_hold(mlist):
            words |= {'child': child.fqdn_listname, 'pattern': nested.pattern(mlist)}
            say(_("""
${child} will hold the messages that it gets from ${list}.
Add this acceptable alias to ${child}: ${pattern}""", words))


@click.command(
    short_help=_('Turn a dlist back into a plain list.'),
    help=_("""\
    Turn a dlist back into a plain list, with its earlier chain and pipeline.

    Its settings, conversations and choices are kept until you enable it again.

    \b
    Example:
      mailman dlist disable ant@example.com
    """),
)
@LIST
def disable(given_list: str) -> None:
    mlist, was = _turn(given_list, to=False)
    words = {'list': mlist.fqdn_listname}
    if was:
        say(_('${list} is now a plain list.', words))
    else:
        say(_('${list} is already a plain list.', words))


@click.command(
    name='lists',
    short_help=_('Show which lists are dlists.'),
    help=_("""\
    Print the posting addresses of all dlists, one on each line.

    \b
    Example:
      mailman dlist lists
    """),
)
@JSON
def all_lists(as_json: bool) -> None:
    ready()
    found = model.dlists()
    if as_json:
        say_json([views.mailing_list(mlist) for mlist in found])
    else:
        for mlist in found:
            say(mlist.fqdn_listname)


@click.command(
    short_help=_('Show or change the settings of a list.'),
    help=_("""\
    Show or change the settings of a list.

    If one of the new values is not valid, nothing is changed.

    \b
    Settings and their values, beginning with that of a new dlist:
      enabled             yes, no: whether the list is a dlist
      plain_posts         open, hold, reject: new messages to the list's address
      new_member_default  everything, openings, nothing: of members who join
      footers             yes, no: the addresses of the conversation
      one_click           list, conversation: what unsubscribe buttons leave
      close_after         0 to 36500 idle days before closing; 0: never
      access              open, moderated, invitation: to new conversations
      mandatory           no, yes: every member receives new conversations
      essay               no, yes: questions before joining
      essay_questions     a text; if it is empty, a neutral question
      essay_min_length    1 to 10000 characters of an answer
      ask_invited         no, yes: ask people who are invited, too
      essay_retention     0 to 36500 days for which answers are kept; 0: always
      aliases             yes, no: other addresses of members
      aliases_visible     no, yes: whether moderators see whose they are
      audit_retention     0 to 36500 days for which changes are kept; 0: always

    \b
    Examples:
      mailman dlist settings ant@example.com
      mailman dlist settings ant@example.com footers=no plain_posts=hold
    """),
)
@LIST
@click.argument('changes', metavar='[NAME=VALUE]...', nargs=-1)
@JSON
def settings(given_list: str, changes: tuple[str, ...], as_json: bool) -> None:
    values = dict(pair(change) for change in changes)

    def work() -> MailingList:
        mlist = named_list(given_list)
        lists.change(mlist, values, CLI)
        return mlist

    mlist = committed(work)
    warn(lists.warnings(mlist, values))
    if as_json:
        say_json(views.settings(mlist))
    else:
        say_table([(name, word(value)) for name, value in lists.show(mlist).items()])


def _turn(given_list: str, *, to: bool) -> tuple[MailingList, bool]:
    """Turn a list into a dlist or a plain list; return it, and what it was before."""

    def work() -> tuple[MailingList, bool]:
        mlist = named_list(given_list)
        was = lists.is_dlist(mlist) or (not to and lists.is_half_dlist(mlist))
        lists.change(mlist, {'enabled': to}, CLI)
        return mlist, was

    return committed(work)
