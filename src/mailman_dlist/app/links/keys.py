# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that sign personal links, in Mailman's data directory.

Each line has an id, from 0 to 15, and a key in hexadecimal digits.  The last line
signs; all lines are accepted.  To replace a key, add a line with a new id, and remove
the old line when its links may stop working.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path

from mailman.config import config
from public import public

from mailman_dlist.domain.errors import DlistError
from mailman_dlist.domain.links.token import KEY_IDS


FILE_NAME = 'dlist.keys'

# Our choice: the length of the hash.
KEY_OCTETS = 32


@public
class KeyFileError(DlistError):
    """The key file cannot be read, or users other than its owner can read it."""

    def __init__(self, path: Path, problem: str):
        self.path = path
        self.problem = problem
        super().__init__(f'{path}: {problem}')


@public
def accepted() -> dict[int, bytes]:
    """Return the keys by their ids, in the order of their lines.

    There are none before the first link is signed.

    :raises KeyFileError: if the file is not valid.
    """
    # Not a Path, for speed: this runs for every personal link.
    path = os.path.join(config.DATA_DIR, FILE_NAME)
    try:
        state = os.stat(path)
        if state.st_mode & 0o077:
            raise KeyFileError(Path(path), 'others can read it; "chmod 600" it')
        # A new key of an admin's counts at once, without a restart.
        return _read(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(Path(path), f'cannot be read: {error}') from error


@public
def signing() -> tuple[int, bytes]:
    """Return the id and the key that sign; create the first key if necessary.

    :raises KeyFileError: if the file is not valid.
    """
    keys = accepted()
    if not keys:
        path = Path(config.DATA_DIR) / FILE_NAME
        try:
            _make(path)
        except OSError as error:
            raise KeyFileError(path, f'cannot be created: {error}') from error
        keys = accepted()
    return list(keys.items())[-1]


def _make(path: Path) -> None:
    """Create the file completely or not at all; the first process wins."""
    # Its mode is 0600.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, 'w', encoding='ascii') as file:
            file.write(f'1 {secrets.token_hex(KEY_OCTETS)}\n')
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)


@lru_cache(maxsize=1)
def _read(name: str, *_version: int) -> dict[int, bytes]:
    path = Path(name)
    found: dict[int, bytes] = {}
    for number, line in enumerate(path.read_text('ascii').splitlines(), start=1):
        if not line.strip():
            continue
        try:
            key_id, key = _key(line)
        except ValueError:
            raise KeyFileError(
                path,
                f'line {number} is not an id from 0 to {KEY_IDS[-1]} and a key of at '
                f'least {2 * KEY_OCTETS} hexadecimal digits',
            ) from None
        if key_id in found:
            raise KeyFileError(path, f'line {number} has the same id as another line')
        found[key_id] = key
    if not found:
        raise KeyFileError(path, 'contains no key; remove the file to get a new one')
    return found


def _key(line: str) -> tuple[int, bytes]:
    key_id, digits = line.split()
    key = bytes.fromhex(digits)
    if int(key_id) not in KEY_IDS or len(key) < KEY_OCTETS:
        raise ValueError
    return int(key_id), key
