# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for aliases, confirming them, and what nobody learns by it [U14, U16].

Bart and Cris are on ant@example.com, and Bart asks.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.action import Action
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.member import MemberRole
from mailman.interfaces.usermanager import IUserManager
from mailman.runners.incoming import IncomingRunner
from mailman.utilities.datetime import now
from zope.component import getUtility

from mailman_dlist.app import lists, site
from mailman_dlist.app.aliases import requests
from mailman_dlist.app.aliases.requests import (
    AliasesOff,
    AlreadyAlias,
    AskedTooOften,
    CannotBeAlias,
    NotAnAddress,
    OwnAlias,
    TooManyAliases,
    UnknownAlias,
    UnknownToken,
)
from mailman_dlist.app.people import senders
from mailman_dlist.app.site import SiteSettings
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.model.aliases import Alias, AliasRequest
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.alias import ALIAS, TOKEN, answers, own, sent, text_of, token_for
from tests.app.web import BASE, open_web
from tests.model.stage import (
    DAY,
    ant_with,
    count_rows,
    give_alias,
    join,
    letter,
    new_list,
    pass_time,
    person,
    queued,
    run,
)


PENDING, CONFIRMED = AliasState.pending, AliasState.confirmed


@pytest.fixture
def mlist(mailman: Any) -> Any:
    """The dlist ant@example.com, with Bart and Cris as members."""
    return ant_with('Bart', 'Cris')[0]


@pytest.fixture
def bart(mlist: Any) -> Any:
    return mlist.members.get_member('bart@example.com')


@pytest.fixture
def cris(mlist: Any) -> Any:
    return mlist.members.get_member('cris@example.com')


@pytest.fixture
def two_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, 'site_settings', lambda: SiteSettings(alias_limit=2))


# Asking.


def test_an_address_is_asked_and_confirms(mlist, bart):
    token = token_for(mlist, bart)
    assert own(bart) == {ALIAS: PENDING}
    assert senders.owner(mlist, ALIAS) is None
    answers(mlist, token)
    assert own(bart) == {ALIAS: CONFIRMED}
    assert senders.owner(mlist, ALIAS) == bart
    to_alias, to_member = sent()
    assert (to_alias['to'], to_member['to']) == (ALIAS, 'bart@example.com')
    assert ALIAS in text_of(to_member)
    assert 'bart' not in to_alias.as_string().lower()
    # Subjects stand in the logs of mail servers, beside the recipient.
    assert ALIAS not in str(to_member['subject'])


def test_the_mail_that_asks_is_harmless(mlist, bart):
    requests.ask(mlist, bart, ALIAS)
    [(mail, msgdata)] = queued('virgin')
    assert msgdata['recipients'] == {ALIAS}
    assert mail['from'] == 'ant-owner@example.com'
    assert mail['auto-submitted'] == 'auto-generated'
    # Core logs whom a mail is from, and answers to that must not be confirmations.
    assert not TOKEN.search(str(mail.senders[0]))
    said = text_of(mail)
    assert 'safe to ignore' in said
    # Three days, as core's own.
    assert f'{now() + 3 * DAY:%Y-%m-%d %H:%M} UTC' in said
    assert 'bart' not in mail.as_string().lower()
    assert 'http' not in said


def test_where_there_are_web_pages_there_is_a_button(
    mlist, bart, tmp_path, monkeypatch
):
    open_web(tmp_path, monkeypatch)
    requests.ask(mlist, bart, ALIAS)
    [mail] = sent()
    [token] = TOKEN.findall(mail['reply-to'])
    assert f'\n    {BASE}/dlist/alias/{token}\n' in text_of(mail)


