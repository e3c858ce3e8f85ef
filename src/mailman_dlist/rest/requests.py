# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the body and the query of a REST request."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import falcon
from mailman.rest.helpers import get_request_params
from public import public

from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.domain.values import BadSetting, read_settings


Reader = Callable[[str], Any]

# Nine digits: enough for any list, and a database can take the product of two.
LARGEST = 999_999_999

# The length of MySQL's VARCHAR; RFC 5321 allows 254 octets (erratum 1690 of RFC 3696).
LONGEST_ADDRESS = 255


@public
class BadBody(DlistError):
    """The body of a request is neither a form nor a JSON object."""

    def __init__(self) -> None:
        super().__init__('Send a form, or a JSON object with one value for each name')


@public
def body(request: falcon.Request) -> dict[str, str | bool]:
    """Return the fields of a form or of a JSON object.

    JSON's null becomes an empty text.

    :raises BadBody: if the body is neither.
    :raises BadSetting: if a field has several values.
    """
    values = get_request_params(request)
    if not isinstance(values, dict):
        raise BadBody
    return {name: _single(name, value) for name, value in values.items()}


@public
class Write(NamedTuple):
    """A request that changes something.

    :param values: The fields of the body, apart from those about the actor.
    :param by: The actor that the client names, and the door.
    :param as_member: Whether to judge it as the member's own wish; REST itself may do
        what a moderator may.
    """

    values: dict[str, str | bool]
    by: By
    as_member: bool

    def read(
        self, readers: Mapping[str, Reader], required: Collection[str] = ()
    ) -> dict[str, Any]:
        """Read the values.

        :raises BadSetting: for the first field that is unknown, missing or bad.
        """
        read = read_settings(readers, self.values)
        for name in required:
            if name not in read:
                raise BadSetting(name, 'is required')
        return read


@public
def write(request: falcon.Request) -> Write:
    """Read the body, and `door`, `actor` and `as` from the body or the query.

    :raises BadBody: if the body is neither a form nor a JSON object.
    :raises BadSetting: if one of the three has a bad value.
    """
    values = body(request)
    about = {
        name: _single(name, request.params.get(name, values.pop(name, '')))
        for name in ACTOR
    }
    read = read_settings(ACTOR, {name: text for name, text in about.items() if text})
    by = By(read.get('door', Door.rest), read.get('actor', ''))
    return Write(values, by, read.get('as', False))


def _is_member(text: str) -> bool:
    if text != 'member':
        raise ValueError('member')
    return True


def _actor(text: str) -> str:
    text = text.strip().lower()
    is_address = 0 < text.find('@') < len(text) <= LONGEST_ADDRESS
    if not (re.fullmatch('[0-9a-f]{32}', text) or is_address):
        raise ValueError('an address, or the id of a member')
    # Some databases fail to compare other characters.
    if not (text.isascii() and text.isprintable()):
        raise ValueError('an address in ASCII')
    return text


def _door(text: str) -> Door:
    try:
        return DOORS[text]
    except KeyError:
        raise ValueError('web, rest or cli') from None


# The doors of the programs that speak REST.
DOORS = {door.name: door for door in (Door.web, Door.rest, Door.cli)}

# The parameters of each write that say who makes it.
ACTOR: dict[str, Reader] = {'door': _door, 'actor': _actor, 'as': _is_member}


@public
class Page(NamedTuple):
    """The requested part of a collection; all of it without a size."""

    start: int = 0
    size: int | None = None


@public
def query(request: falcon.Request, **readers: Reader) -> tuple[Page, dict[str, Any]]:
    """Read the query of a collection.

    :param readers: The parameters that it accepts in addition to a page.
    :return: The requested page, and the other parameters.
    :raises BadSetting: for the first parameter that is unknown or bad.
    """
    values = {name: _single(name, value) for name, value in request.params.items()}
    wanted = read_settings(readers | {'count': _number, 'page': _number}, values)
    count, page = wanted.pop('count', None), wanted.pop('page', None)
    if count is None and page is None:
        return Page(), wanted
    if count is None or page is None:
        missing = 'count' if count is None else 'page'
        raise BadSetting(missing, 'is required: count and page must be given together')
    return Page((page - 1) * count, count), wanted


def _single(name: str, value: Any) -> str | bool:
    if value is None:
        return ''
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        return str(value)
    raise BadSetting(name, 'must have exactly one value')


def _number(text: str) -> int:
    if not re.fullmatch('0*[1-9][0-9]{0,8}', text):
        raise ValueError(f'a whole number from 1 to {LARGEST}')
    return int(text)
