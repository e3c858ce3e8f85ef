# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reader's digest: who wants what, and that a crash changes nothing of it [U9]."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from mailman.app.digests import maybe_send_digest_now
from mailman.config import config
from mailman.email.message import Message
from mailman.interfaces.member import DeliveryMode, DeliveryStatus
from mailman.interfaces.template import ITemplateManager
from mailman.model.digests import OneLastDigest
from sqlalchemy import event, null
from sqlalchemy.exc import OperationalError
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.digests import issue as digests
from mailman_dlist.app.digests import mailbox as collecting
from mailman_dlist.app.digests.handover import Handover
from mailman_dlist.app.following import choices, pauses
from mailman_dlist.app.lifecycle import forget_former
from mailman_dlist.app.posts import delivery
from mailman_dlist.domain.following import Access, Choice, Default, Reason, Ruling
from mailman_dlist.mail.mending import mend
from mailman_dlist.model.following import MemberChoice, Pause
from mailman_dlist.model.session import store
from mailman_dlist.runners.digest import DlistDigestRunner
from tests.app.digests import MIME, PLAIN, SUMMARY, delivered, sent, subjects, takes
from tests.app.post import obey, posted
from tests.house.tree import ROOT
from tests.model.stage import (
    DAY,
    choose,
    count_rows,
    counted,
    join,
    join_all,
    letter,
    new_list,
    now,
    pass_time,
    queued,
    run,
)
from tests.together import beside


def collect(mlist: Any, subject: str, extension: str = 'new', **given: Any) -> Any:
    """Post a message by a stranger, into the list's digest alone."""
    msg = letter('stranger', subject, **given)
    accepted = posted(mlist, msg, extension)
    config.handlers['to-digest'].process(mlist, msg, {})
    return accepted


def picnic_and_goat(mlist: Any) -> None:
    """Two conversations, whose messages came by turns."""
    collect(mlist, 'Picnic')
    collect(mlist, 'Goat')
    collect(mlist, 'Re: Picnic', 'picnic')
    collect(mlist, 'Re: Goat', 'goat')


def contents(digest: Any) -> str:
    """Return the table of contents."""
    part = digest.get_payload(1) if digest.is_multipart() else digest
    text = part.get_payload(decode=True).decode()
    return text.partition("Today's Topics:\n\n")[2].partition('-' * 70)[0]


@pytest.mark.parametrize('mode', [MIME, PLAIN, SUMMARY])
@pytest.mark.every_database
def test_a_digest_has_what_its_reader_wants_by_conversation(mlist, mode):
    anne, bart, cris, dora = join_all(mlist, 'Anne', 'Bart', 'Cris', 'Dora')
    takes(anne, mode)
    takes(bart, mode, Default.openings)
    takes(cris, mode, Default.nothing)
    takes(dora, mode)
    picnic_and_goat(mlist)
    goat = posted(mlist, letter('stranger', 'Re: Goat'), 'goat').conversation
    choose(goat, cris, Choice.follow)
    choose(goat, dora, Choice.mute)
    inbox = sent(mlist)
    assert {name: subjects(digest) for name, digest in inbox.items()} == {
        'anne': ['Picnic', 'Re: Picnic', 'Goat', 'Re: Goat'],
        'bart': ['Picnic', 'Goat'],
        'cris': ['Re: Goat'],
        'dora': ['Picnic', 'Re: Picnic', 'Goat'],
    }
    assert inbox['anne'].is_multipart() is (mode is not PLAIN)


CONTENTS = """\
Picnic
    Reply:   ant+picnic@example.com
    Follow:  ant+picnic+subscribe@example.com
    Mute:    ant+picnic+unsubscribe@example.com

   1. Picnic (stranger@example.com)
   2. Re: Picnic (stranger@example.com)

Goat
    Reply:   ant+goat@example.com
    Follow:  ant+goat+subscribe@example.com
    Mute:    ant+goat+unsubscribe@example.com

   3. Goat (stranger@example.com)
   4. Re: Goat (stranger@example.com)
"""


@pytest.mark.parametrize('mode', [MIME, PLAIN])
def test_the_contents_tell_how_to_answer_follow_and_mute(mlist, mode):
    takes(join(mlist, 'Anne'), mode)
    picnic_and_goat(mlist)
    told = contents(sent(mlist)['anne'])
    assert told.rstrip() == CONTENTS.rstrip()


