# SPDX-License-Identifier: GPL-3.0-or-later
"""A link is found whatever mail programs did to it, and nothing else is touched."""

from __future__ import annotations

import re
from email import message_from_string, policy
from string import ascii_letters
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.links.text import replaced
from mailman_dlist.domain.links.token import LENGTH
from tests.domain.links.quoted import (
    BASE,
    ENCODED,
    FORMER,
    LINK,
    OTHER,
    PLAIN,
    PLAIN_ENCODED,
    SAFE,
    TOKEN,
    WEB,
    cut_at,
    dashed,
    plain,
)


# Every kind of damage.

# A whole link, in one piece again afterwards.
CUTS_OF_LINES = {
    'whole': LINK,
    'in the token': f'{LINK[:-20]}\n{LINK[-20:]}',
    'before the last character': f'{LINK[:-1]}\n{LINK[-1]}',
    'before the token': LINK.replace(TOKEN, f'\n{TOKEN}'),
    'in the path': LINK.replace('dlist', 'dli\nst'),
    'between path and t': LINK.replace('/t/', '/\n> t/'),
    'in the host': LINK.replace('example', 'exam\n> ple'),
    'in the scheme': LINK.replace('https:', 'https:\n'),
    'CR LF': f'{LINK[:-20]}\r\n{LINK[-20:]}',
    'CR alone': f'{LINK[:-20]}\r{LINK[-20:]}',
    'quoted': f'{LINK[:-20]}\n> {LINK[-20:]}',
    'quoted twice': f'{LINK[:-20]}\n> > {LINK[-20:]}',
    'quoted tightly': f'{LINK[:-20]}\n>>{LINK[-20:]}',
    'quoted with a bar': f'{LINK[:-20]}\n| {LINK[-20:]}',
    'quoted with initials': f'{LINK[:-20]}\nAB> {LINK[-20:]}',
    'quoted with initials, again': f'{LINK[:-20]}\n> AB> {LINK[-20:]}',
    'quoted with a name': f'{LINK[:-20]}\n Anne>> {LINK[-20:]}',
    'quoted with a thin blank': f'{LINK[:-20]}\n>\u2009{LINK[-20:]}',
    'indented': f'{LINK[:-20]}\n    {LINK[-20:]}',
    'quoted, with what nobody sees': f'{LINK[:-20]}\n>\u200b {LINK[-20:]}',
    'flowed': f'{LINK[:-20]} \n> {LINK[-20:]}',
    'flowed and quoted twice': f'{LINK[:-20]} \n>> {LINK[-20:]}',
    'many pieces': cut_at(LINK, 7, '\n> > '),
    'single characters': cut_at(LINK, 1, '\n> '),
    'empty lines between': cut_at(LINK, 30, '\n>\n> '),
    'quoted-printable that nobody decoded': cut_at(LINK, 30, '=\n'),
    'quoted-printable that somebody quoted': cut_at(LINK, 30, '=\n> '),
    'in a calendar': cut_at(LINK, 30, '\r\n '),
}

