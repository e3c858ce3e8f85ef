# SPDX-License-Identifier: GPL-3.0-or-later
"""Posts from an alias on their way through chain, queues and pipeline [U15].

On *ant* Anne is a member; her alias is the shade.  Bart is one, too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mailman.app.moderator import handle_message
from mailman.config import config
from mailman.interfaces.action import Action
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.mailinglist import IHeaderMatchList
from mailman.interfaces.member import MemberRole
from mailman.interfaces.requests import IListRequests
from mailman.interfaces.usermanager import IUserManager
from mailman.runners.incoming import IncomingRunner
from mailman.runners.pipeline import PipelineRunner
from zope.component import getUtility

from mailman_dlist import metadata
from mailman_dlist.app import lists, lookup
from mailman_dlist.app.following import preferences
from mailman_dlist.app.links import keys, making
from mailman_dlist.domain.following import Choice, Reason
from mailman_dlist.domain.links.token import LinkAction
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.mail.references import id_hash
from mailman_dlist.model import aliases as model
from mailman_dlist.model.conversations import ConversationMessage
from mailman_dlist.model.following import choices_about, settings_of
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.post import open_conversation
from tests.app.web import PERSONAL, open_web
from tests.model.stage import (
    ant_with,
    choose,
    give_alias,
    join,
    letter,
    new_list,
    queued,
    run,
)


SHADE = 'shade@elsewhere.example'
ANNE = 'anne@example.com'
HIDDEN = '<1@annes-laptop>'

# Nobody else on ant has anything to do with these; *manner* has no more than Anne.
TRACES = ('anne@', 'annes-', 'laptop', '192.0.2')


class Ant:
    """The list, and what becomes of mail to it."""

    def __init__(self) -> None:
        self.mlist, self.anne, self.bart = ant_with('Anne', 'Bart')
        give_alias(self.mlist, self.anne, SHADE)
        store().commit()

    def gets(self, msg: Any, extension: str = 'new', **entries: Any) -> None:
        """Hand in a post; it goes no further than the chain."""
        config.switchboards['in'].enqueue(
            msg,
            {metadata.EXTENSION: extension, **entries},
            listid=self.mlist.list_id,
            to_list=True,
        )
        run(IncomingRunner, 'in')

    def posts(self, msg: Any, extension: str = 'new', **entries: Any) -> list[Any]:
        """Hand in a post; return what goes out."""
        self.gets(msg, extension, **entries)
        run(PipelineRunner, 'pipeline')
        return [msg for msg, _msgdata in queued('out')]

    @property
    def held(self) -> list[Any]:
        return [
            IListRequests(self.mlist).get_request(request.id)[1]
            for request in IListRequests(self.mlist).held_requests
        ]

    def decide(self, action: Action) -> None:
        for request in list(IListRequests(self.mlist).held_requests):
            handle_message(self.mlist, request.id, action)
        config.db.commit()

    def fate(self) -> str:
        """Say what became of the message that came last."""
        if queued('pipeline'):
            return 'accept'
        if self.held:
            return 'hold'
        return 'reject' if queued('virgin') else 'discard'


@pytest.fixture
def ant(mailman: Any, caplog: Any) -> Iterator[Ant]:
    caplog.set_level(logging.DEBUG)
    yield Ant()
    key_file().unlink(missing_ok=True)


def key_file() -> Path:
    return Path(config.DATA_DIR) / keys.FILE_NAME


def from_shade(subject: str = 'Picnic', **fields: str) -> Any:
    """Write a mail from the alias, as a program on Anne's laptop does."""
    given = {
        'message_id': HIDDEN,
        'Received': 'from annes-laptop ([192.0.2.7])',
        'Sender': ANNE,
        'Reply_To': 'anne@home.example',
        'X_MailFrom': ANNE,
        'X_Originating_IP': '192.0.2.7',
    } | fields
    msg = letter(SHADE, subject, **given)
    msg.set_unixfrom(ANNE)
    return msg


def telling(*things: Any) -> list[str]:
    """Return the traces that are in things which others can see."""
    text = '\n'.join(
        thing.as_string() if hasattr(thing, 'as_string') else repr(thing)
        for thing in things
    ).lower()
    return [trace for trace in TRACES if trace in text]


