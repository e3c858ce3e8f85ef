# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace the list's address by the conversation's in header fields.

Reply-All in any mail program then reaches the conversation.  Only the address is
replaced: display names, groups, comments and mistakes stay as the author wrote them.
Therefore the field is not parsed and written again.
"""

from __future__ import annotations

import re

from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.mail.mailboxes import entries


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


def without_repeats(value: str, address: str) -> str:
    """Return the value of a field that names an address at most once.

    Everything else stays as it is.  Fields with groups are not changed.

    >>> without_repeats('ant@example.com, bart@example.com, ant@example.com',
    ...     'ant@example.com')
    'ant@example.com, bart@example.com'
    """
    kept, is_named = [], False
    for mailbox, start, end in entries(value):
        if value.startswith(';', end):
            return value
        is_mention = mailbox is not None and mailbox.names(address)
        if not (is_mention and is_named):
            kept.append(value[start:end])
        is_named |= is_mention
    after = ','.join(kept)
    return value if after == value else after.strip()