@pytest.mark.parametrize('given', [
    '', '@', 'me', 'me@', 'me@localhost', '@other.example', 'me@other.example.',
    'me@.example', 'me@other..example', 'me@-other.example', 'me@bücher.example',
    'mé@other.example', 'me you@other.example', '"me you"@other.example',
    'me@you@other.example', '<me@other.example>', 'Me <me@other.example>',
    'me@other.example,you@other.example', 'me@other.example you@other.example',
    '.me@other.example', 'me..too@other.example', 'me@[127.0.0.1]',
    'me\n@other.example', 'me\0@other.example', f'{"a" * 65}@other.example',
    f'me@{"a" * 250}.example',
])
def test_what_is_no_address_is_refused_at_once(given, mlist, bart):
    with pytest.raises(NotAnAddress):
        requests.ask(mlist, bart, given)
    assert sent() == []
    assert own(bart) == {}


@pytest.mark.parametrize(('given', 'email'), [
    ('Me@Other.EXAMPLE', ALIAS),
    ('"me"@other.example', ALIAS),
    (' me@other.example ', ALIAS),
    ('me+list@other.example', 'me+list@other.example'),
    ('me@xn--bcher-kva.example', 'me@xn--bcher-kva.example'),
])
def test_an_alias_has_one_spelling(given, email, mlist, bart):
    assert requests.ask(mlist, bart, given) == email
    assert own(bart) == {email: PENDING}


def test_posts_are_recognised_in_any_spelling(mlist, bart):
    give_alias(mlist, bart, ALIAS)
    for spelling in ('Me <ME@other.example>', '"me"@Other.Example'):
        msg = letter('stranger')
        msg.replace_header('From', spelling)
        author = senders.alias_author(mlist, msg)
        assert author is not None
        assert (author.email, author.member) == (ALIAS, bart)


def test_where_owners_want_no_aliases_there_are_none(mlist, bart):
    token = token_for(mlist, bart)
    give_alias(mlist, bart, 'old@other.example')
    lists.change(mlist, {'aliases': 'no'})
    store().commit()
    with pytest.raises(AliasesOff):
        requests.ask(mlist, bart, 'you@other.example')
    with pytest.raises(UnknownToken):
        requests.confirm(token)
    assert senders.owner(mlist, 'old@other.example') is None
    # What there was can be seen and go, or wait for better times.
    requests.remove(mlist, bart, ALIAS)
    lists.change(mlist, {'aliases': 'yes'})
    assert own(bart) == {'old@other.example': CONFIRMED}
    assert senders.owner(mlist, 'old@other.example') == bart


# Limits.


def test_of_aliases_and_wishes_there_are_so_many(mlist, bart, cris, two_allowed):
    give_alias(mlist, bart, 'old@other.example')
    token_for(mlist, bart)
    with pytest.raises(TooManyAliases) as raised:
        requests.ask(mlist, bart, 'you@other.example')
    assert raised.value.limit == 2
    # The same address once more is no other.
    token_for(mlist, bart)
    # Others have their own.
    token_for(mlist, cris, 'you@other.example')
    pass_time(DAY)
    requests.remove(mlist, bart, 'old@other.example')
    token_for(mlist, bart, 'you@other.example')


def test_wishes_that_expired_leave_room(mlist, bart, two_allowed):
    for email in (ALIAS, 'you@other.example'):
        token_for(mlist, bart, email)
    pass_time(2 * DAY)
    with pytest.raises(TooManyAliases):
        requests.ask(mlist, bart, 'new@other.example')
    pass_time(DAY)
    token_for(mlist, bart, 'new@other.example')


def test_a_member_asks_so_often_a_day(mlist, bart, two_allowed):
    for _day in range(2):
        for _ in range(2):
            token_for(mlist, bart)
            requests.clear(mlist, bart)
        with pytest.raises(AskedTooOften) as raised:
            requests.ask(mlist, bart, ALIAS)
        assert raised.value.limit == 2
        assert sent() == []
        # Forgetting what can be confirmed no more does not help.
        requests.expire()
        pass_time(DAY - timedelta(seconds=1))
        with pytest.raises(AskedTooOften):
            requests.ask(mlist, bart, ALIAS)
        pass_time(timedelta(seconds=1))