def logged(caplog: Any) -> str:
    """Return what is in the logs that owners may read."""
    return '\n'.join(
        record.getMessage() for record in caplog.records
        if record.name.startswith('mailman.')
    )


DEFER, ACCEPT, HOLD = Action.defer, Action.accept, Action.hold
REJECT, DISCARD = Action.reject, Action.discard


@pytest.mark.parametrize(('of_member', 'of_alias', 'fate'), [
    (None, None, 'accept'),
    (DEFER, None, 'accept'),
    (ACCEPT, None, 'accept'),
    (HOLD, None, 'hold'),
    (REJECT, None, 'reject'),
    (DISCARD, None, 'discard'),
    # An owner has decided about the address, while it was a stranger's.
    (DEFER, HOLD, 'hold'),
    (ACCEPT, REJECT, 'reject'),
    (ACCEPT, DISCARD, 'discard'),
    (HOLD, DISCARD, 'discard'),
    (HOLD, REJECT, 'reject'),
    # These are no decisions against it.
    (HOLD, ACCEPT, 'hold'),
    (DISCARD, DEFER, 'discard'),
    (DEFER, ACCEPT, 'accept'),
])
def test_a_post_is_judged_as_the_members(of_member, of_alias, fate, ant, caplog):
    ant.mlist.default_nonmember_action = Action.discard
    ant.anne.moderation_action = of_member
    if of_alias is not None:
        join(ant.mlist, SHADE, role=MemberRole.nonmember).moderation_action = of_alias
    ant.gets(from_shade())
    assert ant.fate() == fate
    assert telling(ant.held, logged(caplog)) == []


@pytest.mark.parametrize('action', [HOLD, REJECT, DISCARD])
def test_the_default_for_members_counts(action, ant):
    ant.mlist.default_member_action = action
    ant.gets(from_shade())
    assert ant.fate() == action.name


@pytest.mark.parametrize('banned', [ANNE, SHADE, r'^.*@home\.example', r'^anne'])
def test_bans_of_either_address_count(banned, ant, caplog):
    ant.anne.moderation_action = ACCEPT
    IBanManager(ant.mlist).ban(banned)
    ant.gets(from_shade())
    assert ant.fate() == 'discard'
    assert telling(logged(caplog)) == []


def test_a_ban_of_the_member_counts_though_no_field_names_it(ant):
    IBanManager(ant.mlist).ban(ANNE)
    msg = letter(SHADE, 'Picnic')
    ant.gets(msg)
    assert ant.fate() == 'discard'
    # Nobody else is hit.
    ant.gets(letter('Bart', 'Chairs'))
    assert ant.fate() == 'accept'


def test_nobody_becomes_a_nonmember(ant):
    for action in (None, HOLD, DISCARD):
        ant.anne.moderation_action = action
        ant.gets(from_shade(Reply_To='anne@home.example, zoe@example.net'))
    assert list(ant.mlist.nonmembers.members) == []


def test_a_held_post_looks_like_a_strangers(ant):
    """But that it is without traces, and bears the mark that only we can read."""
    ant.mlist.default_nonmember_action = HOLD
    ant.anne.moderation_action = HOLD
    ant.gets(from_shade())
    [ours] = ant.held
    ant.decide(Action.discard)
    ant.gets(letter('zoe@example.net'))
    [theirs] = ant.held
    assert ours.keys() - theirs.keys() == {metadata.ALIAS}
    assert theirs.keys() <= ours.keys()
    said = ('rule_hits', 'rule_misses', 'moderation_reasons', '_mod_reason', 'lang')
    assert [ours[key] for key in said] == [theirs[key] for key in said]
    assert telling(ours) == []
    assert ours['moderation_sender'] == ours['_mod_sender'] == SHADE


def test_moderators_get_no_personal_link_that_a_held_post_quotes(
    ant, tmp_path, monkeypatch
):
    open_web(tmp_path, monkeypatch)
    ant.anne.moderation_action = HOLD
    picnic = open_conversation(ant.mlist, 'picnic')
    link = making.personal(ant.anne.member_id, picnic.id, LinkAction.mute)
    msg = from_shade()
    msg.set_payload(f'I am in.\n> On the web: {link}\n')
    ant.gets(msg, 'picnic')
    sent = ''.join(msg.as_string() for msg, _msgdata in queued('virgin'))
    assert making.plain(ant.mlist, 'picnic') in sent
    assert PERSONAL not in sent


