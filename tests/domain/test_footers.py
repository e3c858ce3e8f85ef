# SPDX-License-Identifier: GPL-3.0-or-later
"""A footer quoted as a whole goes; nothing else of a mail changes.

The programs are those of `tests.mail.test_quotations`.  How a list's own templates are
recognised is in `tests.app.test_footers`.
"""

from __future__ import annotations

import base64
import pickle
import re
from binascii import b2a_qp
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from functools import partial
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain import footers
from mailman_dlist.domain.footers import (
    END,
    LINK,
    NAME,
    PAGE,
    UNKNOWN,
    without,
    without_in_page,
)
from tests.mail.test_quotations import HEADS, flowed, marked
from tests.steps import steps


CORPUS = Path(__file__).parents[1] / 'corpus'
WEB = 'https://lists.example.com/lists/ant.example.com/conversations/pic-nic/'
PATH = r'ant\.example\.com/conversations/'
FORMS = ('conversation', 'opening')


def footer(form: str, name: str = 'pic-nic', link: str = WEB, end: str = '') -> str:
    shipped = files('mailman_dlist') / 'templates/en' / f'dlist-footer-{form}.txt'
    return Template(shipped.read_text('utf-8')).substitute(
        display_name='Ant',
        dlist_name=name,
        dlist_conversation_address=f'ant+{name}@example.com{end}',
        dlist_mute_address=f'ant+{name}+unsubscribe@example.com{end}',
        dlist_follow_address=f'ant+{name}+subscribe@example.com{end}',
        dlist_link=link,
    )


def known(text: str) -> Callable[[str], str]:
    pattern = footers.pattern(text, PATH)
    assert pattern is not None
    return partial(without, footers=[pattern])


PATTERNS = [
    pattern for form in FORMS
    if (pattern := footers.pattern(footer(form, NAME, LINK, END), PATH))
]  # fmt: skip
PAGE_PATTERNS = [
    pattern for form in FORMS
    if (pattern := footers.pattern(footer(form, NAME, LINK, END), PATH, PAGE))
]  # fmt: skip
remove = partial(without, footers=PATTERNS)
remove_in_page = partial(without_in_page, footers=PAGE_PATTERNS)
REMOVERS = {'text/plain': remove, 'text/html': remove_in_page}

BODY = 'Who brings the cake?\n\nAnne\n'
# Mailman's, below ours.
OF_LIST = '_______________________________________________\nAnt mailing list\n'
# It marks nothing, and its header has no colons.
UNKNOWN_PROGRAMS = {'eM Client', 'eM Client, wrapped'}


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('link', [WEB, ''])
def test_every_program_s_quotation_loses_the_footer_and_nothing_else(form, link):
    wrong = {}
    ours = footer(form, link=link) if link else footer(form).split('On the web')[0]
    for program, (head, quote) in HEADS.items():
        frame = '\n'.join(['I do!', '', head.removesuffix('\n'), '{}', 'Bart', ''])
        text = frame.format(quote(BODY + ours + OF_LIST))
        if remove(text) != frame.format(quote(BODY + OF_LIST)):
            wrong[program] = remove(text)
    assert wrong.keys() == UNKNOWN_PROGRAMS


QUOTED = {
    'deeper': ('>> > ', '\n'),
    'with CR and LF': ('> ', '\r\n'),
    'with CR': ('> ', '\r'),
    'with bars': ('| ', '\n'),
    'with guillemets': ('» ', '\n'),
    'with a name': ('Anne> ', '\n'),
    'with initials, deeper': ('AA>> ', '\n'),
    'with blanks at the end': ('> ', ' \n'),
    'with blank lines between': ('> ', '\n> \n'),
    'with marks before a no-break space': ('>\xa0', '\n'),
}


@pytest.mark.parametrize('how', QUOTED)
@pytest.mark.parametrize('form', FORMS)
def test_marks_and_line_ends_of_all_kinds(form, how):
    mark, end = QUOTED[how]
    lines = footer(form).splitlines()
    quoted = ''.join(f'{mark}{line}{end}' for line in lines)
    # A blank line below the footer is not a line of it.
    rest = end.partition('\n')[2]
    above = f'Yes.{end}{mark}When?{end}'
    assert remove(f'{above}{quoted}Bart{end}') == f'{above}{rest}Bart{end}'


