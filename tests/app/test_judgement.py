# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a message, as whole tables.

On *ant* there are the conversations *picnic*, *walk* (once called *hike*) and
*dinner*, which is closed; *bee* has conversations of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from mailman.interfaces.member import MemberRole
from mailman.utilities.datetime import now

from mailman_dlist.app.lookup import similar_names
from mailman_dlist.app.posts import delivery
from mailman_dlist.app.posts.judging import Fate
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.model.conversations import ConversationName
from mailman_dlist.model.session import store
from tests import core
from tests.app.post import judge, open_conversation, posted
from tests.model.stage import join, letter, new_list, pass_time


OPENS, UNKNOWN = (Fate.opens, None), (Fate.unknown, None)
IN_PICNIC, IN_WALK = (Fate.continues, 'picnic'), (Fate.continues, 'walk')
CLOSED = (Fate.closed, 'dinner')

# When all messages here are posted, and dates of mail before and after that.
MONDAY = datetime(2005, 8, 1, 7, 49)
BEFORE, AFTER = 'Sun, 31 Jul 2005 10:00:00 -0400', 'Tue, 02 Aug 2005 10:00:00 +0200'


@pytest.fixture(scope='module')
def ant(mailman_database: None) -> Iterator[Any]:
    """Judging writes nothing, so one list serves all."""
    with core.fresh_site():
        turn_clock()
        ant, bee = new_list(), new_list('bee')
        join(ant, 'Anne')
        join(ant, 'Olga', role=MemberRole.owner)
        join(ant, 'Mona', role=MemberRole.moderator)
        open_conversation(bee, 'bee')
        delivery.finish(posted(ant, opening('picnic', '<lost@example.com>')))
        posted(ant, letter('Anne', message_id='<reply@example.com>'), 'picnic')
        walk = open_conversation(ant, 'walk')
        store().add(
            ConversationName(
                list_id=ant.list_id, name='hike', conversation_id=walk.id
            )
        )
        open_conversation(ant, 'dinner').posting = Posting.closed
        store().commit()
        yield ant


def turn_clock() -> None:
    """Other tests may have turned it."""
    pass_time(MONDAY - now())


def opening(name: str, references: str | None = None) -> Any:
    return letter(
        'Anne', name, message_id=f'<{name}@example.com>', references=references
    )


def fate(mlist: Any, msg: Any, extension: str = '') -> tuple[Fate, str | None]:
    judgement = judge(mlist, msg, extension)
    assert not (store().new or store().dirty or store().deleted)
    conversation = judgement.conversation
    return judgement.fate, None if conversation is None else conversation.name


@pytest.mark.parametrize(('extension', 'expected'), [
    ('', OPENS),
    ('new', OPENS),
    ('new+', OPENS),
    ('new+boat', OPENS),
    # The name is taken; the conversation will be picnic-2.
    ('new+picnic', OPENS),
    ('picnic', IN_PICNIC),
    ('PicNic', IN_PICNIC),
    ('hike', IN_WALK),
    ('dinner', CLOSED),
    ('boat', UNKNOWN),
    ('bee', UNKNOWN),
    ('picnic+dance', UNKNOWN),
    ('picnic+dance+wildly', UNKNOWN),
    ('new+picnic+subscribe', UNKNOWN),
    # A command that came here is no post.
    ('picnic+unsubscribe', UNKNOWN),
    ('picnic+reset', UNKNOWN),
    ('help', UNKNOWN),
    ('owner', UNKNOWN),
    ('2026', UNKNOWN),
    ('not_a_name', UNKNOWN),
    ('+', UNKNOWN),
    ('é🐜', UNKNOWN),
    ('a' * 5000, UNKNOWN),
])
def test_the_envelope_says_where_a_message_belongs(extension, expected, ant):
    assert fate(ant, letter('Anne'), extension) == expected