HEADING = """\
$subject: $conversation_address
Reset: $reset_address, pause: $pause_address.
Something new: $opening_address, help: $help_address.
"""
FILLED_IN = """\
{0}: ant+picnic@example.com
Reset: ant+picnic+reset@example.com, pause: ant+picnic+unsubscribe+7d@example.com.
Something new: ant+new@example.com, help: ant+help@example.com.
"""


@pytest.mark.parametrize(('subject', 'heading'), [
    ('About Sunday', 'About Sunday'), ('', 'picnic'),
])
def test_owners_write_a_heading_of_their_own(mlist, subject, heading, tmp_path):
    text = tmp_path / 'text.txt'
    text.write_text(HEADING)
    set_text('dlist:digest:conversation', mlist, text)
    takes(join(mlist, 'Anne'), PLAIN)
    collect(mlist, subject, 'new+picnic')
    assert contents(sent(mlist)['anne']).startswith(FILLED_IN.format(heading))


@pytest.mark.parametrize('mode', [MIME, PLAIN, SUMMARY])
@pytest.mark.parametrize('place', ['masthead', 'header', 'footer', 'name'])
def test_owners_write_what_their_charset_has_not(mlist, mode, place, tmp_path):
    if place == 'name':
        mlist.display_name = 'Grüße'
    else:
        text = tmp_path / 'text.txt'
        text.write_text('Viele Grüße!\n', encoding='utf-8')
        set_text(f'list:member:digest:{place}', mlist, text)
    takes(join(mlist, 'Anne'), mode)
    collect(mlist, 'Picnic')
    digest: Any = message_from_bytes(sent(mlist)['anne'].as_bytes())
    texts = [
        part.get_payload(decode=True).decode(part.get_content_charset('us-ascii'))
        for part in digest.walk()
        if part.get_content_type() == 'text/plain'
    ]
    assert any('Grüße' in text for text in texts)
    assert ('Grüße' in str(make_header(decode_header(digest['subject'])))) is (
        place == 'name'
    )


def set_text(name: str, mlist: Any, path: Path) -> None:
    """Put a text of the owner's in the place of a template."""
    getUtility(ITemplateManager).set(name, mlist.list_id, path.as_uri())


def test_half_a_character_that_came_by_another_door_stops_no_digest(mlist):
    takes(join(mlist, 'Anne'))
    collect(mlist, '=?utf-7?q?Half_+2AA-?=')
    assert '1. Half ?' in contents(sent(mlist)['anne'])


def test_readers_who_want_the_same_share_a_message(mlist):
    everything = [takes(member) for member in join_all(mlist, 'Anne', 'Bart', 'Cris')]
    choose(collect(mlist, 'Picnic').conversation, everything[0], Choice.mute)
    openings = takes(join(mlist, 'Dora'), MIME, Default.openings)
    takes(join(mlist, 'Emma'), PLAIN)
    collect(mlist, 'Re: Picnic', 'picnic')
    inbox = sent(mlist)
    assert inbox['anne'] is inbox['dora']
    assert inbox['bart'] is inbox['cris']
    assert len({id(each) for each in inbox.values()}) == 3, openings


@pytest.mark.every_database
@pytest.mark.parametrize(('access', 'mandatory', 'readers'), [
    # A request is no choice: the default counts.
    (Access.open, False, {'anne': 2, 'bart': 2, 'cris': 2}),
    (Access.moderated, False, {'anne': 1, 'bart': 1, 'cris': 2}),
    (Access.invitation, False, {'anne': 1, 'bart': 1, 'cris': 2}),
    (Access.invitation, True, {'anne': 2, 'bart': 2, 'cris': 2, 'dora': 2}),
])
def test_access_counts_for_digests(access, mandatory, readers, mlist):
    _anne, bart, cris = (
        takes(member) for member in join_all(mlist, 'Anne', 'Bart', 'Cris')
    )
    takes(join(mlist, 'Dora'), default=Default.nothing)
    conversation = collect(mlist, 'Picnic').conversation
    conversation.access, conversation.mandatory = access, mandatory
    store().add(
        MemberChoice(
            conversation_id=conversation.id, member_id=bart.member_id, choice=null(),
            ruling=Ruling.pending, reason=Reason.mail, made_at=now(),
        )
    )
    choose(conversation, cris, Choice.follow)
    collect(mlist, 'Re: Picnic', 'picnic')
    inbox = {name: len(subjects(digest)) for name, digest in sent(mlist).items()}
    assert inbox == readers


