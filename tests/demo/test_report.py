# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the demo, and how they are shown."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from mailman_dlist.demo.letters import Person
from mailman_dlist.demo.progress import ASCII, UNICODE, Progress
from mailman_dlist.demo.report import report
from mailman_dlist.demo.results import Conversation, Results


ANNE = Person('anne@example.com', 'Anne', 'everything')
BART = Person('bart@example.com', 'Bart', 'openings')
CRIS = Person('cris@example.com', 'Cris with a long name', 'nothing')


def results(**changes):
    picnic = Conversation(
        'picnic',
        'Picnic',
        posts=3,
        heard=Counter({ANNE.email: 3, BART.email: 1}),
        why={ANNE.email: 'opened'},
    )
    bridge = Conversation(
        'bridge',
        'The bridge',
        posts=2,
        heard=Counter({ANNE.email: 1, CRIS.email: 1, BART.email: 2}),
        why={ANNE.email: 'mute', BART.email: 'replied', CRIS.email: 'follow'},
    )
    values = {
        'people': [ANNE, BART, CRIS],
        'conversations': [picnic, bridge],
        'notices': 2,
        'troubles': [],
    }
    return Results(**{**values, **changes})


def lines(results, glyphs=UNICODE):
    return [line.split() for line in report(results, 'ant@example.com', glyphs)]


def test_every_conversation_has_its_numbers_and_so_have_all():
    table = lines(results())
    assert ['A', 'picnic', '3', '4', '9', '56', '%', '████░░░░░░'] in table
    assert ['B', 'bridge', '2', '4', '6', '33', '%', '███████░░░'] in table
    assert ['all', '5', '8', '15', '47', '%', '█████░░░░░'] in table


def test_every_member_has_what_they_heard_and_why():
    table = lines(results())
    assert ['Anne', 'everything', '3*', '1−', '4', 'of', '5'] in table
    assert ['Bart', 'openings', '1', '2~', '3', 'of', '5'] in table
    assert ['Cris', 'with', '..', 'nothing', '·', '1+', '1', 'of', '5'] in table


def test_the_saving_is_told_in_words_and_so_is_trouble():
    text = '\n'.join(report(results(), 'ant@example.com', UNICODE))
    assert 'sent 8 copies of these posts; a plain list would have sent 15.' in text
    assert '7 (47 %) were saved.  Another 2 messages were' in text
    assert 'No message was shunted' in text
    troubled = results(troubles=['1 messages lie in the queue shunt.'])
    text = '\n'.join(report(troubled, 'ant@example.com', UNICODE))
    assert '! 1 messages lie in the queue shunt.' in text
    assert 'No message was shunted' not in text


def test_a_list_without_conversations_has_a_report_too():
    nothing = results(conversations=[])
    assert ['all', '0', '0', '0', '0', '%', '░' * 10] in lines(nothing)


def test_the_report_fits_in_eighty_columns():
    many = [
        Conversation('a-name-of-thirty-octets-or-less', 'x', posts=30)
        for _ in range(30)
    ]
    for line in report(results(conversations=many), 'ant@example.com', UNICODE):
        assert len(line) <= 80


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding):
        self.written = io.BytesIO()
        super().__init__(self.written, encoding=encoding)

    def isatty(self):
        return True

    def shown(self):
        self.flush()
        return self.written.getvalue().decode(self.encoding)


@pytest.mark.parametrize(
    ('encoding', 'plain', 'glyphs'),
    [
        ('utf-8', False, UNICODE),
        ('utf-8', True, ASCII),
        ('latin-1', False, ASCII),
        ('ascii', False, ASCII),
    ],
)
def test_what_the_output_cannot_show_is_replaced(encoding, plain, glyphs):
    terminal = Terminal(encoding)
    progress = Progress(terminal, plain=plain)
    assert progress.glyphs is glyphs
    progress.say('Zoë ✓')
    progress.show(1, 2, 'messages', 'Łukasz writes')
    if plain or encoding == 'ascii':
        assert 'Zo? ?' in terminal.shown()


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


def test_a_log_gets_a_line_at_each_quarter_and_no_control_characters():
    output = io.StringIO()
    clock = Clock()
    progress = Progress(output, clock=clock)
    with progress.step('Sending messages'):
        # As often as they are asked, and not at every number.
        for number in (0, 1, 9, 10, 10, 11, 25, 39, 40):
            progress.show(number, 40, 'messages', 'Anne writes')
        clock.seconds = 12.0
    with progress.step('Starting Mailman'):
        progress.show(10, 40, 'processes running')
    assert [line.split() for line in output.getvalue().splitlines()] == [
        ['Sending', 'messages', '...'],
        ['10', 'of', '40', 'messages'],
        ['25', 'of', '40', 'messages'],
        ['39', 'of', '40', 'messages'],
        ['✓', 'Sending', 'messages', '12.0', 's'],
        ['Starting', 'Mailman', '...'],
        ['10', 'of', '40', 'processes', 'running'],
        ['✓', 'Starting', 'Mailman', '0.0', 's'],
    ]
    assert output.getvalue().replace('\n', '').isprintable()


def test_a_terminal_gets_one_line_that_changes():
    terminal = Terminal('utf-8')
    clock = Clock()
    progress = Progress(terminal, clock=clock)
    with progress.step('Starting Mailman'):
        clock.seconds = 3.0
        progress.show(7, 14, 'processes running')
        clock.seconds = 4.4
        progress.show(14, 14, 'processes running', 'at last')
    progress.say('Done.')
    first, *frames, last = terminal.shown().split('\r\x1b[K')[1:]
    assert first == '    Starting Mailman ...'
    assert [frame.strip() for frame in frames] == [
        '██████░░░░░░ 7 of 14 processes running, 3 s',
        '████████████ 14 of 14 processes running, 4 s  at last',
        f'✓ {"Starting Mailman":<62}    4.4 s',
    ]
    assert [frame.count('\n') for frame in frames] == [0, 0, 1]
    assert last == 'Done.\n'
