# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write the extension of an address, the part after the plus.

``ant+picnic+unsubscribe@example.com`` is an address of the list *ant*; the extension
is the part after the first plus.  This module reads extensions, chooses among those
of one mail, and writes addresses (DESIGN, section 2).  It works on text only and does
not know which conversations exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import NamedTuple

from mailman_dlist.domain.naming import is_name


class Action(Enum):
    """The action that an address asks for."""

    plain = 'plain'
    open = 'open'
    post = 'post'
    follow = 'follow'
    mute = 'mute'
    reset = 'reset'
    close = 'close'
    hold = 'hold'
    reopen = 'reopen'
    conversations = 'conversations'
    help = 'help'
    confirm = 'confirm'
    unknown = 'unknown'


POSTS = (Action.post, Action.open, Action.plain)
COMMANDS = (
    Action.follow,
    Action.mute,
    Action.reset,
    Action.close,
    Action.hold,
    Action.reopen,
    Action.conversations,
    Action.help,
    Action.confirm,
)

# The commands that moderators may give.
STEERING = (Action.close, Action.hold, Action.reopen)

OPEN = 'new'
FOLLOW = 'subscribe'
MUTE = 'unsubscribe'
RESET = 'reset'
CLOSE = 'close'
HOLD = 'hold'
REOPEN = 'reopen'
CONFIRM = 'confirm'

# The actions for the whole list.
WORDS = {'conversations': Action.conversations, 'help': Action.help}

# The actions for one conversation.
VERBS = {
    FOLLOW: Action.follow,
    'follow': Action.follow,
    MUTE: Action.mute,
    'mute': Action.mute,
    RESET: Action.reset,
    CLOSE: Action.close,
    HOLD: Action.hold,
    REOPEN: Action.reopen,
}


# Days or weeks.
SPAN = re.compile(r'([1-9][0-9]{0,2})([dw])')
LONGEST_SPAN = timedelta(weeks=52)


@dataclass(frozen=True)
class Intent:
    """One parsed extension.

    ``name`` is a conversation's name, valid except for ``open``, where it is the given
    text (`naming.from_given` makes it valid) or None.  ``extension`` is the whole
    extension, in lower case.  ``span`` is how long a conversation is to be muted; None
    for good.  ``token`` is the token to confirm.
    """

    action: Action
    name: str | None = None
    extension: str = ''
    span: timedelta | None = None
    token: str = ''

    @property
    def is_command(self) -> bool:
        return self.action in COMMANDS

    @property
    def is_post(self) -> bool:
        return self.action in POSTS

    @property
    def purpose(self) -> Hashable:
        """Key that is equal for intents that are carried out as one."""
        if self.is_post:
            return 'post'
        # The verbs have synonyms; an unknown extension has only its text.
        return self.action, self.span, self.name or self.extension


UNKNOWN = Intent(Action.unknown)


def parse(extension: str, delimiter: str = '+') -> Intent:
    """Parse an extension [U10 to U13]; never raises.

    >>> parse('picnic+unsubscribe').action
    <Action.mute: 'mute'>
    >>> parse('new+Picnic').name
    'picnic'
    >>> parse('picnic+dance').action
    <Action.unknown: 'unknown'>

    :param delimiter: Mailman's ``mta.verp_delimiter``.
    """
    extension = extension.lower()
    return replace(
        _understand(extension.split(delimiter, maxsplit=3)), extension=extension)


def _understand(parts: list[str]) -> Intent:
    match parts:
        case ['']:
            return Intent(Action.plain)
        case ['new'] | ['new', '']:
            return Intent(Action.open)
        case ['new', given]:
            return Intent(Action.open, given)
        case [word, token] if word == CONFIRM and token:
            return Intent(Action.confirm, token=token)
        case [word] if word in WORDS:
            return Intent(WORDS[word])
        case [name] if is_name(name):
            return Intent(Action.post, name)
        case [name, verb] if is_name(name) and verb in VERBS:
            return Intent(VERBS[verb], name)
        case [name, verb, text] if is_name(name) and VERBS.get(verb) is Action.mute:
            span = _span(text)
            return Intent(Action.mute, name, span=span) if span else UNKNOWN
        case _:
            return UNKNOWN


def _span(text: str) -> timedelta | None:
    """Read ``7d`` or ``2w``; None for anything else, and for more than a year."""
    match = SPAN.fullmatch(text)
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    span = timedelta(days=count) if unit == 'd' else timedelta(weeks=count)
    return span if span <= LONGEST_SPAN else None


