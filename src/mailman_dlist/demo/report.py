# SPDX-License-Identifier: GPL-3.0-or-later
"""Format the tables at the end of the demo."""

from __future__ import annotations

from collections.abc import Iterator

from mailman_dlist.demo.letters import Person
from mailman_dlist.demo.progress import Glyphs, bar
from mailman_dlist.demo.results import Conversation, Results


# What fits in eighty columns.
COLUMNS = 8
LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
NAME_WIDTH = 31
PERSON_WIDTH = 12
BAR_WIDTH = 10


def report(results: Results, list_address: str, glyphs: Glyphs) -> Iterator[str]:
    """Yield the lines of the report.

    Conversations stand in the order in which they were opened.
    """
    lettered = list(zip(LETTERS, results.conversations, strict=False))
    yield f'Conversations of {list_address}'
    yield ''
    yield from _conversations(results, glyphs)
    yield ''
    yield 'Posts that each member received, by conversation, and why'
    yield ''
    yield from _people(results, lettered[:COLUMNS], glyphs)
    yield ''
    yield from _conclusion(results)


def _conversations(results: Results, glyphs: Glyphs) -> Iterator[str]:
    people = len(results.people)
    yield (
        f'     {"name":<{NAME_WIDTH}} {"posts":>5} {"sent":>6} {"plain list":>11}'
        f' {"saved":>6}'
    )
    letters = LETTERS.ljust(len(results.conversations))
    for letter, one in zip(letters, results.conversations, strict=False):
        yield _row(letter, one.name, one.posts, one.deliveries, people, glyphs)
    yield _row('', 'all', results.posts, results.deliveries, people, glyphs)


def _row(
    letter: str, name: str, posts: int, sent: int, people: int, glyphs: Glyphs
) -> str:
    plain = posts * people
    name = shortened(name, NAME_WIDTH)
    return (
        f'  {letter:1}  {name:<{NAME_WIDTH}} {posts:>5} {sent:>6} {plain:>11}'
        f' {percent(plain - sent, plain):>6}'
        f'  {bar(glyphs, sent / plain if plain else 0, BAR_WIDTH)}'
    ).rstrip()


def _people(
    results: Results, lettered: list[tuple[str, Conversation]], glyphs: Glyphs
) -> Iterator[str]:
    heads = ''.join(f'{letter:>5}' for letter, _ in lettered)
    yield f'     {"":<{PERSON_WIDTH}} {"default":<10}{heads}  {"received":>9}'
    for person in results.people:
        cells = ''.join(_cell(one, person, glyphs) for _, one in lettered)
        heard = sum(one.heard[person.email] for one in results.conversations)
        yield (
            f'     {shortened(person.name, PERSON_WIDTH):<{PERSON_WIDTH}}'
            f' {person.default:<10}{cells}  {heard:>3} of {results.posts}'
        )
    yield ''
    yield f'     * opened it   ~ replied to it   + follows it   {glyphs.minus} muted it'
    yield '     no mark: the default applies, which is to receive everything, only the'
    yield '     first message of each conversation (openings), or nothing'


def _cell(conversation: Conversation, person: Person, glyphs: Glyphs) -> str:
    marks = {'opened': '*', 'replied': '~', 'follow': '+', 'mute': glyphs.minus}
    mark = marks.get(conversation.why.get(person.email, ''), ' ')
    heard = conversation.heard[person.email]
    return f'{heard or glyphs.none:>4}{mark}'


def _conclusion(results: Results) -> Iterator[str]:
    saved = results.plain_deliveries - results.deliveries
    yield (
        f'Mailman sent {results.deliveries} copies of these posts; a plain list would'
        f' have sent {results.plain_deliveries}.'
    )
    yield (
        f'{saved} ({percent(saved, results.plain_deliveries)}) were saved.'
        f'  Another {results.notices} messages were confirmations and notices.'
    )
    if not results.troubles:
        yield 'No message was shunted, held or refused.'
        return
    yield ''
    yield 'Problems:'
    for trouble in results.troubles:
        yield f'  ! {trouble}'


def shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 2] + '..'


def percent(part: int, whole: int) -> str:
    """Format a share in whole percent.

    >>> percent(1, 3)
    '33 %'
    >>> percent(0, 0)
    '0 %'
    """
    return f'{round(100 * part / whole) if whole else 0} %'
