# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mail that we write to people, as they read it, in files under tests/golden.

Each situation is a file, and each file a situation.  To read what a change of
words does, let the files be written anew and look at the difference:

    DLIST_GOLDEN=write python -m pytest tests/app/test_golden.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from email.header import decode_header, make_header
from typing import Any

import pytest
from mailman.config import config
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.member import MemberRole
from mailman.interfaces.pending import IPendings
from mailman.interfaces.pipeline import DiscardMessage
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.usermanager import IUserManager
from mailman.runners.command import CommandRunner
from mailman.utilities.datetime import factory, now
from zope.component import getUtility
from zope.event import notify

from mailman_dlist.app import commands, lists, site
from mailman_dlist.app.access import requests
from mailman_dlist.app.aliases import mail as alias_mail
from mailman_dlist.app.aliases import requests as aliases
from mailman_dlist.app.essays import keeping
from mailman_dlist.app.following import choices, preferences
from mailman_dlist.app.following.pauses import end_pauses
from mailman_dlist.app.halves import make_whole
from mailman_dlist.app.life import changing
from mailman_dlist.app.life.idle import close_idle
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.app.posts import delivery
from mailman_dlist.app.site import SiteSettings
from mailman_dlist.domain import confirmation
from mailman_dlist.domain.access import Action
from mailman_dlist.domain.actors import AUTOMATIC, By, Door
from mailman_dlist.domain.following import Access, Choice, Default
from mailman_dlist.handlers.conversation import DlistConversation
from mailman_dlist.handlers.refusal import DlistRefusal
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.metadata import EXTENSION
from mailman_dlist.model.conversations import Conversation
from mailman_dlist.model.session import committed, store
from mailman_dlist.runners.dlist import DlistRunner
from tests.app.post import open_conversation, posted
from tests.app.web import BASE
from tests.core import built_once
from tests.house.tree import ROOT
from tests.model.stage import (
    DAY,
    give_alias,
    join,
    letter,
    new_list,
    pass_time,
    queued,
    run,
)


BAR = Action.add_unsubscription_override

GOLDEN = ROOT / 'tests' / 'golden'
WRITE = os.environ.get('DLIST_GOLDEN') == 'write'

SUBJECTS = {'picnic': 'Midsummer picnic', 'goat': 'She is on the roof again'}

Situation = Callable[['Scene'], None]
SITUATIONS: dict[str, Situation] = {}


@built_once
def begin() -> list[int]:
    """Make what every scene begins with; return the ids of its conversations."""
    ant = new_list()
    join(ant, 'Anne')
    conversations = []
    for name, subject in SUBJECTS.items():
        conversation = open_conversation(ant, name)
        conversation.subject = subject
        conversations.append(conversation.id)
    config.db.commit()
    return conversations