@pytest.mark.every_database
def test_who_wants_nothing_of_it_gets_no_digest(mlist):
    takes(join(mlist, 'Anne'), default=Default.nothing)
    takes(join(mlist, 'Bart')).preferences.delivery_status = DeliveryStatus.by_user
    # Gets single messages.
    join(mlist, 'Cris')
    collect(mlist, 'Picnic')
    assert sent(mlist) == {}
    assert mailboxes(mlist) == []


def mailboxes(mlist: Any) -> list[str]:
    """Return what is left of digests, in files."""
    queue = Path(config.switchboards['virgin'].queue_directory)
    return [
        path.name for path in (*Path(mlist.data_path).iterdir(), *queue.iterdir())
    ]


@pytest.mark.parametrize('swept', [False, True])
@pytest.mark.parametrize(('days', 'heard'), [
    # When the digest is made the pause is under way, or over.
    (3, ['Picnic', 'Re: Picnic of day 0', 'Re: Picnic of day 1']),
    (9, ['Picnic', *(f'Re: Picnic of day {day}' for day in (0, 1, 9))]),
])
@pytest.mark.every_database
def test_a_mute_for_a_while_counts_for_its_time(mlist, days, heard, swept):
    anne, bart = join_all(mlist, 'Anne', 'Bart')
    takes(anne)
    takes(bart)
    collect(mlist, 'Picnic')
    for day in range(days + 1):
        collect(mlist, f'Re: Picnic of day {day}', 'picnic')
        if day == 1:
            pass_time(DAY / 2)
            obey(mlist, letter(anne), 'picnic+unsubscribe+7d')
            pass_time(DAY / 2)
        else:
            pass_time(DAY)
    if swept:
        pauses.end_pauses()
    queued('virgin')
    inbox = sent(mlist)
    assert subjects(inbox['anne']) == heard
    assert len(subjects(inbox['bart'])) == days + 2
    # Whatever comes is later; what the member is still told of is kept.
    pauses.end_pauses()
    queued('virgin')
    pass_time(DAY)
    collect(mlist, 'Goat')
    assert subjects(sent(mlist)['anne']) == ['Goat']
    assert count_rows(Pause) == {'dlist_pause': int(days < 7)}


@pytest.mark.every_database
def test_who_follows_before_the_pause_is_over_gets_all_of_it(mlist):
    anne = takes(join(mlist, 'Anne'))
    collect(mlist, 'Picnic')
    for extension in ('picnic+unsubscribe+7d', 'picnic+subscribe'):
        obey(mlist, letter(anne), extension)
        pass_time(DAY)
        collect(mlist, 'Re: Picnic', 'picnic')
    queued('virgin')
    assert subjects(sent(mlist)['anne']) == ['Picnic', 'Re: Picnic', 'Re: Picnic']


@pytest.mark.parametrize('swept', [False, True])
@pytest.mark.parametrize('then', ['subscribe', 'unsubscribe+1d', 'reset', 'a reply'])
@pytest.mark.every_database
def test_what_is_chosen_after_a_pause_takes_nothing_of_its_silence(mlist, then, swept):
    anne = takes(join(mlist, 'Anne'))
    collect(mlist, 'Picnic')
    obey(mlist, letter(anne), 'picnic+unsubscribe+1d')
    pass_time(DAY / 2)
    collect(mlist, 'Re: Picnic', 'picnic')
    pass_time(DAY)
    if swept:
        pauses.end_pauses()
    if then == 'a reply':
        posted(mlist, letter(anne), 'picnic')
    else:
        obey(mlist, letter(anne), f'picnic+{then}')
    queued('virgin')
    assert subjects(sent(mlist)['anne']) == ['Picnic']


@pytest.mark.parametrize('enabled', [True, False])
@pytest.mark.every_database
def test_pauses_are_kept_for_digests_alone_and_end_with_the_member(mlist, enabled):
    mlist.digests_enabled = enabled
    anne = join(mlist, 'Anne')
    posted(mlist, letter('stranger'), 'new+picnic')
    obey(mlist, letter(anne), 'picnic+unsubscribe+1d')
    pass_time(DAY)
    pauses.end_pauses()
    assert count_rows(Pause) == {'dlist_pause': int(enabled)}
    anne.unsubscribe()
    store().commit()
    pass_time(DAY)
    forget_former()
    assert count_rows(Pause) == {'dlist_pause': 0}


