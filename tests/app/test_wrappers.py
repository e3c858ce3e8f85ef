# SPDX-License-Identifier: GPL-3.0-or-later
"""What we wrap answers others as it did before.

`make test-core` runs Mailman's own tests on all of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.pending import IPendable, IPendings
from mailman.interfaces.template import ALL_TEMPLATES, ITemplateLoader, ITemplateManager
from zope.component import getUtility
from zope.interface import implementer

from mailman_dlist.app.notices.templates import (
    FOOTER_OF_LIST,
    MASTHEAD_OF_DIGEST,
    WELCOME_OF_LIST,
)
from tests.model.stage import new_list
from tests.rest import Client


@pytest.mark.parametrize('name', [
    FOOTER_OF_LIST, WELCOME_OF_LIST, MASTHEAD_OF_DIGEST, 'domain:admin:notice:new-list',
])
def test_a_template_may_be_for_a_domain_or_for_the_site(
    name: str, mailman: Any, tmp_path: Path
) -> None:
    own = tmp_path / 'own.txt'
    own.write_text('Ours.\n')
    domain = getUtility(IDomainManager)['example.com']
    loader = getUtility(ITemplateLoader)
    contexts: list[Any] = [None, domain]
    for context in contexts:
        loader.get(name, context)
    getUtility(ITemplateManager).set(name, None, own.as_uri())
    for context in contexts:
        assert loader.get(name, context) == 'Ours.\n'


def test_all_templates_of_mailman_can_be_set_by_rest(mailman: Any) -> None:
    """Ours are not among those that whoever sets all has to name."""
    given = {name: f'http://example.com/{name}' for name in ALL_TEMPLATES}
    assert not [name for name in given if name.startswith('dlist')]
    rest = Client()
    new_list()
    config.db.commit()
    ways = {
        'uris': '', 'domains/example.com/uris': ('list:', 'domain:'),
        'lists/ant.example.com/uris': 'list:',
    }
    for path, kinds in ways.items():
        some = {name: uri for name, uri in given.items() if name.startswith(kinds)}
        answer = rest.core('PUT', path, **some)
        assert answer.status_code == 204, (path, answer.text)


@implementer(IPendable)
class Request(dict[str, str]):
    """One that another program stored."""

    PEND_TYPE = 'subscription'


@pytest.mark.every_database
def test_requests_of_other_programs_are_found(mailman: Any) -> None:
    mlist = new_list()
    pendings = getUtility(IPendings)
    token = pendings.add(Request(type='subscription', list_id=mlist.list_id))
    found = list(pendings.find(mlist=mlist, pend_type='subscription'))
    assert [each for each, _pendable in found] == [token]
    found = list(pendings.find(mlist=mlist, pend_type='subscription', confirm=False))
    assert found == [(token, None)]