@pytest.mark.parametrize(('before', 'after'), [
    ('@example.com\n', '@example.com<mailto:ant+pic-nic@example.com>\n'),
    ('@example.com\n', '@example.com <ant%2Bpic-nic%40example.com>\n'),
    ('@example.com\n', '@example.com\n> <mailto:ant+pic-nic@example.com>\n'),
    (WEB, f'{WEB} <{WEB}>'),
    (WEB, f'https://check.example/?url={WEB}&data=05<{WEB}>'),
    (f' {WEB}', ''),
    ('mute the conversation', 'mute the\nconversation'),
    ('mute the conversation', 'mute the > conversation'),
    ('pic-nic', 'tea'),
])  # fmt: skip
def test_what_programs_do_to_its_words(before, after):
    text = footer('conversation')
    assert before in text
    quoted = marked(text).replace(before, after)
    assert remove(f'> When?\n{quoted}Bart\n') == '> When?\nBart\n'


NOT_OURS = {
    'not quoted': footer('conversation'),
    'below words that end in a colon': f'Look:\n{footer("conversation")}',
    'without its first line': marked(footer('conversation').partition('\n')[2]),
    'without a line': marked(footer('opening').replace('To reply,', 'Reply?')),
    'with words between': marked(footer('opening')).replace('\n>  ', '\nWhy?\n>  ', 1),
    'with a smile between': marked(footer('opening')).replace('\n>  ', '\n:-)\n>  ', 1),
    'with words behind': marked(footer('opening')).replace('.com\n', '.com Why?\n', 1),
    'with words after the link': marked(footer('opening')[:-1] + ' is broken'),
    'with words before': f'> See {marked(footer("opening"))[2:]}',
    'of two names': marked(footer('opening')).replace('"pic-nic"', '"tea"'),
    'of another list': marked(footer('opening')).replace('ant+', 'bee+'),
    'the list’s own': marked(OF_LIST),
    'signed': '-----BEGIN PGP SIGNED MESSAGE-----\n\n'
    f'{marked(footer("opening"))}-----END PGP SIGNATURE-----\n',
}


@pytest.mark.parametrize('case', NOT_OURS)
def test_what_is_not_a_whole_quoted_footer_stays(case):
    text = f'Hello\n{NOT_OURS[case]}\nBart\n'
    assert remove(text) == text


OURS = marked(footer('opening'))
LINES = st.text('ant+>_@.:b \n', max_size=30).map('{}\n'.format)
SOME_LINES = st.builds(
    lambda start, end: ''.join(OURS.splitlines(keepends=True)[start:end]),
    st.integers(1, 6), st.integers(1, 7),
)  # fmt: skip


@given(st.lists(st.one_of(LINES, SOME_LINES, st.just(OURS)), max_size=6))
def test_only_whole_footers_go_and_all_of_them(pieces):
    assert remove(''.join(pieces)) == ''.join(each for each in pieces if each != OURS)


@given(st.text())
def test_a_text_without_footers_stays(text):
    assert remove(text) == text


# Templates of owners.


@pytest.mark.parametrize(('template', 'quoted'), [
    (f'Antworten: ant+{NAME}@example.com{END}', '> Antworten: ant+tea@example.com\n'),
    (f'| {NAME} |\n<ant+{NAME}@x{END}>', '> | tea |\n> <ant+tea@x>\n'),
    (f'{LINK}\nant+{NAME}@example.com{END}', f'> {WEB}\n> ant+tea@example.com\n'),
    (f'Web: {LINK}\nant+{NAME}@x{END}', f'> Web: {WEB}\n> ant+tea@x\n'),
    (f'Web: {LINK}\nant+{NAME}@x{END}', '> ant+tea@x\n'),
    (f'ant+{NAME}@x{END}\n{LINK} (Web)', '> ant+tea@x\n'),
    (f'ant+{NAME}@x{END}\n{LINK} (Web)', f'> ant+tea@x\n> {WEB} (Web)\n'),
    (f'An {UNKNOWN} von\nant+{NAME}@x{END}', '> An Bart <b@x> von\n> ant+tea@x\n'),
    (f'ant+{NAME}@x{END}\nAn {UNKNOWN}', '> ant+tea@x\n> An Bart\n'),
    (f'ant+{NAME}@x{END}\nAn {UNKNOWN}, {UNKNOWN}!', '> ant+tea@x\n> An Bart, ihn!\n'),
    (f'返信は ant+{NAME}@x{END} へ', '> 返信は ant+tea@x へ\n'),
])  # fmt: skip
def test_footers_of_other_templates(template, quoted):
    pattern = footers.pattern(template, PATH)
    assert pattern is not None
    assert without(f'> Hm\n{quoted}Ja\n', [pattern]) == '> Hm\nJa\n'


@pytest.mark.parametrize('template', [
    '', 'Antworten Sie!', f'Gespräch {NAME}', LINK, f'Web: {LINK} ant+{NAME}@x{END}',
    f'ant+{NAME}@x{END}\n{UNKNOWN}',
])  # fmt: skip
def test_a_footer_that_people_might_write_is_not_recognised(template):
    assert footers.pattern(template, PATH) is None


