# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of replies as mail programs write them: the words, and nothing else.

Every program and language, with words above, between and below what is quoted, and
without any.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.mime.text import MIMEText
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.mail import replies
from mailman_dlist.mail.replies import Sent
from tests.mail.programs import DEVICES, GMAIL, MARKED, OUTLOOK, UNMARKED
from tests.steps import repeated, steps


OWNER, ANNE = 'ant-owner@example.com', 'anne@example.net'
SUBJECT = 'Joining Ant: please answer these questions'
TEXT = """\
Somebody, probably you, has asked to join the mailing list Ant
(ant@example.com) with the address

    anne@example.net

The list owners ask everybody who wants to join:

Who are you, where do you live, and what have you got to do with ants and
with those who study them?
- Do you knit?
- 好きな虫は何ですか。
2. Why?

To join, reply to this message and write your answer in the reply.  Your
reply also confirms that the address is yours.  The owners and
moderators of the list will read your answer; other members will not.

If you did not ask to join, or if you have changed your mind, you need
not do anything: nobody joins without an answer.  If you need help,
write to the list owners, ant-owner@example.com.
"""
SENT = Sent(
    TEXT,
    ('ant+confirm+abcdefgh@example.com', OWNER, 'ant@example.com', ANNE, SUBJECT),
)

ABOVE = 'Hello,\nI am Anne. I live at the lake: there are ants.'
BETWEEN = 'I do knit:\n- socks\n- hats at 10:30'
BELOW = 'Минуточку: вот и всё.\n\nGreetings'

# What is a line of its own after which the questions begin.
QUESTION = TEXT.index('- Do you knit?')


def filled(form: str) -> str:
    return form.format(a=OWNER, t=ANNE, s=SUBJECT)


def marked(text: str) -> str:
    return ''.join(f'> {line}'.rstrip() + '\n' for line in text.splitlines())


def with_initials(text: str) -> str:
    return ''.join(f'AO> {line}\n' if line else '\n' for line in text.splitlines())


def flowed(text: str, width: int = 50) -> str:
    """Wrap a text anew, as programs do whose lines are shorter."""
    lines = []
    for line in text.splitlines():
        while len(line) > width and ' ' in line[:width].strip():
            at = line.rindex(' ', 0, width)
            lines.append(line[:at])
            line = line[at + 1 :]
        lines.append(line)
    return ''.join(f'{line}\n' for line in lines)


def wrapped(line: str) -> Iterator[str]:
    """Yield a line as it is, and broken at each of its last blanks."""
    yield line
    at = len(line)
    for _ in range(3):
        at = line.rfind(' ', 0, at)
        if at > 0:
            yield f'{line[:at]}\n{line[at + 1 :]}'


HEADS = {
    **{
        f'Gmail, {language}, {number}': (head, marked)
        for language, line in GMAIL.items()
        for number, head in enumerate(wrapped(f'{filled(line)}'))
    },
    **{program: (filled(head), marked) for program, head in MARKED.items()},
    'The Bat!': (
        'Monday, February 2, 2026, 10:00:00 AM, you wrote:\n',
        with_initials,
    ),
    **{
        f'{program}, wrapped': (filled(head), lambda text: marked(flowed(text)))
        for program, head in MARKED.items()
    },
    **{
        f'{program}{how}': (filled(head), quote)
        for program, head in UNMARKED.items()
        for how, quote in (('', str), (', wrapped', flowed))
    },
    **{
        f'Outlook, {language}{how}': (
            '\n'.join(
                f'{label}: {value}'
                for label, value in zip(
                    labels, (f'{OWNER} <{OWNER}>', date, f'{ANNE} <{ANNE}>', SUBJECT),
                    strict=True,
                )
            ) + '\n',
            quote,
        )
        for language, (*labels, date) in OUTLOOK.items()
        for how, quote in (('', str), (', wrapped', flowed))
    },
}  # fmt: skip


def test_there_are_as_many_forms_as_we_say():
    assert len(set(GMAIL) | set(OUTLOOK)) >= 25
    assert len(MARKED) + len(UNMARKED) >= 40


def replied(
    head: str, quote: object, above: str = '', between: str = '', below: str = ''
) -> str:
    assert callable(quote)
    first, second = TEXT[:QUESTION], TEXT[QUESTION:]
    parts = [head, quote(first)]
    if between:
        parts += ['', between, '']
    parts.append(quote(second))
    if above:
        parts = [above, '', *parts]
    if below:
        parts += ['', below]
    return '\n'.join(part.removesuffix('\n') for part in parts)


@pytest.mark.parametrize(('above', 'between', 'below'), [
    (above, between, below)
    for above in ('', ABOVE)
    for between in ('', BETWEEN)
    for below in ('', BELOW)
])
def test_the_words_and_nothing_else_are_the_answer(above, between, below):
    words = '\n\n'.join(filter(None, (above, between, below)))
    wrong = {}
    for program, (head, quote) in HEADS.items():
        found = replies.unquoted(replied(head, quote, above, between, below), SENT)
        if found != words:
            wrong[program] = found
    assert wrong == {}


def test_words_right_above_a_quotation_are_an_answer():
    wrong = {}
    for program, (head, quote) in HEADS.items():
        if program.startswith('Outlook for'):
            # Whatever is there stands above a line that the program draws.
            continue
        found = replies.unquoted(f'{ABOVE}\n{replied(head, quote)}', SENT)
        if found != ABOVE:
            wrong[program] = found
    assert wrong == {}


