# SPDX-License-Identifier: GPL-3.0-or-later
"""Let many processes sign the first link of a site at one moment.

    python -m tests.app.sign_together directory 10

Each prints the key that it signs with, in hexadecimal digits.
"""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.synchronize import Barrier

from mailman.config import config

from mailman_dlist.app import keys


PATIENCE_SECONDS = 60


def sign(all_there: Barrier) -> None:
    all_there.wait(PATIENCE_SECONDS)
    _key_id, key = keys.signing()
    # One write, so that the lines of two processes do not mix.
    sys.stdout.write(f'{key.hex()}\n')
    sys.stdout.flush()


def sign_together(directory: str, count: int) -> int:
    """Return how many of the processes failed."""
    config.DATA_DIR = directory
    fork = multiprocessing.get_context('fork')
    all_there = fork.Barrier(count)
    processes = [fork.Process(target=sign, args=(all_there,)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(process.exitcode != 0 for process in processes)


if __name__ == '__main__':
    sys.exit(sign_together(sys.argv[1], int(sys.argv[2])))
