# SPDX-License-Identifier: GPL-3.0-or-later
"""Moderators decide about joining and leaving as Mailman documents it.

The scenario is that of Mailman's own ``rest/docs/sub-moderation.rst``, on a plain list
and on dlists.  Where a list asks questions, only the door differs by which Anne comes:
she brings an answer, or gives it when she is asked.  From then on all is the same, and
an answer stands beside the fields that Mailman's entry has.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.requests import decide, pending
from tests.journeys.storage import everything_of_lists, former, rows_about
from tests.village import MailingList, Person, Village, text_of


ANSWER = 'I have goats.'

#: Which lists they lead to.
DOORS = {
    'a plain list': 'legacy-default',
    'a dlist': 'dlist',
    'with an answer': 'dlist-essay',
    'answered by mail': 'dlist-essay',
    'answered by REST': 'dlist-essay',
}

NONE = {'start': 0, 'total_size': 0}

REJECTED = """\
Your request to the {posting_address} mailing list

    Subscription request

has been rejected by the list moderator.  The moderator gave the
following reason for rejecting your request:

"This is a private list"

Any questions or comments should be directed to the list administrator
at:

    {owner_address}
"""


def without_etags(said: Any) -> Any:
    if isinstance(said, list):
        return [without_etags(each) for each in said]
    if isinstance(said, dict):
        return {
            name: without_etags(value)
            for name, value in said.items()
            if name != 'http_etag'
        }
    return said


def asks_to_join(mlist: MailingList, door: str, person: Person) -> str:
    """Subscribe pre-verified and pre-confirmed; return the token at the moderators."""
    village = mlist.village
    essays = f'plugins/dlist/lists/{mlist.list_id}/essays'
    form = {
        'list_id': mlist.list_id,
        'subscriber': person.email,
        'display_name': f'{person.name} Person',
        'pre_verified': True,
        'pre_confirmed': True,
    }
    if door == 'with an answer':
        del form['list_id']
        answer = village.site.must(essays, form | {'answer': ANSWER})
    else:
        answer = village.site.must('members', form)
    if door.startswith('answered'):
        # Mailman's own resource knows of no answer: it is the subscriber's turn.
        assert (answer.status, answer.body['token_owner']) == (202, 'subscriber')
        [entry] = pending(mlist).values()
        assert (entry['token'], entry['essay']) == (answer.body['token'], '')
        village.settle()
        [question] = person.reads()
        if door == 'answered by mail':
            person.replies(question, ANSWER)
            [entry] = pending(mlist).values()
            return str(entry['token'])
        form = {'subscriber': person.email, 'answer': ANSWER}
        answer = village.site.must(essays, form)
    assert answer.status == 202
    said = without_etags(answer.body)
    assert said == {'token': said['token'], 'token_owner': 'moderator'}
    return str(said['token'])


@pytest.mark.parametrize('door', DOORS)
def test_subscription_moderation(door: str, village: Village) -> None:
    ant = village.new_list(
        'ant', DOORS[door], subscription_policy='moderate', admin_immed_notify=False
    )
    anne, bart, cris = (village.person(name) for name in ('Anne', 'Bart', 'Cris'))
    path = f'lists/{ant.list_id}/requests'

    def requests(token: str = '') -> Any:
        return without_etags(village.site.must(f'{path}/{token}'.rstrip('/')).body)

    def is_member(person: Person) -> bool:
        member = f'lists/{ant.list_id}/member/{person.email}'
        return village.site.rest(member)[0] == 200

    assert requests() == NONE
    token = asks_to_join(ant, door, anne)
    entry = requests(token)
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', entry['when'])
    assert entry == {
        'display_name': 'Anne Person',
        'email': anne.email,
        'list_id': ant.list_id,
        'token': token,
        'token_owner': 'moderator',
        'type': 'subscription',
        'when': entry['when'],
    } | ({'essay': ANSWER} if DOORS[door] == 'dlist-essay' else {})
    assert requests() == {'start': 0, 'total_size': 1, 'entries': [entry]}
    decide(ant, token, 'accept')
    assert is_member(anne)
    assert requests() == NONE

    token = asks_to_join(ant, door, bart)
    decide(ant, token, 'reject', reason='This is a private list')
    village.settle()
    rejection = bart.reads()[-1]
    assert text_of(rejection) == REJECTED.format(
        posting_address=ant.at(), owner_address=f'ant-owner@{village.domain}'
    )

    token = asks_to_join(ant, door, cris)
    decide(ant, token, 'defer')
    assert requests(token)['token_owner'] == 'moderator'
    decide(ant, token, 'discard')
    village.settle()
    # Who answered by mail knows that the answer has arrived.
    told = [*anne.reads(), *bart.reads(), *cris.reads()]
    assert all('has arrived' in mail['subject'] for mail in told)
    assert requests() == NONE
    assert village.site.rest(f'{path}/{token}')[0] == 404
    assert not is_member(bart) and not is_member(cris)
    kept = str(everything_of_lists(village.site))
    assert bart.email not in kept and cris.email not in kept


def test_who_wants_to_leave_keeps_all_until_that_is_accepted(village: Village) -> None:
    ant = village.new_list(
        'ant',
        'dlist-essay',
        subscription_policy='confirm',
        unsubscription_policy='moderate',
    )
    bart = village.person('Bart')
    path = f'plugins/dlist/lists/{ant.list_id}/essays'
    village.site.must(
        path,
        {
            'subscriber': bart.email,
            'answer': ANSWER,
            'pre_verified': True,
            'pre_confirmed': True,
        },
    )
    [essay] = village.site.must(path).body['entries']
    ant.member_ids['Bart'] = essay['member_id']
    ant.default(bart, 'openings')
    kept = rows_about(village.site, essay['member_id'])
    for action in 'defer', 'reject', 'discard', 'accept':
        if not pending(ant, request_type='unsubscription'):
            bart.writes(f'ant-leave@{village.domain}', 'leave')
        assert pending(ant) == {}
        [entry] = pending(ant, request_type='unsubscription').values()
        assert (entry['token_owner'], entry['type']) == ('moderator', 'unsubscription')
        assert 'essay' not in entry
        assert rows_about(village.site, essay['member_id']) == kept != []
        decide(ant, entry['token'], action)
    assert pending(ant, request_type='unsubscription') == {}
    # For a day.
    assert essay['member_id'] in former(village.site)
