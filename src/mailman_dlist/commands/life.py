# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist rename``, ``close``, ``hold``, ``reopen``, ``merge``, ``split`` and
``delete``: the life of a conversation.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from mailman_dlist.app import lookup
from mailman_dlist.app.i18n import _
from mailman_dlist.app.life import changing, merging, splitting
from mailman_dlist.commands.shared import CLI, LIST, NAME, named_dlist, say
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import conversations as model
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import committed, store


DRY_RUN = click.option(
    '--dry-run', is_flag=True, help=_('Say what would be done, and change nothing.')
)


@click.command(
    short_help=_('Give a conversation another name.'),
    help=_("""\
    Give a conversation another name.

    Addresses with the old name continue to work.

    \b
    Example:
      mailman dlist rename ant@example.com picnic lake
    """),
)
@LIST
@NAME
@click.argument('new_name', metavar='NEW-NAME')
def rename(given_list: str, given_name: str, new_name: str) -> None:
    def work() -> tuple[str, str]:
        mlist, conversation = _find(given_list, given_name)
        before = conversation.name
        changing.rename(mlist, conversation, new_name, CLI)
        return before, conversation.name

    before, after = committed(work)
    words = {'before': before, 'after': after}
    say(_('${before} is now called ${after}.', words))


@click.command(
    short_help=_('Close a conversation for replies.'),
    help=_("""\
    Close a conversation: replies are returned to their authors.

    Moderators may still post in it.

    \b
    Example:
      mailman dlist close ant@example.com picnic
    """),
)
@LIST
@NAME
def close(given_list: str, given_name: str) -> None:
    name = _put(given_list, given_name, Posting.closed)
    say(_('${name} is closed.', {'name': name}))


@click.command(
    short_help=_('Hold replies in a conversation for moderators.'),
    help=_("""\
    Hold every reply in a conversation until a moderator accepts it.

    Moderators may post in it as before.

    \b
    Example:
      mailman dlist hold ant@example.com picnic
    """),
)
@LIST
@NAME
def hold(given_list: str, given_name: str) -> None:
    name = _put(given_list, given_name, Posting.held)
    say(_('Replies in ${name} wait for a moderator.', {'name': name}))


@click.command(
    short_help=_('Open a closed or held conversation again.'),
    help=_("""\
    Open a closed or held conversation again for replies.

    \b
    Example:
      mailman dlist reopen ant@example.com picnic
    """),
)
@LIST
@NAME
def reopen(given_list: str, given_name: str) -> None:
    name = _put(given_list, given_name, Posting.open)
    say(_('${name} is open.', {'name': name}))


@click.command(
    short_help=_('Merge a conversation into another one.'),
    help=_("""\
    Merge conversation NAME into conversation INTO.

    INTO keeps its name and settings.  Both names lead to it from then on, and so do all
    replies.  If a member has chosen differently about the two, a choice of their own
    outweighs an automatic one; of two such choices the later one counts.

    \b
    Example:
      mailman dlist merge ant@example.com lunch picnic
    """),
)
@LIST
@NAME
@click.argument('into', metavar='INTO')
@DRY_RUN
def merge(given_list: str, given_name: str, into: str, dry_run: bool) -> None:
    def work() -> dict[str, str]:
        mlist, source = _present(given_list, given_name)
        target = lookup.conversation_named(mlist, into)
        changing.check_present(into, target)
        posts = str(model.overview(source).posts)
        words = {'name': source.name, 'into': target.name, 'posts': posts}
        merging.merge(mlist, source, target, CLI)
        return words

    words = _done(work, dry_run)
    if dry_run:
        say(_('${name} would be merged into ${into}.  Messages: ${posts}.', words))
    else:
        say(_('${name} is merged into ${into}.  Messages: ${posts}.', words))


@click.command(
    short_help=_('Split a conversation at a message.'),
    help=_("""\
    Move a message and all later ones into a new conversation with the given SUBJECT.

    Every member receives the new conversation as they received the old one.  Find
    the Message-ID in the header of the message, or with REST.

    \b
    Example:
      mailman dlist split ant@example.com picnic 2@example.com 'Who has a tent?'
    """),
)
@LIST
@NAME
@click.argument('message_id', metavar='MESSAGE-ID')
@click.argument('subject', metavar='SUBJECT')
@click.option(
    '--name',
    'new_name',
    metavar='NEW-NAME',
    help=_('The name of the new conversation.  [default: made from SUBJECT]'),
)
@DRY_RUN
def split(
    given_list: str,
    given_name: str,
    message_id: str,
    subject: str,
    new_name: str | None,
    dry_run: bool,
) -> None:
    def work() -> dict[str, str]:
        mlist, conversation = _find(given_list, given_name)
        new = splitting.split(
            mlist, conversation, message_id, subject, CLI, new_name
        )
        posts = str(model.overview(new).posts)
        return {'name': conversation.name, 'new': new.name, 'posts': posts}

    words = _done(work, dry_run)
    if dry_run:
        say(_('Messages that would be moved to ${new}: ${posts}.', words))
    else:
        say(_('Messages moved to ${new}: ${posts}.', words))


@click.command(
    short_help=_('Delete a conversation.'),
    help=_("""\
    Delete a conversation with all choices about it.

    Its messages remain in the archive.  Its name is not used again, and replies in it
    are returned to their authors.  If you only want to end a conversation, close it.

    \b
    Example:
      mailman dlist delete ant@example.com picnic
    """),
)
@LIST
@NAME
@DRY_RUN
def delete(given_list: str, given_name: str, dry_run: bool) -> None:
    def work() -> dict[str, str]:
        mlist, conversation = _present(given_list, given_name)
        posts = str(model.overview(conversation).posts)
        words = {'name': conversation.name, 'posts': posts}
        changing.forget(mlist, conversation, CLI)
        return words

    words = _done(work, dry_run)
    if dry_run:
        say(_('${name} would be deleted.  Messages: ${posts}.', words))
    else:
        say(_('${name} is deleted.', words))


def _done(work: Callable[[], dict[str, str]], dry_run: bool) -> dict[str, str]:
    """Do the work; for a dry run, undo it."""
    if not dry_run:
        return committed(work)
    try:
        return work()
    finally:
        store().rollback()


def _put(given_list: str, given_name: str, posting: Posting) -> str:
    def work() -> str:
        mlist, conversation = _find(given_list, given_name)
        changing.set_posting(mlist, conversation, posting, CLI)
        return conversation.name

    return committed(work)


def _find(given_list: str, given_name: str) -> tuple[MailingList, Conversation]:
    mlist = named_dlist(given_list)
    return mlist, lookup.conversation_named(mlist, given_name)


def _present(given_list: str, given_name: str) -> tuple[MailingList, Conversation]:
    """Return a conversation that is named as it is now."""
    mlist, conversation = _find(given_list, given_name)
    changing.check_present(given_name, conversation)
    return mlist, conversation