@pytest.mark.parametrize('extension', ['', 'new'])
@pytest.mark.parametrize(('answers', 'references', 'expected'), [
    (None, None, OPENS),
    ('<picnic@example.com>', None, IN_PICNIC),
    ('picnic@example.com', None, IN_PICNIC),
    ('Your message of Monday <picnic@example.com>', None, IN_PICNIC),
    ('<reply@example.com>', None, IN_PICNIC),
    # Named by the opening message, not here yet.
    ('<lost@example.com>', None, IN_PICNIC),
    ('<PICNIC@example.com>', None, OPENS),
    ('<unknown@example.com>', None, OPENS),
    # Known on another list, and what people do there is not known here.
    ('<bee@example.com>', None, OPENS),
    (None, '<picnic@example.com>', IN_PICNIC),
    (None, '<walk@example.com> <picnic@example.com>', IN_PICNIC),
    (None, '<picnic@example.com>\n <walk@example.com>', IN_WALK),
    (None, '<picnic@example.com> <walk@example.com> <unknown@example.com>', IN_WALK),
    (None, '<picnic@example.com> <bee@example.com>', IN_PICNIC),
    ('<walk@example.com>', '<walk@example.com> <picnic@example.com>', IN_WALK),
    ('<unknown@example.com>', '<walk@example.com>', IN_WALK),
    ('<bee@example.com>', '<unknown@example.com> <walk@example.com>', IN_WALK),
    ('<dinner@example.com>', None, CLOSED),
    ('<unknown@example.com>', '<dinner@example.com>', CLOSED),
])
def test_else_the_nearest_known_message_it_answers(
    extension, answers, references, expected, ant
):
    msg = letter('Anne', 'Re: Picnic', answers=answers, references=references)
    assert fate(ant, msg, extension) == expected


@pytest.mark.parametrize(('extension', 'expected'), [
    # The envelope is the truth, whatever the message answers.
    ('walk', IN_WALK),
    ('boat', UNKNOWN),
    ('dinner', CLOSED),
    # The one way to leave a thread.
    ('new+boat', OPENS),
    ('new+walk', OPENS),
    # People Reply-All to their own copy of an opening message.
    ('new', IN_PICNIC),
    ('new+', IN_PICNIC),
    ('new+picnic', IN_PICNIC),
    ('new+Picnic', IN_PICNIC),
    ('new+picnic-tea', OPENS),
    ('', IN_PICNIC),
])
def test_an_address_that_names_a_conversation_outweighs_the_thread(
    extension, expected, ant
):
    msg = letter('Anne', answers='<picnic@example.com>')
    assert fate(ant, msg, extension) == expected


@pytest.mark.parametrize(('subject', 'answers', 'expected'), [
    ('picnic', None, OPENS),
    ('Re: picnic', None, OPENS),
    ('Something else', '<picnic@example.com>', IN_PICNIC),
])
def test_subjects_neither_join_nor_split(subject, answers, expected, ant):
    assert fate(ant, letter('Anne', subject, answers=answers)) == expected


@pytest.mark.parametrize(('sender', 'expected'), [
    ('Anne', Fate.closed),
    ('stranger@example.net', Fate.closed),
    ('Olga', Fate.continues),
    ('Mona', Fate.continues),
])
def test_moderators_may_post_where_a_conversation_is_closed(sender, expected, ant):
    assert fate(ant, letter(sender), 'dinner') == (expected, 'dinner')
    answer = letter(sender, answers='<dinner@example.com>')
    assert fate(ant, answer) == (expected, 'dinner')


@pytest.mark.parametrize('field', ['Sender', 'Reply_To'])
def test_only_from_makes_a_moderator(field, ant):
    msg = letter('Anne', **{field: 'olga@example.com'})
    assert fate(ant, msg, 'dinner') == CLOSED
    msg = letter(From='olga@example.com, anne@example.com')
    assert fate(ant, msg, 'dinner') == CLOSED


@pytest.mark.parametrize(('extension', 'fields', 'expected'), [
    ('picnic', {'Auto_Submitted': 'auto-replied'}, (Fate.automatic, 'picnic')),
    ('picnic', {'Auto_Submitted': 'auto-generated'}, IN_PICNIC),
    ('picnic', {'Auto_Submitted': 'no'}, IN_PICNIC),
    ('picnic', {'X_Autoreply': 'yes'}, (Fate.automatic, 'picnic')),
    ('picnic', {'List_Id': '<ant.example.com>'}, (Fate.automatic, 'picnic')),
    ('picnic', {'List_Id': '<bee.example.com>'}, IN_PICNIC),
    ('', {'Auto_Submitted': 'auto-replied'}, (Fate.automatic, None)),
    # Nobody gets an explanation.
    ('boat', {'Auto_Submitted': 'auto-replied'}, (Fate.automatic, None)),
    ('dinner', {'Auto_Submitted': 'auto-replied'}, (Fate.automatic, 'dinner')),
    ('boat', {'Auto_Submitted': 'auto-generated'}, (Fate.automatic, None)),
    ('dinner', {'Auto_Submitted': 'auto-generated'}, (Fate.automatic, 'dinner')),
    # Programs post, and their messages have threads.
    ('', {'Auto_Submitted': 'auto-generated'}, OPENS),
    ('', {'Auto_Submitted': 'auto-generated', 'answers': '<reply@example.com>'},
     IN_PICNIC),
    ('', {'Auto_Submitted': 'auto-generated', 'answers': '<unknown@example.com>'},
     OPENS),
    ('new+build', {'Auto_Submitted': 'Auto-Generated; x=y'}, OPENS),
    # A command of a program.
    ('picnic+unsubscribe', {'Auto_Submitted': 'auto-generated'},
     (Fate.automatic, None)),
])
def test_programs_post_and_are_never_answered(
    extension, fields, expected, ant
):
    assert fate(ant, letter('Anne', **fields), extension) == expected


