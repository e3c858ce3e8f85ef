# SPDX-License-Identifier: GPL-3.0-or-later
"""Bart posts from another address, and nobody sees that it is Bart [U15]."""

from __future__ import annotations

from email.utils import parseaddr

import pytest

from tests.journeys.aliases import asks, confirms
from tests.journeys.moderators import decide, held
from tests.village import emails, text_of


def shade_of(ant, member, name='Shade'):
    """Let a member have an alias, and return who posts from it."""
    shade = ant.village.person(name)
    asks(ant, member, f'add {shade.email}')
    confirms(shade)
    for person in ant.village.people.values():
        person.reads()
    return shade


def posted(ant, subject):
    """Return the copies of a post, which has an id that its author does not know."""
    return [
        delivery
        for delivery in ant.village.site.outbox.deliveries
        if str(delivery.message['subject']).endswith(subject)
        and delivery.message['x-dlist-conversation']
    ]


def readers(ant, subject):
    emails = {email for copy in posted(ant, subject) for email in copy.recipients}
    people = ant.village.people.values()
    return {person.name for person in people if person.email in emails}


@pytest.mark.parametrize('value', [
    '=?iso-8859-1?Q?M=FCller=2C_Jo?= <{}>', 'Miller, Jo <{}>',
    '=?utf-8?q?anne=40example=2Ecom=2C_for_Jo?= <{}>',
])
def test_a_comma_in_the_name_of_an_alias_shows_nobody(ant, value):
    anne, bart = ant.has('Anne', 'Bart')
    shade = shade_of(ant, bart)
    bart.sends(
        (
            f'Received: from barts-laptop ([192.0.2.3])\n'
            f'From: {value.format(shade.email)}\nSender: {bart.email}\n'
            f'To: {ant.at("new")}\nSubject: Goats\n'
            'Message-ID: <1@barts-laptop>\n\nMay we have one?\n'
        ).encode(),
        ant.at('new'),
    )
    [mail] = anne.reads()
    assert emails(mail, 'From') == [shade.email]
    assert 'bart' not in mail.as_string()
    assert readers(ant, 'Goats') == {'Anne', 'Bart'}


@pytest.mark.every_database
def test_a_member_opens_a_conversation_and_answers_in_it_unseen(ant):
    anne, bart, cris = ant.has('Anne', 'Bart', 'Cris')
    shade = shade_of(ant, bart)
    opening = shade.writes(ant.at('new'), 'Goats', 'May we have one?')
    assert readers(ant, 'Goats') == {'Anne', 'Bart', 'Cris'}
    [mail] = anne.reads()
    assert mail['from'] == f'Shade <{shade.email}>'
    assert mail['message-id'] != opening.message_id
    assert mail['x-dlist-conversation'] == 'goats'
    # The others answer as ever, and the alias gets nothing from the list.
    assert cris.replies(mail, 'No.').readers == {'Anne', 'Bart', 'Cris'}
    assert shade.reads() == []
    # Bart presses Reply-All to the copy in the folder of sent mail, as either.
    for author in (shade, bart):
        subject = f'Two of them, says {author.name}'
        author.writes(ant.at(), subject, reply_to=opening)
        [copy] = posted(ant, subject)
        assert copy.message['x-dlist-conversation'] == 'goats'
        assert mail['message-id'] in copy.message['references'].split()
        assert opening.message_id not in copy.message.as_string()


def test_a_friend_who_had_a_copy_answers_in_the_conversation(ant):
    anne, bart = ant.has('Anne', 'Bart')
    shade = shade_of(ant, bart)
    opening = shade.writes(ant.at('new'), 'Goats', Cc=anne.email)
    anne.replies(opening, 'What I think.')
    [copy] = posted(ant, 'Re: Goats')
    assert copy.message['x-dlist-conversation'] == 'goats'


