# SPDX-License-Identifier: GPL-3.0-or-later
"""How mail programs write somebody's name and address into a field.

`clear` names one address whatever the name is.  `raw` is what programs write that do
not quote: what has commas and brackets may be anybody's, and no one address then.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator


SPECIALS = '()<>[]:;@\\,."'
LETTERS = {
    'utf-8': 'Müller', 'iso-8859-1': 'Müller', 'windows-1252': 'M\u201aüller',
    'koi8-r': 'Мюллер', 'iso-2022-jp': '山田', 'shift_jis': '表示', 'gb2312': '王小',
    'big5': '許功', 'euc-kr': '김철', 'utf-7': 'Müller', 'us-ascii': 'Muller',
}


def names(*others: str) -> list[str]:
    """Return display names: each special, people's addresses, and what hides them.

    :param others: Addresses of others.
    """
    addresses = [
        form.format(other)
        for other in others
        for form in (
            '{}', '{},', '<{}>', '{}, for', '"{}" <x>', '{};', ':{};', '({})', '<{}> (',
            'x, {}, y', '\\"{}\\"',
        )
    ]
    return [
        '', 'Jo', 'Miller, Jo', 'Miller; Jo', 'Jo [x]', 'Jo: it', 'a"b', 'Jo (at work',
        *(f'Jo {special} x' for special in SPECIALS),
        SPECIALS,
        *addresses,
    ]


def clear(name: str, address: str) -> Iterator[str]:
    """Yield fields that name one address, in all ways that the standards know."""
    escaped = name.replace('\\', '\\\\').replace('"', '\\"')
    commented = escaped.replace('(', '\\(').replace(')', '\\)')
    yield f'"{escaped}" <{address}>'
    yield f'"{escaped}"\r\n <{address}>'
    yield f'<{address}> ({commented})'
    yield f'{address} ({commented})'
    yield f'({commented}) {address}'
    yield f'"{escaped}": {address};'
    for charset, letters in LETTERS.items():
        octets = f'{letters} {name}'.encode(charset, 'replace')
        yield f'{b(octets, charset)} <{address}>'
        yield f'{q(octets, charset)} <{address}>'
        yield f'Dr. {b(octets, charset)} (x) <{address}>'
    octets = name.encode()
    yield f'{q(octets)}\r\n {q(octets)} <{address}>'
    yield f'"{q(octets)}" <{address}>'
    yield f'{address} ({q(octets)})'
    yield f'{q(octets)}: {address};'


def raw(name: str, address: str) -> Iterator[str]:
    """Yield fields of programs that forget to quote or to encode."""
    yield f'{name} <{address}>'
    yield f'{address} ({name})'
    yield f'"{name}" <{address}>'
    yield f'=?utf-8?q?{name.replace(" ", "_")}?= <{address}>'
    yield f'M\udcfcller {name} <{address}>'
    yield f'{name}, {name} <{address}>'
    yield f'<{address}> {name}'
    yield f'<{address}>, {name}'


def b(octets: bytes, charset: str = 'utf-8') -> str:
    return f'=?{charset}?B?{b64encode(octets).decode()}?='


def q(octets: bytes, charset: str = 'utf-8') -> str:
    return f'=?{charset}?q?{"".join(f"={octet:02X}" for octet in octets)}?='
