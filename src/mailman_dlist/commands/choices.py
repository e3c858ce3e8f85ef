# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist follow``, ``mute`` and ``reset``: change the choice of a member."""

from __future__ import annotations

from dataclasses import dataclass

import click

from mailman_dlist.app import lookup
from mailman_dlist.app.access import states
from mailman_dlist.app.following import choices
from mailman_dlist.app.i18n import _
from mailman_dlist.commands.shared import CLI, EMAIL, LIST, NAME, named_dlist, say
from mailman_dlist.domain.following import Choice
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import committed


@dataclass(frozen=True)
class Parties:
    """The list, conversation and member of a choice."""

    mlist: MailingList
    conversation: Conversation
    member: Member

    @property
    def words(self) -> dict[str, str]:
        """The words for the output of the command."""
        return {
            'email': self.member.address.email,
            'name': self.conversation.name,
            'default': choices.default_of(self.mlist, self.member).name,
        }


@click.command(
    short_help=_('Make a member follow a conversation.'),
    help=_("""\
    Make a member follow a conversation: the member receives every message in it.

    \b
    Example:
      mailman dlist follow ant@example.com picnic bart@example.com
    """),
)
@LIST
@NAME
@EMAIL
def follow(given_list: str, given_name: str, given_email: str) -> None:
    parties = _decide(given_list, given_name, given_email, Choice.follow)
    say(_('${email} now follows ${name}.', parties.words))


@click.command(
    short_help=_('Mute a conversation for a member.'),
    help=_("""\
    Mute a conversation for a member: the member receives no more messages in it.

    \b
    Example:
      mailman dlist mute ant@example.com picnic bart@example.com
    """),
)
@LIST
@NAME
@EMAIL
def mute(given_list: str, given_name: str, given_email: str) -> None:
    parties = _decide(given_list, given_name, given_email, Choice.mute)
    say(_('${email} has now muted ${name}.', parties.words))


@click.command(
    short_help=_("Remove a member's choice for a conversation."),
    help=_("""\
    Remove a member's choice for a conversation; the member's default applies again.

    \b
    Example:
      mailman dlist reset ant@example.com picnic bart@example.com
    """),
)
@LIST
@NAME
@EMAIL
def reset(given_list: str, given_name: str, given_email: str) -> None:
    parties = _decide(given_list, given_name, given_email, None)
    say(
        _(
            '${email} no longer has a choice for ${name}; '
            'the default applies: ${default}.',
            parties.words,
        )
    )


def _decide(
    given_list: str, given_name: str, given_email: str, choice: Choice | None
) -> Parties:
    """Set or remove the choice of a member.

    Mailman commits only after the output; this commits first.
    """

    def work() -> Parties:
        mlist = named_dlist(given_list)
        conversation = lookup.conversation_named(mlist, given_name)
        member = lookup.member_with_email(mlist, given_email)
        states.wish(mlist, conversation, member, choice, CLI, as_member=False)
        return Parties(mlist, conversation, member)

    return committed(work)