# How much of a link there is, and how it is written.
SPELLINGS = {
    'a token alone': (TOKEN, PLAIN),
    'a token in brackets': (f'<{TOKEN}>', f'<{PLAIN}>'),
    'a token alone, cut': (f'{TOKEN[:40]}\n> {TOKEN[40:]}', PLAIN),
    'a blank after /t/': (f'{WEB} {TOKEN}', PLAIN),
    'a blank after /t/ and a cut': (f'{WEB} {TOKEN[:9]}\n> {TOKEN[9:]}', PLAIN),
    'a path alone': (f'/dlist/t/{TOKEN}', PLAIN),
    'no scheme': (f'lists.example.com/mailman3/dlist/t/{TOKEN}', PLAIN),
    # A word may end the line before.
    'no scheme, on its own line': (f'mute\nx.org/dlist/t/{TOKEN}', f'mute\n{PLAIN}'),
    'another path': (f'{BASE}t/{TOKEN}', f'{BASE}t/{PLAIN}'),
    'an old address of the site': (f'http://old.example/x/dlist/t/{TOKEN}', PLAIN),
    'shouting': (f'HTTPS://LISTS.EXAMPLE.COM/(x)/dlist/t/{TOKEN}', PLAIN),
    'all in capitals': (LINK.upper(), PLAIN),
    'all small': (LINK.lower(), PLAIN),
    'brackets': (f'mute<{LINK}>', f'mute<{PLAIN}>'),
    'brackets, cut near the end': (f'<{LINK[:-6]}\n{LINK[-6:]}>', f'<{PLAIN}>'),
    'emphasis': (f'_{LINK}_ *{LINK}*', f'_{PLAIN}_ *{PLAIN}*'),
    'a full stop after it': (f'See {LINK}. Then', f'See {PLAIN}. Then'),
    'a word on the next line': (f'{LINK}\nso', f'{PLAIN}\nso'),
    'a word right before and after': (f'/t/{TOKEN}and', f'/t/{PLAIN}and'),
    'another right after it': (f'{LINK}dlist/t/{OTHER}', f'{PLAIN}{PLAIN}'),
    'JSON': ('"' + LINK.replace('/', r'\/') + '"', f'"{PLAIN}"'),
}

MARKUP = {
    'an attribute': (f'<a href="{LINK}">mute</a>', f'<a href="{PLAIN}">mute</a>'),
    'one quote': (f"<a href='{LINK}'>mute</a>", f"<a href='{PLAIN}'>mute</a>"),
    'no quotes': (f'<a href={LINK}>mute</a>', f'<a href={PLAIN}>mute</a>'),
    'both': (f'<a href="{LINK}">{LINK}</a>', f'<a href="{PLAIN}">{PLAIN}</a>'),
    'a cut in the attribute': (
        f'<a href="{LINK[:50]}\n{LINK[50:]}">', f'<a href="{PLAIN}">',
    ),
    'entities': (
        f'<p>{LINK.replace("/", "&#x2F;").replace(":", "&colon;")}</p>',
        f'<p>{PLAIN}</p>',
    ),
    'a tag that allows a break': (
        f'<p>{LINK[:40]}<wbr>{LINK[40:70]}<wbr />{LINK[70:]}</p>',
        f'<p>{PLAIN}<wbr><wbr /></p>',
    ),
    'a line': (f'<p>{LINK[:70]}<br>{LINK[70:]}</p>', f'<p>{PLAIN}<br></p>'),
    'a quoted line': (
        f'&gt; {LINK[:70]}<br>\n&gt; &gt;&nbsp;{LINK[70:]} so',
        f'&gt; {PLAIN}<br> so',
    ),
    'a span': (
        f'<p>{LINK[:70]}<span class="x">{LINK[70:]}</span></p>',
        f'<p>{PLAIN}<span class="x"></span></p>',
    ),
    'a link that ends too early': (
        f'<a href="{LINK[:70]}">{LINK[:70]}</a><br>{LINK[70:]}',
        f'<a href="{LINK[:70]}">{PLAIN}</a><br>',
    ),
    'another link in the middle': (
        f'{LINK[:70]}<a href="{LINK.replace(TOKEN, OTHER)}">{LINK[70:]}</a>',
        f'{PLAIN}<a href="{PLAIN}"></a>',
    ),
    'characters that nobody sees': (
        f'{LINK[:40]}\u200b{LINK[40:50]}\xad{LINK[50:60]}&shy;&#8203;{LINK[60:]}\u200b',
        f'{PLAIN}\u200b',
    ),
    # The mark of a quotation ends no tag.
    'what looks like a tag before it': (
        f'<A {LINK[:36]}\n> <wbr>{LINK[36:]}', f'<A {PLAIN}<wbr>',
    ),
    'a comment': (f'<!-- {LINK} -->', f'<!-- {PLAIN} -->'),
}

