# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail command ``dlist alias`` [U14, U16].

The replies contain aliases, so the caller must make sure that they reach only the
member whose aliases they are.
"""

from __future__ import annotations

from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.iterators import typed_subpart_iterator

from mailman_dlist.app.aliases import requests
from mailman_dlist.app.i18n import _
from mailman_dlist.domain.actors import By
from mailman_dlist.domain.alias import spelled
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.interfaces.mailman import MailingList, Member, Message


def usage() -> str:
    """Return the commands that a member can send.

    The language of the member is in use.
    """
    return _("""\
    dlist alias add ADDRESS     post from that address as well
    dlist alias remove ADDRESS  remove this alias
    dlist alias clear           remove all your aliases
    dlist alias list            show your aliases
""")


def usage_of_alias(email: str) -> str:
    """Return the commands that can be sent from an alias.

    The language of the member is in use.
    """
    return _("""\
    dlist alias remove ${email}
                                remove this alias
""")


def answer(
    mlist: MailingList, msg: Message, member: Member, arguments: list[str], by: By
) -> str | None:
    """Carry out a command and return the new state; None if it is unknown.

    The language of the member is in use.
    """
    match arguments:
        case ['add', given]:
            return _add(mlist, msg, member, given, by)
        case ['remove', given]:
            return _remove(mlist, member, given, by, can_undo=True)
        case ['clear']:
            requests.clear(mlist, member, by)
            return _('You no longer have any aliases.')
        case ['list'] | []:
            return _list(member)
        case ['add' | 'remove' as verb, *_others]:  # noqa: F841 # in the sentence
            return _("""\
    This command takes one address and nothing else:

    dlist alias ${verb} ADDRESS
""")
    return None


def answer_alias(
    mlist: MailingList, member: Member, email: str, arguments: list[str], by: By
) -> str:
    """Carry out a command from an alias, which can only remove itself.

    The language of the member is in use.
    """
    match arguments:
        case ['remove', given] if spelled(given) == email:
            return _remove(mlist, member, given, by)
    return _("""\
    The only alias command that you can send from this address is:

    dlist alias remove ${email}
""")


def _add(
    mlist: MailingList, msg: Message, member: Member, given: str, by: By
) -> str:
    if not _was_written(msg, given):
        return _("""\
    This address cannot be used: ${given}
    It was written with accents or other characters beyond ASCII, some of
    which may have been lost.  Please write it without them.
""")
    try:
        email = requests.ask(mlist, member, given, by)
    except requests.NotAnAddress:
        return _('This is not an address such as me@example.com: ${given}')
    except requests.AliasesOff:
        return _('${mlist.display_name} does not allow aliases.')
    except requests.AlreadyAlias as error:
        email = error.email  # in the sentence
        return _('${email} is already your alias.')
    except requests.TooManyAliases as error:
        limit = error.limit
        return _(
            'You have reached the maximum number of aliases: ${limit}.\n'
            'To remove one, send: dlist alias remove ADDRESS'
        )
    except requests.AskedTooOften as error:
        limit = error.limit  # noqa: F841 # in the sentence
        return _(
            'You have reached the daily limit of alias requests: ${limit}.\n'
            'Please try again tomorrow.'
        )
    return _("""\
    A message was sent to ${email}.
    Reply to that message to confirm the address; then you can post from it.
    If the address cannot become an alias, the message says why.
""") + _undo(f'remove {email}')


def _remove(
    mlist: MailingList, member: Member, given: str, by: By, *, can_undo: bool = False
) -> str:
    try:
        email = requests.remove(mlist, member, given, by)
    except requests.UnknownAlias:
        return _('You have no alias ${given}.')
    removed = _('${email} is no longer your alias.')
    return '\n'.join([removed, *([_undo(f'add {email}')] if can_undo else [])])


def _undo(words: str) -> str:
    return _('To undo this, send: dlist alias ${words}')


def _list(member: Member) -> str:
    found = requests.show(member)
    if not found:
        return _('You have no aliases.')
    lines = [_('Your aliases:'), '']
    for email, state in found:
        waits = _('not confirmed yet')
        lines.append(
            f'{email} ({waits})' if state is AliasState.pending else email
        )
    return '\n'.join(lines)


def _was_written(msg: Message, word: str) -> bool:
    """Return whether a mail contains a word exactly as Mailman passes it.

    Mailman drops non-ASCII characters from commands, which turns
    *me@bücher.example* into another address.
    """
    texts = []
    raw = msg.get('subject', '')
    with suppress(HeaderParseError, UnicodeError, LookupError):
        raw = make_header(decode_header(raw))
    texts.append(str(raw))
    for part in typed_subpart_iterator(msg, 'text', 'plain'):
        charset = part.get_content_charset('us-ascii')
        octets = part.get_payload(decode=True) or b''
        texts.append(octets.decode(charset, errors='replace'))
        break
    return any(word in text.lower().split() for text in texts)
