# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the parsers take for texts of doubled sizes.

    python -m bench.parsers [--sizes OCTETS ...]

Prints each parser's slowest text at each size, in milliseconds.  What reads a field of
the header gets no more than mail may have in one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from time import perf_counter

from mailman_dlist.mail.mailboxes import LONGEST_FIELD
from tests.mail.test_limits import OF_FIELDS, OF_TEXTS, PIECES
from tests.steps import Read, repeated


SIZES = [2**power for power in range(16, 24)]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--sizes', type=int, nargs='+', default=SIZES)
    sizes = parser.parse_args(argv).sizes
    print('|'.join(['', 'parser', 'slowest text', *map(str, sizes), '']))
    print('|'.join(['', *['-'] * (len(sizes) + 2), '']))
    for name, read in (OF_FIELDS | OF_TEXTS).items():
        longest = LONGEST_FIELD if name in OF_FIELDS else max(sizes)
        fit = [size for size in sizes if size <= longest]
        piece = max(PIECES, key=lambda each: seconds(read, each, min(fit)))
        times = [f'{1000 * seconds(read, piece, size):.1f}' for size in fit]
        print('|'.join(['', name, repr(piece), *times, '']))


def seconds(read: Read, piece: str, size: int) -> float:
    text = repeated(piece, size)
    start = perf_counter()
    read(text)
    return perf_counter() - start


if __name__ == '__main__':
    main()