def test_how_often_is_remembered_where_requests_expire_sooner(
    mlist, bart, two_allowed
):
    config.push('short', '[mailman]\npending_request_life: 1h\n')
    try:
        for _ in range(2):
            token = token_for(mlist, bart)
            pass_time(timedelta(hours=2))
            requests.expire()
            assert own(bart) == {}
            with pytest.raises(UnknownToken):
                requests.confirm(token)
        with pytest.raises(AskedTooOften):
            requests.ask(mlist, bart, ALIAS)
        pass_time(DAY)
        requests.expire()
        assert count_rows(AliasRequest) == {'dlist_alias_request': 0}
    finally:
        config.pop('short')


def test_limits_do_not_tell_what_an_address_is(mlist, bart, cris, two_allowed):
    """Neither that an alias was refused nor that another's was."""
    give_alias(mlist, cris, 'hers@other.example')
    store().commit()
    for email in ('hers@other.example', 'ant@example.com'):
        requests.ask(mlist, bart, email)
    with pytest.raises(AskedTooOften):
        requests.ask(mlist, bart, ALIAS)
    pass_time(DAY)
    with pytest.raises(TooManyAliases):
        requests.ask(mlist, bart, ALIAS)


def test_an_address_that_had_enough_mail_gets_no_more_and_nobody_sees_it(
    mlist, bart, cris, monkeypatch
):
    monkeypatch.setattr(site, 'site_settings', lambda: SiteSettings(max_notices=1))
    assert requests.ask(mlist, bart, ALIAS) == ALIAS
    [mail] = sent()
    assert 'daily limit of notices to your address (1)' in mail.get_payload()
    assert requests.ask(mlist, cris, ALIAS) == ALIAS
    assert sent() == []
    assert own(cris) == {ALIAS: PENDING}


def test_an_own_alias_is_no_secret(mlist, bart):
    requests.confirm(token_for(mlist, bart))
    sent()
    with pytest.raises(AlreadyAlias):
        requests.ask(mlist, bart, ALIAS.upper())
    assert sent() == []


# Confirming.


def unknown(mlist: Any, bart: Any, token: str) -> str:
    return 'a' * 16


def malformed(mlist: Any, bart: Any, token: str) -> str:
    return 'né%\0' * 4


def expired(mlist: Any, bart: Any, token: str) -> str:
    pass_time(3 * DAY)
    return token


def expired_and_deleted(mlist: Any, bart: Any, token: str) -> str:
    pass_time(3 * DAY)
    requests.expire()
    return token


def withdrawn(mlist: Any, bart: Any, token: str) -> str:
    requests.remove(mlist, bart, ALIAS)
    return token


def all_withdrawn(mlist: Any, bart: Any, token: str) -> str:
    requests.clear(mlist, bart)
    return token


def of_who_has_left(mlist: Any, bart: Any, token: str) -> str:
    bart.unsubscribe()
    return token


def of_a_plain_list(mlist: Any, bart: Any, token: str) -> str:
    lists.disable(mlist)
    return token


DEAD = [
    unknown, malformed, expired, expired_and_deleted, withdrawn, all_withdrawn,
    of_who_has_left, of_a_plain_list,
]


@pytest.mark.parametrize('happens', DEAD)
def test_dead_tokens_look_alike(happens, mlist, bart):
    token = happens(mlist, bart, token_for(mlist, bart))
    store().commit()
    said = set()
    for act in requests.look, requests.confirm:
        with pytest.raises(UnknownToken) as raised:
            act(token)
        said.add(str(raised.value))
    assert said == {'This token is unknown or has expired'}
    assert count_rows(Alias) == {'dlist_alias': 0}
    assert sent() == []


@pytest.mark.parametrize('happens', DEAD[:-1])
def test_who_answers_too_late_is_told_how_to_begin_anew(happens, mlist, bart):
    token = happens(mlist, bart, token_for(mlist, bart))
    store().commit()
    answers(mlist, token)
    [mail] = sent()
    assert mail['to'] == ALIAS
    assert 'there is no request to confirm.' in text_of(mail)
    assert mail['auto-submitted'] == 'auto-replied'