EVERYBODY = 'ant@example.com, bart@example.com'


@pytest.mark.parametrize('settings', [
    {'emergency': True},
    {'header_matches': ('x-mailfrom', 'anne')},
    {'header_matches': ('received', 'annes-laptop')},
    {'max_message_size': 0.1},
    {'max_num_recipients': 1},
    {'bounce_matching_headers': 'sender: anne@example.com\n'},
    {'require_explicit_destination': True},
])
def test_whatever_holds_a_post_tells_nothing(settings, ant, caplog):
    for name, value in settings.items():
        if name == 'header_matches':
            IHeaderMatchList(ant.mlist).append(*value, 'hold')
        else:
            setattr(ant.mlist, name, value)
    implicit = 'require_explicit_destination' in settings
    ant.gets(from_shade(to='ants@example.net' if implicit else EVERYBODY))
    [held] = ant.held
    notices = [msg for msg, _msgdata in queued('virgin')]
    assert len(notices) == 2
    assert telling(held, logged(caplog), *notices) == []
    # Their numbers would tell which of the owner's patterns is in a hidden field.
    rules = [*held['rule_hits'], *held['rule_misses']]
    assert not any(each.startswith('header-match-') for each in rules)


def test_a_site_may_take_the_envelope_for_the_author_first(ant, caplog):
    ant.mlist.emergency = True
    config.push('senders', '[mailman]\nsender_headers: from_ from reply-to sender\n')
    try:
        ant.gets(from_shade())
    finally:
        config.pop('senders')
    [held] = ant.held
    notices = [msg for msg, _msgdata in queued('virgin')]
    assert telling(held, logged(caplog), *notices) == []


@pytest.mark.parametrize('action', [ACCEPT, REJECT, DISCARD, DEFER])
def test_a_moderator_decides_and_learns_nothing(action, ant, caplog):
    ant.anne.moderation_action = HOLD
    ant.gets(from_shade())
    ant.decide(action)
    run(PipelineRunner, 'pipeline')
    out = [msg for msg, _msgdata in queued('out')]
    notices = [msg for msg, _msgdata in queued('virgin')]
    assert len(out) == (action is ACCEPT)
    assert telling(*out, *notices, *ant.held, logged(caplog)) == []
    to = {notice['to'] for notice in notices}
    assert to == {SHADE, 'ant-owner@example.com'}


def test_what_was_rejected_comes_back_to_the_alias(ant):
    ant.anne.moderation_action = REJECT
    ant.gets(from_shade())
    [(notice, _msgdata)] = queued('virgin')
    assert (notice['to'], telling(notice)) == (SHADE, [])


@pytest.mark.parametrize('visible', [True, False])
@pytest.mark.parametrize('immediately', [True, False])
def test_owners_may_let_moderators_know(visible, immediately, ant):
    lists.settings(ant.mlist).aliases_visible = visible
    ant.mlist.admin_immed_notify = immediately
    ant.anne.moderation_action = HOLD
    ant.gets(from_shade())
    naming = [msg for msg, _msgdata in queued('virgin') if telling(msg)]
    assert len(naming) == (visible and immediately)
    for notice in naming:
        assert notice['to'] == 'ant-owner@example.com'
        assert {ANNE, SHADE} <= set(notice.get_payload().split())
    assert telling(ant.held) == []


def test_approved_mail_goes_the_same_way(ant, caplog):
    ant.mlist.moderator_password = config.password_context.encrypt('ants').encode()
    ant.mlist.emergency = True
    [copy] = ant.posts(from_shade(Approved='ants'), '')
    assert copy['from'] == SHADE
    assert telling(copy, logged(caplog)) == []


@pytest.mark.parametrize('extension', ['new', 'picnik', 'nonsense+x+y'])
def test_what_goes_out_or_comes_back_tells_nothing(extension, ant, caplog):
    out = ant.posts(from_shade(), extension)
    notices = [msg for msg, _msgdata in queued('virgin')]
    assert len(out + notices) == 1
    assert telling(*out, *notices, logged(caplog)) == []