def test_a_link_alone_on_its_line_must_be_there():
    """Else it might be the line of a person."""
    own = known(f'ant+{NAME}@x{END}\n{LINK}')
    text = '> ant+tea@x\nhttps://example.com/\n'
    assert own(text) == text


# HTML.


def linked(text: str) -> str:
    """Mark up addresses and links, as programs do."""
    text = re.sub(r'(\S+@\S+)', r'<a href="mailto:\1" target="_blank">\1</a>', text)
    return re.sub(r'(https:\S+)', r'<a href="\1" rel="noreferrer">\1</a>', text)


def with_breaks(text: str) -> str:
    lines = linked(escape(text)).replace('    ', '&nbsp; &nbsp; ').splitlines()
    return ''.join(f'{line}<br>\n' for line in lines)


def wrapped_source(text: str) -> str:
    """Write one paragraph, wrapped in the source."""
    lines = escape(text, quote=False).splitlines()
    paragraphs = ''.join(f'<div>{linked(line)}</div>' for line in lines)
    return paragraphs.replace(' ', '\n')


def preformatted(text: str) -> str:
    return f'<pre class="moz-quote-pre" wrap="">{linked(escape(text))}</pre>'


QUOTE = '<p>Yes.</p><blockquote type="cite">{}</blockquote><p>Bart</p>'
PROGRAMS = {
    'Gmail': with_breaks,
    'Gmail of old': lambda text: with_breaks(text).replace('@example.com</a>',
                                                           '@<wbr>example.com</a>'),
    'Apple Mail': wrapped_source,
    'Thunderbird': preformatted,
}


def shown(page: str) -> list[str]:
    """Return the lines that a reader sees."""
    page = page.replace('<wbr>', '')
    text = re.sub('<(?:br|/?(?:p|div|pre|blockquote))[^<>]*>', '\n', page)
    return [line for line in re.sub('<[^<>]*>', '', text).splitlines() if line.strip()]


def tags(page: str) -> list[str]:
    return [tag for tag in re.findall('<[^<>]*>', page) if tag not in ('<br>', '<wbr>')]


@pytest.mark.parametrize('program', PROGRAMS)
@pytest.mark.parametrize('form', FORMS)
def test_a_quotation_in_html_loses_the_footer_and_no_tag(form, program):
    mark_up = PROGRAMS[program]
    page = QUOTE.format(mark_up(BODY + footer(form) + OF_LIST))
    left = remove_in_page(page)
    assert shown(left) == shown(QUOTE.format(mark_up(BODY + OF_LIST)))
    assert tags(left) == tags(page)


@pytest.mark.parametrize('program', PROGRAMS)
@pytest.mark.parametrize(('before', 'after'), [
    ('<blockquote type="cite">', '<div>'),
    ('<blockquote type="cite">', '<blockquote></blockquote>'),
    ('message', 'Why? message'),
    ('____', 'Hm ____'),
    ('<p>Yes.</p>', '\n-----BEGIN PGP SIGNED MESSAGE-----\n'),
    (f'{WEB}</a>', f'{WEB}</a> is broken'),
    (f'{WEB}</a>', f'{WEB}<b>!</b></a>'),
    ('conversation', 'con<b>!</b>versation'),
    ('ant+', 'bee+'),
])  # fmt: skip
def test_html_that_is_not_a_whole_quoted_footer_stays(before, after, program):
    page = QUOTE.format(PROGRAMS[program](BODY + footer('opening')))
    assert before in page
    changed = f'{page.replace(before, after)}\n-----END PGP SIGNATURE-----\n'
    assert remove_in_page(changed) == changed


@pytest.mark.parametrize(('before', 'after'), [
    (f'{WEB}</a>', f'{WEB}</a>\n is broken'),
    (f'{WEB}</a>', f'{WEB}</a> <i>is broken</i>'),
    ('____', 'Hm\n____'),
    ('____', 'Hm <br>Well,\n____'),
])  # fmt: skip
def test_a_line_end_in_the_source_is_a_blank(before, after):
    page = QUOTE.format(with_breaks(BODY + footer('opening')))
    changed = page.replace(before, after, 1)
    assert remove_in_page(changed) == changed


@given(st.text('<>abr/ &;"=\n_', max_size=200))
def test_html_without_footers_stays(text):
    assert remove_in_page(text) == text


# Parts, charsets and encodings.

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    '7bit': bytes,
    '8bit': bytes,
    'base64': base64.encodebytes,
    'quoted-printable': lambda octets: b2a_qp(octets, istext=False),
}