def test_a_token_is_of_one_list(mlist, bart):
    token = token_for(mlist, bart)
    bee = new_list('bee')
    answers(bee, token)
    assert own(bart) == {ALIAS: PENDING}
    [mail] = sent()
    assert mail['to'] == ALIAS
    assert 'Bee' in text_of(mail)


def test_confirming_twice_is_harmless(mlist, bart):
    token, again = token_for(mlist, bart), token_for(mlist, bart)
    assert requests.confirm(token).state is CONFIRMED
    assert len(sent()) == 2
    for each in (token, again):
        assert requests.confirm(each).state is CONFIRMED
        assert requests.look(each).state is CONFIRMED
    assert sent() == []
    # Who wrote a mail gets an answer; the member knows already.
    answers(mlist, again)
    [mail] = sent()
    assert mail['to'] == ALIAS
    assert count_rows(Alias) == {'dlist_alias': 1}


def test_who_has_the_token_may_answer_from_anywhere(mlist, bart):
    """People collect the mail of several addresses in one place."""
    answers(mlist, token_for(mlist, bart), 'home@somewhere.example', 'Yes!\n> ...')
    assert own(bart) == {ALIAS: CONFIRMED}
    assert [mail['to'] for mail in sent()] == [ALIAS, 'bart@example.com']


@pytest.mark.parametrize('fields', [
    {'Auto_Submitted': 'auto-replied'},
    {'Auto_Submitted': 'auto-generated'},
    {'Precedence': 'auto_reply'},
    {'X_Autoreply': 'yes'},
    {'Content_Type': 'multipart/report'},
])
def test_an_out_of_office_answer_confirms_nothing(fields, mlist, bart):
    answers(mlist, token_for(mlist, bart), **fields)
    assert own(bart) == {ALIAS: PENDING}
    assert sent() == []


def test_who_is_banned_confirms_nothing_by_mail(mlist, bart):
    token = token_for(mlist, bart)
    IBanManager(mlist).ban('banned@example.com')
    answers(mlist, token, 'banned@example.com')
    assert own(bart) == {ALIAS: PENDING}
    assert sent() == []


def test_of_two_members_the_one_who_is_first_confirmed_has_it(mlist, bart, cris):
    of_bart, of_cris = token_for(mlist, bart), token_for(mlist, cris)
    requests.confirm(of_cris)
    sent()
    with pytest.raises(CannotBeAlias):
        requests.confirm(of_bart)
    [mail] = sent()
    assert (mail['to'], own(bart)) == (ALIAS, {ALIAS: PENDING})
    assert 'A member of the list already posts from this address.' in text_of(mail)
    # When she has it no more, he may.
    requests.remove(mlist, cris, ALIAS)
    assert requests.confirm(of_bart).state is CONFIRMED


@pytest.mark.parametrize(('action', 'stays'), [
    (None, False),
    (Action.accept, False),
    (Action.defer, False),
    (Action.hold, True),
    (Action.reject, True),
    (Action.discard, True),
])
@pytest.mark.parametrize('as_user', [True, False])
def test_what_owners_decided_about_a_nonmember_stays(
    as_user, action, stays, mlist, bart
):
    join(
        mlist, ALIAS, role=MemberRole.nonmember, as_user=as_user
    ).moderation_action = action
    requests.confirm(token_for(mlist, bart))
    store().commit()
    assert (mlist.nonmembers.get_member(ALIAS) is not None) is stays
    assert own(bart) == {ALIAS: CONFIRMED}


# Taking away.


def test_an_alias_goes_at_once(mlist, bart):
    token, _other = token_for(mlist, bart), token_for(mlist, bart, 'you@other.example')
    requests.confirm(token)
    assert requests.remove(mlist, bart, 'ME@other.example') == ALIAS
    assert own(bart) == {'you@other.example': PENDING}
    assert senders.owner(mlist, ALIAS) is None
    with pytest.raises(UnknownToken):
        requests.look(token)