def reduce(intents: Iterable[Intent]) -> list[Intent]:
    """Choose which of several addresses of one list in one mail count.

    Of the posts, only the most precise one, so that a Reply-All to ``ant``, ``ant+new``
    and ``ant+picnic`` is one message; every command and every unknown, once.

    :return: The post first, if there is one, then the others in their order.
    """
    intents = list(intents)
    posts = sorted((intent for intent in intents if intent.is_post), key=_rank)
    others = {
        intent.purpose: intent for intent in intents if not intent.is_post}
    return [*posts[:1], *others.values()]


# Our choice: nobody commands more conversations with one mail.
MOST_COMMANDS = 20


class Shares(NamedTuple):
    """The decision about the addresses of one list in one mail.

    :param each: The post, and the commands to carry out, each on its own.
    :param unknown: Extensions that are not understood; one reply covers all of them.
    :param excess: Commands beyond the limit, which are refused.
    """

    each: list[Intent]
    unknown: list[Intent]
    excess: list[Intent]


def share(intents: Iterable[Intent], known: Collection[str]) -> Shares:
    """Limit the number of commands in one mail, and of replies to it.

    :param intents: As `reduce` returns them.
    :param known: The names of conversations, of those that are named.
    """
    shares = Shares([], [], [])
    commands = 0
    for intent in intents:
        if intent.is_post:
            shares.each.append(intent)
        elif not intent.is_command or (intent.name and intent.name not in known):
            shares.unknown.append(intent)
        elif commands < MOST_COMMANDS:
            commands += 1
            shares.each.append(intent)
        else:
            shares.excess.append(intent)
    return shares


def _rank(post: Intent) -> tuple[int, bool]:
    return POSTS.index(post.action), post.name is None


@dataclass(frozen=True)
class ListAddresses:
    """The addresses of one list.

    >>> ant = ListAddresses('ant', 'example.com')
    >>> ant.mute('picnic')
    'ant+picnic+unsubscribe@example.com'
    >>> ant.extension('Ant+Picnic@Example.com')
    'picnic'

    ``also_hosts`` are the alias domains, whose mail is the list's too; ``former`` are
    posting addresses that the list had before, in lower case.
    """

    list_name: str
    mail_host: str
    delimiter: str = '+'
    also_hosts: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()

    @property
    def posting(self) -> str:
        return f'{self.list_name}@{self.mail_host}'

    @property
    def opening(self) -> str:
        return self.to(OPEN)

    @property
    def conversations(self) -> str:
        return self.to('conversations')

    @property
    def help(self) -> str:
        return self.to('help')

    def conversation(self, name: str) -> str:
        return self.to(name)

    def follow(self, name: str) -> str:
        return self.to(name, FOLLOW)

    def mute(self, name: str, span: str = '') -> str:
        """Return the address that mutes, for good or for a span such as ``7d``."""
        return self.to(name, MUTE, span) if span else self.to(name, MUTE)

    def reset(self, name: str) -> str:
        return self.to(name, RESET)

    def reopen(self, name: str) -> str:
        return self.to(name, REOPEN)

    def confirm(self, token: str) -> str:
        return self.to(CONFIRM, token)

    def to(self, *parts: str) -> str:
        """Return the address with this extension, given whole or in parts."""
        local_part = self.delimiter.join(filter(None, (self.list_name, *parts)))
        return f'{local_part}@{self.mail_host}'

    def extension(self, address: str) -> str | None:
        """Return an address' extension in lower case; None if not this list's.

        The posting address has the extension ``''``.  ``ant-request+x`` is not an
        address of ours: only the list's name may precede the delimiter, as Mailman
        splits it.
        """
        local_part, _, host = address.strip().lower().rpartition('@')
        name, _, extension = _unquoted(local_part).partition(self.delimiter)
        hosts = {each.lower() for each in (self.mail_host, *self.also_hosts)}
        ours = name == self.list_name.lower() and host in hosts
        return extension if ours or f'{name}@{host}' in self.former else None


def without_extension(address: str, delimiter: str = '+') -> str:
    """Return an address in lower case without its extension, whatever its list.

    >>> without_extension('Ant+Picnic@example.com')
    'ant@example.com'
    """
    local_part, _, host = address.strip().lower().rpartition('@')
    return f'{_unquoted(local_part).partition(delimiter)[0]}@{host}'


def _unquoted(local_part: str) -> str:
    """Remove the quotes of a quoted local part (RFC 5321, section 4.1.2)."""
    quoted = re.fullmatch('"(.*)"', local_part)
    return re.sub(r'\\(.)', r'\1', quoted[1]) if quoted else local_part
