# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs see of dlists, and do with them, by REST."""

from __future__ import annotations

from typing import Any

import pytest

from mailman_dlist.interfaces.conversation import MessageKind, Posting
from mailman_dlist.interfaces.dlist import CHAIN, PIPELINE
from mailman_dlist.model.conversations import add_message
from mailman_dlist.model.following import settings_of
from mailman_dlist.model.session import store
from tests.app.settings import FRESH
from tests.doors.scene import (
    ANSWERED,
    ANT,
    COLLECTIONS,
    LIST_ID,
    METHODS,
    OPENED,
    PICNIC,
    Scene,
    picnic,
    post,
    rename,
)
from tests.model.stage import DAY, counted, join_all, new_list, pass_time, person
from tests.rest import Client, without_etags


BELOW = 'http://localhost:9001/3.1/plugins/dlist/'


@pytest.fixture
def scene(mailman: Any) -> Scene:
    return picnic()


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


# What is shown.


def test_the_dlists_of_the_site(scene, client):
    new_list('bee')
    new_list('cat', style='legacy-default')
    assert without_etags(client.get('lists')) == {
        'start': 0,
        'total_size': 2,
        'entries': [
            {
                'list_id': f'{name}.example.com',
                'fqdn_listname': f'{name}@example.com',
                'display_name': name.capitalize(),
                'self_link': f'{BELOW}lists/{name}.example.com',
            }
            for name in ('ant', 'bee')
        ],
    }


def test_a_site_without_dlists(client):
    assert without_etags(client.get('lists')) == {
        'start': 0, 'total_size': 0, 'entries': [],
    }


@pytest.mark.parametrize('path', [
    ANT, 'lists/ANT.Example.com', 'lists/ant@example.com',
])
def test_the_settings_of_a_list(path, scene, client):
    assert without_etags(client.get(path)) == {
        'list_id': LIST_ID,
        'fqdn_listname': 'ant@example.com',
        'display_name': 'Ant',
        **FRESH,
        'self_link': f'{BELOW}{ANT}',
    }


def test_the_settings_of_a_plain_list(client):
    new_list('bee', style='legacy-default')
    shown = client.get('lists/bee.example.com')
    assert shown['enabled'] is False
    assert 'footers' not in shown


SHOWN = {
    'name': 'picnic',
    'subject': 'Picnic',
    'state': 'open',
    'posting': 'open',
    'access': 'open',
    'mandatory': False,
    'posts': 2,
    'opened_at': OPENED,
    'last_post_at': ANSWERED,
    'message_id': '1@example.com',
    'self_link': f'{BELOW}{PICNIC}',
}


def test_a_conversation(scene, client):
    assert without_etags(client.get(PICNIC)) == SHOWN


def test_a_list_without_conversations(client):
    new_list()
    assert client.get(f'{ANT}/conversations')['entries'] == []


def test_an_old_name_answers_with_the_present_one(scene, client):
    rename('picnic', 'outing')
    shown = client.get(PICNIC)
    assert shown == client.get(f'{ANT}/conversations/OUTING')
    assert shown['name'] == 'outing'
    assert shown['self_link'] == f'{BELOW}{ANT}/conversations/outing'
    assert client.get(f'{PICNIC}/messages')['total_size'] == 2


@pytest.mark.parametrize(('asked', 'names'), [
    ('', ['picnic', 'walk', 'ant-100', 'swim']),
    ('state=open', ['picnic', 'walk', 'ant-100']),
    ('state=closed', ['swim']),
    ('q=walk', ['walk']),
    ('q=PICNIC', ['picnic']),
    ('q=pic&state=closed', []),
    # In the subject alone, and as it was typed there.
    ('q=lake', ['walk']),
    ('q=LAKE', ['walk']),
    ('q=Gr%C3%BC', ['swim']),
    ('q=100%25', ['ant-100']),
    ('q=1%25', []),
    ('q=_', []),
    ('q=%F0%9F%90%9C', []),
    ('q=%20lake%20', ['walk']),
    ('q=', ['picnic', 'walk', 'ant-100', 'swim']),
])
def test_conversations_are_searched_by_state_name_and_subject(
    asked, names, scene, client
):
    mlist = scene.mlist
    (anne,) = join_all(mlist, 'Emma')
    for number, (name, subject) in enumerate([
        ('swim', 'Grüße'), ('ant-100', '100% ants'), ('walk', 'To the Lake'),
    ]):
        pass_time(-DAY if number == 0 else DAY / 10)
        conversation = post(mlist, f'new+{name}', anne, subject, f'{name}@x')
        if name == 'swim':
            conversation.posting = Posting.closed
            store().commit()
    found = client.get(f'{ANT}/conversations?{asked}')
    assert [entry['name'] for entry in found['entries']] == names
    assert found['total_size'] == len(names)