@pytest.mark.parametrize(('name', 'shown'), [('Shade', True), ('Anne', False)])
def test_an_alias_may_have_a_name_of_its_own(name, shown, ant):
    [copy] = ant.posts(from_shade(From=f'{name} <{SHADE}>'))
    assert copy['from'] == (f'{name} <{SHADE}>' if shown else SHADE)
    # Archives find the message by this.
    assert copy['message-id-hash'] == id_hash(copy['message-id'])


def test_mail_injected_into_the_pipeline_has_no_traces_either(ant):
    config.switchboards['pipeline'].enqueue(
        from_shade(), {metadata.EXTENSION: 'new'}, listid=ant.mlist.list_id
    )
    run(PipelineRunner, 'pipeline')
    [(copy, _msgdata)] = queued('out')
    assert telling(copy) == []


def test_what_a_stranger_wrote_is_the_members_when_it_is_accepted_later(ant):
    ant.mlist.default_nonmember_action = HOLD
    model.remove(ant.anne.member_id)
    store().commit()
    ant.gets(letter(SHADE, message_id=HIDDEN))
    give_alias(ant.mlist, ant.anne, SHADE)
    ant.decide(ACCEPT)
    run(PipelineRunner, 'pipeline')
    [(copy, _msgdata)] = queued('out')
    assert telling(copy) == []


# Change and removal are effective at once [U16].


def lose(ant: Ant, how: str) -> None:
    if how in ('removed', 'moved'):
        model.remove(ant.anne.member_id)
    if how == 'moved':
        give_alias(ant.mlist, ant.bart, SHADE)
    if how == 'switched off':
        lists.settings(ant.mlist).aliases = False
    if how == 'left':
        ant.anne.unsubscribe()
    store().commit()


@pytest.mark.parametrize('how', ['removed', 'moved', 'switched off', 'left'])
@pytest.mark.parametrize('action', [HOLD, DISCARD, REJECT, ACCEPT, DEFER])
def test_who_loses_an_alias_in_time_is_a_stranger(action, how, ant, caplog):
    ant.mlist.default_nonmember_action = action
    ant.gets(from_shade())
    lose(ant, how)
    run(PipelineRunner, 'pipeline')
    assert queued('out') == []
    run(IncomingRunner, 'in')
    assert len(ant.held) == (action is HOLD)
    run(PipelineRunner, 'pipeline')
    out = [msg for msg, _msgdata in queued('out')]
    assert len(out) == (action in (ACCEPT, DEFER))
    assert telling(*out, ant.held, logged(caplog)) == []
    assert queued('shunt') == []
    assert queued('in') == []


@pytest.mark.parametrize('how', ['removed', 'moved', 'switched off', 'left'])
def test_what_a_moderator_accepted_is_posted_as_a_strangers(how, ant):
    ant.anne.moderation_action = HOLD
    ant.gets(from_shade())
    lose(ant, how)
    ant.decide(ACCEPT)
    run(PipelineRunner, 'pipeline')
    [(copy, _msgdata)] = queued('out')
    assert telling(copy) == []
    picnic = lookup.find(ant.mlist, 'picnic')
    for member in (ant.anne, ant.bart):
        assert not any(choices_about(picnic, member.member_id))


# Threads.


def ids(msg: Any) -> list[str]:
    return f'{msg["in-reply-to"] or ""} {msg["references"] or ""}'.split()


@pytest.mark.parametrize('sender', ['Anne', SHADE, 'Bart'])
@pytest.mark.parametrize('extension', ['', 'picnic'])
def test_who_knows_the_hidden_id_answers_the_published_one(sender, extension, ant):
    [opening] = ant.posts(from_shade())
    name = opening['x-dlist-conversation']
    msg = letter(
        sender, 'Chairs', answers=HIDDEN, references=f'<0@annes-laptop> {HIDDEN}'
    )
    [answer] = ant.posts(msg, extension)
    assert answer['x-dlist-conversation'] == name == 'picnic'
    assert opening['message-id'] in ids(answer)
    assert HIDDEN not in ids(answer)
    # Only who hides has to hide what else was answered.
    assert ('<0@annes-laptop>' in ids(answer)) is (sender != SHADE)


def test_the_hidden_id_is_kept_nowhere(ant):
    ant.posts(from_shade(answers='<0@annes-laptop>', references='<00@annes-laptop>'))
    assert [row.message_id for row in store().query(ConversationMessage)] != []
    for row in store().query(ConversationMessage):
        assert telling(row.message_id) == []