def test_what_a_telephone_says_is_no_answer():
    below = replied(*HEADS['Apple Mail'])
    for device in DEVICES:
        assert replies.unquoted(f'\n\n{device}\n\n{below}', SENT) == '', device
        found = replies.unquoted(f'I knit.\n\n{device}\n\n{below}', SENT)
        # In doubt a line stays.
        kept = found.removeprefix('I knit.').strip()
        assert kept in ('', device if device.endswith('.') else ''), device


@pytest.mark.parametrize('words', [
    'I have photographed ants with an iPhone since the year 2010.',
    'I came here with Outlook, and I stayed for the ants that live there',
    '私はiPhoneでアリの写真を撮っています', 'My Android broke!',
])
def test_words_about_a_telephone_are_words(words):
    assert replies.unquoted(f'{words}\n\n{replied(*HEADS["Gnus"])}', SENT) == words


def test_words_below_a_signature_that_stands_above_the_quotation():
    signed = f'{ABOVE}\n\n-- \nAnne\nKnitter'
    words = f'{ABOVE}\n\n{BETWEEN}\n\n{BELOW}'
    for program in ('Thunderbird', 'Outlook, de', 'Outlook of old', 'mutt'):
        text = replied(*HEADS[program], signed, BETWEEN, BELOW)
        assert replies.unquoted(text, SENT) == words, program


def test_owners_may_have_changed_their_questions_meanwhile():
    for program, (head, quote) in HEADS.items():
        # Without marks, words below could be the questions.
        words = '' if quote in (str, flowed) else BELOW
        changed = quote('Who is your queen?\n\nWhat does she eat?\n')
        text = f'{ABOVE}\n\n{head}\n{changed}\n{words}'
        if program.startswith('Yahoo') or quote is with_initials:
            # Nothing tells its text from a person's.
            continue
        expected = f'{ABOVE}\n\n{words}'.strip()
        assert replies.unquoted(text, SENT) == expected, program


WORDS = st.text('abcÉж日ア é.,!?()[]<@0189 -\n', max_size=200)


@given(WORDS, WORDS, st.sampled_from(sorted(HEADS)))
def test_no_word_is_lost(above, below, program):
    text = replied(*HEADS[program], f'{above}\n.', below=f'.\n{below}')
    found = replies.unquoted(text, SENT)
    for words in above, below:
        for line in words.split('\n'):
            # What is drawn, marked or left blank is no word.
            if any(map(str.isalpha, line)):
                assert ' '.join(line.split()) in ' '.join(found.split())


PAGE = '<html><head><style>p {{ color: red }}</style></head><body>{}</body></html>'


def lines(text: str) -> str:
    return '<br>\n'.join(map(escape, text.strip('\n').split('\n')))


def without_marks(head: str) -> str:
    return '\n'.join(line.removeprefix('> ') for line in head.split('\n'))


@pytest.mark.parametrize('words', ['', 'I am Anne.\n\nI knit <socks> & hats: 10:30'])
def test_a_reply_in_html_alone_has_the_same_words(words):
    paragraphs = ''.join(f'<p>{lines(each)}</p>' for each in words.split('\n\n'))
    divisions = '<div><br></div>'.join(
        f'<div dir="ltr">{lines(each)}</div>' for each in words.split('\n\n')
    )
    wrong = {}
    for program, (head, quote) in HEADS.items():
        head = without_marks(head)
        if quote in (str, flowed):
            body = (
                f'{paragraphs}<hr><div><p><span>{lines(head)}</span></p></div>'
                f'<div>{lines(quote(TEXT))}</div>'
            )
        else:
            body = (
                f'{divisions}<br><div class="quote"><div>{lines(head)}<br></div>'
                f'<blockquote type="cite"><div>{lines(TEXT)}</div></blockquote></div>'
            )
        page = MIMEText(PAGE.format(body), 'html', 'utf-8')
        found = replies.own_words(page, SENT)
        if found != words:
            wrong[program] = found
    assert wrong == {}


# A piece each of what was slow once, or could be.
PIECES = {
    'plain': [
        'On a wrote:\n', '1.10:\n> a\n', '1.10:\n', 'a:\n', '2. Why?\na\n', ' \n',
        '> ', '-- \n', '--\n', 'From: ant-owner@example.com\n', '1.1.',
        '- Do you knit?\n\na:\n', 'iPhone\n\n', 'ant-owner@example.com',
        'On Mon 2026\n10:00 wrote:\n> a\n',
        'Somebody, probably you, has asked to join\n', 'Sent from my ', '*>',
    ],
    'html': [
        '<', '<a ', '<ul><li>', '<blockquote>a', '<!--', '-->', '<![', '<?', '<pre>a\n',
        '<table><tr><td>a', '<script>', '<a "', 'a ', '<br>',
    ],
}


@pytest.mark.parametrize(('kind', 'piece'), [
    (kind, piece) for kind, pieces in PIECES.items() for piece in pieces
])
def test_the_work_grows_with_the_length_alone(kind, piece):
    def read(text: str) -> str:
        return replies.own_words(MIMEText(text, kind, 'utf-8'), SENT)

    half, whole = (steps(read, piece, size) for size in (8192, 16384))
    assert whole <= 2 * half + 1000, (half, whole)
    # What a step takes grows no faster either, or this would not end.
    read(repeated(piece, 60_000))


@pytest.mark.parametrize('piece', ['<!>', '<a>', '<!--', 'a\n', '<'])
@pytest.mark.parametrize('kind', ['plain', 'html'])
def test_of_a_mail_without_end_only_the_beginning_is_read(kind, piece):
    msg = MIMEText(f'I knit. {piece * (8_000_000 // len(piece))}', kind)
    found = replies.own_words(msg, SENT)
    assert len(found) <= replies.LONGEST_PAGE