def test_a_member_with_an_alias_steers_conversations_from_it(ant):
    anne, bart, _cris = ant.has('Anne', 'Bart', 'Cris')
    shade = shade_of(ant, bart)
    anne.writes(ant.at('new'), 'Picnic')
    shade.writes(ant.at('picnic', 'unsubscribe'))
    [answer] = shade.reads()
    assert 'picnic' in text_of(answer)
    assert anne.writes(ant.at('picnic')).readers == {'Anne', 'Cris'}
    shade.writes(ant.at('conversations'))
    [answer] = shade.reads()
    assert 'picnic' in text_of(answer)
    assert 'bart' not in answer.as_string().lower()


@pytest.mark.parametrize(('action', 'posts'), [
    ('accept', True), ('defer', True), ('hold', False), ('reject', False),
    ('discard', False),
])
def test_who_is_moderated_is_moderated_behind_an_alias(ant, action, posts):
    [anne] = ant.has('Anne')
    [bart] = ant.has('Bart', moderation_action=action)
    shade = shade_of(ant, bart)
    shade.writes(ant.at('new'), 'Goats')
    assert (readers(ant, 'Goats') == {'Anne', 'Bart'}) is posts
    assert (list(held(ant)) == ['Goats']) is (action == 'hold')
    told = {'hold': 1, 'reject': 1}.get(action, 0)
    notices = shade.reads()
    assert len(notices) == told
    assert all('bart' not in each.as_string().lower() for each in notices)
    if action == 'hold':
        decide(ant, 'Goats', 'accept')
        assert readers(ant, 'Goats') == {'Anne', 'Bart'}
        assert parseaddr(str(anne.reads()[-1]['from']))[1] == shade.email


def test_who_is_banned_is_banned_behind_an_alias(ant):
    _anne, bart = ant.has('Anne', 'Bart')
    shade = shade_of(ant, bart)
    ant.village.site.must(f'lists/{ant.list_id}/bans', {'email': bart.email}, 'POST')
    shade.writes(ant.at('new'), 'Goats')
    shade.writes(ant.at('conversations'))
    assert (readers(ant, 'Goats'), held(ant), shade.reads()) == (set(), {}, [])


@pytest.mark.parametrize('settings', [
    {'delivery_mode': 'plaintext_digests'}, {'delivery_status': 'by_user'},
])
def test_who_hears_nothing_posts_from_an_alias_all_the_same(ant, settings):
    [anne] = ant.has('Anne')
    [bart] = ant.has('Bart', **settings)
    shade = shade_of(ant, bart)
    shade.writes(ant.at('new'), 'Goats')
    assert readers(ant, 'Goats') == {'Anne'}
    assert (anne.reads() != [], bart.reads(), shade.reads()) == (True, [], [])


def test_an_owner_may_let_moderators_know(ant):
    ant.has('Anne')
    [bart] = ant.has('Bart', moderation_action='hold')
    # Mailman writes to the address of the owners, and the mail server to them.
    owners = ant.village.person(f'{ant.name}-owner')
    shade = shade_of(ant, bart)
    shade.writes(ant.at('new'), 'Goats')
    [of_core] = owners.reads()
    assert bart.email not in of_core.as_string()
    ant.settings(aliases_visible=True)
    shade.writes(ant.at('new'), 'Sheep')
    naming, of_core = sorted(owners.reads(), key=lambda each: each.is_multipart())
    assert bart.email in text_of(naming)
    assert bart.email not in of_core.as_string()
    assert shade.email in text_of(naming)
    assert all(bart.email not in each.as_string() for each in shade.reads())


def test_a_stranger_is_treated_as_the_list_says(ant):
    ant.has('Anne')
    zoe = ant.village.person('Zoe')
    for action, notices in (('hold', 1), ('reject', 1), ('discard', 0)):
        ant.config(default_nonmember_action=action)
        zoe.writes(ant.at('new'), action)
        assert readers(ant, action) == set()
        assert (action in held(ant)) is (action == 'hold')
        assert len(zoe.reads()) == notices


def test_without_the_switch_an_alias_is_a_strangers(ant):
    [_anne, bart] = ant.has('Anne', 'Bart')
    shade = shade_of(ant, bart)
    ant.settings(aliases=False)
    shade.writes(ant.at('new'), 'Goats')
    assert (readers(ant, 'Goats'), list(held(ant))) == (set(), ['Goats'])
