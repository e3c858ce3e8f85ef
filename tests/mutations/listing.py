# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of ``faults.toml``, as they are put into a copy of the project."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


LISTED = Path(__file__).with_name('faults.toml')
PACKAGE = Path('src', 'mailman_dlist')


class NotOnce(Exception):
    """The text that a fault replaces is not found, or more than once."""


@dataclass(frozen=True)
class Fault:
    """One fault, and the tests that find it; see ``faults.toml``."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file, below the root of the project."""
        return PACKAGE / self.file

    def put_into(self, source: str) -> str:
        """Return the source of the file with the fault in it.

        :raises NotOnce: when the list is no longer up to date.
        """
        found = source.count(self.before)
        if found != 1:
            raise NotOnce(f'{self.name}: {found} times in {self.path}: {self.before}')
        return source.replace(self.before, self.after)


def faults() -> list[Fault]:
    """Return all faults, in the order of the list."""
    with LISTED.open('rb') as file:
        listed = tomllib.load(file)
    return [
        Fault(name, row['file'], row['before'], row['after'], tuple(row['tests']))
        for name, row in listed.items()
    ]
