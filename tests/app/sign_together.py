# SPDX-License-Identifier: GPL-3.0-or-later
"""Let many processes sign the first link of a site at one moment.

    python -m tests.app.sign_together directory 10

Each prints the key that it signs with, in hexadecimal digits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from mailman.config import config

from mailman_dlist.app.links import keys
from tests.together import together


def sign(wait_for_all: Callable[[], object]) -> None:
    wait_for_all()
    _key_id, key = keys.signing()
    # One write, so that the lines of two processes do not mix.
    sys.stdout.write(f'{key.hex()}\n')
    sys.stdout.flush()


if __name__ == '__main__':
    _program, directory, count = sys.argv
    config.DATA_DIR = directory
    sys.exit(together(sign, int(count)))
