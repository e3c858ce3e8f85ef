# SPDX-License-Identifier: GPL-3.0-or-later
"""Every address that asks for something, and what becomes of it [U12, U13]."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from tests.journeys.storage import choices, connected, next_second
from tests.village import text_of


def said(mail):
    """Return what a notice says, as one line."""
    return ' '.join(text_of(mail).split())


@pytest.mark.parametrize(
    ('default', 'before', 'verb', 'says', 'hears'),
    [
        ('everything', None, 'unsubscribe', 'You have muted', False),
        ('everything', None, 'mute', 'You have muted', False),
        ('nothing', None, 'subscribe', 'You now follow the conversation', True),
        ('nothing', None, 'follow', 'You now follow the conversation', True),
        ('everything', 'mute', 'reset', 'By default, you receive every message', True),
        ('openings', 'follow', 'reset', 'you receive only the first message', False),
        ('everything', None, 'unsubscribe+7d', 'You have muted', False),
        ('everything', None, 'unsubscribe+2w', 'You have muted', False),
        ('everything', None, 'mute+52w', 'You have muted', False),
        ('everything', None, 'Mute+2W', 'You have muted', False),
        ('everything', 'follow', 'mute+364d', 'You have muted', False),
    ],
)
def test_a_verb_is_obeyed_and_answered(ant, default, before, verb, says, hears):
    anne, bart = ant.has('Anne', 'Bart')
    ant.default(bart, default)
    anne.writes(ant.at('new'), 'Picnic')
    if before:
        bart.writes(ant.at('picnic', before))
    bart.reads()
    command = bart.writes(ant.at('picnic', verb))
    [answer] = bart.reads()
    assert says in said(answer)
    assert answer['subject'] == 'Conversation "picnic" on Ant'
    assert answer['in-reply-to'] == command.message_id
    assert ('Bart' in anne.writes(ant.at('picnic')).readers) is hears
    assert command.readers == set()


@pytest.mark.parametrize('span', [
    '0d', '07d', '-1d', '9999w', '53w', '365d',
    '7', 'd', '7m', '7%20d', '1.5w', '7d+7d',
])
def test_a_span_that_is_none_comes_back_and_changes_nothing(ant, span):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    bart.writes(ant.at('picnic', 'unsubscribe', span), 'Hush')
    [notice] = bart.reads()
    assert notice['subject'] == 'Your message to Ant was not posted'
    assert ant.at('picnic', 'unsubscribe', '7d') in text_of(notice)
    # Anne's, who opened it.
    assert choices(ant.village.site, ant.list_id) == 1
    assert 'Bart' in anne.writes(ant.at('picnic')).readers


@pytest.mark.parametrize('extension', ['picnic+subscribe+7d', 'picnic+reset+7d'])
def test_only_muting_is_for_a_while(ant, extension):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.reads()
    bart.writes(ant.at(extension), 'Hm')
    [notice] = bart.reads()
    assert notice['subject'] == 'Your message to Ant was not posted'
    assert choices(ant.village.site, ant.list_id) == 1


def pause_until(ant, end):
    """Let all pauses on a list end at another time."""
    with connected(ant.village.site) as (connection, tables):
        pause = tables.tables['dlist_pause']
        conversation = tables.tables['dlist_conversation']
        of_list = select(conversation.c.id).where(
            conversation.c.list_id == ant.list_id
        )
        connection.execute(
            update(pause)
            .where(pause.c.conversation_id.in_(of_list))
            .values(ends=end)
        )
        connection.commit()


@pytest.mark.every_database
def test_a_pause_ends_by_itself_and_tells_what_was_missed(ant):
    anne, bart = ant.has('Anne', 'Bart')
    ant.default(bart, 'openings')
    anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'follow'))
    bart.writes(ant.at('picnic', 'unsubscribe', '7d'))
    next_second()
    for _post in range(2):
        assert anne.writes(ant.at('picnic')).readers == {'Anne'}
    bart.reads()

    pause_until(ant, datetime.now(UTC).replace(tzinfo=None))
    ant.village.settle()
    [notice] = bart.reads()
    assert notice['subject'] == 'Conversation "picnic" on Ant'
    assert notice['auto-submitted'] == 'auto-generated'
    assert 'Messages posted in the meantime: 2' in said(notice)
    assert 'applies again: you follow it.' in said(notice)
    assert anne.writes(ant.at('picnic')).readers == {'Anne', 'Bart'}


def test_the_list_of_conversations_says_what_i_hear(ant):
    anne, bart = ant.has('Anne', 'Bart')
    ant.default(bart, 'openings')
    for subject in ('Picnic', 'Goat', 'Bridge', 'Flood'):
        anne.writes(ant.at('new'), subject)
    bart.writes(ant.at('goat', 'follow'))
    bart.writes(ant.at('bridge', 'mute'))
    bart.writes(ant.at('flood', 'mute', '7d'))
    bart.reads()
    request = bart.writes(ant.at('conversations'))
    [answer] = bart.reads()
    assert answer['subject'] == 'Conversations on Ant'
    assert answer['in-reply-to'] == request.message_id
    text = text_of(answer)
    assert 'picnic: you do not receive replies\n    Picnic\n' in text
    assert 'goat: you follow it\n    Goat\n' in text
    assert 'bridge: you have muted it\n    Bridge\n' in text
    assert 'flood: you have muted it until 20' in text
    assert 'By default, you receive only the first message' in text


def test_help_says_how_the_list_works_for_this_member(ant):
    [anne] = ant.has('Anne')
    ant.default(anne, 'nothing')
    anne.writes(ant.at('HELP'), 'What?')
    [answer] = anne.reads()
    text = text_of(answer)
    assert 'By default, you receive only conversations that you follow' in text
    assert f'ant-request@{ant.village.domain}' in text
    for extension in ('new', 'conversations', 'picnic+unsubscribe+7d'):
        assert ant.at(extension) in text


@pytest.mark.parametrize('word', ['help', 'conversations'])
def test_neither_strangers_nor_programs_are_told(ant, word):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Secret picnic')
    bart.reads()
    bart.writes(ant.at(word), 'Away', Auto_Submitted='auto-replied')
    assert bart.reads() == []
    stranger = ant.village.person('Zoe')
    stranger.writes(ant.at(word), 'Hm')
    # The list's own word about nonmembers.
    [held] = stranger.reads()
    assert 'secret' not in text_of(held).lower()


@pytest.mark.parametrize('word', ['help', 'conversations'])
def test_a_conversation_of_such_a_name_gets_another_one(ant, word):
    [anne] = ant.has('Anne')
    # Mailman holds mail whose subject is a command; an exclamation is none.
    assert anne.writes(ant.at('new'), f'{word}!').conversation == f'{word}-2'


def test_who_posts_in_what_they_muted_is_told_once(ant):
    anne, bart = ant.has('Anne', 'Bart')
    anne.writes(ant.at('new'), 'Picnic')
    bart.writes(ant.at('picnic', 'mute'))
    bart.reads()
    word = bart.writes(ant.at('picnic'), 'Re: Picnic', 'One last word.')
    [notice] = bart.reads()
    assert notice['in-reply-to'] == word.message_id
    assert 'you will not receive the replies' in said(notice)
    assert ant.at('picnic', 'subscribe') in text_of(notice)
    for _more in range(2):
        bart.writes(ant.at('picnic'), 'Re: Picnic', 'And another.')
    assert bart.reads() == []
    # Who mutes it once more may have forgotten.
    bart.writes(ant.at('picnic', 'follow'))
    bart.writes(ant.at('picnic', 'mute'))
    bart.reads()
    bart.writes(ant.at('picnic'), 'Re: Picnic', 'A very last one.')
    assert len(bart.reads()) == 1


@pytest.mark.parametrize('default', ['everything', 'openings', 'nothing'])
@pytest.mark.parametrize('own', [True, False])
def test_new_members_are_welcomed_with_what_they_hear(ant, own, default, tmp_path):
    ant.settings(new_member_default=default)
    ant.config(send_welcome_message=True)
    if own:
        theirs = tmp_path / 'welcome.txt'
        theirs.write_text('Ahoy, $user_name, new ant!\n')
        site = ant.village.site
        path = f'lists/{ant.list_id}/uris'
        uri = {'list:user:notice:welcome': theirs.as_uri()}
        site.must(path, uri, 'PATCH')
    [bart] = ant.has('Bart')
    ant.village.settle()
    [welcome] = bart.reads()
    text = ' '.join(text_of(welcome).split())
    start = 'Ahoy, Bart, new ant!' if own else 'Welcome to the "Ant" mailing list!'
    assert text.startswith(start)
    hears = {
        'everything': 'By default, you receive every message',
        'openings': 'By default, you receive only the first message',
        'nothing': 'By default, you receive only conversations that you follow',
    }
    assert [name for name, words in hears.items() if words in text] == [default]
    for line in 'dlist default everything', ant.at('new'), ant.at('help'):
        assert line in text


def test_a_plain_list_welcomes_as_ever(village):
    bee = village.new_list('bee', 'legacy-default', send_welcome_message=True)
    [bart] = bee.has('Bart')
    village.settle()
    [welcome] = bart.reads()
    assert 'conversation' not in text_of(welcome)
