# SPDX-License-Identifier: GPL-3.0-or-later
"""A message of which every recipient gets a copy of their own.

Copies differ in a field or two and in the footer, so they share the rest: texts and
attachments, which no code changes in place, and the work of folding the header fields.
The outgoing messages are the same to the last byte.
"""

from __future__ import annotations

import copy
from email._policybase import Compat32
from email.header import Header
from email.message import Message as AnyMessage
from email.policy import Policy, compat32
from functools import lru_cache
from typing import Any

from mailman.email.message import Message
from public import public


# The number of fields to remember; no real message has as many.
FIELDS = 500

# Values of these types need not be copied.
FIXED = frozenset({str, int, type(None)})


@public
class SharedMessage(Message):
    """A message that is quick to copy; its copies have the original's class."""

    def __init__(self, msg: Message):
        self.__dict__.update(vars(msg))
        self._original = duplicate(msg)
        # Only the policy that all of Mailman's messages have is known well enough.
        if type(msg.policy) is Compat32:
            self._original.policy = FoldedOnce(**vars(msg.policy))
        attributes = vars(self._original)
        attributes['_headers'] = [
            (name, FieldText(value) if type(value) is Header else value)
            for name, value in attributes['_headers']
        ]

    def __deepcopy__(self, memo: dict[int, Any]) -> AnyMessage:
        return duplicate(self._original)


def duplicate(msg: AnyMessage) -> AnyMessage:
    """Return a deep copy that shares all parts that cannot change."""
    double = type(msg).__new__(type(msg))
    # Not by copy.copy: for Mailman's messages it creates two objects with the same
    # attributes.
    double.__dict__.update({
        name: value if type(value) in FIXED else _own(name, value)
        for name, value in vars(msg).items()
    })
    return double


def _own(name: str, value: Any) -> Any:
    if isinstance(value, Policy):
        return value
    if name == '_headers':
        return [
            (field, text if type(text) is str else copy.deepcopy(text))
            for field, text in value
        ]
    if name == '_payload' and isinstance(value, list):
        return [
            duplicate(part) if isinstance(part, AnyMessage) else copy.deepcopy(part)
            for part in value
        ]
    return copy.deepcopy(value)


class FieldText(Header):
    """The text of a header field that remembers its folded form.

    Copies share it until more text is appended to them.
    """

    def __init__(self, header: Header):
        self.__dict__.update(vars(header))
        self._chunks = list(vars(header)['_chunks'])
        self._written = vars(header).get('_written', {})

    def append(self, *text: Any, **how: Any) -> None:
        self._written = {}
        super().append(*text, **how)

    def encode(self, *given: Any, **how: Any) -> str:
        key = (given, *how.items())
        if key not in self._written:
            self._written[key] = super().encode(*given, **how)
        return self._written[key]

    def __deepcopy__(self, memo: dict[int, Any]) -> FieldText:
        return FieldText(self)


class FoldedOnce(Compat32):
    """The policy of Mailman's messages, which also remembers how fields were folded."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, str):
            # Such as To, which differs in each copy: there is nothing to fold.
            room = (self.max_line_length or 0) - len(f'{name}: ')
            if len(value) <= room and value.isascii() and value.isprintable():
                line = f'{name}: {value}{self.linesep}'
                return line.encode('ascii', 'surrogateescape')
            return _folded(
                self.linesep, self.max_line_length, self.cte_type, name, value
            )
        return super().fold_binary(name, value)


@lru_cache(FIELDS)
def _folded(
    linesep: str, max_line_length: int | None, cte_type: str, name: str, value: str
) -> bytes:
    policy = compat32.clone(
        linesep=linesep, max_line_length=max_line_length, cte_type=cte_type
    )
    return policy.fold_binary(name, value)
