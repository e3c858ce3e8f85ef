# SPDX-License-Identifier: GPL-3.0-or-later
"""What people write after the plus, and what counts of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_dlist.domain.address import Action, Intent, ListAddresses, parse, reduce
from mailman_dlist.domain.confirmation import new_token
from mailman_dlist.domain.naming import (
    LEAST_OCTETS,
    LOCAL_PART_OCTETS,
    RESERVED,
    is_name,
    room,
)


any_text = st.text(st.characters())
extensions = st.lists(
    st.sampled_from(
        ['', 'new', 'picnic', 'mute', 'help', 'Subscribe', '42', '7d', 'confirm']
    )
).map('+'.join)


@pytest.mark.parametrize(('extension', 'action', 'name'), [
    ('', Action.plain, None),
    ('new', Action.open, None),
    ('NEW', Action.open, None),
    ('new+', Action.open, None),
    ('new+picnic', Action.open, 'picnic'),
    ('new+Picnic', Action.open, 'picnic'),
    ('new+Caf%C3%A9', Action.open, 'caf%c3%a9'),
    ('new+new', Action.open, 'new'),
    ('new+help', Action.open, 'help'),
    ('picnic', Action.post, 'picnic'),
    ('Picnic', Action.post, 'picnic'),
    ('help-2', Action.post, 'help-2'),
    ('42-2', Action.post, '42-2'),
    ('picnic+unsubscribe', Action.mute, 'picnic'),
    ('picnic+mute', Action.mute, 'picnic'),
    ('PICNIC+Mute', Action.mute, 'picnic'),
    ('picnic+subscribe', Action.follow, 'picnic'),
    ('picnic+follow', Action.follow, 'picnic'),
    ('picnic+reset', Action.reset, 'picnic'),
    ('picnic+close', Action.close, 'picnic'),
    ('picnic+Hold', Action.hold, 'picnic'),
    ('picnic+reopen', Action.reopen, 'picnic'),
    ('conversations', Action.conversations, None),
    ('Help', Action.help, None),
])
def test_an_extension_says_what_is_wanted(extension, action, name):
    assert parse(extension) == Intent(action, name, extension.lower())


@pytest.mark.parametrize('extension', [
    '+', '++', '+new', '+picnic', 'picnic+', 'a++b', 'picnic++mute',
    'picnic+dance', 'picnic+new', 'picnic+picnic',
    'new+picnic+mute', 'new+a+b', 'new++', 'picnic+mute+mute',
    'picnic+open', 'picnic+close+7d', 'picnic+hold+', 'close', 'close+picnic',
    # No time that can be counted.
    'picnic+unsubscribe+', 'picnic+unsubscribe+0d', 'picnic+unsubscribe+-1d',
    'picnic+unsubscribe+7', 'picnic+unsubscribe+7 d', 'picnic+unsubscribe+d',
    'picnic+unsubscribe+07d', 'picnic+unsubscribe+7h', 'picnic+unsubscribe+1.5w',
    'picnic+unsubscribe+365d', 'picnic+unsubscribe+53w', 'picnic+unsubscribe+9999w',
    'picnic+unsubscribe+٧d', 'picnic+unsubscribe+7d+7d', 'picnic+subscribe+7d',
    'picnic+reset+7d', 'help+me', 'conversations+7d',
    # A token is needed, and one alone.
    'confirm', 'confirm+', 'confirm+a+b', 'picnic+confirm',
    # No conversation can have these names.
    '42', '42+mute', 'subscribe', 'mute+mute', 'help+reset', 'bounces',
    'pic_nic', '-picnic', 'picnic-', 'pic--nic', 'pic nic', 'café', 'picnic\n',
    'anne=example.com',
])
def test_what_is_not_understood_is_unknown_and_keeps_its_text(extension):
    assert parse(extension) == Intent(Action.unknown, None, extension)


@pytest.mark.parametrize(('text', 'span'), [
    ('1d', timedelta(days=1)),
    ('7D', timedelta(days=7)),
    ('364d', timedelta(days=364)),
    ('1w', timedelta(days=7)),
    ('52w', timedelta(days=364)),
])
@pytest.mark.parametrize('verb', ['mute', 'unsubscribe'])
def test_a_conversation_is_muted_for_a_while(verb, text, span):
    extension = f'picnic+{verb}+{text}'
    assert parse(extension) == Intent(Action.mute, 'picnic', extension.lower(), span)


@pytest.mark.parametrize('token', ['a2b3c4d5e6f7g2h3', 'A2B3C4D5E6F7G2H3', 'x', '-'])
def test_who_has_a_token_confirms(token):
    extension = f'confirm+{token}'
    intent = parse(extension)
    assert intent == Intent(
        Action.confirm, extension=extension.lower(), token=token.lower())
    assert ANT.extension(ANT.confirm(token)) == extension.lower()


def test_a_token_fits_wherever_names_of_conversations_do():
    longest = 'a' * 36
    assert room(longest) == LEAST_OCTETS
    for _ in range(100):
        address = ListAddresses(longest, 'example.com').confirm(new_token())
        assert len(address.partition('@')[0]) <= LOCAL_PART_OCTETS
    # And not in many more.
    assert len(address.partition('@')[0]) == 61


@pytest.mark.parametrize('word', sorted(RESERVED - {'new', 'conversations', 'help'}))
def test_a_reserved_word_names_no_conversation(word):
    assert parse(word).action is Action.unknown
    of_a_word = Action.confirm if word == 'confirm' else Action.unknown
    assert parse(f'{word}+mute').action is of_a_word


@pytest.mark.parametrize(('extension', 'action'), [
    ('new=picnic', Action.open),
    ('picnic=mute', Action.mute),
    ('picnic+mute', Action.unknown),
])
def test_the_site_says_what_delimits(extension, action):
    assert parse(extension, '=').action is action


@pytest.mark.parametrize('bomb', ['a+', 'a', '+', 'a-', '-', 'new+'])
def test_a_bomb_is_understood_as_any_other_extension(bomb):
    # Whatever takes more than linear time would not end here.
    assert parse(bomb * 100_000).action in (Action.unknown, Action.open, Action.post)


@given(any_text | extensions)
def test_whatever_is_written_is_read(extension):
    intent = parse(extension)
    assert intent.extension == extension.lower()
    if intent.action in (Action.conversations, Action.help):
        assert intent.is_command and intent.name is None
    elif intent.action is Action.confirm:
        assert intent.is_command and intent.token and '+' not in intent.token
    elif intent.is_command or intent.action is Action.post:
        assert intent.name is not None
        assert is_name(intent.name)


@pytest.mark.parametrize(('action', 'is_post', 'is_command'), [
    (Action.plain, True, False),
    (Action.open, True, False),
    (Action.post, True, False),
    (Action.follow, False, True),
    (Action.mute, False, True),
    (Action.reset, False, True),
    (Action.confirm, False, True),
    (Action.unknown, False, False),
])
def test_an_intent_is_a_post_or_a_command_or_unknown(action, is_post, is_command):
    intent = Intent(action)
    assert (intent.is_post, intent.is_command) == (is_post, is_command)


@pytest.mark.parametrize(('written', 'counts'), [
    ([], []),
    ([''], ['']),
    (['', ''], ['']),
    # The most precise post.
    (['', 'new'], ['new']),
    (['new', 'new+picnic'], ['new+picnic']),
    (['new+picnic', 'picnic'], ['picnic']),
    (['', 'new', 'new+fire', 'picnic'], ['picnic']),
    (['picnic', 'new+fire', 'new', ''], ['picnic']),
    # The first of two names.
    (['picnic', 'fire'], ['picnic']),
    (['new+picnic', 'new+fire'], ['new+picnic']),
    # Every command and every unknown, once.
    (['fire+mute', 'picnic+subscribe'], ['fire+mute', 'picnic+subscribe']),
    (['picnic+mute', 'picnic+subscribe'], ['picnic+mute', 'picnic+subscribe']),
    (['picnic+mute', 'picnic+mute'], ['picnic+mute']),
    (['a+b+c', 'x+dance', 'a+b+c'], ['a+b+c', 'x+dance']),
    # Together: the post first.
    (['fire+mute', '', 'a++b', 'picnic'], ['picnic', 'fire+mute', 'a++b']),
])
def test_of_several_addresses_one_post_and_every_command_counts(written, counts):
    assert reduce(map(parse, written)) == [parse(each) for each in counts]


def test_a_command_and_its_synonym_are_one_command():
    [intent] = reduce([parse('picnic+mute'), parse('picnic+unsubscribe')])
    assert (intent.action, intent.name) == (Action.mute, 'picnic')


@given(st.lists(extensions))
def test_reducing_keeps_at_most_one_post_and_loses_no_other(written):
    intents = [parse(each) for each in written]
    kept = reduce(intents)
    posts = [intent for intent in kept if intent.is_post]
    assert posts == kept[:len(posts)]
    assert len(posts) == any(intent.is_post for intent in intents)
    assert (
        {(each.action, each.name) for each in kept if not each.is_post}
        == {(each.action, each.name) for each in intents if not each.is_post})
    assert reduce(kept) == kept


ANT = ListAddresses('ant', 'example.com', also_hosts=frozenset({'ant.example'}))


@pytest.mark.parametrize(('address', 'written'), [
    (ANT.posting, 'ant@example.com'),
    (ANT.opening, 'ant+new@example.com'),
    (ANT.conversation('picnic'), 'ant+picnic@example.com'),
    (ANT.follow('picnic'), 'ant+picnic+subscribe@example.com'),
    (ANT.mute('picnic'), 'ant+picnic+unsubscribe@example.com'),
    (ANT.reset('picnic'), 'ant+picnic+reset@example.com'),
    (ANT.to('new+picnic'), 'ant+new+picnic@example.com'),
    (ANT.to(''), 'ant@example.com'),
    (ListAddresses('ant', 'example.com', '=').mute('picnic'),
     'ant=picnic=unsubscribe@example.com'),
])
def test_addresses_are_written_with_the_canonical_verbs(address, written):
    assert address == written


@pytest.mark.parametrize(('address', 'extension'), [
    ('ant@example.com', ''),
    ('ant+@example.com', ''),
    ('ANT@Example.COM', ''),
    ('ant+picnic@example.com', 'picnic'),
    ('Ant+Picnic+Mute@example.com', 'picnic+mute'),
    (' ant+picnic@example.com\n', 'picnic'),
    ('ant+picnic@ant.example', 'picnic'),
    ('ant+picnic@ANT.example', 'picnic'),
    ('"ant+picnic"@example.com', 'picnic'),
    (r'"ant\+picnic"@example.com', 'picnic'),
    ('"ant+pic nic"@example.com', 'pic nic'),
    ('"ant+pic@nic"@example.com', 'pic@nic'),
    # Not the list's.
    ('ant+picnic@elsewhere.example', None),
    ('ant-request@example.com', None),
    ('ant-request+picnic@example.com', None),
    ('ant-bounces+anne=example.com@example.com', None),
    ('ants@example.com', None),
    ('"ant +picnic"@example.com', None),
    ('picnic@example.com', None),
    ('+ant@example.com', None),
    ('ant', None), ('', None), ('@', None), ('"@example.com', None),
])
def test_a_list_knows_its_addresses(address, extension):
    assert ANT.extension(address) == extension


@pytest.mark.parametrize('extension', ['', 'new', 'picnic', 'picnic+unsubscribe'])
def test_what_is_written_is_read_again(extension):
    assert ANT.extension(ANT.to(extension)) == extension


@given(any_text)
def test_any_text_is_an_address_or_none(text):
    ANT.extension(text)
    assert ANT.extension(f'{text}@elsewhere.example') is None
