# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m mailman_dlist.demo``"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mailman_dlist.demo.run import LETTERS, demo


def main() -> int:
    parser = argparse.ArgumentParser(
        prog='python -m mailman_dlist.demo',
        description='Show dynamic sublists at work, in a private Mailman.',
    )
    parser.add_argument(
        '--keep',
        action='store_true',
        help='keep it running until Ctrl-C, and show how to use it',
    )
    parser.add_argument(
        '--corpus',
        type=Path,
        metavar='FILE',
        help='send the first threads of this mailbox file',
    )
    parser.add_argument(
        '--limit',
        type=int,
        metavar='N',
        help=f'send at most N messages of a mailbox file (default: {LETTERS})',
    )
    parser.add_argument(
        '--plain', action='store_true', help='ASCII only, and no line that changes'
    )
    arguments = parser.parse_args()
    if arguments.corpus is not None and not arguments.corpus.is_file():
        parser.error(f'{arguments.corpus} is not a file')
    return demo(
        keep=arguments.keep,
        corpus=arguments.corpus,
        limit=arguments.limit,
        plain=arguments.plain,
    )


if __name__ == '__main__':
    sys.exit(main())