def test_messages_come_in_the_order_they_were_posted(scene, client):
    assert without_etags(client.get(f'{PICNIC}/messages'))['entries'] == [
        {'message_id': '1@example.com', 'kind': 'opening', 'posted_at': OPENED},
        {'message_id': '2@example.com', 'kind': 'reply', 'posted_at': ANSWERED},
    ]


def test_a_message_that_is_only_referred_to_is_none(scene, client):
    mlist = scene.mlist
    (emma,) = join_all(mlist, 'Emma')
    conversation = post(mlist, 'new+walk', emma, 'Walk', '3@example.com')
    add_message(conversation, 'late@example.com', MessageKind.awaited)
    store().commit()
    walk = f'{ANT}/conversations/walk'
    assert client.get(walk)['posts'] == 1
    assert client.get(f'{walk}/messages')['total_size'] == 1


def test_the_audience_says_why(scene, client):
    assert without_etags(client.get(f'{PICNIC}/audience'))['entries'] == [
        {
            'email': 'anne@example.com',
            'member_id': scene.anne.hex,
            'reason': 'opened',
        },
        {
            'email': 'cris@example.com',
            'member_id': scene.cris.hex,
            'reason': 'default',
        },
    ]


def test_choices_are_shown_with_their_reasons(scene, client):
    def shown(name: str, member_id: Any, choice: str, reason: str, at: str) -> Any:
        return {
            'email': f'{name}@example.com',
            'member_id': member_id.hex,
            'choice': choice,
            'reason': reason,
            'made_at': at,
            'until': None,
            'self_link': f'{BELOW}{PICNIC}/choices/{member_id.hex}',
        }

    anne = shown('anne', scene.anne, 'follow', 'opened', OPENED)
    bart = shown('bart', scene.bart, 'mute', 'mail', ANSWERED)
    found = without_etags(client.get(f'{PICNIC}/choices'))
    assert found == {'start': 0, 'total_size': 2, 'entries': [anne, bart]}
    assert without_etags(client.get(scene.at(f'{PICNIC}/choices/BART'))) == bart


def test_a_choice_that_has_ended_is_none(scene, client):
    path = scene.at(f'{PICNIC}/choices/CRIS')
    client.ask(path, 'PUT', {'choice': 'mute', 'until': '2005-08-02T00:00:00Z'})
    assert client.get(path)['until'] == '2005-08-02T00:00:00Z'
    pass_time(DAY)
    assert client.ask(path).status_code == 404
    assert client.get(f'{PICNIC}/choices')['total_size'] == 2


def test_a_pause_outweighs_a_choice_until_it_ends_and_leaves_it_as_it_is(
    scene, client
):
    path = scene.at(f'{PICNIC}/choices/ANNE')
    before = client.get(path)
    assert (before['choice'], before['made_at']) == ('follow', OPENED)
    client.ask(path, 'PUT', {'choice': 'mute', 'until': '2005-08-02T00:00:00Z'})
    paused = client.get(path)
    assert (paused['choice'], paused['reason']) == ('mute', 'rest')
    assert (paused['made_at'], paused['until']) == (ANSWERED, '2005-08-02T00:00:00Z')
    assert client.get(f'{PICNIC}/choices')['entries'][0] == paused
    assert client.get(f'{PICNIC}/choices')['total_size'] == 2
    # Nobody has looked for pauses that are over.
    pass_time(DAY)
    assert client.get(path) == before
    assert client.get(f'{PICNIC}/choices')['entries'][0] == before
    assert client.get(f'{PICNIC}/audience')['entries'][0]['reason'] == 'opened'


def test_a_member_by_the_address_of_a_user(scene, client):
    """Frank is on the list as himself; his choices count and are shown too."""
    frank = scene.mlist.subscribe(person('Frank'))
    member_id = frank.member_id.hex
    store().commit()
    assert client.get(f'{ANT}/members/{member_id}')['email'] == 'frank@example.com'
    client.ask(f'{PICNIC}/choices/{member_id}', 'PUT', {'choice': 'mute'})
    chosen = client.get(f'{PICNIC}/choices')['entries']
    assert 'frank@example.com' in {entry['email'] for entry in chosen}