def message(octets: bytes, *fields: str) -> Message:
    head = ''.join(f'{field}\n' for field in ('MIME-Version: 1.0', *fields))
    return message_from_bytes(head.encode() + b'\n' + octets)


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize(('charset', 'words'), [
    ('utf-8', 'Ça, 蟻 🐜'.encode()), ('iso-8859-1', b'\xc7a'), ('us-ascii', b'\xc7a'),
    ('utf-8', b'\xc7a \xff'), ('x-nowhere', b'\xc7a'), ('iso-2022-jp', b'a'),
])  # fmt: skip
def test_all_other_octets_stay(charset, words, encoding):
    frame = b'%s  \r\n> %s\n%s> \n%s'
    quoted = marked(footer('opening')).encode()
    msg = message(
        ENCODINGS[encoding](frame % (words, words, quoted, words)),
        f'Content-Type: text/plain; charset={charset}; format=flowed',
        f'Content-Transfer-Encoding: {encoding}',
    )
    fields = msg.items()
    footers.take_out(msg, REMOVERS)
    assert msg.items() == fields
    assert msg.get_payload(decode=True) == frame % (words, words, b'', words)


PART = '--outer\nContent-Type: {}\n\n{}'


def mixed(kind: str, content: str, quoted: str, outer: str = 'mixed') -> Message:
    part = PART.format(kind, content.format(quoted))
    return message(
        f'{part}\n--outer--\n'.encode(),
        f'Content-Type: multipart/{outer}; boundary=outer',
    )


@pytest.mark.parametrize(('kind', 'content', 'outer', 'goes'), [
    ('text/plain', 'Yes.\n{}', 'mixed', True),
    ('text/plain', 'Yes.\n{}', 'alternative', True),
    ('text/plain\nContent-Disposition: inline', 'Yes.\n{}', 'mixed', True),
    ('text/plain\nContent-Disposition: attachment', 'Yes.\n{}', 'mixed', False),
    ('text/html', '<pre>\n{}</pre>', 'mixed', False),
    ('text/enriched', 'Yes.\n{}', 'mixed', False),
    ('text/plain', 'Yes.\n{}', 'signed', False),
    ('text/plain', 'Yes.\n{}', 'encrypted', False),
    ('message/rfc822', 'Subject: Picnic\n\n{}', 'mixed', False),
    ('application/octet-stream', 'Yes.\n{}', 'mixed', False),
])  # fmt: skip
def test_only_what_was_written_as_text_changes(kind, content, outer, goes):
    msg = mixed(kind, content, OURS, outer)
    footers.take_out(msg, REMOVERS)
    left = mixed(kind, content, '' if goes else OURS, outer)
    assert msg.as_bytes() == left.as_bytes()


@pytest.mark.parametrize('path', [*CORPUS.glob('*.eml')], ids=lambda path: path.stem)
def test_odd_mail_stays_octet_for_octet(path):
    msg = message_from_bytes(path.read_bytes())
    before = pickle.dumps(msg)
    footers.take_out(msg, REMOVERS)
    assert pickle.dumps(msg) == before


@pytest.mark.parametrize('piece', [
    OURS, footer('opening'), OURS[:-5], '_' * 47 + '\n', '_' * 47 + ' ', '> ', '>\n',
    ' ', '\n', 'AA> ', 'a.', '> ' + '_' * 47 + '\n> This\n', 'From: 2026\n',
    '10:00 2026:\n', flowed(OURS[:80]), '>' * 47 + '\n', '<@',
])  # fmt: skip
def test_the_work_grows_with_the_length_alone(piece):
    half, whole = (steps(remove, piece, size) for size in (16_384, 32_768))
    assert whole <= 2 * half + 100
    # What a step takes grows no faster either, or this would not end.
    remove(piece * (2_000_000 // len(piece)))


@pytest.mark.parametrize('end', [
    'http:', 'ant.example.com', ' ', '\n', '> ', '<', 'x', '\n> <@',
    'ant.example.com%25',
])  # fmt: skip
@pytest.mark.parametrize('start', [
    '> Web: ', '> Web: <', '> Web:', '> Web: https://ant.example.com', '> ',
])  # fmt: skip
def test_the_end_of_a_footer_takes_no_longer(start, end):
    """Only what a step takes could grow faster; then this would not end."""
    text = f'> ant+{NAME}@x{END}\n> An {UNKNOWN} von {NAME}\n> Web: {LINK}'
    quoted = f'> ant+tea@x\n> An {300_000 * end}\n'
    assert known(text)(quoted) == quoted
    quoted = f'> ant+tea@x\n> An Bart von tea\n{start}{300_000 * end}\n'
    known(text)(quoted)
