# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail command *dlist*, sent to ``LIST-request@`` [U7, U8, U14, U16].

One command covers all settings for the whole list, so that Mailman's own help gains
only one line.  Commands about one conversation have addresses of their own.

The reply goes to the sender of the mail, which may be an alias.  Apart from the list
of aliases, the reply contains nothing that names the member.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mailman.config import config
from mailman.core.i18n import _ as core_
from mailman.interfaces.command import ContinueProcessing, IEmailCommand
from public import public
from zope.interface import implementer

from mailman_dlist.app import lists
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.following import preferences
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import wording
from mailman_dlist.app.people import senders
from mailman_dlist.app.people.reading import as_written
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.app.records import audit
from mailman_dlist.app.site import ready
from mailman_dlist.commands import alias_words
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.following import Default
from mailman_dlist.interfaces.mailman import MailingList, Member, Message, MsgData
from mailman_dlist.mail.automatic import automatic
from mailman_dlist.model.session import committed


# The log in which Mailman tells what happened to a message.
log = logging.getLogger('mailman.vette')

SWITCHES = {'opened': 'follow_opened', 'replied': 'follow_replied'}
STATES = {'on': True, 'off': False}
NAMES = {state: name for name, state in STATES.items()}

# How similar a line must be to a command to suggest it; tested with some mistakes.
NEAR = 0.8
LONGEST = 80

# As many as fit into a mail that a person can read.
MOST_CHANGES = 50


@public
@implementer(IEmailCommand)
class DlistEmailCommand:
    """The command *dlist*: settings of a member for one list."""

    name = 'dlist'
    argument_description = 'default|autofollow|alias|essay|history|help'
    description = _('Choose which conversations of this list you receive.')
    short_description = description

    def process(
        self,
        mlist: MailingList,
        msg: Message,
        msgdata: MsgData,
        arguments: Sequence[str],
        results: Any,
    ) -> ContinueProcessing:
        """See `IEmailCommand`."""
        if not lists.is_dlist(mlist):
            return _as_core(mlist, msg, msgdata, arguments, results)
        ready()
        if automatic(msg, msg.get_unixfrom(), mlist.list_id) is not None:
            # Two programs that reply to each other never stop.
            results.send_response = False
            return ContinueProcessing.no
        # Core copies this field to its reply without encoding the reply, so a reply to
        # base64 mail could not be read.  By now the command is decoded.
        del msg['content-transfer-encoding']
        as_written(msg)
        author = senders.alias_author(mlist, msg)
        if senders.is_banned(mlist, msg, author):
            message_id = msg['message-id']
            log.info('DLIST: %s was not carried out: its sender is banned', message_id)
            results.send_response = False
            return ContinueProcessing.yes
        member = senders.commander(mlist, msg, author)
        party = mlist if member is None else member
        with _.using(party.preferred_language.code):
            if member is None:
                answer = _stranger(mlist, msg)
            else:
                answer = _answer(Asked(mlist, msg, member, author, list(arguments)))
            person = _(
                'If you need help, write to the list owners, ${mlist.owner_address}.'
            )
        # A reply to the sender of our reply would reach nobody.
        if person in str(results):
            print(f'\n{answer.rstrip()}', file=results)
        else:
            print(f'{answer.rstrip()}\n\n{person}', file=results)
        return ContinueProcessing.yes


def _as_core(
    mlist: MailingList,
    msg: Message,
    msgdata: MsgData,
    arguments: Sequence[str],
    results: Any,
) -> ContinueProcessing:
    """Let a plain list reply as it does to any unknown command.

    Core then tries the next word of the line.
    """
    command_name, *rest = arguments or ['dlist']
    command = config.commands.get(command_name) if arguments else None
    if command is not None:
        return command.process(mlist, msg, msgdata, rest, results)
    print(core_('No such command: ${command_name}'), file=results)
    return ContinueProcessing.yes


@dataclass(frozen=True)
class Asked:
    """A line that begins with *dlist*; ``words`` are the words after it.

    :param author: The author of mail from an alias, else None.
    """

    mlist: MailingList
    msg: Message
    member: Member
    author: AliasAuthor | None
    words: list[str]

    @property
    def by(self) -> By:
        return senders.by_mail(self.member, from_alias=self.author is not None)


def _answer(asked: Asked) -> str:
    """Carry out the command and return the new state."""
    word, *_rest = asked.words or ['help']
    answer = WORDS[word](asked) if word in WORDS else None
    if answer is not None:
        return answer
    line = ' '.join(['dlist', *asked.words])
    said = [_('Unknown command: ${line}')]
    # A line can have any length.
    near_lines = difflib.get_close_matches(line[:LONGEST], _lines(), 1, NEAR)
    for near in near_lines:  # noqa: B007
        said.append(_('Did you mean: ${near}'))
    return '\n'.join([*said, '', _usage(asked)])