@pytest.mark.every_database
def test_who_takes_single_messages_by_now_gets_one_last_digest(mlist):
    anne, bart, cris = join_all(mlist, 'Anne', 'Bart', 'Cris')
    choices.settings_of(mlist, bart).default = Default.openings
    mlist.send_one_last_digest_to(anne.address, MIME)
    mlist.send_one_last_digest_to(bart.address, PLAIN)
    # Takes other digests by now, and is not to have this one twice.
    mlist.send_one_last_digest_to(takes(cris).address, PLAIN)
    picnic_and_goat(mlist)
    inbox = sent(mlist)
    assert {name: len(subjects(digest)) for name, digest in inbox.items()} == {
        'anne': 4, 'bart': 2, 'cris': 4
    }
    assert (inbox['anne'], inbox['cris']) == (inbox['cris'], inbox['anne'])
    picnic_and_goat(mlist)
    assert sent(mlist).keys() == {'cris'}


def test_who_switches_to_single_messages_gets_what_is_collected(mlist):
    anne, bart, cris, dora, emma = join_all(
        mlist, 'Anne', 'Bart', 'Cris', 'Dora', 'Emma'
    )
    takes(anne)
    takes(bart, PLAIN)
    # Takes single messages as it is.
    cris.preferences.delivery_mode = DeliveryMode.regular
    takes(dora).preferences.delivery_status = DeliveryStatus.by_user
    # Not by a preference of the membership's own.
    emma.address.preferences.delivery_mode = MIME
    picnic_and_goat(mlist)
    for member in (anne, bart, cris, dora, emma):
        member.preferences.delivery_mode = DeliveryMode.regular
    inbox = sent(mlist)
    assert {name: digest.is_multipart() for name, digest in inbox.items()} == {
        'anne': True, 'bart': False, 'emma': True
    }
    picnic_and_goat(mlist)
    assert sent(mlist) == {}


def test_who_switches_on_a_plain_list_or_is_new_is_promised_nothing(mailman):
    bee = new_list('bee', style='legacy-default')
    takes(join(bee, 'Bart')).preferences.delivery_mode = DeliveryMode.regular
    ant = new_list('ant')
    ant.digests_enabled = False
    takes(join(ant, 'Anne')).preferences.delivery_mode = DeliveryMode.regular
    assert store().query(OneLastDigest).count() == 0


def test_nobody_who_has_left_is_promised_a_last_digest(mlist):
    anne, bart = join_all(mlist, 'Anne', 'Bart')
    takes(bart)
    mlist.send_one_last_digest_to(anne.address, MIME)
    anne.unsubscribe()
    picnic_and_goat(mlist)
    assert sent(mlist).keys() == {'bart'}
    # Nor later, as a member again.
    join(mlist, 'Anne')
    picnic_and_goat(mlist)
    assert sent(mlist).keys() == {'bart'}


@pytest.mark.every_database
def test_who_has_two_memberships_has_one_digest_with_what_either_wants(mlist):
    anne = takes(join(mlist, 'Anne'), default=Default.openings)
    twin = takes(join(mlist, 'Anne', as_user=True), default=Default.nothing)
    picnic_and_goat(mlist)
    goat = posted(mlist, letter('stranger'), 'goat').conversation
    choose(goat, twin, Choice.follow)
    assert anne.address == twin.address
    assert subjects(sent(mlist)['anne']) == ['Picnic', 'Goat', 'Re: Goat']


def test_a_digest_goes_to_the_address_as_its_owner_writes_it(mlist):
    takes(join(mlist, 'Anne.Person@Example.com'))
    collect(mlist, 'Picnic')
    assert sent(mlist).keys() == {'Anne.Person'}


