# SPDX-License-Identifier: GPL-3.0-or-later
"""A quoted footer is recognised whatever template and language the list uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mailman.config import config
from mailman.handlers.decorate import decorate
from mailman.interfaces.template import ITemplateManager
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.links import footers
from mailman_dlist.app.notices.templates import FOOTER_OF_LIST, FOOTERS
from tests.app.web import open_web
from tests.domain.test_footers import shown, with_breaks
from tests.mail.test_quotations import flowed, marked
from tests.model.stage import counted, new_list


@pytest.fixture
def mlist(mailman: Any) -> Any:
    mlist = new_list('ant-hill')
    mlist.description = 'Ants, and $5 for each'
    config.db.commit()
    return mlist


def sent(mlist: Any, receives_replies: bool, **facts: str) -> tuple[str, str]:
    """Return our footer as Mailman writes it, and the list's own below it."""
    decoration = footers.decoration(
        mlist, lists.addresses(mlist), 'pic-nic', receives_replies=receives_replies
    )
    both = decorate(FOOTER_OF_LIST, mlist, decoration | facts)
    theirs = decorate(FOOTER_OF_LIST, mlist, facts)
    assert theirs
    return both.removesuffix(theirs), theirs


def replace(receives_replies: bool, mlist: Any, directory: Path, text: str) -> None:
    theirs = directory / 'theirs.txt'
    theirs.write_text(text, encoding='utf-8')
    name = FOOTERS[receives_replies]
    getUtility(ITemplateManager).set(name, mlist.list_id, theirs.as_uri())
    config.db.commit()


TEMPLATES = {
    'ours': None,
    'of few words': '-- \n$dlist_mute_address\n',
    'with all addresses': 'A $dlist_follow_address, $dlist_mute_address;\n'
    'B <$dlist_conversation_address>.\n',
    'in French': '_____\nFil « $dlist_name » de la liste $display_name\n'
    'Pour répondre : $dlist_conversation_address\n',
    'in Japanese': '会話「${dlist_name}」\n返信：$dlist_conversation_address\n',
    'with Mailman’s variables': '$description ($listname, $owner_email)\n'
    'An $user_name <$user_email>: $dlist_conversation_address\n'
    'Archiv: $hyperkitty_url\n$$ 5\n',
}


@pytest.mark.parametrize('web', [False, True])
@pytest.mark.parametrize('receives_replies', [True, False])
@pytest.mark.parametrize('case', TEMPLATES)
def test_the_footer_of_the_list_is_recognised(
    case, receives_replies, web, mlist, tmp_path, monkeypatch
):
    template = TEMPLATES[case]
    if template is not None:
        link = 'Web: $dlist_link\n'
        replace(receives_replies, mlist, tmp_path, template + link)
    if web:
        open_web(tmp_path, monkeypatch)
    ours, theirs = sent(
        mlist, receives_replies, user_name='Bart B', user_email='bart@example.com',
        hyperkitty_url='https://lists.example.com/hyperkitty/1',
    )  # fmt: skip
    assert ('/conversations/pic-nic/' in ours) is web
    remove = footers.removers(mlist)['text/plain']
    quoted = f'Yes.\n{marked(ours + theirs)}Bart\n'
    assert remove(quoted) == f'Yes.\n{marked(theirs)}Bart\n'
    if 'user' not in (template or ''):
        narrow = f'Yes.\n{marked(flowed(ours, 40))}Bart\n'
        assert remove(narrow) == 'Yes.\nBart\n'
        page = f'<blockquote>Yes.<br>{with_breaks(ours + theirs)}</blockquote>'
        assert shown(footers.removers(mlist)['text/html'](page)) == (
            shown(f'Yes.<br>{with_breaks(theirs)}')
        )


@pytest.mark.parametrize('template', [
    'Until soon!\n', '$dlist_name\n', 'Web: $dlist_link\n', '',
])
def test_a_footer_that_anybody_might_write_stays(template, mlist, tmp_path):
    replace(True, mlist, tmp_path, template)
    ours, _theirs = sent(mlist, True)
    quoted = f'{marked(ours)}ant-hill+picnic@example.com\n'
    assert footers.removers(mlist)['text/plain'](quoted) == quoted


def test_templates_are_looked_up_only_for_a_text_that_may_quote_them(mlist):
    remove = footers.removers(mlist)['text/plain']
    with counted() as statements:
        remove('Anything\n> at all\n')
    assert statements == []
    with counted() as statements:
        remove('> ant-hill+picnic@example.com\n')
        remove('> ant-hill+goat@example.com\n')
    # Five for the templates; the others are Mailman's, for the domain of the list.
    assert len(statements) <= 8