def _lines() -> list[str]:
    """Return the commands that somebody may have mistyped."""
    return [
        *(f'dlist default {default}' for default in Default.__members__),
        *(f'dlist autofollow {what} {state}' for what in SWITCHES for state in STATES),
        *(f'dlist alias {what}' for what in ('clear', 'list')),
        'dlist essay',
        'dlist history',
        'dlist help',
    ]


def _default(asked: Asked) -> str | None:
    match asked.words[1:]:
        case [word] if word in Default.__members__:
            return _change(asked, 'default', word)
        case []:
            return _help(asked)
    return None


def _autofollow(asked: Asked) -> str | None:
    match asked.words[1:]:
        case [what, state] if what in SWITCHES and state in STATES:
            return _change(asked, SWITCHES[what], STATES[state])
        case []:
            return _help(asked)
    return None


def _alias(asked: Asked) -> str | None:
    if asked.author is not None:
        email = asked.author.email
        return alias_words.answer_alias(
            asked.mlist, asked.member, email, asked.words[1:], asked.by
        )
    return alias_words.answer(
        asked.mlist, asked.msg, asked.member, asked.words[1:], asked.by
    )


def _essay(asked: Asked) -> str | None:
    """Return the member's answer before joining, as it was written."""
    if asked.words[1:]:
        return None
    answer = keeping.of_member(asked.member)
    if answer is None:
        return _('This list has no stored answer from you.')
    return '\n'.join([_('The answer that you gave before joining:'), '', answer])


def _history(asked: Asked) -> str | None:
    """Return the latest changes about the member, without anybody's address."""
    if asked.words[1:]:
        return None
    found = audit.own(asked.mlist, asked.member, MOST_CHANGES)
    if not found:
        return _('No changes are recorded about you.')
    limit = MOST_CHANGES  # noqa: F841 # in the sentence
    heading = _('The latest changes about you, at most ${limit} (times in UTC):')
    return '\n'.join([heading, '', *map(wording.of_event, found)])


def _help(asked: Asked) -> str | None:
    if asked.words[1:]:
        return None
    state = _state(asked.mlist, asked.member)
    return '\n'.join([state, '', _usage(asked)])


WORDS: dict[str, Callable[[Asked], str | None]] = {
    'default': _default,
    'autofollow': _autofollow,
    'alias': _alias,
    'essay': _essay,
    'history': _history,
    'help': _help,
}


def _change(asked: Asked, setting: str, value: str | bool) -> str:
    before = preferences.show(asked.mlist, asked.member)[setting]
    values = {setting: value}
    committed(
        lambda: preferences.change(asked.mlist, asked.member, values, asked.by)
    )
    state = _state(asked.mlist, asked.member)
    if before == value:
        return state
    *words, _value = ['dlist', *asked.words]
    former = before if isinstance(before, str) else NAMES[before]
    line = ' '.join([*words, former])  # noqa: F841 # in the sentence
    return '\n'.join([state, _('To undo this, send: ${line}')])


def _state(mlist: MailingList, member: Member) -> str:
    settings = preferences.show(mlist, member)
    opened = wording.on_or_off(settings['follow_opened'])  # noqa: F841
    replied = wording.on_or_off(settings['follow_replied'])  # noqa: F841
    return '\n'.join([
        wording.of_default(Default[settings['default']]),
        _('Follow conversations that you start: ${opened}'),
        _('Follow conversations that you reply to: ${replied}'),
    ])


def _stranger(mlist: MailingList, msg: Message) -> str:
    if not senders.from_address(msg):
        return _("""\
    The From field of a command must contain exactly one address: the one
    that you are subscribed with, or one of your aliases.
""")
    return _("""\
    This address is not subscribed to ${mlist.display_name}.
    If you are subscribed with another address, please write from that one.
""")


def _usage(asked: Asked) -> str:
    mlist = asked.mlist  # noqa: F841 # in the sentences
    # In parts, because inserted text is not indented like the text around it.
    return ''.join([_("""\
    Send one or more of these lines to ${mlist.request_address}:

    dlist default everything    receive every message
    dlist default openings      receive only first messages
    dlist default nothing       receive only conversations that you follow
    dlist autofollow opened on  follow conversations you start (or: off)
    dlist autofollow replied on follow conversations you reply to (or: off)
"""), _usage_of_aliases(asked), _usage_of_essay(asked), _("""\
    dlist history               show the latest changes about you
    dlist help                  show your settings and these commands
""")])


def _usage_of_essay(asked: Asked) -> str:
    if not lists.settings(asked.mlist).essay:
        return ''
    return _("""\
    dlist essay                 show the answer that you gave before joining
""")


def _usage_of_aliases(asked: Asked) -> str:
    if asked.author is not None:
        return alias_words.usage_of_alias(asked.author.email)
    return alias_words.usage() if lists.settings(asked.mlist).aliases else ''