def test_all_go_at_once_and_those_of_others_stay(mlist, bart, cris):
    give_alias(mlist, bart, 'old@other.example')
    give_alias(mlist, cris, 'hers@other.example')
    tokens = [token_for(mlist, bart), token_for(mlist, cris, 'new@other.example')]
    requests.clear(mlist, bart)
    assert own(bart) == {}
    assert own(cris) == {
        'hers@other.example': CONFIRMED, 'new@other.example': PENDING,
    }
    with pytest.raises(UnknownToken):
        requests.look(tokens[0])
    requests.look(tokens[1])


def test_what_is_not_there_cannot_go(mlist, bart, cris):
    give_alias(mlist, cris, ALIAS)
    config.db.commit()
    for given in (ALIAS, 'you@other.example', '', 'né\0'):
        with pytest.raises(UnknownAlias):
            requests.remove(mlist, bart, given)
    assert own(cris) == {ALIAS: CONFIRMED}


def test_they_are_shown_by_address(mlist, bart):
    for email in ('c@x.example', 'a@x.example'):
        give_alias(mlist, bart, email)
    token_for(mlist, bart, 'b@x.example')
    assert requests.show(bart) == [
        OwnAlias('a@x.example', CONFIRMED),
        OwnAlias('b@x.example', PENDING),
        OwnAlias('c@x.example', CONFIRMED),
    ]


def test_what_expired_is_deleted_and_nothing_else(mlist, bart):
    requests.confirm(token_for(mlist, bart))
    queued('virgin')
    pass_time(2 * DAY)
    token = token_for(mlist, bart, 'you@other.example')
    pass_time(DAY + timedelta(seconds=1))
    requests.expire()
    assert count_rows(Alias, AliasRequest) == {
        'dlist_alias': 1, 'dlist_alias_request': 1,
    }
    assert requests.look(token).state is PENDING


def test_the_runner_deletes_what_expired(mlist, bart):
    token_for(mlist, bart)
    pass_time(4 * DAY)
    run(DlistRunner, 'dlist')
    assert count_rows(AliasRequest) == {'dlist_alias_request': 0}


# Members come and go.


@pytest.mark.parametrize('as_user', [True, False])
def test_an_address_that_joins_is_an_alias_no_more(as_user, mlist, bart):
    token = token_for(mlist, bart)
    requests.confirm(token)
    sent()
    join(mlist, ALIAS, as_user=as_user)
    assert own(bart) == {}
    assert senders.owner(mlist, ALIAS) is None
    [mail] = sent()
    assert mail['to'] == 'bart@example.com'
    assert 'Somebody has subscribed it to the list' in text_of(mail)
    with pytest.raises(UnknownToken):
        requests.look(token)
    # It is not an alias again when it leaves.
    mlist.members.get_member(ALIAS).unsubscribe()
    store().commit()
    assert senders.owner(mlist, ALIAS) is None


@pytest.mark.parametrize('role', [
    MemberRole.owner, MemberRole.moderator, MemberRole.nonmember,
])
def test_in_another_role_it_stays_an_alias(role, mlist, bart):
    give_alias(mlist, bart, ALIAS)
    join(mlist, ALIAS, role=role)
    assert own(bart) == {ALIAS: CONFIRMED}
    assert sent() == []


def test_on_another_list_it_stays_an_alias(mlist, bart):
    give_alias(mlist, bart, ALIAS)
    join(new_list('bee'), ALIAS)
    assert own(bart) == {ALIAS: CONFIRMED}
    assert sent() == []