SERVICES = {
    'Safe Links': (
        f'<a href="{SAFE}{ENCODED}&amp;data=05%7C02&amp;reserved=0">',
        f'<a href="{SAFE}{PLAIN_ENCODED}&amp;data=05%7C02&amp;reserved=0">',
    ),
    'Safe Links, cut': (
        f'{SAFE}{cut_at(ENCODED, 40, chr(10) + "> ")}&data=05',
        f'{SAFE}{PLAIN_ENCODED}&data=05',
    ),
    'Safe Links, cut by tags and within what is encoded': (
        f'{SAFE}{cut_at(ENCODED, 1, "<wbr>")}&data=05',
        f'{SAFE}{PLAIN_ENCODED}{"<wbr>" * (len(ENCODED) - 1)}&data=05',
    ),
    'two services': (
        'https://a.example/?' + quote(f'https://b.example/?{ENCODED}', safe=''),
        'https://a.example/?' + quote(f'https://b.example/?{PLAIN_ENCODED}', safe=''),
    ),
    'a service that encodes little': (
        f'https://www.google.com/url?q={LINK}&amp;source=gmail',
        f'https://www.google.com/url?q={PLAIN}&amp;source=gmail',
    ),
    'Proofpoint, version 2': (
        f'https://urldefense.proofpoint.com/v2/url?u={dashed(LINK)}&d=DwMFaQ&c=x_y-z',
        f'https://urldefense.proofpoint.com/v2/url?u={dashed(PLAIN)}&d=DwMFaQ&c=x_y-z',
    ),
    'Proofpoint, version 3': (
        f'https://urldefense.com/v3/__{LINK}__;!!Ab!c$',
        f'https://urldefense.com/v3/__{PLAIN}__;!!Ab!c$',
    ),
}

FORMERLY = f'{WEB}{FORMER}'

# Tokens as they were: no longer found bare, nor where - and _ are written otherwise.
FORMER_TOKENS = {
    'whole': (FORMERLY, PLAIN),
    'no scheme': (f'lists.example.com/dlist/t/{FORMER}', PLAIN),
    'cut': (f'{FORMERLY[:-20]}\n> {FORMERLY[-20:]}', PLAIN),
    'single characters': (cut_at(FORMERLY, 1, '\n> '), PLAIN),
    'an attribute': (f'<a href="{FORMERLY}">x</a>', f'<a href="{PLAIN}">x</a>'),
    'tags': (f'<p>{FORMERLY[:70]}<wbr>{FORMERLY[70:]}</p>', f'<p>{PLAIN}<wbr></p>'),
    'Safe Links': (
        f'{SAFE}{quote(FORMERLY, safe="")}&data=05', f'{SAFE}{PLAIN_ENCODED}&data=05',
    ),
}

DAMAGE = [
    pytest.param(*case, id=f'{group}: {name}')
    for group, cases in {
        'lines': {name: (link, PLAIN) for name, link in CUTS_OF_LINES.items()},
        'spelling': SPELLINGS,
        'markup': MARKUP,
        'services': SERVICES,
        'former tokens': FORMER_TOKENS,
    }.items()
    for name, case in cases.items()
]


@pytest.mark.parametrize(('before', 'after'), DAMAGE)
def test_the_plain_link_stands_where_the_personal_one_stood(before, after):
    around = '<b>é</b> > To hear no more: {} or write\n> a mail.  \n<i>Hi</i>'
    once = replaced(around.format(before), plain)
    assert once == around.format(after)
    assert replaced(once, plain) == once


def test_a_field_that_python_folds_in_the_middle_of_a_link():
    msg = message_from_string('', policy=policy.default)
    msg['List-Unsubscribe'] = f'<mailto:ant+picnic+unsubscribe@example.com>, <{LINK}>'
    folded = msg.as_string()
    assert 'utf-8' in folded and TOKEN not in folded
    after = replaced(folded, plain)
    assert PLAIN in after
    assert not any(TOKEN[at : at + 9] in after for at in range(LENGTH - 9))


