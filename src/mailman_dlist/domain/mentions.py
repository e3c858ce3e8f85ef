# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace the list's address by the conversation's in header fields.

Reply-All in any mail program then reaches the conversation.  Only the address is
replaced: display names, groups, comments and mistakes stay as the author wrote them.
Therefore the field is not parsed and written again.
"""

from __future__ import annotations

import re

from mailman_dlist.domain.address import ListAddresses


# Characters that may be next to an address without being part of it (RFC 5322, 3.2.3).
_BEFORE = r'(?<![\w.!#$%&\'*+/=?^`{|}~-])'
_AFTER = r'(?![\w-]|\.\w)'


def redirect(value: str, addresses: ListAddresses, name: str) -> str:
    """Return the value of a field with the list's addresses replaced.

    >>> ant = ListAddresses('ant', 'example.com')
    >>> redirect('"The ants" <ant+new@example.com>, bart@example.com', ant, 'picnic')
    '"The ants" <ant+picnic@example.com>, bart@example.com'

    :param name: The conversation's name.
    """
    hosts = '|'.join(
        re.escape(host) for host in (addresses.mail_host, *addresses.also_hosts)
    )
    ours = [(re.escape(addresses.list_name), hosts)]
    for former in sorted(addresses.former):
        local, _, host = former.rpartition('@')
        ours.append((re.escape(local), re.escape(host)))
    delimiter = re.escape(addresses.delimiter)
    mentions = '|'.join(
        rf'(?:{local}(?:{delimiter}[^\s"<>,;:@]*)?'
        rf'|"{local}(?:{delimiter}[^"@]*)?")@(?:{hosts})'
        for local, hosts in ours
    )
    pattern = f'{_BEFORE}(?:{mentions}){_AFTER}'
    address = addresses.conversation(name)
    return re.sub(pattern, lambda _mention: address, value, flags=re.IGNORECASE)


# Quoted names and comments.
_REMARKS = r'"(?:\\.|[^"\\])*"|\((?:\\.|[^()\\])*\)'
_REMARK = re.compile(_REMARKS, re.DOTALL)
_ANGLE = re.compile('<([^<>]*)>')
# Text that may contain a comma that does not separate two addresses.
_WHOLE = rf'{_REMARKS}|<[^<>]*>'
_MAILBOX = re.compile(f'(?:{_WHOLE}|[^,])+', re.DOTALL)
_NO_GROUP = re.compile(f'(?:{_WHOLE}|[^:;])*', re.DOTALL)


def without_repeats(value: str, address: str) -> str:
    """Return the value of a field that names an address at most once.

    Everything else stays as it is.  Fields with groups are not changed.

    >>> without_repeats('ant@example.com, bart@example.com, ant@example.com',
    ...     'ant@example.com')
    'ant@example.com, bart@example.com'
    """
    if not _NO_GROUP.fullmatch(value):
        return value
    mailboxes = _MAILBOX.findall(value)
    mentions = [each for each in mailboxes if _is(each, address)]
    if len(mentions) < 2:
        return value
    first = mailboxes.index(mentions[0])
    kept = [
        each
        for place, each in enumerate(mailboxes)
        if place == first or not _is(each, address)
    ]
    return ','.join(kept).strip()


def _is(mailbox: str, address: str) -> bool:
    # Some programs write a comma into an encoded word.
    if mailbox.count('=?') != mailbox.count('?='):
        return False
    plain = _REMARK.sub('', mailbox)
    angle = _ANGLE.search(plain)
    found = angle[1] if angle else plain
    return found.strip().lower() == address.lower()