def test_what_a_plain_list_had_collected_goes_to_everybody(mlist):
    anne, bart = join_all(mlist, 'Anne', 'Bart')
    takes(anne)
    takes(bart, default=Default.nothing)
    lists.disable(mlist)
    plain = letter('stranger', 'Of old')
    config.handlers['to-digest'].process(mlist, plain, {})
    lists.enable(mlist)
    inbox = sent(mlist)
    assert contents(inbox['anne']).strip() == '1. Of old (stranger@example.com)'
    assert inbox['bart'] is inbox['anne']

    config.handlers['to-digest'].process(mlist, letter('stranger', 'Of old'), {})
    collect(mlist, 'Picnic')
    inbox = sent(mlist)
    assert subjects(inbox['anne']) == ['Picnic', 'Of old']
    assert '\n\nOther messages\n\n   2. Of old' in contents(inbox['anne'])
    assert subjects(inbox['bart']) == ['Of old']


@pytest.mark.every_database
def test_an_answer_takes_what_it_answers_of_old_from_nobody(mlist):
    anne, bart, cris = join_all(mlist, 'Anne', 'Bart', 'Cris')
    takes(anne)
    takes(bart, default=Default.openings)
    takes(cris, default=Default.nothing)
    lists.disable(mlist)
    old = letter('stranger', 'Of old')
    config.handlers['to-digest'].process(mlist, old, {})
    lists.enable(mlist)
    collect(mlist, 'Re: Of old', '', answers=old['message-id'])
    collect(mlist, 'And so on', 'of-old')
    inbox = sent(mlist)
    assert {name: subjects(digest) for name, digest in inbox.items()} == {
        'anne': ['Of old', 'Re: Of old', 'And so on'],
        'bart': ['Of old', 'Re: Of old'],
        'cris': ['Of old'],
    }


def test_a_plain_list_has_the_digest_of_mailman(mailman):
    bee = new_list('bee', style='legacy-default')
    takes(join(bee, 'Bart'))
    for subject in ('Picnic', 'Goat', 'Re: Picnic'):
        config.handlers['to-digest'].process(bee, letter('stranger', subject), {})
    maybe_send_digest_now(bee, force=True)
    [mailbox] = Path(bee.data_path).glob('digest.1.1.*')
    run(DlistDigestRunner, 'digest')
    assert subjects(delivered()['bart']) == ['Picnic', 'Goat', 'Re: Picnic']
    assert not mailbox.exists()


def test_what_is_in_the_mailbox_twice_is_in_the_digest_once(mlist):
    takes(join(mlist, 'Anne'))
    msg = letter('stranger', 'Picnic')
    # Under another id, as an anonymous list sends it.
    accepted = posted(mlist, msg)
    again = letter('stranger', 'Picnic')
    delivery.publish(accepted, again['message-id'])
    for each in (msg, again, msg):
        config.handlers['to-digest'].process(mlist, each, {})
    assert subjects(sent(mlist)['anne']) == ['Picnic']
    # Nor in the next one.
    for each in (msg, again):
        config.handlers['to-digest'].process(mlist, each, {})
    collect(mlist, 'Re: Picnic', 'picnic')
    assert subjects(sent(mlist)['anne']) == ['Re: Picnic']


def test_an_opening_is_known_by_the_id_it_went_out_under(mlist):
    takes(join(mlist, 'Anne'), default=Default.openings)
    for extension in ('new+picnic', 'picnic'):
        accepted = posted(mlist, letter('stranger'), extension)
        published = letter('stranger', extension)
        delivery.publish(accepted, published['message-id'])
        config.handlers['to-digest'].process(mlist, published, {})
    assert subjects(sent(mlist)['anne']) == ['new+picnic']


@pytest.mark.parametrize('readers', [3, 30])
@pytest.mark.parametrize('talks', [2, 20])
@pytest.mark.every_database
def test_it_takes_as_many_statements_for_any_number_of_readers(mlist, readers, talks):
    for number in range(talks):
        accepted = posted(mlist, letter('stranger', f'Talk {number}'))
        # Under another id, as an anonymous list sends it.
        again = letter('stranger', f'Talk {number}')
        delivery.publish(accepted, again['message-id'])
        config.handlers['to-digest'].process(mlist, again, {})
    picnic = collect(mlist, 'Picnic').conversation
    for number in range(readers):
        reader = takes(join(mlist, f'r{number}'), MIME if number % 2 else PLAIN)
        if number % 3:
            choose(picnic, reader, Choice.mute)
    maybe_send_digest_now(mlist, force=True)
    store().commit()
    [(_msg, msgdata)] = queued('digest')
    issue = digests.Issue(
        Path(msgdata['digest_path']), msgdata['volume'], msgdata['digest_number']
    )
    del accepted, picnic
    store().expire_all()
    with counted() as statements:
        digests.send(mlist, issue)
    assert len(delivered()) == readers
    assert len(statements) == STATEMENTS, '\n'.join(statements)


