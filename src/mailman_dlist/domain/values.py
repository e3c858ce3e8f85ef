# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the values of settings from text.

REST, the shell and dlist.cfg use these readers.  A reader takes a text and raises a
`ValueError` that says what the text must be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from mailman_dlist.domain.errors import DlistError


class BadSetting(DlistError):
    """A setting is unknown or its value is not valid."""

    def __init__(self, name: str, problem: str):
        self.name = name
        super().__init__(f'{name}: {problem}')


def read_settings(
    readers: Mapping[str, Callable[[str], Any]], values: Mapping[str, str | bool]
) -> dict[str, Any]:
    """Read the values of settings; if one is not valid, none.

    >>> read_settings({'footers': yes_or_no}, {'footers': 'no'})
    {'footers': False}

    :param values: Texts; yes and no may be booleans.
    :raises BadSetting: for the first that is unknown or has a bad value.
    """
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name not in readers:
            known = ', '.join(readers)
            raise BadSetting(name, f'unknown name; known names are {known}')
        try:
            read[name] = readers[name](str(value))
        except ValueError as error:
            raise BadSetting(name, f'{value!r} must be {error}') from error
    return read


def yes_or_no(text: str) -> bool:
    """Read a switch."""
    # JSON's booleans arrive as Python's, in capitals.
    words = {'yes': True, 'true': True, 'no': False, 'false': False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError('yes or no') from None


def one_of(choices: type[Enum]) -> Callable[[str], Any]:
    """Return a reader for the name of one of the choices."""

    def read(text: str) -> Any:
        try:
            return choices[text.strip().lower()]
        except KeyError:
            *others, last = (each.name for each in choices)
            raise ValueError(f'{", ".join(others)} or {last}') from None

    return read


def value_name(value: Any) -> str:
    """Return a value as the readers read it; '' for none.

    >>> value_name(True)
    'yes'
    """
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, Enum):
        return value.name
    return '' if value is None else str(value)


def number(low: int, high: int, unit: str) -> Callable[[str], int]:
    """Return a reader for a whole number from low to high."""

    def read(text: str) -> int:
        text = text.strip()
        known = text.isascii() and text.isdigit() and len(text) <= len(str(high))
        if not known or not low <= int(text) <= high:
            raise ValueError(f'a number of {unit} from {low} to {high}')
        return int(text)

    return read