def test_one_address_is_an_alias_of_somebody_else_on_another_list(mlist, bart):
    bee = new_list('bee')
    cris = join(bee, 'Cris')
    for each, member in ((mlist, bart), (bee, cris)):
        give_alias(each, member, ALIAS)
    for each, member in ((mlist, bart), (bee, cris)):
        assert lists.post_settings(each, ALIAS).alias_of == member.member_id


def test_nothing_of_ours_commits_a_membership(mlist, bart):
    """Mailman has not finished when it tells us of a new member."""
    give_alias(mlist, bart, ALIAS)
    store().commit()
    mlist.subscribe(person(ALIAS).preferred_address)
    store().rollback()
    assert mlist.members.get_member(ALIAS) is None
    assert own(bart) == {ALIAS: CONFIRMED}


@pytest.mark.parametrize('as_user', [True, False])
def test_a_member_who_changes_the_address_keeps_aliases(as_user, mlist):
    dora = join(mlist, 'Dora', as_user=as_user)
    give_alias(mlist, dora, ALIAS)
    other = dora.user.register('dora@example.net')
    other.verified_on = now()
    if as_user:
        dora.user.preferred_address = other
    else:
        dora.address = other
    store().commit()
    assert own(dora) == {ALIAS: CONFIRMED}
    assert senders.owner(mlist, ALIAS) == dora


def behind(mlist: Any, msg: Any) -> Any:
    return senders.member_of(mlist, msg, senders.alias_author(mlist, msg))


def test_an_alias_that_a_member_changes_to_is_that_members(mlist, bart, cris):
    give_alias(mlist, bart, ALIAS)
    theirs = cris.user.register(ALIAS)
    theirs.verified_on = now()
    cris.address = theirs
    store().commit()
    assert senders.owner(mlist, ALIAS) is None
    assert behind(mlist, letter(ALIAS)) == cris


def test_an_alias_that_is_linked_to_somebody_stays_an_alias(mlist, bart, cris):
    give_alias(mlist, bart, ALIAS)
    cris.user.register(ALIAS)
    store().commit()
    assert behind(mlist, letter(ALIAS)) == bart


def test_aliases_are_no_addresses_of_mailmans(mlist, bart):
    requests.confirm(token_for(mlist, bart))
    store().commit()
    assert getUtility(IUserManager).get_address(ALIAS) is None
    assert [each.email for each in bart.user.addresses] == ['bart@example.com']


# Logs.


def test_no_line_in_a_log_names_an_alias_or_a_token(
    mlist, bart, cris, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    settings = SiteSettings(max_notices=2)
    monkeypatch.setattr(site, 'site_settings', lambda: settings)
    tokens = []
    for member in (bart, cris):
        requests.ask(mlist, member, ALIAS)
        store().commit()
        tokens += TOKEN.findall(''.join(str(mail['reply-to']) for mail in sent()))
    assert len(tokens) == 2
    for token in tokens:
        # From an address that is banned it goes the way of a post.
        answers(mlist, token, 'home@somewhere.example')
    requests.clear(mlist, bart)
    answers(mlist, tokens[0], 'home@somewhere.example')
    pass_time(9 * DAY)
    requests.expire()
    ours = [
        record.getMessage() for record in caplog.records
        if record.name.startswith('mailman.')
    ]
    assert any('an alias has been confirmed' in line for line in ours)
    assert any('limit of 2 notices today' in line for line in ours)
    assert [
        line for line in ours
        if ALIAS in line or any(token in line for token in tokens)
    ] == []


def test_a_token_that_comes_as_a_post_is_in_no_log(mlist, bart, caplog):
    """As an admin may inject it."""
    caplog.set_level(logging.DEBUG)
    token = token_for(mlist, bart)
    msg = letter(bart, 'Re: Posting', to=f'ant+confirm+{token}@example.com')
    config.switchboards['in'].enqueue(msg, listid=mlist.list_id, to_list=True)
    run(IncomingRunner, 'in')
    assert any('was not posted' in line for line in caplog.messages)
    assert [line for line in caplog.messages if token in line] == []
    assert own(bart) == {ALIAS: PENDING}