class Scene:
    """Anne is on the list *ant*; there are two conversations, of strangers."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        # It stands still, but other tests have turned it forward.
        factory.reset()
        conversations = begin()
        self.ant = getUtility(IListManager).get_by_list_id('ant.example.com')
        self.anne = self.ant.members.get_member('anne@example.com')
        self.picnic, self.goat = (
            store().get_one(Conversation, number) for number in conversations
        )
        #: Whose mail is looked at, where several people get some.
        self.reader: str | None = None

    def default(self, default: Default) -> None:
        choices.settings_of(self.ant, self.anne).default = default
        config.db.commit()

    def chooses(self, choice: Choice, until: Any = None) -> None:
        choices.choose(
            self.ant, self.picnic, self.anne, choice, By(Door.mail), until
        )
        config.db.commit()

    def act(self, action: Action) -> None:
        """Let a moderator do something about Anne and the picnic."""
        about = self.ant, self.picnic, self.anne
        requests.act(*about, action, By(Door.cli))

    def commands(self, extension: str, sender: Any = None) -> None:
        """Let Anne write to a command address, also from somewhere else."""
        msg = letter(sender or self.anne, '', message_id='<command@example.com>')
        config.switchboards['dlist'].enqueue(
            msg, listid=self.ant.list_id, **{EXTENSION: extension}
        )
        run(DlistRunner, 'dlist')

    def posts(self, extension: str, sender: Any = None, **fields: Any) -> None:
        """Let Anne, or somebody else, post as far as the step that accepts it."""
        msg = letter(
            sender or self.anne, 'Re: Picnic', message_id='<post@example.com>', **fields
        )
        msgdata = {EXTENSION: extension}
        with suppress(DiscardMessage):
            DlistRefusal().process(self.ant, msg, msgdata)
            DlistConversation().process(self.ant, msg, msgdata)

    def requests(
        self,
        text: str,
        *,
        subject: str = '',
        mlist: Any = None,
        sender: Any = None,
        **fields: str,
    ) -> None:
        """Let Anne, or somebody else, write to the address for commands."""
        msg = letter(
            sender or self.anne, subject, message_id='<request@example.com>', **fields
        )
        msg.set_payload(text, None if text.isascii() else 'utf-8')
        config.switchboards['command'].enqueue(
            msg, listid=(mlist or self.ant).list_id, subaddress='request'
        )
        run(CommandRunner, 'command')


def situation(name: str, *parameters: Any) -> Callable[[Any], Any]:
    """Register what happens before a mail is written, by the name of its file."""

    def register(happens: Any) -> Any:
        SITUATIONS[name] = lambda scene: happens(scene, *parameters)
        return happens

    return register


@situation('followed', 'picnic+subscribe')
@situation('muted', 'picnic+unsubscribe')
@situation('paused', 'picnic+unsubscribe+7d')
@situation('conversations', 'conversations')
@situation('unknown-conversation', 'nowhere+unsubscribe')
@situation('unknown-conversation-like-others', 'picnik+unsubscribe')
def anne_commands(scene: Scene, extension: str) -> None:
    scene.commands(extension)


@situation('reset-everything', 'picnic+reset', Default.everything)
@situation('reset-openings', 'picnic+reset', Default.openings)
@situation('reset-nothing', 'picnic+reset', Default.nothing)
@situation('help-everything', 'help', Default.everything)
@situation('help-openings', 'help', Default.openings)
@situation('help-nothing', 'help', Default.nothing)
def anne_commands_with_default(
    scene: Scene, extension: str, default: Default
) -> None:
    scene.default(default)
    scene.commands(extension)


@situation('help-without-following')
def anne_minds_following(scene: Scene) -> None:
    settings = choices.settings_of(scene.ant, scene.anne)
    settings.follow_opened = settings.follow_replied = False
    config.db.commit()
    scene.commands('help')


@situation('conversations-followed-openings', Choice.follow, None)
@situation('conversations-muted-openings', Choice.mute, None)
@situation('conversations-paused-openings', Choice.mute, 7 * DAY)
def anne_chose(scene: Scene, choice: Choice, span: Any) -> None:
    scene.default(Default.openings)
    scene.chooses(choice, span and now() + span)
    scene.commands('conversations')


@situation('conversations-none')
def all_are_closed(scene: Scene) -> None:
    scene.picnic.posting = scene.goat.posting = Posting.closed
    config.db.commit()
    scene.commands('conversations')


@situation('conversations-more-than-shown')
def there_are_many(scene: Scene) -> None:
    scene.patch.setattr(commands, 'MOST_SHOWN', 1)
    scene.commands('conversations')


@situation('last-notice-of-the-day')
def anne_had_enough(scene: Scene) -> None:
    scene.patch.setattr(site, 'site_settings', lambda: SiteSettings(max_notices=1))
    scene.commands('picnic+unsubscribe')


@situation('pause-over-nothing', None)
@situation('pause-over-follow', Choice.follow)
@situation('pause-over-mute', Choice.mute)
def the_pause_ends(scene: Scene, before: Choice | None) -> None:
    if before:
        scene.chooses(before)
    scene.chooses(Choice.mute, now() + 7 * DAY)
    pass_time(7 * DAY)
    end_pauses()


@situation('pause-over-with-archive')
def messages_were_missed(scene: Scene) -> None:
    class Archiver:
        is_enabled = True
        system_archiver: Any

        @staticmethod
        def list_url(_mlist: Any) -> str:
            return 'https://lists.example.com/archives/list/ant@example.com/'

    Archiver.system_archiver = Archiver
    scene.patch.setattr(
        'mailman_dlist.app.following.pauses.IListArchiverSet',
        lambda _mlist: type('Archivers', (), {'archivers': [Archiver]}),
    )
    scene.chooses(Choice.mute, now() + 7 * DAY)
    pass_time(DAY)
    posted(scene.ant, letter('stranger'), 'picnic')
    pass_time(6 * DAY)
    end_pauses()


@situation('posted-into-what-is-muted')
def anne_posts_into_silence(scene: Scene) -> None:
    scene.chooses(Choice.mute)
    scene.posts('picnic')


@situation('post-to-closed')
def anne_posts_too_late(scene: Scene) -> None:
    scene.picnic.posting = Posting.closed
    config.db.commit()
    scene.posts('picnic')


@situation('confirm-close', 'close')
@situation('confirm-hold', 'hold')
@situation('confirm-reopen', 'reopen')
def olga_wants_to_steer(scene: Scene, verb: str) -> None:
    scene.patch.setattr(confirmation, 'new_token', lambda: TOKEN)
    olga = join(scene.ant, 'Olga', role=MemberRole.owner)
    scene.commands(f'picnic+{verb}', olga)


@situation('done-close', 'close')
@situation('done-hold', 'hold')
@situation('done-reopen', 'reopen')
def olga_confirms(scene: Scene, verb: str) -> None:
    olga_wants_to_steer(scene, verb)
    queued('virgin')
    scene.commands(f'confirm+{TOKEN}', scene.ant.owners.get_member('olga@example.com'))


@situation('moderators-only')
def anne_wants_to_steer(scene: Scene) -> None:
    scene.commands('picnic+close')


@situation('idle-conversations')
def nobody_posts(scene: Scene) -> None:
    lists.settings(scene.ant).close_after = 30
    pass_time(31 * DAY)
    close_idle()


@situation('reply-to-deleted')
def anne_replies_in_what_is_deleted(scene: Scene) -> None:
    committed(lambda: changing.forget(scene.ant, scene.picnic, By(Door.cli)))
    scene.posts('', answers='<picnic@example.com>')


@situation('asked', Access.moderated, 'subscribe', None)
@situation('asked-again', Access.moderated, 'subscribe', Action.request_subscription)
@situation('invited-only', Access.invitation, 'subscribe', None)
@situation('barred-follows', Access.open, 'subscribe', BAR)
@situation('barred-mutes', Access.open, 'unsubscribe', BAR)
@situation('pinned-resets', Access.open, 'reset', Action.add_subscription_override)
@situation('request-withdrawn', Access.moderated, 'reset', Action.request_subscription)
@situation('reset-moderated', Access.moderated, 'reset', None)
def access_is_restricted(
    scene: Scene, access: Access, verb: str, before: Action | None
) -> None:
    scene.picnic.access = access
    config.db.commit()
    if before is not None:
        scene.act(before)
    scene.reader = 'anne@example.com'
    scene.commands(f'picnic+{verb}')


@situation('mandatory-muted', 'unsubscribe')
@situation('mandatory-reset', 'reset')
@situation('mandatory-followed', 'subscribe')
def everybody_receives_it(scene: Scene, verb: str) -> None:
    scene.picnic.mandatory = True
    config.db.commit()
    scene.commands(f'picnic+{verb}')


@situation('conversations-by-access')
def some_are_restricted(scene: Scene) -> None:
    scene.act(BAR)
    scene.goat.access = Access.moderated
    config.db.commit()
    scene.commands('goat+subscribe')
    queued('virgin')
    news = open_conversation(scene.ant, 'news')
    news.mandatory = True
    config.db.commit()
    scene.commands('conversations')


@situation('post-of-barred')
def anne_is_barred(scene: Scene) -> None:
    scene.act(BAR)
    scene.posts('picnic')


@situation('request-approved', Action.approve_request)
@situation('request-denied', Action.deny_request)
@situation('request-blocked', Action.block_request)
def a_moderator_decides(scene: Scene, action: Action) -> None:
    scene.picnic.access = Access.moderated
    config.db.commit()
    scene.act(Action.request_subscription)
    scene.act(action)


@situation('invited')
def a_moderator_invites(scene: Scene) -> None:
    scene.act(Action.add_subscriber)


@situation('requests')
def moderators_are_told(scene: Scene) -> None:
    bart = join(scene.ant, 'Bart')
    scene.picnic.access = scene.goat.access = Access.moderated
    config.db.commit()
    scene.act(Action.request_subscription)
    for member in scene.anne, bart:
        about = scene.ant, scene.goat, member
        requests.act(*about, Action.request_subscription, By(Door.cli))
    requests.tell_moderators()


@situation('unclear-post', 'picnic')
@situation('unclear-command', 'picnic+unsubscribe')
def anne_names_two_senders(scene: Scene, extension: str) -> None:
    give_alias(scene.ant, scene.anne, ALIAS)
    scene.posts(extension, From=f'{ALIAS}, zoe@example.net', Sender='anne@example.com')


@situation('request-unclear')
def anne_requests_as_two(scene: Scene) -> None:
    fields = {'From': 'anne@example.com, zoe@example.net'}
    scene.requests('dlist default nothing', **fields)


@situation('post-with-used-id')
def anne_uses_an_id_twice(scene: Scene) -> None:
    earlier = letter(scene.anne, 'Goats', message_id='<post@example.com>')
    delivery.finish(posted(scene.ant, earlier, 'goat'))
    config.db.commit()
    scene.posts('new', date='Fri, 01 Jan 2100 10:00:00 +0000')


@situation('unknown-post', 'nowhere')
@situation('unknown-post-like-others', 'picnik')
@situation('unknown-verb', 'picnic+dance')
@situation('unknown-span', 'picnic+unsubscribe+9999w')
def anne_posts(scene: Scene, extension: str) -> None:
    scene.posts(extension)


@situation('no-member-mutes', 'picnic+unsubscribe')
@situation('no-member-wants-help', 'help')
def zoe_is_let_in(scene: Scene, extension: str) -> None:
    """A moderator has accepted it, or the list lets strangers post."""
    scene.posts(extension, sender='zoe@example.net')


@situation('request-help', 'dlist help')
@situation('request-default', 'dlist default')
@situation('request-default-everything', 'dlist default everything')
@situation('request-default-openings', 'dlist default openings')
@situation('request-default-nothing', 'dlist default nothing')
@situation('request-autofollow-opened-off', 'dlist autofollow opened off')
@situation('request-autofollow-replied-off', 'dlist autofollow replied off')
@situation('request-autofollow-replied-on', 'dlist autofollow replied on')
@situation('request-mistyped', 'dlist default opening')
@situation('request-misunderstood', 'dlist default loud')
@situation('request-several', 'dlist default openings\ndlist autofollow opened off\n')
def anne_requests(scene: Scene, text: str) -> None:
    scene.requests(text)


@situation('request-of-a-stranger')
def dora_requests(scene: Scene) -> None:
    scene.requests('dlist default openings', sender='dora@example.net')


@situation('request-to-a-plain-list')
def anne_asks_a_plain_list(scene: Scene) -> None:
    bee = new_list('bee', 'legacy-default')
    join(bee, 'Anne')
    scene.requests('dlist default openings', mlist=bee)


# Aliases.  The first lines of each say to whom a mail goes.

ALIAS = 'me@other.example'
TOKEN = 'a2b3c4d5e6f7g2h3'


def asks(scene: Scene, email: str = ALIAS) -> None:
    """Let Anne ask for an alias; what goes to the address is looked at."""
    scene.patch.setattr(confirmation, 'new_token', lambda: TOKEN)
    aliases.ask(scene.ant, scene.anne, email)
    scene.reader = email


def confirms(scene: Scene) -> None:
    asks(scene)
    queued('virgin')
    aliases.confirm(TOKEN)


@situation('alias-confirm')
def an_address_is_asked(scene: Scene) -> None:
    asks(scene)


@situation('alias-confirm-with-web-pages')
def an_address_is_asked_with_a_link(scene: Scene) -> None:
    settings = SiteSettings(web_base_url=BASE)
    for module in ('site', 'links.making'):
        scene.patch.setattr(
            f'mailman_dlist.app.{module}.site_settings', lambda: settings)
    asks(scene)


@situation('alias-refused-member')
def it_is_a_members(scene: Scene) -> None:
    join(scene.ant, ALIAS)
    asks(scene)


@situation('alias-refused-alias')
def it_is_an_alias(scene: Scene) -> None:
    give_alias(scene.ant, join(scene.ant, 'Bart'), ALIAS)
    asks(scene)


@situation('alias-refused-banned')
def it_is_banned(scene: Scene) -> None:
    IBanManager(scene.ant).ban(ALIAS)
    asks(scene)


@situation('alias-refused-list')
def it_is_a_lists(scene: Scene) -> None:
    asks(scene, 'ant-request@example.com')
    scene.reader = 'ant-owner@example.com'


@situation('alias-confirmed', ALIAS)
@situation('alias-added', 'anne@example.com')
def it_is_confirmed(scene: Scene, reader: str) -> None:
    confirms(scene)
    scene.reader = reader


@situation('alias-unknown')
def nothing_is_confirmed(scene: Scene) -> None:
    msg = letter(ALIAS, 'Re: Posting', message_id='<command@example.com>')
    config.switchboards['dlist'].enqueue(
        msg, listid=scene.ant.list_id, **{EXTENSION: f'confirm+{TOKEN}'}
    )
    run(DlistRunner, 'dlist')


@situation('alias-taken')
def the_alias_joins(scene: Scene) -> None:
    give_alias(scene.ant, scene.anne, ALIAS)
    join(scene.ant, ALIAS)


@situation('held-alias')
def a_post_from_an_alias_is_held(scene: Scene) -> None:
    author = AliasAuthor(ALIAS, scene.anne)
    lists.change(scene.ant, {'aliases_visible': True})
    alias_mail.name_member(scene.ant, letter(ALIAS, 'Midsummer picnic'), author)


@situation('request-alias-add', f'dlist alias add {ALIAS}')
@situation('request-alias-add-capitals', 'dlist alias add Me@Other.EXAMPLE')
@situation('request-alias-add-nothing', 'dlist alias add')
@situation('request-alias-add-no-ascii', 'dlist alias add me@bücher.example')
@situation('request-alias-add-no-address', 'dlist alias add me')
@situation('request-alias-add-with-name', f'dlist alias add Me <{ALIAS}>')
@situation('request-alias-add-several', 'dlist alias add a@x.example b@x.example')
@situation('request-alias-add-the-list', 'dlist alias add ant@example.com')
@situation('request-alias-remove-unknown', f'dlist alias remove {ALIAS}')
@situation('request-alias-list-none', 'dlist alias list')
@situation('request-alias-clear-none', 'dlist alias clear')
def anne_requests_an_alias(scene: Scene, text: str) -> None:
    scene.requests(text)
    scene.reader = 'anne@example.com'


@situation('request-alias-add-no-ascii-in-subject')
def anne_requests_in_the_subject(scene: Scene) -> None:
    """Mailman would leave the ü out, which makes another address of it."""
    subject = '=?utf-8?q?dlist_alias_add_me=40b=C3=BCcher=2Eexample?='
    scene.requests(' ', subject=subject)


@situation('request-alias-add-own', f'dlist alias add {ALIAS}')
@situation('request-alias-remove', f'dlist alias remove {ALIAS}')
@situation('request-alias-clear', 'dlist alias clear')
@situation('request-alias-list', 'dlist alias list')
@situation('request-alias', 'dlist alias')
def anne_has_aliases(scene: Scene, text: str) -> None:
    give_alias(scene.ant, scene.anne, ALIAS)
    asks(scene, 'you@other.example')
    queued('virgin')
    scene.requests(text)
    scene.reader = 'anne@example.com'


@situation('request-alias-add-too-many', 1)
@situation('request-alias-add-too-often', 2)
def anne_reached_the_limit(scene: Scene, limit: int) -> None:
    settings = SiteSettings(alias_limit=limit)
    scene.patch.setattr(site, 'site_settings', lambda: settings)
    for _ in range(limit - 1):
        asks(scene)
        aliases.clear(scene.ant, scene.anne)
        scene.patch.setattr(confirmation, 'new_token', lambda: TOKEN[::-1])
        aliases.ask(scene.ant, scene.anne, ALIAS)
    give_alias(scene.ant, scene.anne, 'old@other.example')
    queued('virgin')
    scene.reader = None
    scene.requests('dlist alias add you@other.example')


@situation('request-alias-add-off')
@situation('request-help-without-aliases', 'dlist help')
def owners_want_no_aliases(
    scene: Scene, text: str = f'dlist alias add {ALIAS}'
) -> None:
    lists.change(scene.ant, {'aliases': 'no'})
    config.db.commit()
    scene.requests(text)


@situation('help-without-aliases')
def owners_want_no_aliases_and_anne_help(scene: Scene) -> None:
    lists.change(scene.ant, {'aliases': 'no'})
    config.db.commit()
    scene.commands('help')


@situation('help-from-an-alias')
def anne_asks_for_help_from_an_alias(scene: Scene) -> None:
    give_alias(scene.ant, scene.anne, ALIAS)
    scene.commands('help', ALIAS)


@situation('request-from-an-alias-default', 'dlist default openings')
@situation('request-from-an-alias-help', 'dlist help')
@situation('request-from-an-alias-list', 'dlist alias list')
@situation('request-from-an-alias-remove', f'dlist alias remove {ALIAS}')
@situation('request-from-an-alias-remove-other', 'dlist alias remove you@other.example')
@situation('request-from-an-alias-add', 'dlist alias add new@other.example')
@situation('request-from-an-alias-clear', 'dlist alias clear')
def anne_requests_from_an_alias(scene: Scene, text: str) -> None:
    give_alias(scene.ant, scene.anne, ALIAS)
    give_alias(scene.ant, scene.anne, 'you@other.example')
    scene.requests(text, sender=ALIAS)


@situation('request-alias-list-answered-elsewhere', 'dlist alias list')
@situation('request-help-answered-elsewhere', 'dlist help')
def somebody_says_to_be_anne(scene: Scene, text: str) -> None:
    """Mailman believes Reply-To, but answers From."""
    give_alias(scene.ant, scene.anne, ALIAS)
    scene.requests(text, sender='zoe@elsewhere.example', reply_to='anne@example.com')


@situation('welcome-everything', Default.everything)
@situation('welcome-openings', Default.openings)
@situation('welcome-nothing', Default.nothing)
def bart_joins(scene: Scene, default: Default) -> None:
    lists.settings(scene.ant).new_member_default = default
    scene.ant.send_welcome_message = True
    config.db.commit()
    join(scene.ant, 'Bart')


class Newcomer:
    """Dora wants to join a list that asks; its moderators decide."""

    def __init__(self, scene: Scene):
        self.ant = scene.ant
        scene.patch.setattr(confirmation, 'new_token', lambda: TOKEN)
        lists.change(self.ant, {'essay': True})
        self.ant.subscription_policy = SubscriptionPolicy.moderate
        config.db.commit()
        self.registers()
        [(self.asked, _msgdata)] = queued('virgin')

    def registers(self, **how: Any) -> None:
        users = getUtility(IUserManager)
        email = 'dora@example.net'
        dora = users.get_address(email) or users.create_address(email, 'Dora')
        ISubscriptionManager(self.ant).register(dora, **how)
        config.db.commit()

    def answers(self, text: str) -> None:
        to = str(self.asked['reply-to'])
        msg = letter('dora@example.net', 'Re:', to, message_id='<answer@example.net>')
        msg.set_payload(text)
        config.switchboards['dlist'].enqueue(
            msg, listid=self.ant.list_id,
            **{EXTENSION: to.partition('@')[0].partition('+')[2]},
        )
        run(DlistRunner, 'dlist')


@situation('essay-questions')
def dora_wants_to_join(scene: Scene) -> None:
    Newcomer(scene).registers()


@situation('essay-questions-of-the-owners')
def dora_is_asked_what_the_owners_want_to_know(scene: Scene) -> None:
    dora = Newcomer(scene)
    questions = 'Hello!\n\n* What is $listname to you?\n* Do you have *goats*?'
    lists.change(dora.ant, {'essay_questions': questions})
    dora.registers()


@situation('essay-invitation')
def dora_is_invited(scene: Scene) -> None:
    scene.patch.setattr(confirmation, 'new_token', lambda: TOKEN)
    lists.change(scene.ant, {'essay': True, 'ask_invited': True})
    users = getUtility(IUserManager)
    dora = users.create_address('dora@example.net', 'Dora')
    ISubscriptionManager(scene.ant).register(dora, invitation=True)
    config.db.commit()


@situation('essay-again')
def dora_says_nothing(scene: Scene) -> None:
    Newcomer(scene).answers('')


@situation('essay-again-with-a-length')
def dora_says_nothing_where_much_is_wanted(scene: Scene) -> None:
    lists.change(scene.ant, {'essay_min_length': '200'})
    Newcomer(scene).answers('')


@situation('essay-length')
def dora_says_little(scene: Scene) -> None:
    lists.change(scene.ant, {'essay_min_length': '200'})
    Newcomer(scene).answers('I have goats.')


@situation('essay-arrived')
def dora_has_answered(scene: Scene) -> None:
    scene.reader = 'dora@example.net'
    Newcomer(scene).answers('I have goats.')


@situation('essay-to-moderators')
def dora_answers(scene: Scene) -> None:
    scene.reader = 'ant-owner@example.com'
    Newcomer(scene).answers('I have goats.\n\nTwo of them:\n* Bella\n* Stella\n')


@situation('essay-answered')
def dora_answers_twice(scene: Scene) -> None:
    dora = Newcomer(scene)
    dora.answers('I have goats.')
    queued('virgin')
    dora.answers('Three of them.')


@situation('essay-over')
def dora_answers_too_late(scene: Scene) -> None:
    dora = Newcomer(scene)
    pass_time(4 * DAY)
    getUtility(IPendings).evict()
    dora.answers('I have goats.')


@situation('became-plain', 'posting_pipeline', 'default-posting-pipeline')
@situation('remains-plain', 'posting_chain', 'default-posting-chain')
def somebody_takes_half_of_it(scene: Scene, attribute: str, value: str) -> None:
    setattr(scene.ant, attribute, value)
    config.db.commit()
    make_whole()


@situation('request-essay')
def anne_reads_her_answer(scene: Scene) -> None:
    keeping.start(scene.ant, 'anne@example.com', 'I have *goats*.', invited=False)
    keeping.joined(scene.ant, scene.anne)
    config.db.commit()
    scene.requests('dlist essay')


@situation('request-essay-of-another')
def somebody_wants_to_read_it(scene: Scene) -> None:
    keeping.start(scene.ant, 'anne@example.com', 'I have *goats*.', invited=False)
    keeping.joined(scene.ant, scene.anne)
    config.db.commit()
    scene.requests(
        'dlist essay', sender='dora@example.net', reply_to='anne@example.com'
    )


@situation('request-essay-without-one')
def anne_has_not_answered(scene: Scene) -> None:
    scene.requests('dlist essay')


def what_happened_to_anne(scene: Scene) -> None:
    scene.commands('picnic+mute')
    scene.commands('picnic+mute+7d')
    scene.commands('picnic+reset')
    give_alias(scene.ant, scene.anne, ALIAS)
    config.db.commit()
    scene.commands('goat+follow', ALIAS)
    olga = By(Door.web, 'olga@example.com')
    notify(ChangedEvent(scene.ant, olga, 'pin', scene.goat, scene.anne))
    aliases.clear(scene.ant, scene.anne, By(Door.rest))
    choices.choose(
        scene.ant, scene.goat, scene.anne, Choice.mute, By(Door.link)
    )
    preferences.change(scene.ant, scene.anne, {'default': 'openings'}, By(Door.cli))
    notify(
        ChangedEvent(scene.ant, AUTOMATIC, 'essay', None, scene.anne, '', 'accepted')
    )
    config.db.commit()
    queued('virgin')


@situation('request-history')
def anne_reads_her_history(scene: Scene) -> None:
    what_happened_to_anne(scene)
    scene.requests('dlist history')


@situation('request-history-from-an-alias')
def anne_reads_her_history_elsewhere(scene: Scene) -> None:
    what_happened_to_anne(scene)
    give_alias(scene.ant, scene.anne, ALIAS)
    config.db.commit()
    scene.requests('dlist history', sender=ALIAS)


@situation('request-history-none')
def nothing_happened_to_anne(scene: Scene) -> None:
    choices.forget(scene.ant, scene.picnic, join(scene.ant, 'Bart'), By(Door.cli))
    scene.requests('dlist history')


def as_read(msg: Any) -> str:
    """Return a mail as a mail program shows it."""
    fields = [
        f'{name}: {make_header(decode_header(str(msg[name])))}'
        for name in ('From', 'Reply-To', 'To', 'Subject')
        if name in msg
    ]
    text, *attached = msg.get_payload() if msg.is_multipart() else [msg]
    said = text.get_payload(decode=True).decode(text.get_content_charset())
    parts = [f'(attached: {each.get_content_type()})' for each in attached]
    lines = [*fields, '', *said.splitlines(), *parts]
    return ''.join(f'{line.rstrip()}\n' for line in lines)


@pytest.mark.parametrize('name', SITUATIONS)
def test_people_read_what_the_file_says(name, mailman, monkeypatch):
    scene = Scene(monkeypatch)
    SITUATIONS[name](scene)
    [msg] = [
        msg for msg, _msgdata in queued('virgin') if scene.reader in (None, msg['to'])
    ]
    said, file = as_read(msg), GOLDEN / f'{name}.txt'
    if WRITE:
        file.write_text(said, encoding='utf-8')
    assert said == file.read_text(encoding='utf-8')


@pytest.mark.parametrize('name', SITUATIONS)
def test_lines_fit_a_narrow_window(name):
    said = (GOLDEN / f'{name}.txt').read_text(encoding='utf-8')
    assert [line for line in said.splitlines() if len(line) > 72] == []


def test_every_file_has_a_situation():
    assert {path.stem for path in GOLDEN.iterdir()} == set(SITUATIONS)
