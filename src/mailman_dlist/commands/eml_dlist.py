# SPDX-License-Identifier: GPL-3.0-or-later
"""The command *dlist*, in mail to a list's address for commands [U7, U8].

One word for all that members set for the whole list, so that Mailman's own help
gains one line.  Conversations are steered by their own addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailman.config import config
from mailman.core.i18n import _ as core_
from mailman.interfaces.command import ContinueProcessing, IEmailCommand
from public import public
from zope.interface import implementer

from mailman_dlist.app import essays, lists, members, wording
from mailman_dlist.app.i18n import _
from mailman_dlist.app.senders import member_behind
from mailman_dlist.app.site import ready
from mailman_dlist.domain.automatic import automatic
from mailman_dlist.domain.following import Default
from mailman_dlist.interfaces.mailman import MailingList, Member, Message, MsgData
from mailman_dlist.model.session import committed


SWITCHES = {'opened': 'follow_opened', 'replied': 'follow_replied'}
STATES = {'on': True, 'off': False}


@public
@implementer(IEmailCommand)
class DlistEmailCommand:
    """What a member hears of a list, and follows without being asked."""

    name = 'dlist'
    argument_description = 'default|autofollow|essay|help'
    description = _('Choose which conversations of this list you hear.')
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
            # Two programs that answer each other never stop.
            results.send_response = False
            return ContinueProcessing.no
        # Core copies it to the answer and does not encode that so: whoever wrote in
        # base64 could not read it.  By now the command is decoded.
        del msg['content-transfer-encoding']
        member = member_behind(mlist, msg)
        party = mlist if member is None else member
        with _.using(party.preferred_language.code):
            if member is None:
                answer = _stranger(mlist)
            else:
                answer = _answer(mlist, msg, member, list(arguments))
        print(answer.rstrip(), file=results)
        return ContinueProcessing.yes


def _as_core(
    mlist: MailingList,
    msg: Message,
    msgdata: MsgData,
    arguments: Sequence[str],
    results: Any,
) -> ContinueProcessing:
    """Let a plain list say what it says to a word that it does not know.

    Core then tries the next word of the line.
    """
    command_name, *rest = arguments or ['dlist']
    command = config.commands.get(command_name) if arguments else None
    if command is not None:
        return command.process(mlist, msg, msgdata, rest, results)
    print(core_('No such command: ${command_name}'), file=results)
    return ContinueProcessing.yes


def _answer(
    mlist: MailingList, msg: Message, member: Member, arguments: list[str]
) -> str:
    match arguments:
        case ['default', word] if word in Default.__members__:
            committed(lambda: members.change(mlist, member, {'default': word}))
        case ['autofollow', what, state] if what in SWITCHES and state in STATES:
            setting = {SWITCHES[what]: STATES[state]}
            committed(lambda: members.change(mlist, member, setting))
        case ['essay']:
            return _essay(mlist, msg, member)
        case ['default'] | ['autofollow'] | ['help'] | []:
            return '\n'.join([_state(mlist, member), '', _usage(mlist)])
        case _:
            line = ' '.join(['dlist', *arguments])  # noqa: F841 # in the sentence
            misunderstood = _('This is not understood: ${line}')
            return '\n'.join([misunderstood, '', _usage(mlist)])
    return _state(mlist, member)


def _state(mlist: MailingList, member: Member) -> str:
    settings = members.show(mlist, member)
    opened = wording.on_or_off(settings['follow_opened'])  # noqa: F841
    replied = wording.on_or_off(settings['follow_replied'])  # noqa: F841
    return '\n'.join([
        wording.of_default(Default[settings['default']]),
        _('You follow what you open: ${opened}'),
        _('You follow what you reply to: ${replied}'),
    ])


def _essay(mlist: MailingList, msg: Message, member: Member) -> str:
    """Return what the member answered before joining, as it was written.

    Who sent the mail may be found by other fields than the one that the answer goes
    to, and it is for the member alone.
    """
    if member.address is None or msg.sender != member.address.email:
        return _("""\
    To see what you answered before joining, please write from the address
    of your membership.
""")
    answer = essays.of_member(member)
    if answer is None:
        return _('No answer of yours to questions before joining is kept.')
    return '\n'.join([_('Before joining you answered:'), '', answer])


def _stranger(mlist: MailingList) -> str:
    return _("""\
    You are not a member of ${mlist.display_name} by this address.
    If you are by another one, please write from that.
    If you need a person, write to ${mlist.owner_address}.
""")


def _usage(mlist: MailingList) -> str:
    return _("""\
    Send one or more of these lines to ${mlist.request_address}:

    dlist default everything    hear everything
    dlist default openings      hear the first message of each conversation
    dlist default nothing       hear only what you follow
    dlist autofollow opened on  follow what you open (or: off)
    dlist autofollow replied on follow what you reply to (or: off)
    dlist essay                 see what you answered before joining
    dlist help                  see this and what is true for you now

    If you need a person, write to ${mlist.owner_address}.
""")