STATEMENTS = 36


# Those of Python's codecs that are no charsets of mail, and one of nobody's.
CODECS = (
    'base64', 'idna', 'punycode', 'undefined', 'unicode_escape', 'utf-7', 'utf-16',
    'x-klingon', '',
)  # fmt: skip
IN_A_CODEC = """\
From: anne@example.com
Subject: {0}
Message-ID: <codec-{0}@example.com>
Content-Type: text/plain; charset="{0}"
Content-Transfer-Encoding: 8bit

Gr\u00fc\u00dfe \\ud800
"""


# Texts and names of files that cannot be read as they ask to be.
PARAMETERS = (
    "application/pdf; name*=idna''%C3%BC.pdf",
    'application/pdf; name*0=a; name*=b',
    "image/png\nContent-Disposition: attachment; filename*=idna''%C3%BC.png",
    "image/png\nContent-Disposition: attachment; filename*=undefined''a",
    "image/png\nContent-Disposition: attachment; filename*=a%00b''a",
    "image/png\nContent-Disposition: attachment; filename*=x-klingon''a",
    'text/plain; charset="a\0b"',
    "text/plain; charset*=a%00b''utf-8",
    "text/plain; charset*=us-ascii''idna",
    'text/plain; charset*0=id; charset*1=na',
)
WITH_A_PARAMETER = """\
From: anne@example.com
Subject: A parameter
Message-ID: <parameter@example.com>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: {0}

Tea
--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Gr\u00fc\u00dfe
--b--
"""

# Half a character, in charsets that have such.
HALVES = (
    b'From: =?utf-7?q?+2AA-?= <anne@example.com>\nSubject: Half\n\nTea\n',
    b'From: anne@example.com\nSubject: =?utf-7?q?+2AA-?=\n\nTea\n',
    b'From: anne@example.com\nSubject: =?unicode_escape?q?=5Cud800?=\n\nTea\n',
)


def odd_mail() -> Iterator[Any]:
    """Yield mail from life, as Mailman's door hands it on, with ids of its own."""
    raws = [path.read_bytes() for path in sorted((ROOT / 'tests/corpus').glob('*.eml'))]
    raws += [IN_A_CODEC.format(codec).encode() for codec in CODECS]
    raws += [WITH_A_PARAMETER.format(each).encode() for each in PARAMETERS]
    raws += HALVES
    for number, raw in enumerate(raws):
        msg = message_from_bytes(raw, Message)
        mend(msg)
        del msg['message-id']
        msg['Message-ID'] = f'<{number}@example.com>'
        yield msg


def is_same_again(msg: Any) -> bool:
    octets = msg.as_bytes()
    return message_from_bytes(octets).as_bytes() == octets


def body(msg: Any) -> bytes:
    return msg.as_bytes().partition(b'\n\n')[2]


def test_odd_mail_opens_in_a_digest_as_it_does_alone(mlist):
    takes(join(mlist, 'Anne'))
    takes(join(mlist, 'Bart'), PLAIN)
    mlist.digest_size_threshold = 0
    collected = list(odd_mail())
    for msg in collected:
        collecting.collect(mlist, msg)
    inbox = sent(mlist)
    octets = inbox['anne'].as_bytes()
    digest = message_from_bytes(octets)
    assert len(subjects(digest)) == len(collected) > 100
    [messages] = [
        part for part in digest.walk() if part.get_content_type() == 'multipart/digest'
    ]
    border = f'\n--{messages.get_boundary()}'.encode()
    for alone, part in zip(collected, messages.get_payload(), strict=True):
        inside = part.get_payload(0)
        assert inside['message-id'] == alone['message-id']
        assert is_same_again(inside) >= is_same_again(alone), alone['message-id']
        # The mailbox would end at such a line.
        text = body(alone).replace(b'\n\1\1\1\1', b'\n>\1\1\1\1')
        assert b'\n\n' + text + border in octets, alone['message-id']
    assert is_same_again(inbox['bart'])
    text = inbox['bart'].get_payload(decode=True).decode()
    assert text.count('\nMessage: ') == len(collected)
    # One part that cannot be read takes nothing from the others.
    assert text.count('next part --------------\nGrüße\n') == len(PARAMETERS)