def test_the_same_mail_twice_is_posted_once(ant):
    assert len(ant.posts(from_shade())) == 1
    assert ant.posts(from_shade()) == []
    assert ant.posts(from_shade(), 'picnic') == []


def test_a_new_key_leaves_old_threads_whole(ant):
    [opening] = ant.posts(from_shade())
    path = key_file()
    path.write_text(f'{path.read_text("ascii")}15 {"ab" * 32}\n', encoding='ascii')
    [answer] = ant.posts(letter('Anne', answers=HIDDEN), '')
    assert opening['message-id'] in ids(answer)
    assert ant.posts(from_shade()) == []


def test_a_post_from_an_alias_names_posts_and_no_private_mail(ant):
    private = '<private@annes-laptop>'
    # Anne has answered it under her own name, too.
    [real] = ant.posts(letter('Anne', message_id='<2@example.com>', answers=private))
    assert private in ids(real)
    [again] = ant.posts(from_shade(answers='<2@example.com>', references=private), '')
    assert ids(again) == ['<2@example.com>']
    # Nothing else is there to keep it in its conversation.
    other = from_shade(message_id='<3@annes-laptop>', answers=private)
    [again] = ant.posts(other, '')
    assert again['x-dlist-conversation'] == real['x-dlist-conversation']
    assert ids(again) == ['<2@example.com>']


def test_an_anonymous_lists_own_ids_are_named_as_they_went_out(ant):
    ant.mlist.anonymous_list = True
    [real] = ant.posts(letter('Anne', message_id='<2@annes-laptop>'))
    answer = from_shade(
        answers='<2@annes-laptop>', references=f'<2@annes-laptop> {real["message-id"]}'
    )
    [out] = ant.posts(answer, '')
    assert out['x-dlist-conversation'] == real['x-dlist-conversation']
    assert ids(out) == [real['message-id']]


def test_without_a_sound_key_file_no_post_gets_out(ant):
    ant.posts(from_shade())
    key_file().write_text('nonsense\n', encoding='ascii')
    assert ant.posts(from_shade(message_id='<2@annes-laptop>')) == []
    assert len(queued('shunt')) == 1
    # Everybody else goes on.
    assert len(ant.posts(letter('Bart'))) == 1


# The member's settings.


@pytest.mark.parametrize('wanted', [True, False])
def test_own_posts_come_back_to_who_wants_them(wanted, ant):
    ant.anne.preferences.receive_own_postings = wanted
    ant.gets(from_shade())
    run(PipelineRunner, 'pipeline')
    [(_msg, msgdata)] = queued('out')
    assert (ANNE in msgdata['recipients']) is wanted


@pytest.mark.parametrize('wanted', [True, False])
def test_posts_are_acknowledged_to_the_alias(wanted, ant):
    ant.anne.preferences.acknowledge_posts = wanted
    ant.posts(from_shade())
    notices = [msg for msg, _msgdata in queued('virgin')]
    assert [notice['to'] for notice in notices] == [SHADE] * wanted
    assert telling(*notices) == []


@pytest.mark.parametrize('wanted', [True, False])
@pytest.mark.parametrize('cc', [SHADE, 'Shade@Elsewhere.example', ANNE])
def test_who_has_a_copy_at_an_alias_needs_no_other(cc, wanted, ant):
    ant.anne.preferences.receive_list_copy = wanted
    ant.gets(letter('Bart', Cc=f'{cc}, zoe@example.net'))
    run(PipelineRunner, 'pipeline')
    [(msg, msgdata)] = queued('out')
    assert (ANNE in msgdata['recipients']) is wanted
    if cc != ANNE:
        assert msg['cc'] == f'{cc}, zoe@example.net'


@pytest.mark.parametrize('wanted', [True, False])
def test_who_sends_a_copy_to_oneself_needs_no_other(wanted, ant):
    ant.anne.preferences.receive_list_copy = wanted
    ant.gets(from_shade(Cc=f'{ANNE}, zoe@example.net'))
    run(PipelineRunner, 'pipeline')
    [(msg, msgdata)] = queued('out')
    assert (ANNE in msgdata['recipients']) is wanted
    assert msg['cc'] == 'zoe@example.net'


