# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes out: addresses that find their conversation on every kind of list."""

from __future__ import annotations

from typing import Any

from tests.village import emails, text_of


ELSEWHERE = 'office@elsewhere.example.net'

# Settings of a list, and where its Reply-To points: nowhere, to the conversation,
# to the author, or elsewhere.
LISTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    'plain': ({}, set()),
    'full': ({'personalize': 'full'}, set()),
    'individual': ({'personalize': 'individual'}, set()),
    'to-list': ({'reply_goes_to_list': 'point_to_list'}, {'conversation'}),
    'explicit': (
        {'reply_goes_to_list': 'explicit_header', 'reply_to_address': ELSEWHERE},
        {'elsewhere'},
    ),
    'explicit-only': (
        {'reply_goes_to_list': 'explicit_header_only', 'reply_to_address': ELSEWHERE},
        {'elsewhere'},
    ),
    'explicit-self': (
        {'reply_goes_to_list': 'explicit_header', 'reply_to_address': 'SELF'},
        {'conversation'},
    ),
    'first-strip': (
        {'reply_goes_to_list': 'point_to_list', 'first_strip_reply_to': True},
        {'conversation'},
    ),
    'munged': (
        {
            'dmarc_mitigate_action': 'munge_from',
            'dmarc_mitigate_unconditionally': True,
        },
        {'author'},
    ),
    'munged-to-list': (
        {
            'dmarc_mitigate_action': 'munge_from',
            'dmarc_mitigate_unconditionally': True,
            'reply_goes_to_list': 'point_to_list',
        },
        {'conversation'},
    ),
    'wrapped': (
        {
            'dmarc_mitigate_action': 'wrap_message',
            'dmarc_mitigate_unconditionally': True,
        },
        {'author'},
    ),
    'anonymous': ({'anonymous_list': True}, {'conversation'}),
}


def test_answers_find_their_conversation_on_every_kind_of_list(village):
    anne, bart = village.person('Anne'), village.person('Bart')
    lists = {}
    for name, (config, _points) in LISTS.items():
        lists[name] = one = village.new_list(name)
        if config.get('reply_to_address') == 'SELF':
            config = config | {'reply_to_address': one.at()}
        one.config(**config)
        one.has('Anne', 'Bart', 'Cris')
        anne.writes(one.at('new'), f'Picnic of {name}', wait=False)
    village.settle()
    names = {}
    for name, one in lists.items():
        [opening] = [mail for mail in bart.inbox if is_from(mail, one)]
        names[name] = opening['x-dlist-conversation']
        points = {
            one.at(names[name]): 'conversation',
            anne.email: 'author',
            ELSEWHERE: 'elsewhere',
        }
        found = {points.get(each, each) for each in emails(opening, 'Reply-To')}
        assert found == LISTS[name][1], name
        assert one.at(names[name]) in emails(opening, 'To', 'Cc', 'Reply-To'), name
        bart.replies(opening, wait=False)
        # And by the thread alone, to the address of the list.
        bart.writes(one.at(), 'Chairs', reply_to=opening, wait=False)
    village.settle()
    for name, one in lists.items():
        heard = [mail for mail in anne.inbox if is_from(mail, one)]
        assert len(heard) == 3, name
        assert {mail['x-dlist-conversation'] for mail in heard} == {names[name]}, name
        # An answer to the answer, which has been through the list.
        anne.replies(heard[1], wait=False)
    village.settle()
    for name, one in lists.items():
        heard = [mail for mail in bart.inbox if is_from(mail, one)]
        assert len(heard) == 4, name
        assert {mail['x-dlist-conversation'] for mail in heard} == {names[name]}, name


def is_from(mail, mailing_list):
    return f'<{mailing_list.list_id}>' == mail['list-id']


def test_an_anonymous_list_tells_nothing_of_its_authors(village):
    ant = village.new_list('ant', anonymous_list=True)
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    [mail] = bart.inbox
    assert anne.email not in mail.as_string()
    assert bart.replies(mail).accepted
    assert [each['x-dlist-conversation'] for each in anne.inbox] == ['picnic'] * 2


def test_personalised_mail_is_to_each_and_answers_go_to_the_conversation(village):
    ant = village.new_list('ant', personalize='full')
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    ant.default(cris, 'openings')
    opening = anne.writes(ant.at('new'), 'Picnic')
    assert sorted(copy.recipients for copy in opening.copies) == (
        [(anne.email,), (bart.email,), (cris.email,)]
    )
    for person, verb in ((bart, 'unsubscribe'), (cris, 'subscribe')):
        [mail] = person.inbox
        assert emails(mail, 'To') == [person.email]
        assert emails(mail, 'Cc') == [ant.at('picnic')]
        assert ant.at('picnic', verb) in text_of(mail)
    assert bart.replies(bart.inbox[0]).readers == {'Anne', 'Bart'}
