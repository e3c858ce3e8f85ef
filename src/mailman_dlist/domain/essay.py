# SPDX-License-Identifier: GPL-3.0-or-later
"""Check and clean the answer to an owner's questions.
"""

from __future__ import annotations

import re
import unicodedata

from mailman_dlist.domain.errors import DlistError


# Characters, our choice: as long as a chapter of a book, and still fits into a mail.
LONGEST = 100_000

# All except line ends and tabs: databases refuse some, terminals obey others.
_CONTROL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]')
_LINE_ENDS = re.compile('\r\n?')

# Letters, marks, numbers, punctuation, symbols; all others are invisible.
_VISIBLE = frozenset('LMNPS')


class NoAnswer(DlistError):
    """A text is too short for an answer, or too long.

    :param minimum: The characters that an answer has at least.
    :param length: The characters of the text, 0 if nothing of it is visible.
    """

    def __init__(self, minimum: int, length: int):
        self.minimum = minimum
        self.length = length
        super().__init__(
            'An answer to the questions of the list is required, '
            f'of at least {minimum} '
            f'and at most {LONGEST} characters'
        )


def clean(text: str) -> str:
    """Return a text as it is stored, without control characters and outer blanks.

    >>> clean(' I knit.\\r\\n\\x00And I\\tswim.\\n')
    'I knit.\\nAnd I\\tswim.'
    """
    # Lone surrogates become question marks.
    text = text.encode('utf-8', 'replace').decode('utf-8')
    return _CONTROL.sub('', _LINE_ENDS.sub('\n', text)).strip()


def read(text: str, minimum: int) -> str:
    """Return an answer as it is stored.

    >>> read('I knit.\\n', 1)
    'I knit.'

    :param minimum: In characters; 0 if the answer may be empty.
    :raises NoAnswer: if it is too short or too long.
    """
    answer = clean(text)
    size = len(answer) if any(map(_is_visible, answer)) else 0
    if not minimum <= size <= LONGEST:
        raise NoAnswer(minimum, size)
    return answer


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _VISIBLE
