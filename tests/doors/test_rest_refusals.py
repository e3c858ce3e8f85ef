# SPDX-License-Identifier: GPL-3.0-or-later
"""What REST says no to: with which status, in which words, and without effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mailman.config import config

from mailman_dlist.app.following import choices
from mailman_dlist.app.site import SiteSettingError
from mailman_dlist.model.schema import SchemaError
from mailman_dlist.model.session import store
from mailman_dlist.rest import answers
from tests.doors.scene import ANT, COLLECTIONS, METHODS, PICNIC, Scene, picnic_and_cat
from tests.model.stage import new_list
from tests.rest import FORM, Client


BART = f'{PICNIC}/choices/BART'
CAT = 'lists/cat.example.com'
NOBODY = 'f' * 32


@pytest.fixture
def scene(mailman: Any) -> Scene:
    return picnic_and_cat()


@pytest.fixture
def client(mailman: Any) -> Client:
    return Client()


@pytest.mark.parametrize(('path', 'sentence'), [
    ('lists/bee.example.com', 'There is no list "bee.example.com"'),
    ('lists/', 'There is no list ""'),
    ('lists/a%00b', 'There is no list'),
    ('lists/%F0%9F%90%9C', 'There is no list "🐜"'),
    ('lists/bee.example.com/conversations', 'There is no list'),
    ('lists/bee.example.com/members/BART', 'There is no list'),
    (CAT + '/conversations', 'cat@example.com is not a dlist'),
    (CAT + '/conversations/picnic', 'cat@example.com is not a dlist'),
    (CAT + '/members/BART', 'cat@example.com is not a dlist'),
    (ANT + '/conversations/walk', 'ant@example.com has no conversation "walk"'),
    (ANT + '/conversations/pinic', '"pinic"; did you mean picnic?'),
    (ANT + '/conversations/', 'has no conversation ""'),
    (ANT + '/conversations/help', 'has no conversation "help"'),
    (ANT + '/conversations/a%00b', 'has no conversation'),
    (ANT + '/conversations/%F0%9F%90%9C', 'has no conversation "🐜"'),
    (ANT + '/conversations/walk/messages', 'has no conversation "walk"'),
    (ANT + '/conversations/walk/audience', 'has no conversation "walk"'),
    (ANT + '/conversations/walk/choices', 'has no conversation "walk"'),
    (ANT + '/conversations/walk/choices/BART', 'has no conversation "walk"'),
    (PICNIC + '/choices/CRIS', 'cris@example.com has no choice for picnic'),
    (ANT + '/members/BART/aliases/a@b.example', 'There is no alias "a@b.example"'),
    # Another's alias looks like nobody's.
    (ANT + '/members/CRIS/aliases/b@other.example',
     'There is no alias "b@other.example"'),
    (ANT + '/members/DORA/aliases', 'ant@example.com has no member'),
    # An owner is no member.
    (PICNIC + '/choices/DORA', 'ant@example.com has no member'),
    (PICNIC + '/choices/bart@example.com',
     'has no member "bart@example.com"; this path needs the member_id, 32 '
     'hexadecimal digits, which Mailman shows in '
     'members/find?subscriber=ADDRESS&list_id=ant.example.com'),
    (ANT + '/members/bart@example.com', 'this path needs the member_id'),
    (ANT + '/members/bart@example.com/aliases', 'this path needs the member_id'),
    (ANT + '/essays/bart@example.com',
     "an answer is named by the token of Mailman's request, or by the member_id"),
    (ANT + '/members/DORA', 'ant@example.com has no member'),
    (ANT + f'/members/{NOBODY}', 'ant@example.com has no member'),
    (ANT + '/members/none', 'ant@example.com has no member "none"'),
])
def test_what_is_not_there_is_not_found(path, sentence, scene, client):
    answer = client.ask(scene.at(path))
    assert answer.status_code == 404
    assert sentence in answer.json['description']


@pytest.mark.parametrize('path', [
    '',
    'list',
    ANT + '/members',
    ANT + '/walks',
    PICNIC + '/walks',
    PICNIC + '/messages/1',
    PICNIC + '/audience/BART',
    BART + '/until',
])
def test_a_path_that_leads_nowhere_is_not_found(path, scene, client):
    assert client.ask(scene.at(path)).status_code == 404


def test_a_member_of_another_list_is_none_of_this(scene, client):
    bee = new_list('bee')
    bee.subscribe(next(iter(scene.mlist.members.addresses)))
    store().commit()
    (elsewhere,) = bee.members.members
    path = f'{ANT}/members/{elsewhere.member_id.hex}'
    assert client.ask(path).status_code == 404


YES_OR_NO = 'must be yes or no'
A_TIME = 'must be a time in UTC, such as 2026-07-01T12:30:00Z'


@pytest.mark.parametrize(('path', 'change', 'status', 'sentence'), [
    (ANT, {'footers': 'maybe'}, 400, "footers: 'maybe' must be yes or no"),
    (ANT, {'footers': '1'}, 400, YES_OR_NO),
    (ANT, {'enabled': ''}, 400, "enabled: '' must be yes or no"),
    (ANT, {'plain_posts': 'eat'}, 400, 'must be open, hold or reject'),
    (ANT, {'new_member_default': ''}, 400, 'everything, openings or nothing'),
    (ANT, {'foot': 'no'}, 400, 'foot: unknown name; known names are enabled,'),
    (ANT, {'footers': ['no', 'yes']}, 400, 'footers: must have exactly one value'),
    (CAT, {'footers': 'no'}, 409, 'is not a dlist'),
    (CAT, {'footers': 'no', 'enabled': 'no'}, 409, 'or send enabled=yes'),
    ('lists/bee.example.com', {'enabled': 'yes'}, 404, 'There is no list'),
    (ANT + '/members/BART', {'default': 'all'}, 400, 'everything, openings'),
    (ANT + '/members/BART', {'follow_opened': '1'}, 400, YES_OR_NO),
    (ANT + '/members/BART', {'email': 'x@example.com'}, 400, 'names are default,'),
    (ANT + '/members/DORA', {'default': 'nothing'}, 404, 'has no member'),
    (CAT + '/members/BART', {'default': 'nothing'}, 404, 'is not a dlist'),
])
def test_a_bad_change_is_refused(path, change, status, sentence, scene, client):
    answer = client.ask(scene.at(path), 'PATCH', change)
    assert answer.status_code == status
    assert sentence in answer.json['description']


def test_a_list_with_an_unfit_name_cannot_be_a_dlist(client):
    new_list('a' * 60, style='legacy-default')
    path = f'lists/{"a" * 60}.example.com'
    answer = client.ask(path, 'PATCH', {'enabled': 'yes'})
    assert answer.status_code == 409
    assert 'too long' in answer.json['description']
    assert client.get(path)['enabled'] is False


@pytest.mark.parametrize(('choice', 'sentence'), [
    ({}, 'choice: is required'),
    ({'until': '2027-01-01T00:00:00Z'}, 'choice: is required'),
    ({'choice': ''}, "choice: '' must be follow or mute"),
    ({'choice': 'hate'}, "choice: 'hate' must be follow or mute"),
    ({'choice': 'mute', 'reason': 'web'}, 'known names are choice, until'),
    ({'choice': 'mute', 'until': 'later'}, A_TIME),
    ({'choice': 'mute', 'until': '2027-01-01'}, A_TIME),
    ({'choice': 'mute', 'until': '2027-01-01T00:00:00'}, A_TIME),
    # What a plus becomes in a form that is not encoded.
    ({'choice': 'mute', 'until': '2027-01-01T00:00:00 00:00'}, A_TIME),
    ({'choice': 'mute', 'until': '2027-02-30T00:00:00Z'}, A_TIME),
    ({'choice': 'mute', 'until': '0001-01-01T00:00:00+05:00'}, A_TIME),
    ({'choice': 'mute', 'until': '2005-08-01T08:49:23Z'}, 'is in the past'),
])
def test_a_bad_choice_is_refused(choice, sentence, scene, client):
    answer = client.ask(scene.at(BART), 'PUT', json=choice)
    assert answer.status_code == 400
    assert sentence in answer.json['description']


@pytest.mark.parametrize('method', ['PUT', 'DELETE'])
@pytest.mark.parametrize('path', [
    PICNIC + '/choices/DORA',
    PICNIC + f'/choices/{NOBODY}',
    ANT + '/conversations/walk/choices/BART',
    CAT + '/conversations/picnic/choices/BART',
    'lists/bee.example.com/conversations/picnic/choices/BART',
])
def test_nobody_chooses_about_nothing(path, method, scene, client):
    answer = client.ask(scene.at(path), method, {'choice': 'mute'})
    assert answer.status_code == 404
    assert client.get(f'{PICNIC}/choices')['total_size'] == 2


@pytest.mark.parametrize(('kind', 'body'), [
    ('application/json', '{"choice": '),
    ('application/json', '["mute"]'),
    ('application/json', '"mute"'),
    ('application/json', '{"choice": ["mute"]}'),
    ('application/json', '{"choice": {"mute": true}}'),
    ('application/json', '{"choice": 1}'),
    ('application/json', '{"choice": null}'),
    ('application/json', ''),
    (FORM, 'choice'),
    (FORM, '%00=%FF&choice=mute'),
    ('text/plain', 'choice=mute'),
])
def test_a_broken_body_is_refused(kind, body, scene, client):
    headers = {'Content-Type': kind}
    answer = client.ask(scene.at(BART), 'PUT', body=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json['description']


@pytest.mark.parametrize(('asked', 'sentence'), [
    ('count=2', 'page: is required: count and page must be given together'),
    ('page=1', 'count: is required: count and page must be given together'),
    ('count=0&page=1', "count: '0' must be a whole number from 1 to 999999999"),
    ('count=-2&page=1', "count: '-2' must be a whole number from 1 to 999999999"),
    ('count=2&page=0', "page: '0' must be a whole number from 1 to 999999999"),
    ('count=two&page=1', "count: 'two' must be a whole number from 1 to 999999999"),
    ('count=1.5&page=1', "count: '1.5' must be a whole number from 1 to 999999999"),
    ('count=&page=1', "count: '' must be a whole number from 1 to 999999999"),
    ('count=%C2%B2&page=1', "count: '²' must be a whole number from 1 to 999999999"),
    (f'count={10**9}&page=1', f"count: '{10**9}' must be a whole number from 1 to"),
    ('count=1&count=2&page=1', 'count: must have exactly one value'),
    ('stat=open', 'stat: unknown name; known names are'),
])
def test_a_wrong_page_is_refused(asked, sentence, client):
    answer = client.ask(f'lists?{asked}')
    assert answer.status_code == 400
    assert answer.json['description'].startswith(sentence)


@pytest.mark.parametrize('path', COLLECTIONS)
def test_a_wrong_page_is_refused_everywhere(path, scene, client):
    assert client.ask(f'{path}?count=two&page=1').status_code == 400



@pytest.mark.parametrize('state', ['', 'Open', 'all', 'closed%20'])
def test_a_state_is_open_or_closed(state, scene, client):
    answer = client.ask(f'{ANT}/conversations?state={state}')
    assert answer.status_code == 400
    assert answer.json['description'].endswith('must be open or closed')


@pytest.mark.parametrize('path', METHODS)
def test_other_methods_are_not_allowed(path, scene, client):
    others = {'GET', 'POST', 'PUT', 'PATCH', 'DELETE'} - METHODS[path]
    for method in others:
        answer = client.ask(scene.at(path), method)
        assert (method, answer.status_code) == (method, 405)


@pytest.mark.parametrize('path', [
    *METHODS,
    # Who has no password does not even learn what there is.
    'lists/bee.example.com',
    ANT + '/conversations/walk',
    PICNIC + '/choices/DORA',
])
def test_nothing_is_for_who_has_no_password(path, scene):
    stranger = Client(password='wrong')
    for method in METHODS.get(path, {'GET'}):
        assert stranger.ask(scene.at(path), method).status_code == 401


# Mailman commits after every request, whatever the answer.


@pytest.mark.parametrize(('path', 'change'), [
    (ANT, {'plain_posts': 'hold', 'footers': 'maybe'}),
    (ANT, {'enabled': 'no', 'footers': 'maybe'}),
    (ANT, {'footers': 'no', 'foot': 'no'}),
    (ANT + '/members/BART', {'default': 'nothing', 'follow_opened': 'maybe'}),
    (CAT, {'enabled': 'yes', 'footers': 'maybe'}),
])
def test_of_a_bad_change_nothing_is_done(path, change, scene, client):
    before = client.get(scene.at(path)) if path != CAT else None
    assert client.ask(scene.at(path), 'PATCH', change).status_code == 400
    if before is not None:
        assert client.get(scene.at(path)) == before
    assert client.get(CAT)['enabled'] is False


@pytest.mark.parametrize(('error', 'status'), [
    (ValueError('not like that'), 400),
    (RuntimeError('broken'), 500),
])
def test_what_fails_half_way_leaves_nothing(
    error, status, scene, client, monkeypatch
):
    forget = choices.forget

    def forget_and_fail(*given: Any, **more: Any) -> None:
        forget(*given, **more)
        store().flush()
        raise error

    monkeypatch.setattr(choices, 'forget', forget_and_fail)
    assert client.ask(scene.at(BART), 'DELETE').status_code == status
    assert client.get(scene.at(BART))['choice'] == 'mute'


@pytest.mark.parametrize('error', [
    SchemaError(None, '0001'),
    SiteSettingError(Path('/etc/dlist.cfg'), 3, 'unknown name foot'),
])
@pytest.mark.parametrize('path', METHODS)
def test_a_site_that_is_not_well_says_so(path, error, scene, client, monkeypatch):
    def fail() -> None:
        raise error

    monkeypatch.setattr(answers, 'ready', fail)
    answer = client.ask(scene.at(path), min(METHODS[path]))
    assert answer.status_code == 503
    assert answer.json['description'] == str(error)


def test_the_router_may_read_every_attribute_of_the_root(mailman):
    """It does so at each request; nothing may come of it."""
    root = config.plugins['dlist'].resource
    assert root is not config.plugins['dlist'].resource
    names = [name for name in dir(root) if not name.startswith('__')]
    assert names == ['aliases', 'links', 'lists']