def test_who_posts_from_an_alias_follows_without_being_seen_to(ant):
    ant.posts(from_shade())
    picnic = lookup.find(ant.mlist, 'picnic')
    row, _pause = choices_about(picnic, ant.anne.member_id)
    assert (row.choice, row.reason) == (Choice.follow, Reason.mail)
    assert row.made_at != picnic.opened_at
    assert (row.made_at.hour, row.made_at.minute, row.made_at.second) == (0, 0, 0)


def test_who_does_not_want_to_follow_does_not(ant):
    preferences.change(ant.mlist, ant.anne, {'follow_opened': 'no'})
    assert settings_of(ant.anne.member_id) is not None
    store().commit()
    ant.posts(from_shade())
    picnic = lookup.find(ant.mlist, 'picnic')
    assert not any(choices_about(picnic, ant.anne.member_id))


def test_who_posts_into_silence_is_told_at_the_alias(ant):
    ant.posts(letter('Bart'))
    picnic = lookup.find(ant.mlist, 'picnic')
    choose(picnic, ant.anne, Choice.mute)
    store().commit()
    ant.posts(from_shade(), 'picnic')
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == SHADE
    assert telling(notice) == []


def test_an_alias_has_no_rights_of_a_moderator(ant):
    join(ant.mlist, 'Anne', role=MemberRole.moderator)
    ant.posts(letter('Bart'))
    lookup.find(ant.mlist, 'picnic').posting = Posting.closed
    store().commit()
    ant.gets(from_shade(), 'picnic')
    assert queued('pipeline') == []
    assert len(ant.posts(letter('Anne'), 'picnic')) == 1


def test_a_vacation_message_is_no_post_whatever_was_done_with_it(ant):
    ant.anne.moderation_action = HOLD
    ant.gets(from_shade(Auto_Submitted='auto-replied'))
    ant.decide(ACCEPT)
    run(PipelineRunner, 'pipeline')
    assert queued('out') == []


# Commands.


@pytest.mark.parametrize('extension', [
    'picnic+unsubscribe', 'picnic+subscribe', 'picnic+mute+7d', 'picnic+reset',
    'conversations', 'help', 'picnik+mute',
])
def test_commands_act_for_the_member_and_are_answered_to_the_alias(
    extension, ant, caplog
):
    ant.posts(letter('Bart'))
    caplog.clear()
    config.switchboards['dlist'].enqueue(
        from_shade(), {metadata.EXTENSION: extension}, listid=ant.mlist.list_id
    )
    run(DlistRunner, 'dlist')
    [(notice, _msgdata)] = queued('virgin')
    assert notice['to'] == SHADE
    assert telling(notice, logged(caplog)) == []
    picnic = lookup.find(ant.mlist, 'picnic')
    acts = extension.startswith('picnic+') and 'reset' not in extension
    assert any(choices_about(picnic, ant.anne.member_id)) is acts


def test_a_banned_members_command_from_an_alias_is_none(ant, caplog):
    ant.posts(letter('Bart'))
    caplog.clear()
    IBanManager(ant.mlist).ban(ANNE)
    config.switchboards['dlist'].enqueue(
        letter(SHADE, message_id=HIDDEN),
        {metadata.EXTENSION: 'picnic+mute'},
        listid=ant.mlist.list_id,
    )
    run(DlistRunner, 'dlist')
    run(IncomingRunner, 'in')
    assert ant.fate() == 'discard'
    assert telling(logged(caplog)) == []


def test_automatic_mail_from_an_alias_leaves_no_trace_in_the_log(ant, caplog):
    config.switchboards['dlist'].enqueue(
        from_shade(Auto_Submitted='auto-replied'),
        {metadata.EXTENSION: 'help'},
        listid=ant.mlist.list_id,
    )
    run(DlistRunner, 'dlist')
    assert 'was not carried out' in logged(caplog)
    assert telling(logged(caplog)) == []


def test_an_alias_on_another_list_is_not_shown_either(ant):
    there = join(new_list('bee'), 'Anne')
    give_alias(there.mailing_list, there, 'laptop@elsewhere.example')
    store().commit()
    [out] = ant.posts(from_shade(Cc='laptop@elsewhere.example, bart@example.com'))
    assert telling(out) == []
    assert 'bart@example.com' in str(out['cc'])


def test_no_address_is_linked(ant):
    ant.posts(from_shade())
    address = getUtility(IUserManager).get_address(SHADE)
    assert address is None or address.user is None
