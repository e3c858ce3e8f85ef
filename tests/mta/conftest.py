# SPDX-License-Identifier: GPL-3.0-or-later
"""A list with every kind of recipient, and a mail server to deliver to."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.mailinglist import Personalization
from mailman.interfaces.member import MemberRole
from mailman.interfaces.template import ITemplateManager
from mailman.interfaces.usermanager import IUserManager
from mailman.mta import deliver
from zope.component import getUtility

from mailman_dlist import mta
from tests import core
from tests.model.stage import join, new_list, person, verify
from tests.mta.outgoing import Outcome, Server, mail_server, outcome


FOOTER = 'list:member:regular:footer'
HEADER = 'list:member:regular:header'
TEMPLATES = (FOOTER, HEADER)


@pytest.fixture
def server(mailman_database: None) -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope='module')
def shared_list(mailman_database: None) -> Iterator[Any]:
    """A plain list; see `RECIPIENTS` for who hears it."""
    with core.fresh_site():
        yield list_with_everybody()


@pytest.fixture
def ant(shared_list: Any) -> Iterator[Any]:
    """The plain list, whose settings and templates a test may change."""
    yield shared_list
    config.db.abort()
    shared_list.personalize = Personalization.none
    shared_list.preferred_language = 'en'
    for name in TEMPLATES:
        getUtility(ITemplateManager).delete(name, shared_list.list_id)
    config.db.commit()


def list_with_everybody() -> Any:
    ant = new_list('ant', 'legacy-default')
    join(ant, 'Anne')
    join(ant, 'Bart', as_user=True).preferences.preferred_language = 'ja'
    users = getUtility(IUserManager)
    # Without any name, and no user behind the address.
    cris = users.create_address('Cris@Example.com')
    verify(cris)
    ant.subscribe(cris, MemberRole.member)
    # With a name that is not ASCII, and a language of the own.
    dora = join(ant, 'Dora')
    dora.address.display_name = 'Döra Müller, the elder'
    dora.preferences.preferred_language = 'ja'
    # The name is the user's, and so is the language.
    emil = join(ant, 'Emil', as_user=True)
    emil.user.display_name = 'エミール'
    emil.user.preferences.preferred_language = 'ja'
    # Subscribed twice by the same address.
    fred = join(ant, 'Fred', as_user=True)
    fred.user.display_name = 'Frederick'
    join(ant, 'Fred')
    # Known, but not as a member; a `$` in the name.
    person('Gwen').display_name = 'Gwen $user_email'
    join(ant, 'Hugo', role=MemberRole.nonmember)
    # A quoted name; member of another list only.
    other = new_list('bee', 'legacy-default')
    join(other, 'Iris').address.display_name = 'Iris "the bee"'
    config.db.commit()
    return ant


#: Everybody above, somebody nobody knows, and a user by another spelling.
RECIPIENTS = {
    *(
        f'{name}@example.com'
        for name in (
            'anne', 'bart', 'cris', 'dora', 'emil', 'fred', 'gwen', 'hugo', 'iris',
            'nobody',
        )
    ),
    'Anne@Example.com',
}  # fmt: skip

#: A member with two languages' letters, one to be told of a copy, and a stranger.
SOME = {
    'anne@example.com', 'dora@example.com', 'nobody@example.com', 'Anne@Example.com',
}

PERSONAL_FOOTER = """\
____
To $user_name <$user_email> ($user_name_or_address, $user_language) at
$user_delivered_to, of $display_name, $member. $mhonarc_url $unknown
"""

# Says nothing about the recipient, so that all copies are decorated alike.
LINK_FOOTER = '____\nOn $listname.\nMute it: $dlist_link\n$mhonarc_url, $dlist_link\n'

FOOTERS = {
    'ours': None,
    'none': '',
    'for all': '____\nTo everybody on $listname.\n',
    'personal': PERSONAL_FOOTER,
    'not ascii': '____\nGrüße an $user_name\n',
}


def set_template(mlist: Any, name: str, text: str | None, where: Path) -> None:
    """Give a list a template of its own; None leaves the usual one."""
    if text is not None:
        path = where / name.replace(':', '-')
        path.write_text(text, encoding='utf-8')
        manager = getUtility(ITemplateManager)
        manager.set(name, mlist.list_id, path.as_uri())
        config.db.commit()


def both(
    server: Server, mlist: Any, msg: Any, recipients: Any = RECIPIENTS, **msgdata: Any
) -> Outcome:
    """Deliver with Mailman's agent and ours; return what both led to."""
    expected = outcome(
        deliver.deliver, server, mlist, copy.deepcopy(msg), recipients, **msgdata
    )
    ours = outcome(
        mta.deliver, server, mlist, copy.deepcopy(msg), recipients, **msgdata
    )
    assert ours == expected
    return ours
