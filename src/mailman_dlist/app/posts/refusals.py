# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain to its sender, and in the log, why a message is not posted."""

from __future__ import annotations

import logging

from public import public

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.i18n import _
from mailman_dlist.app.notices import sending
from mailman_dlist.app.people.senders import is_banned
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.app.posts.judging import Fate, Judgement
from mailman_dlist.app.posts.latecomers import name_late
from mailman_dlist.domain.address import CONFIRM, OPEN
from mailman_dlist.domain.naming import LOCAL_PART_OCTETS
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.mail.automatic import automatic


# The log in which Mailman tells what happened to a message.
log = logging.getLogger('mailman.vette')

#: The outcomes that a sender is told.
TOLD = frozenset({
    Fate.unknown, Fate.deleted, Fate.closed, Fate.barred, Fate.unclear,
    Fate.reused,
})

NO_MEMBER = 'dlist:notice:no-member'

# Nobody would read more addresses.
MOST_SHOWN = 50


@public
def refuse(arrival: Arrival, judgement: Judgement) -> None:
    """Log why a message is not posted, and tell its sender.

    Automatic mail never gets a reply, and neither does the same message again.
    """
    mlist, msg, intent = arrival.mlist, arrival.msg, arrival.intent
    # An extension can have any length, and a token is secret.
    extension = CONFIRM if intent.token else intent.extension
    # A longer one cannot be right.
    ours = lists.addresses(mlist)
    address = ours.to(extension[:LOCAL_PART_OCTETS])
    log.info(
        'DLIST: %s to %s was not posted: %s',
        str(msg.get('message-id', 'n/a')).strip(),
        address,
        judgement.why or judgement.fate.value,
    )
    if judgement.fate is Fate.repeated:
        name_late(arrival)
    if judgement.fate not in TOLD:
        return
    is_unclear = judgement.fate is Fate.unclear
    if is_unclear and (
        # No rule has checked the message yet.
        is_banned(mlist, msg, None)
        or automatic(msg, msg.get_unixfrom(), mlist.list_id) is not None
    ):
        return
    # A notice that may reveal an alias is for its member alone.
    member = arrival.hidden if is_unclear else arrival.member
    hides = is_unclear and member is not None
    to = lookup.email_of(member) or '' if hides else msg.sender
    reader = mlist if member is None else member
    others = [ours.to(each[:LOCAL_PART_OCTETS]) for each in arrival.others]
    if len(others) > MOST_SHOWN:
        others[MOST_SHOWN:] = ['...']
    facts = {'address': '\n    '.join([address, *others])}
    if member is None and intent.is_command and not is_unclear:
        template = NO_MEMBER
        facts['join_email'] = mlist.join_address
    else:
        template = f'dlist:notice:{judgement.fate.name}'
        if judgement.fate is Fate.unknown:
            facts['suggestions'] = _suggestions(arrival, reader)
            facts['opening'] = _opening(arrival, reader)
        if judgement.conversation is not None:
            facts |= sending.facts_about(mlist, judgement.conversation)
    with _.using(reader.preferred_language.code):
        if template == NO_MEMBER:
            subject = _('Your command to ${mlist.display_name} was not carried out')
        else:
            subject = _('Your message to ${mlist.display_name} was not posted')
    notice = sending.write(mlist, reader, template, subject, facts, returned=msg)
    # A message that is not posted is always returned, without a limit.
    sending.send(mlist, notice, to, answers=msg, limited=False)


# Extensions that people write although Mailman has an address of its own for them.
_ABOUT_THE_LIST = {
    'unsubscribe': 'leave_address',
    'leave': 'leave_address',
    'mute': 'leave_address',
    'subscribe': 'join_address',
    'join': 'join_address',
    'follow': 'join_address',
    'owner': 'owner_address',
    'request': 'request_address',
}


def _about_the_list(
    mlist: MailingList, reader: MailingList | Member, given: str
) -> str:
    """Return a paragraph with the address of Mailman's that was probably meant."""
    name = _ABOUT_THE_LIST[given]
    with _.using(reader.preferred_language.code):
        sentence = {
            'leave_address': _('To leave the whole list, write to'),
            'join_address': _('To join the list, write to'),
            'owner_address': _('To reach the list owners, write to'),
            'request_address': _('To send a command, write to'),
        }[name]
    return f'{sentence}\n    {getattr(mlist, name)}\n\n'


def _opening(arrival: Arrival, reader: MailingList | Member) -> str:
    """Return the lines that say how to start a conversation.

    :return: '' for senders who wanted something else: mail to that address goes to
        everybody, and some of them wanted to receive less.
    """
    ours = lists.addresses(arrival.mlist)
    word, *verbs = arrival.intent.extension.split(ours.delimiter)
    if word in _ABOUT_THE_LIST or (any(verbs) and word != OPEN):
        return ''
    with _.using(reader.preferred_language.code):
        sentence = _('To start a new conversation, write to')
    return f'{sentence}\n    {ours.opening}\n'


def _suggestions(arrival: Arrival, reader: MailingList | Member) -> str:
    """Return a paragraph of addresses that the sender may have meant, or nothing."""
    mlist = arrival.mlist
    ours = lists.addresses(mlist)
    given, *verbs = arrival.intent.extension.split(ours.delimiter)
    about_the_list = ''
    if given in _ABOUT_THE_LIST:
        about_the_list = _about_the_list(mlist, reader, given)
        # The verb may stand before the name.
        words = [*verbs[:1], given, *verbs[1:]]
        given, verbs = words[0], words[1:]
    exact = lookup.find(mlist, given)
    names = [given] if exact else lookup.similar_names(mlist, given)
    if not names:
        return about_the_list
    with _.using(reader.preferred_language.code):
        lines = [_('Did you mean one of these?'), '']
        for name in names:
            meanings = []
            if verbs:
                meanings += [
                    (ours.mute(name), _('mute the conversation')),
                    (ours.follow(name), _('follow the conversation')),
                ]
            if len(verbs) > 1:
                meanings += [
                    (ours.mute(name, '7d'), _('mute it for 7 days')),
                    (ours.mute(name, '2w'), _('mute it for 2 weeks (at most 52w)')),
                ]
            if not verbs:
                # Do not suggest the address of the conversation to senders who wanted
                # to mute it.
                address = ours.conversation(name)
                meanings.append((address, _('post to the conversation')))
            for address, meaning in meanings:
                lines += [f'    {address}', f'        {meaning}']
    return '\n'.join([*lines, '', ''])
