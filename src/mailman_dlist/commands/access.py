# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist access``, ``invite``, ``pin``, ``bar`` and ``requests``: who may
follow a conversation.
"""

from __future__ import annotations

import click

from mailman_dlist.app import lists, lookup, views
from mailman_dlist.app.access import requests as asking
from mailman_dlist.app.access import terms
from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import (
    CLI,
    EMAIL,
    JSON,
    LIST,
    NAME,
    named_dlist,
    say,
    say_json,
    say_table,
    word,
)
from mailman_dlist.domain.access import Action, State
from mailman_dlist.domain.following import Access
from mailman_dlist.domain.values import yes_or_no
from mailman_dlist.model import access as model
from mailman_dlist.model.session import committed


RULED = {
    'pinned': State.subscription_override,
    'barred': State.unsubscription_override,
}


@click.command(
    short_help=_('Show or change who may follow a conversation.'),
    help=_("""\
    Show or change who may follow a conversation, and show who is pinned or barred.

    \b
    Values of ACCESS:
      open        members follow it by themselves
      moderated   members ask, and a moderator decides
      invitation  moderators add followers

    If the conversation is mandatory, every member receives it and nobody can mute
    it.  It cannot become mandatory while members have muted it or are barred from it;
    with --clear, these mutes and bars are removed.

    \b
    Examples:
      mailman dlist access ant@example.com picnic
      mailman dlist access ant@example.com picnic moderated
      mailman dlist access ant@example.com picnic --mandatory yes --clear
    """),
)
@LIST
@NAME
@click.argument(
    'given_access',
    metavar='[ACCESS]',
    required=False,
    type=click.Choice([each.name for each in Access]),
)
@click.option(
    '--mandatory',
    'given_mandatory',
    type=click.Choice(['yes', 'no']),
    help=_('Whether every member receives it.'),
)
@click.option('--clear', is_flag=True, help=_('Remove mutes and bars in the way.'))
@JSON
def access(
    given_list: str,
    given_name: str,
    given_access: str | None,
    given_mandatory: str | None,
    clear: bool,
    as_json: bool,
) -> None:
    def work() -> views.View:
        mlist = named_dlist(given_list)
        conversation = lookup.conversation_named(mlist, given_name)
        terms.change(
            mlist,
            conversation,
            CLI,
            access=None if given_access is None else Access[given_access],
            mandatory=None if given_mandatory is None else yes_or_no(given_mandatory),
            clear=clear,
        )
        base_default = lists.settings(mlist).base_default
        return {
            'access': conversation.access.name,
            'mandatory': conversation.mandatory,
        } | {
            name: [
                each.email
                for each in model.states(conversation, base_default, wanted=state)
            ]
            for name, state in RULED.items()
        }

    view = committed(work)
    if as_json:
        say_json(view)
        return
    say_table([(name, word(view[name])) for name in ('access', 'mandatory')])
    for name in RULED:
        for email in view[name]:
            say(f'{name:9}  {email}')


@click.command(
    short_help=_('Make members followers of a conversation.'),
    help=_("""\
    Make members followers of a conversation, and tell them.

    It works whatever the access of the conversation is.  The members can mute it.

    \b
    Example:
      mailman dlist invite ant@example.com picnic bart@example.com
    """),
)
@LIST
@NAME
@click.argument('given_emails', metavar='EMAIL...', nargs=-1, required=True)
def invite(given_list: str, given_name: str, given_emails: tuple[str, ...]) -> None:
    for email in given_emails:
        words = _act(given_list, given_name, email, Action.add_subscriber)
        say(_('${email} now follows ${name}.', words))


UNDO = click.option('--undo', is_flag=True, help=_('Undo it.'))


@click.command(
    short_help=_('Pin a member to a conversation.'),
    help=_("""\
    Pin a member to a conversation: the member follows it, whatever its access.

    With --undo, the member is no longer pinned, but still follows it.

    \b
    Examples:
      mailman dlist pin ant@example.com picnic bart@example.com
      mailman dlist pin --undo ant@example.com picnic bart@example.com
    """),
)
@LIST
@NAME
@EMAIL
@UNDO
def pin(given_list: str, given_name: str, given_email: str, undo: bool) -> None:
    if undo:
        action = Action.remove_subscription_override
        words = _act(given_list, given_name, given_email, action)
        say(_('${email} is no longer pinned to ${name}, but follows it.', words))
    else:
        action = Action.add_subscription_override
        words = _act(given_list, given_name, given_email, action)
        say(_('${email} is pinned to ${name}.', words))


@click.command(
    short_help=_('Bar a member from a conversation.'),
    help=_("""\
    Bar a member from a conversation: the member can neither follow it nor post to it.

    With --undo, the member has muted the conversation, and can follow it again.

    \b
    Examples:
      mailman dlist bar ant@example.com picnic bart@example.com
      mailman dlist bar --undo ant@example.com picnic bart@example.com
    """),
)
@LIST
@NAME
@EMAIL
@UNDO
def bar(given_list: str, given_name: str, given_email: str, undo: bool) -> None:
    if undo:
        action = Action.remove_unsubscription_override
        words = _act(given_list, given_name, given_email, action)
        say(_('${email} is no longer barred from ${name}.', words))
    else:
        action = Action.add_unsubscription_override
        words = _act(given_list, given_name, given_email, action)
        say(_('${email} is barred from ${name}.', words))


DECISIONS = {
    'approve': Action.approve_request,
    'deny': Action.deny_request,
    'block': Action.block_request,
}


@click.command(
    short_help=_('Show or decide requests to follow conversations.'),
    help=_("""\
    Show the requests of members to follow moderated conversations, or decide one.

    Members are told the decision.  A member who is blocked is barred from the
    conversation.

    \b
    Examples:
      mailman dlist requests ant@example.com
      mailman dlist requests ant@example.com approve picnic bart@example.com
      mailman dlist requests ant@example.com deny picnic bart@example.com
      mailman dlist requests ant@example.com block picnic bart@example.com
    """),
)
@LIST
@click.argument(
    'decision',
    metavar='[approve|deny|block',
    required=False,
    type=click.Choice(list(DECISIONS)),
)
@click.argument('given_name', metavar='NAME', required=False)
@click.argument('given_email', metavar='EMAIL]', required=False)
@JSON
def requests(
    given_list: str,
    decision: str | None,
    given_name: str | None,
    given_email: str | None,
    as_json: bool,
) -> None:
    if decision is not None:
        if given_name is None or given_email is None:
            raise click.UsageError(_('NAME and EMAIL are needed to decide.'))
        words = _act(given_list, given_name, given_email, DECISIONS[decision])
        if not as_json:
            say(
                {
                    'approve': _('${email} now follows ${name}.', words),
                    'deny': _('The request of ${email} is denied.', words),
                    'block': _('${email} is barred from ${name}.', words),
                }[decision]
            )
            return
    mlist = named_dlist(given_list)
    found = [views.request(each) for each in model.requests(mlist.list_id)]
    if as_json:
        say_json(found)
    elif found:
        say_table([
            (_('NAME'), _('EMAIL'), _('ASKED AT')),
            *((view['name'], view['email'], view['asked_at']) for view in found),
        ])
    else:
        words = {'list': mlist.fqdn_listname}
        say(_('No requests on ${list}.', words))


def _act(
    given_list: str, given_name: str, given_email: str, action: Action
) -> dict[str, str]:
    """Carry out an action; return the words for the output."""
    mlist = named_dlist(given_list)
    conversation = lookup.conversation_named(mlist, given_name)
    member = lookup.member_with_email(mlist, given_email)
    asking.act(mlist, conversation, member, action, CLI)
    return {
        'email': lookup.email_of(member) or given_email,
        'name': conversation.name,
    }