@pytest.mark.parametrize(
    'path', [path for path, methods in METHODS.items() if 'GET' in methods]
)
def test_what_is_shown_has_an_etag_and_its_own_link(path, scene, client):
    body = client.get(scene.at(path))
    assert body['http_etag'].startswith('"')
    for entry in body.get('entries', []):
        assert entry['http_etag'].startswith('"')
        if 'self_link' in entry:
            own = client.get(entry['self_link'])
            assert own['self_link'] == entry['self_link']
            # The settings of a list are more than its entry.
            if path != 'lists':
                assert own == entry


def test_an_etag_changes_with_what_it_is_of(scene, client):
    before = client.get(ANT)['http_etag']
    assert client.get(ANT)['http_etag'] == before
    client.ask(ANT, 'PATCH', {'footers': 'no'})
    assert client.get(ANT)['http_etag'] != before


# What is changed.


FORM_AND_JSON = pytest.mark.parametrize('kind', ['form', 'json'])


@FORM_AND_JSON
@pytest.mark.parametrize(('given', 'until'), [
    ({}, None),
    ({'until': ''}, None),
    ({'until': '2027-01-01T00:00:00Z'}, '2027-01-01T00:00:00Z'),
    ({'until': '2027-01-01T00:00:00z'}, '2027-01-01T00:00:00Z'),
    ({'until': '2027-01-01T00:00:00+00:00'}, '2027-01-01T00:00:00Z'),
    ({'until': '2027-01-01T02:30:00+02:30'}, '2027-01-01T00:00:00Z'),
    ({'until': '2027-01-01T00:00:00.999999Z'}, '2027-01-01T00:00:00Z'),
])
def test_a_choice_is_made(kind, given, until, scene, client):
    path = scene.at(f'{PICNIC}/choices/CRIS')
    body = {'choice': 'mute'} | given
    assert client.ask(path, 'PUT', **{kind: body}).status_code == 204
    shown = client.get(path)
    assert shown['choice'] == 'mute'
    assert shown['reason'] == 'rest'
    assert shown['until'] == until
    assert client.get(f'{PICNIC}/audience')['total_size'] == 1


@FORM_AND_JSON
@pytest.mark.parametrize('door', ['web', 'rest', 'cli'])
def test_the_reason_of_a_choice_is_the_door_that_the_client_names(
    door, kind, scene, client
):
    path = scene.at(f'{PICNIC}/choices/CRIS')
    body = {'choice': 'mute', 'door': door, 'actor': 'dora@example.com', 'as': 'member'}
    assert client.ask(path, 'PUT', **{kind: body}).status_code == 204
    assert client.get(path)['reason'] == door


@pytest.mark.parametrize(('about', 'sentence'), [
    ({'door': 'mail'}, "door: 'mail' must be web, rest or cli"),
    ({'as': 'owner'}, "as: 'owner' must be member"),
    ({'actor': 'somebody'}, "actor: 'somebody' must be an address, or the id of a"),
    ({'actor': 'jörg@example.com'}, 'must be an address in ASCII'),
    ({'actor': 'a@' + 255 * 'b'}, 'must be an address'),
])
def test_a_bad_actor_changes_nothing(about, sentence, scene, client):
    for path, method, body in (
        ('choices/CRIS', 'PUT', {'choice': 'mute'}),
        ('choices/BART', 'DELETE', {}),
    ):
        path = scene.at(f'{PICNIC}/{path}')
        before = client.ask(path).status_code
        answer = client.ask(path, method, json=body | about)
        assert answer.status_code == 400
        assert sentence in answer.json['description']
        assert client.ask(path).status_code == before


def test_a_choice_takes_the_place_of_another(scene, client):
    path = scene.at(f'{PICNIC}/choices/BART')
    client.ask(path, 'PUT', {'choice': 'mute', 'until': '2027-01-01T00:00:00Z'})
    client.ask(path, 'PUT', json={'choice': 'follow', 'until': None})
    shown = client.get(path)
    assert (shown['choice'], shown['until']) == ('follow', None)


def test_a_reset_returns_to_the_default_however_often(scene, client):
    path = scene.at(f'{PICNIC}/choices/BART')
    for _ in range(2):
        assert client.ask(path, 'DELETE').status_code == 204
    assert client.ask(path).status_code == 404
    assert client.get(f'{PICNIC}/audience')['total_size'] == 3


