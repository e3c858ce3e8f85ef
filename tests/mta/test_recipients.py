# SPDX-License-Identifier: GPL-3.0-or-later
"""The people found together are those that core finds one by one."""

from __future__ import annotations

import pytest
from mailman.config import config
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_dlist.model import recipients
from tests.model.stage import counted, join, person, verify
from tests.mta.conftest import RECIPIENTS


MORE = {'fred@example.org', 'jane@example.com', 'jane@example.net', 'kurt@example.net'}


@pytest.fixture(scope='module')
def people(shared_list):
    """Those of the list, and some whose address and membership are not a pair."""
    users = getUtility(IUserManager)
    # A further address of somebody subscribed as a user, who prefers another.
    verify(person('Fred').register('fred@example.org'))
    # One whose user prefers another address, and both are subscribed.
    jane = join(shared_list, 'Jane', as_user=True).user
    further = jane.register('jane@example.net')
    verify(further)
    shared_list.subscribe(further)
    # A user without a preferred address, and so without membership.
    users.create_user('kurt@example.net', 'Kurt')
    config.db.commit()
    return sorted(RECIPIENTS | MORE)


def told_by_core(ant, emails):
    users = getUtility(IUserManager)
    members = {each: ant.members.get_member(each) for each in emails}
    return {
        email: (told(members[email]), named(users.get_user(email))) for email in emails
    }


def told(member):
    return member and (member.list_id, member.member_id, member.address.email)


def named(user):
    return user and user.display_name


@pytest.mark.every_database
@pytest.mark.parametrize(('look_up', 'statements'), [
    (recipients.in_full, 2), (recipients.in_brief, 1),
])
def test_they_are_members_and_users_as_core_has_them(look_up, statements, ant, people):
    with counted() as sent:
        found = look_up('ant.example.com', {each.lower() for each in people})
        ours = {
            email: (
                told(found.members.get(email)), named(found.users.get(email.lower()))
            )
            for email in people
        }
    assert len(sent) == statements
    assert ours == told_by_core(ant, people)
    assert [email for email in people if ours[email][0]] == [
        'anne@example.com', 'bart@example.com', 'cris@example.com', 'dora@example.com',
        'emil@example.com', 'fred@example.com', 'jane@example.com', 'jane@example.net',
    ]  # fmt: skip