def test_a_link_may_be_taken_away_without_another():
    assert replaced(f'> Mute: {LINK}\n> Bye', lambda token: '') == '> Mute: \n> Bye'


def test_every_link_is_asked_for_by_itself():
    text = f'{LINK} {LINK.replace(TOKEN, OTHER)} {ENCODED}'
    assert replaced(text, {TOKEN: 'mine', OTHER: 'yours'}.get) == 'mine yours mine'


# What is no link of ours stays.

FORGED = TOKEN[:-1] + ('a' if TOKEN[-1] != 'a' else 'q')
WORDS = 'words' * 20


@pytest.mark.parametrize(
    'text',
    [
        FORGED,
        f'{WEB}{FORGED}',
        f'{WEB}{TOKEN[:-1]}',
        f'{WEB}{TOKEN[1:]}',
        f'{WEB}{TOKEN[:30]}8{TOKEN[30:]}',
        f'{WEB}{FORMER[:-1]}A',
        f'{WEB}\n\nA link looks so, and there is no more to it than that',
        f'{WEB}<token>, where <token> is of {LENGTH} characters: {WORDS}',
        f'{WEB} {TOKEN[:20]} and the rest: {TOKEN[20:]}',
        f'dlist/t/{WORDS}',
        f'dlist_t_{WORDS}',
        'Git: dlist/t/test_tokens_that_are_not_there_at_all_and_never_were_here.py',
        PLAIN,
    ],
)
def test_what_only_looks_like_a_link_stays(text):
    assert replaced(text, plain) == text
    assert replaced(f'<p>{text}</p>', plain) == f'<p>{text}</p>'


BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----'
SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----'


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        (f'{BEGIN}\n\n> {LINK}\n{SIGNATURE}\n', None),
        (
            f'{LINK}\n{BEGIN}\n\n> {LINK}\n{SIGNATURE}\n{LINK}\n',
            f'{PLAIN}\n{BEGIN}\n\n> {LINK}\n{SIGNATURE}\n{PLAIN}\n',
        ),
        # Nobody can verify what was quoted, or has no end.
        (
            f'> {BEGIN}\n> {LINK}\n> -----END PGP SIGNATURE-----\n',
            f'> {BEGIN}\n> {PLAIN}\n> -----END PGP SIGNATURE-----\n',
        ),
        (
            f'{BEGIN}\n> {LINK}\n{BEGIN}\n{SIGNATURE}\n',
            f'{BEGIN}\n> {PLAIN}\n{BEGIN}\n{SIGNATURE}\n',
        ),
        (f'{BEGIN}\n\n> {LINK}\n', f'{BEGIN}\n\n> {PLAIN}\n'),
        (f'{LINK}\n{SIGNATURE}\n', f'{PLAIN}\n{SIGNATURE}\n'),
        (
            f'{BEGIN}\n{SIGNATURE}\n{LINK}\n{SIGNATURE}\n',
            f'{BEGIN}\n{SIGNATURE}\n{PLAIN}\n{SIGNATURE}\n',
        ),
    ],
)
def test_a_block_signed_with_pgp_stays(text, expected):
    assert replaced(text, plain) == (expected or text)


# Whatever stands around it.

ANYTHING = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='\r'), max_size=60
)
# A scheme or more of a path before a link would be part of it.
BEFORE = ANYTHING.map(lambda text: f'{text} ')
CUTS = st.lists(
    st.tuples(
        st.integers(1, len(LINK) - 1),
        st.sampled_from(['\n', '\n> ', ' \n>> ', '\r\n| ', '=\n', '\u200b', '<wbr>']),
    ),
    max_size=6,
)