@FORM_AND_JSON
@pytest.mark.parametrize(('change', 'shown'), [
    ({'default': 'nothing'}, ('nothing', True, True)),
    ({'default': 'Openings'}, ('openings', True, True)),
    ({'follow_opened': 'no'}, ('everything', False, True)),
    ({'follow_replied': False}, ('everything', True, False)),
    ({'follow_opened': 'yes', 'default': 'nothing'}, ('nothing', True, True)),
    ({}, ('everything', True, True)),
])
def test_a_member_is_set(kind, change, shown, scene, client):
    path = scene.at(f'{ANT}/members/CRIS')
    assert client.ask(path, 'PATCH', **{kind: change}).status_code == 204
    body = without_etags(client.get(path))
    assert body == {
        'email': 'cris@example.com',
        'member_id': scene.cris.hex,
        **dict(zip(['default', 'follow_opened', 'follow_replied'], shown, strict=True)),
        'self_link': f'{BELOW}{path}',
    }


def test_looking_at_a_member_sets_nothing(scene, client):
    client.get(scene.at(f'{ANT}/members/CRIS'))
    assert settings_of(scene.cris) is None


@FORM_AND_JSON
def test_a_list_is_set(kind, scene, client):
    change = {'plain_posts': 'hold', 'new_member_default': 'nothing', 'footers': 'no'}
    assert client.ask(ANT, 'PATCH', **{kind: change}).status_code == 204
    shown = client.get(ANT)
    assert shown['plain_posts'] == 'hold'
    assert shown['new_member_default'] == 'nothing'
    assert shown['footers'] is False
    # Who is a member already goes on as before.
    assert client.get(f'{PICNIC}/audience')['total_size'] == 2


@FORM_AND_JSON
@pytest.mark.parametrize(('no', 'yes'), [
    ('no', 'yes'), ('false', 'true'), (False, True),
])
def test_a_list_is_turned_into_a_plain_list_and_back(kind, no, yes, scene, client):
    client.ask(ANT, 'PATCH', {'footers': 'no'})
    assert client.ask(ANT, 'PATCH', **{kind: {'enabled': no}}).status_code == 204
    assert scene.mlist.posting_chain == 'default-posting-chain'
    assert client.ask(PICNIC).status_code == 404
    assert client.get('lists')['total_size'] == 0
    assert client.ask(ANT, 'PATCH', **{kind: {'enabled': yes}}).status_code == 204
    assert scene.mlist.posting_chain == CHAIN
    assert scene.mlist.posting_pipeline == PIPELINE
    assert client.get(ANT)['footers'] is False
    assert without_etags(client.get(PICNIC)) == SHOWN


# Pages.


@pytest.mark.parametrize('path', COLLECTIONS)
def test_pages_make_up_the_whole(path, scene, client):
    mlist = scene.mlist
    for number, member in enumerate(join_all(mlist, 'Emma', 'Finn', 'Gina')):
        post(mlist, 'picnic', member, 'Re: Picnic', f'{number}@x')
        post(mlist, f'new+walk-{number}', member, 'Walk', f'w{number}@x')
        new_list(f'bee-{number}')
    whole = client.get(path)
    size = whole['total_size']
    assert size >= 4
    assert size == len(whole['entries'])
    entries = []
    for page in range(1, size // 2 + 2):
        part = client.get(f'{path}?count=2&page={page}')
        assert part['start'] == 2 * (page - 1)
        assert part['total_size'] == size
        entries += part['entries']
    assert entries == whole['entries']


@pytest.mark.parametrize('path', COLLECTIONS)
def test_a_page_beyond_the_end_is_empty(path, scene, client):
    page = client.get(f'{path}?count=999999999&page=999999999')
    assert page['entries'] == []
    assert page['total_size'] > 0


@pytest.mark.parametrize('path', COLLECTIONS)
@pytest.mark.every_database
def test_a_page_takes_as_many_statements_whatever_it_holds(path, scene, client):
    def cost() -> int:
        with counted() as statements:
            client.get(f'{path}?count=50&page=1')
        return len(statements)

    # The first look warms the caches of Mailman and SQLAlchemy.
    cost()
    few = cost()
    mlist = scene.mlist
    for number, member in enumerate(join_all(mlist, *'efghijk')):
        post(mlist, 'picnic', member, 'Re: Picnic', f'{number}@x')
        post(mlist, f'new+walk-{number}', member, 'Walk', f'w{number}@x')
        new_list(f'bee-{number}')
    assert client.get(path)['total_size'] >= 8
    assert cost() == few
