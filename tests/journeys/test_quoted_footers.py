# SPDX-License-Identifier: GPL-3.0-or-later
"""People reply above the whole message, and footers do not pile up.

Bart's mail program quotes what came from the list, with the footer.  What others get,
the archive and the digest have no footer but the one of the new message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from mailman_dlist.demo.site import Site
from tests.domain.test_footers import shown, with_breaks
from tests.mail.test_quotations import flowed, marked
from tests.village import ARCHIVE, MailingList, Village, text_of


WEB = {'web_base_url': 'https://lists.example.com/mailman3'}


@pytest.fixture(scope='module')
def site(make_site: Any) -> Iterator[Site]:
    with make_site(dlist_settings=WEB, extra=ARCHIVE) as site:
        yield site


@pytest.fixture
def ant(site: Site) -> Iterator[MailingList]:
    yield Village(site).new_list(personalize='individual', digest_size_threshold=0)
    assert site.shunted() == []


def by_gmail(mail: EmailMessage) -> str:
    return f'On Mon, Feb 2, 2026 at 10:00 AM Ant wrote:\n\n{marked(text_of(mail))}'


def by_outlook(mail: EmailMessage) -> str:
    """Write a link and an address again for a reader to click on, and mark nothing."""
    text = re.sub(r'(?m)(https:\S+)', r'\1<\1>', text_of(mail))
    text = re.sub(r'(?m)^    (\S+@\S+)$', r'    \1<mailto:\1>', text)
    return (
        f'From: Ant <{mail["From"].addresses[0].addr_spec}>\n'
        'Sent: Monday, February 2, 2026 10:00 AM\n'
        f'To: {mail["To"]}\nSubject: {mail["Subject"]}\n\n{text}'
    )


def by_telephone(mail: EmailMessage) -> str:
    """Wrap the lines again, and mark the first of each alone."""
    lines = (
        '> ' + flowed(line, 40) for line in text_of(mail).splitlines(keepends=True)
    )
    return f'Sent from my telephone\n\n> Ant wrote:\n{"".join(lines)}'


@pytest.mark.parametrize('quote', [by_gmail, by_outlook, by_telephone])
def test_every_copy_has_one_footer(ant: MailingList, quote: Callable[..., str]) -> None:
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    [dora] = ant.has('Dora', delivery_mode='plaintext_digests')
    anne.writes(ant.at('new'), 'Picnic', 'Who brings the cake?\n')
    [opening] = bart.reads()
    assert 'dlist/t/' in text_of(opening)
    reply = bart.replies(opening, f'I do!\n\n{quote(opening)}')
    again = anne.replies(anne.reads()[-1], f'Great.\n\n{quote(anne.inbox[-1])}')
    mute, conversation = ant.at('picnic', 'unsubscribe'), ant.at('picnic')
    for letter in (reply, again):
        [copy] = [m for m in cris.inbox if m['message-id'] == letter.message_id]
        text = text_of(copy)
        assert 'I do!' in text
        assert 'Who brings the cake?' in text
        assert text.count('This message belongs to the conversation') == 1
        assert text.count('To mute the conversation') == 1
        assert len(re.findall(rf'(?<!mailto:){re.escape(mute)}', text)) == 1
        # The footer of the list itself stays where it is quoted.
        assert text.count('mailing list --') > 1
    archived = '\n'.join(
        path.read_text() for path in (ant.village.site.var / 'archives').rglob('*')
        if path.is_file() and ant.village.domain in path.read_text()
    )  # fmt: skip
    ant.village.site.must(f'lists/{ant.list_id}/digest', {'send': 'yes'}, 'POST')
    ant.village.settle()
    digest = text_of(dora.inbox[-1])
    for text in (archived, digest):
        assert 'Who brings the cake?' in text
        assert 'To mute the conversation' not in text
    assert conversation in archived


def test_a_reply_in_html_has_one_footer_too(ant: MailingList) -> None:
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic', 'Who brings the cake?\n')
    [opening] = bart.reads()
    quoted = with_breaks(text_of(opening))
    reply = EmailMessage()
    reply['From'], reply['To'] = bart.email, ant.at('picnic')
    reply['Subject'], reply['Message-ID'] = 'Re: Picnic', '<html@example.net>'
    reply.set_content(f'I do!\n\n{by_gmail(opening)}')
    reply.add_alternative(
        f'<div>I do!</div><blockquote class="gmail_quote">{quoted}</blockquote>',
        subtype='html',
    )
    bart.sends(reply, ant.at('picnic'))
    [copy] = [mail for mail in cris.inbox if mail['subject'] == '[Ant] Re: Picnic']
    assert text_of(copy).count('This message belongs to the conversation') == 1
    [page] = [each for each in copy.walk() if each.get_content_type() == 'text/html']
    lines = shown(page.get_content())
    assert lines[:2] == ['I do!', 'Who brings the cake?']
    assert 'This message belongs to the conversation' not in page.get_content()
    # The footer of the list itself stays.
    assert 'Ant mailing list -- ' in lines[3]


def test_what_bart_writes_between_the_lines_stays(ant: MailingList) -> None:
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic', 'Who brings the cake?\n')
    [opening] = bart.reads()
    first, mark, last = marked(text_of(opening)).partition('To mute the conversation')
    quoted = f'{first}{mark}\nDoes this work?\n> {last}'
    reply = bart.replies(opening, quoted)
    [copy] = [mail for mail in cris.inbox if mail['message-id'] == reply.message_id]
    # Only the personal link is replaced.
    assert quoted.partition('> On the web')[0] in text_of(copy)