def cut(link: str, cuts: list[tuple[int, str]]) -> str:
    for place, between in sorted(cuts, reverse=True):
        link = link[:place] + between + link[place:]
    return link


@given(BEFORE, CUTS, ANYTHING)
def test_the_text_around_survives_exactly(before, cuts, after):
    once = replaced(f'{before}{cut(LINK, cuts)}{after}', plain)
    assert once.replace('<wbr>', '') == f'{before}{PLAIN}{after}'
    assert replaced(once, plain) == once


@given(st.text(f'{ascii_letters}234567', min_size=LENGTH - 2, max_size=LENGTH - 2))
def test_every_token_is_found_in_every_spelling(middle):
    token = f'q{middle}a'
    link = f'https://lists.example.com/dlist/t/{token}'
    once = quote(link, safe='')
    for spelled in (token, link, once, quote(once, safe=''), dashed(link)):
        assert replaced(f'Mute: {spelled} so', {token: 'x'}.get) == 'Mute: x so'


PIECES = st.lists(
    st.sampled_from(
        [
            *[LINK, TOKEN, LINK[:70], LINK[70:], ENCODED, dashed(LINK), 'dlist/t/'],
            *[BASE, 'https://', '%25', '%2F', '&#', ';', '=\n', '\n', '> ', ' ', '|'],
            *['<', '>', '<a href="', '">', '<br>', '\u200b', 'd', '-', '_', PLAIN],
        ]
    ),
    max_size=12,
).map(''.join)


@given(PIECES)
def test_once_is_enough(text):
    once = replaced(text, plain)
    assert replaced(once, plain) == once


@given(PIECES)
def test_no_token_in_one_piece_is_left(text):
    assert not re.search(f'{TOKEN}|{OTHER}', replaced(text, plain))


@given(st.text())
def test_a_text_without_a_link_stays(text):
    assert replaced(text, plain) == text


# How long it takes.

HOSTILE = {
    'prose': 'The quick brown dog jumped over the dlist and did it, did it.\n',
    'paths': 'dlist/t/',
    'paths with gaps': 'dlist/t/\n\n\n',
    'paths in tags': '<dlist/t/>',
    'tags without end': 'dlist/t/q<a ',
    'schemes': 'https://',
    'dashed schemes': 'https-3A__',
    'blanks': ' ',
    'blanks and ends of lines': ' \n',
    'percent signs': '%25',
    'entities': '&#0',
    'ends of encoded words': '?= ',
    'backslashes': '\\',
    'lines': '\n> ',
    'named lines': '\nAB> ',
    'almost named lines': '\n>>> abc',
    'signed blocks': f'{BEGIN}\n',
    'a long word': 'd',
    'what may be tokens': 'q',
    'what may be tokens, in pieces': 'q\n',
    'forged links': f'{WEB}{FORGED} ',
    'good links': f'{LINK} ',
    'cut links': cut_at(LINK, 1, '\n> ') + ' ',
    'links in tags in links': '<dlist/t/q>'.join(LINK),
}


@pytest.mark.parametrize('name', HOSTILE)
def test_a_link_behind_a_lot_of_text_goes_too(name):
    # Whatever takes more than linear time would not end here.
    text = HOSTILE[name] * (400_000 // len(HOSTILE[name]))
    end = f'\n{LINK} {TOKEN[:40]}\n> {TOKEN[40:]}'
    assert replaced(text + end, plain).endswith(f'\n{PLAIN} {PLAIN}')


@pytest.mark.parametrize('name', HOSTILE)
def test_twice_the_text_is_twice_the_work(name):
    def asked(size: int) -> int:
        tokens: list[str] = []
        replaced(HOSTILE[name] * (size // len(HOSTILE[name])), tokens.append)
        return len(tokens)

    # Each place is asked about once in each of three readings.
    assert asked(20_000) <= 3 * 20_000
    assert asked(40_000) <= 2 * asked(20_000) + 3 * LENGTH
