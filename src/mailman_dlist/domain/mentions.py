# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace the list's address by the conversation's in header fields.

Reply-All in any mail program then reaches the conversation.  Only the address is
replaced: display names, groups, comments and mistakes stay as the author wrote them.
Therefore the field is not parsed and written again.
"""

from __future__ import annotations

import re

from mailman_dlist.domain.address import ListAddresses


# What may stand next to an address without being part of it (RFC 5322, 3.2.3).
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
    local = re.escape(addresses.list_name)
    delimiter = re.escape(addresses.delimiter)
    pattern = (
        rf'{_BEFORE}(?:{local}(?:{delimiter}[^\s"<>,;:@]*)?'
        rf'|"{local}(?:{delimiter}[^"@]*)?")@(?:{hosts}){_AFTER}'
    )
    address = addresses.conversation(name)
    return re.sub(pattern, lambda _mention: address, value, flags=re.IGNORECASE)