def test_a_text_in_what_is_no_charset_is_not_decoded(mlist):
    # Python has a codec of that name, which takes hours for a long text.
    takes(join(mlist, 'Anne'), PLAIN)
    msg = letter('stranger', 'Long')
    msg.set_payload('mnchen-3ya')
    msg['Content-Type'] = 'text/plain; charset=punycode'
    config.handlers['to-digest'].process(mlist, msg, {})
    text = sent(mlist)['anne'].get_payload(decode=True).decode()
    assert 'mnchen-3ya' in text


def test_a_digest_that_two_runners_have_goes_out_once(mlist):
    takes(join(mlist, 'Anne'))
    collect(mlist, 'Picnic')
    maybe_send_digest_now(mlist, force=True)
    store().commit()
    [mailbox] = Path(mlist.data_path).iterdir()

    def send(ready: Any) -> None:
        with Handover('virgin', f'{mlist.list_id}.1.1').alone():
            ready()
            time.sleep(1)
            mailbox.unlink()

    with beside(send):
        run(DlistDigestRunner, 'digest')
    assert delivered() == {}
    assert mailboxes(mlist) == []


def test_a_digest_in_the_queue_can_be_read_without_the_plugin(mlist):
    takes(join(mlist, 'Anne'))
    takes(join(mlist, 'Bart'), PLAIN)
    picnic_and_goat(mlist)
    for digest in sent(mlist).values():
        assert b'mailman_dlist' not in pickle.dumps(digest)


@pytest.mark.every_database
def test_a_database_that_is_locked_at_the_end_is_asked_again(mlist, monkeypatch):
    takes(join(mlist, 'Anne'))
    picnic_and_goat(mlist)
    locked = [OperationalError('', {}, Exception('database is locked'))] * 3
    settle = digests.model.settle

    def settle_at_last(*given: Any) -> None:
        settle(*given)
        if locked:
            raise locked.pop()

    monkeypatch.setattr(digests.model, 'settle', settle_at_last)
    assert len(subjects(sent(mlist)['anne'])) == 4
    assert (mailboxes(mlist), locked) == ([], [])


class PowerCut(BaseException):
    """The process ends."""


class Steps:
    """What changes files or the database is a step, and one of them the last."""

    def __init__(self) -> None:
        self.left: int | None = None

    def take(self) -> None:
        if self.left is None:
            return
        if self.left == 0:
            self.left = None
            raise PowerCut
        self.left -= 1


@pytest.fixture(scope='module')
def steps() -> Any:
    """Return what counts steps; an audit hook is for the life of a process."""
    steps = Steps()
    of_files = {'os.rename', 'os.remove', 'os.rmdir', 'os.mkdir', 'shutil.rmtree'}

    def hook(event: str, _arguments: Any) -> None:
        if event in of_files:
            steps.take()

    sys.addaudithook(hook)
    return steps


@pytest.fixture
def commits_are_steps(mailman: Any, steps: Steps) -> Any:
    def commit(_connection: Any) -> None:
        steps.take()

    event.listen(config.db.engine, 'commit', commit)
    yield
    event.remove(config.db.engine, 'commit', commit)


@pytest.mark.usefixtures('commits_are_steps')
def test_a_crash_at_any_step_takes_no_digest_and_doubles_none(mlist, steps):
    takes(join(mlist, 'Anne'))
    takes(join(mlist, 'Bart'), PLAIN, Default.openings)
    for number in count():
        picnic_and_goat(mlist)
        mlist.send_one_last_digest_to(join(mlist, f'Cris{number}').address, MIME)
        maybe_send_digest_now(mlist, force=True)
        store().commit()
        steps.left = number
        try:
            run(DlistDigestRunner, 'digest')
        except PowerCut:
            config.db.abort()
            # The master starts the runner anew.
            run(DlistDigestRunner, 'digest')
        finished = steps.left is not None
        steps.left = None
        inbox = delivered()
        assert {name: len(subjects(digest)) for name, digest in inbox.items()} == {
            'anne': 4, 'bart': 2, f'cris{number}': 4
        }
        assert mailboxes(mlist) == []
        if finished:
            break
    assert number > 10