@pytest.mark.parametrize(('unixfrom', 'expected'), [
    ('From anne@example.com Mon Aug  1 07:49:23 2005', OPENS),
    ('', (Fate.automatic, None)),
    ('<>', (Fate.automatic, None)),
])
def test_what_has_no_sender_in_the_envelope_is_automatic(unixfrom, expected, ant):
    msg = letter('Anne', Auto_Submitted='auto-generated')
    msg.set_unixfrom(unixfrom)
    assert fate(ant, msg) == expected


@pytest.mark.parametrize('extension', ['', 'new', 'new+boat', 'picnic', 'walk', 'boat'])
def test_what_was_delivered_is_a_repetition_by_whatever_address(extension, ant):
    again = letter('Anne', message_id='<picnic@example.com>')
    assert fate(ant, again, extension) == (Fate.repeated, 'picnic')


@pytest.mark.parametrize('message_id', ['<picnic@example.com>', '<reply@example.com>'])
@pytest.mark.parametrize('extension', ['no+such+thing', 'picnic+dance', 'not_a_name'])
def test_a_mail_that_was_posted_is_no_post_by_its_other_addresses(
    extension, message_id, ant
):
    both = letter('Anne', message_id=message_id)
    assert fate(ant, both, extension) == UNKNOWN


@pytest.mark.parametrize(('fields', 'expected'), [
    ({}, Fate.repeated),
    ({'subject': 'Re: [Ant] picnic'}, Fate.repeated),
    ({'subject': '=?utf-8?q?Picnic?='}, Fate.repeated),
    ({'subject': 'Bread'}, Fate.reused),
    ({'subject': None}, Fate.reused),
    ({'Date': BEFORE}, Fate.repeated),
    ({'Date': 'yesterday'}, Fate.repeated),
    ({'Date': AFTER}, Fate.reused),
    # Another list has passed it on.
    ({'subject': 'Bees: picnic', 'List_Id': '<bee.example.com>'}, Fate.repeated),
    # Nobody is told.
    ({'subject': 'Bread', 'Auto_Submitted': 'auto-generated'}, Fate.repeated),
    ({'subject': 'Bread', 'Auto_Submitted': 'auto-replied'}, Fate.repeated),
])
def test_another_message_may_have_the_same_id(fields, expected, ant):
    again = letter(
        'Anne', **{'subject': 'Picnic', **fields}, message_id='<picnic@example.com>'
    )
    assert fate(ant, again) == (expected, 'picnic')


def test_a_reply_is_another_message_only_by_its_date(ant):
    turn_clock()
    walk = letter('Anne', 'On foot', message_id='<foot@example.com>')
    delivery.finish(posted(ant, walk, 'walk'))
    for fields, expected in (
        ({'subject': 'By bicycle'}, Fate.repeated), ({'Date': AFTER}, Fate.reused)
    ):
        again = letter('Anne', **fields, message_id='<foot@example.com>')
        assert fate(ant, again, 'walk') == (expected, 'walk')
    # An id of ours is no author's.
    published = letter('Anne', 'On foot', message_id='<in@example.com>')
    delivery.publish(posted(ant, published, 'walk'), '<out@example.com>')
    back = letter('Anne', 'Other', message_id='<out@example.com>', Date=AFTER)
    assert fate(ant, back, 'walk') == (Fate.repeated, 'walk')


def test_a_message_id_is_a_repetition_on_its_list_alone(ant):
    bee = ant.domain.mailing_lists
    [bee] = [each for each in bee if each.list_name == 'bee']
    assert fate(bee, letter('Anne', message_id='<picnic@example.com>')) == OPENS


@pytest.mark.parametrize(('extension', 'answers'), [
    ('', None), ('walk', None), ('new+boat', None), ('', '<walk@example.com>'),
])
def test_what_was_accepted_before_a_crash_stays_where_it_was(extension, answers, ant):
    again = letter('Anne', message_id='<reply@example.com>', answers=answers)
    assert fate(ant, again, extension) == IN_PICNIC


@pytest.mark.parametrize(('written', 'meant'), [
    ('picnik', ['picnic']),
    ('walks', ['walk']),
    ('diner', ['dinner']),
    ('bee', []),
    ('xyz', []),
])
def test_whoever_mistypes_a_name_is_offered_the_nearest(written, meant, ant):
    assert similar_names(ant, written) == meant
