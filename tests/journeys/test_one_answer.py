# SPDX-License-Identifier: GPL-3.0-or-later
"""One mail gets few answers, and none of them is large: senders can be forged."""

from __future__ import annotations

from mailman_dlist.domain.address import MOST_COMMANDS
from tests.village import MailingList


def test_what_is_not_understood_gets_one_answer(ant: MailingList) -> None:
    [anne] = ant.has('Anne')
    anne.writes(ant.at('new', 'picnic'))
    wrong = [ant.at(f'a{number}', 'unsubscribe') for number in range(400)]
    wrong += [ant.at('picnic', f'dance-{number}') for number in range(3)]
    before = len(anne.inbox)
    letter = anne.writes([ant.at('picnic', 'unsubscribe'), *wrong], 'Leave me alone')
    assert letter.accepted
    said = [mail.as_string() for mail in anne.inbox[before:]]
    [muted] = [each for each in said if 'You have muted' in each or 'longer' in each]
    [answer] = [each for each in said if each is not muted]
    for address in wrong[:20]:
        assert address in answer
    assert '...' in answer


def test_a_mail_has_so_many_commands_for_a_list(ant: MailingList) -> None:
    [anne] = ant.has('Anne')
    names = [f'walk-{chr(97 + number)}' for number in range(MOST_COMMANDS + 5)]
    for name in names:
        anne.writes(ant.at('new', name))
    before = len(anne.inbox)
    commands = [ant.at(name, 'unsubscribe') for name in names]
    answers = anne.writes(commands, 'Leave me alone').answers
    assert [code for code, _text in answers.values()] == (
        MOST_COMMANDS * [250] + 5 * [554]
    )
    assert len(anne.inbox) - before == MOST_COMMANDS


def test_a_large_mail_comes_back_as_its_beginning(ant: MailingList) -> None:
    # Otherwise the owners have a look first.
    ant.config(max_message_size=0)
    [anne] = ant.has('Anne')
    for size, words in {
        100_000: 'Your message is attached, so nothing is lost.',
        300_000: 'its header and first 64 KB are attached',
    }.items():
        text = 'Hello, ants!\n' * (size // 13) + 'The end.\n'
        anne.writes(ant.at('picnik'), f'Picnic {size}', text)
        [*_others, notice] = anne.inbox
        explanation, original = notice.iter_parts()
        assert words in ' '.join(explanation.get_content().split())
        [returned] = original.iter_parts()
        assert returned['subject'] == f'Picnic {size}'
        body = str(returned.get_payload()).replace('\r\n', '\n')
        assert body.startswith('Hello, ants!')
        assert ('The end.' in body) is (size < 256 * 1024)
        assert size < 256 * 1024 or len(body) <= 65_536
