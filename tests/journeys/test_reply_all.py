# SPDX-License-Identifier: GPL-3.0-or-later
"""People press Reply-All and need not know what a conversation is."""

from __future__ import annotations

import pytest

from tests.village import emails


ALL = {'Anne', 'Bart', 'Cris'}


def test_reply_all_reaches_the_conversation(ant):
    anne, bart, _cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    answer = bart.replies(bart.reads()[0])
    assert list(answer.answers) == [ant.at('picnic')]
    assert (answer.conversation, answer.readers) == ('picnic', ALL)
    # And the answer to that, after it went through the list itself.
    further = anne.replies(anne.reads()[-1])
    assert list(further.answers) == [ant.at('picnic')]
    assert (further.conversation, further.readers) == ('picnic', ALL)


def test_it_does_so_when_a_mail_program_or_a_gateway_drops_threads(ant):
    anne, bart, _cris = ant.has('Anne', 'Bart', 'Cris')
    anne.writes(ant.at('new'), 'Picnic')
    [opening] = bart.reads()
    dropped: dict[str, dict[str, str | None]] = {
        'no References': {'References': None},
        'no In-Reply-To': {'In_Reply_To': None},
        'neither': {'References': None, 'In_Reply_To': None},
        'another subject': {'Subject': 'Chairs'},
    }
    letters = {
        case: bart.replies(opening, wait=False, **headers)
        for case, headers in dropped.items()
    }
    # This gateway knows one address of the list, and keeps nothing but this.
    letters['gateway'] = bart.writes(
        ant.at(), 'Picnic', In_Reply_To=str(opening['message-id']), wait=False
    )
    ant.village.settle()
    for case, letter in letters.items():
        assert (letter.conversation, letter.readers) == ('picnic', ALL), case


@pytest.mark.parametrize('extension', ['new', 'new+picnic'])
def test_an_opening_with_a_person_in_cc_stays_one_conversation(ant, extension):
    anne, bart = ant.has('Anne', 'Bart')
    dora = ant.village.person('Dora')
    ant.has('Dora')
    opening = anne.writes(ant.at(extension), 'Picnic', Cc=dora.email)
    assert opening.conversation == 'picnic'
    # Anne's copy of what she sent, and what Dora got from her, still say +new.
    added = anne.replies(opening, 'And bring cups.')
    assert list(added.answers) == [ant.at(extension)]
    from_cc = dora.replies(opening, 'I come.')
    assert list(from_cc.answers) == [ant.at(extension)]
    from_list = bart.replies(bart.inbox[0], 'So do I.')
    assert {each.conversation for each in (added, from_cc, from_list)} == {'picnic'}
    assert added.readers == from_cc.readers == {'Anne', 'Bart', 'Dora'}


def test_the_answer_from_cc_may_be_quicker_than_the_opening(ant):
    anne, bart, dora = ant.has('Anne', 'Bart', 'Dora')
    # Greylisting, say: Dora has the opening before the list has it.
    opening_id = '<opening@example.net>'
    answer = dora.writes(ant.at('new'), 'Re: Picnic', In_Reply_To=opening_id)
    opening = anne.writes(ant.at('new'), 'Picnic', Message_ID=opening_id)
    assert answer.conversation == opening.conversation == 'picnic'
    assert bart.replies(opening).conversation == 'picnic'


def test_mentions_keep_everything_but_the_address(ant):
    anne, bart = ant.has('Anne', 'Bart')
    friend = 'zoe@elsewhere.example.net'
    opening = anne.writes(
        ant.at('new'),
        'Picnic',
        To=f'"Ants, all" <{ant.at("new")}>, Zoe <{friend}>',
        Cc=ant.at(),
    )
    assert opening.conversation == 'picnic'
    [mail] = bart.inbox
    assert mail['to'] == f'"Ants, all" <{ant.at("picnic")}>, Zoe <{friend}>'
    assert emails(mail, 'Cc') == [ant.at('picnic')]
    # Reply-All writes to each once.
    answer = bart.replies(mail)
    assert sorted(answer.answers) == sorted([ant.at('picnic'), friend])
