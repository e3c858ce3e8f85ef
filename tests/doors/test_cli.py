# SPDX-License-Identifier: GPL-3.0-or-later
"""``mailman dlist``: what it prints, what it does, and how it exits."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from mailman.config import config
from mailman.interfaces.command import ICLISubCommand
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.testing.helpers import configuration
from mailman.utilities.modules import find_components
from sqlalchemy import text

from mailman_dlist.app import lists, lookup
from mailman_dlist.app.following import choices
from mailman_dlist.commands import shared, site
from mailman_dlist.commands.dlist import Dlist, dlist
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice
from mailman_dlist.domain.values import yes_or_no
from mailman_dlist.interfaces.conversation import Posting
from mailman_dlist.interfaces.dlist import CHAIN
from mailman_dlist.model import schema
from mailman_dlist.model.base import metadata
from mailman_dlist.model.session import store
from tests.doors.scene import (
    ANSWERED,
    OPENED,
    PICNIC,
    Scene,
    picnic_and_cat,
    post,
    rename,
)
from tests.model.stage import DAY, join, new_list, now, pass_time, queued
from tests.rest import Client


@pytest.fixture
def scene(mailman: Any) -> Scene:
    return picnic_and_cat()


def run(line: str) -> Result:
    """Type ``mailman dlist`` and the rest of a line."""
    result = CliRunner().invoke(dlist, line.split(), prog_name='mailman dlist')
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    # What was not committed is not done.
    store().rollback()
    return result


def prints(line: str) -> str:
    result = run(line)
    assert (result.exit_code, result.stderr) == (0, '')
    return result.stdout


def shows(line: str) -> Any:
    return json.loads(prints(f'{line} --json'))


# Settings.


@pytest.mark.parametrize('name', [
    'cat@example.com', 'cat.example.com', 'CAT@Example.com',
])
def test_a_list_becomes_a_dlist(name, scene):
    assert prints(f'enable {name}') == (
        'cat@example.com is now a dlist.\n'
        'Members start a conversation by writing to cat+new@example.com.\n'
    )
    assert shows('settings cat@example.com')['enabled'] is True
    assert prints(f'enable {name}') == 'cat@example.com is already a dlist.\n'


def test_a_dlist_becomes_a_plain_list(scene):
    assert prints('disable ant@example.com') == (
        'ant@example.com is now a plain list.\n'
    )
    assert scene.mlist.posting_chain == 'default-posting-chain'
    assert prints('disable ant@example.com') == (
        'ant@example.com is already a plain list.\n'
    )
    prints('enable ant@example.com')
    assert scene.mlist.posting_chain == CHAIN
    assert len(shows('conversations ant@example.com')) == 1


def test_settings_are_shown(scene):
    assert prints('settings ant@example.com') == (
        'enabled             yes\n'
        'plain_posts         open\n'
        'new_member_default  everything\n'
        'footers             yes\n'
        'one_click           list\n'
        'close_after         0\n'
        'access              open\n'
        'mandatory           no\n'
        'essay               no\n'
        'essay_questions\n'
        'essay_min_length    1\n'
        'ask_invited         no\n'
        'essay_retention     0\n'
        'aliases             yes\n'
        'aliases_visible     no\n'
        'audit_retention     365\n'
    )
    assert prints('settings cat@example.com') == 'enabled  no\n'


def test_settings_are_changed_and_shown_as_they_are_then(scene):
    shown = prints('settings ant@example.com footers=no plain_posts=Hold')
    assert shown == prints('settings ant@example.com')
    assert shown.splitlines()[1:4:2] == [
        'plain_posts         hold', 'footers             no',
    ]


def test_settings_for_programs_are_those_of_rest(scene):
    given = shows('settings ant@example.com new_member_default=openings')
    for_rest = Client().get('lists/ant.example.com')
    assert given.items() <= for_rest.items()
    assert for_rest.keys() - given.keys() == {'self_link', 'http_etag'}


def test_the_help_names_every_setting_with_its_values(scene):
    said = prints('settings --help')
    for name, reader in {'enabled': yes_or_no, **lists.READERS}.items():
        [line] = re.findall(rf'^ +{name} (.*)$', said, re.M)
        line = line.partition(':')[0]
        offered = re.findall(r'\w+', line)
        if name == 'essay_questions':
            continue
        if ' to ' in line:
            least, _to, most, *_unit = offered
            for allowed in least, most:
                reader(allowed)
            for wrong in int(least) - 1, int(most) + 1:
                with pytest.raises(ValueError, match=r'.'):
                    reader(str(wrong))
            continue
        for value in offered:
            reader(value)
        with pytest.raises(ValueError, match=offered[0]) as raised:
            reader('?')
        # In any order.
        named = re.findall(r'\w+', str(raised.value).replace(' or ', ' '))
        assert sorted(named) == sorted(offered)


def test_dlists_are_listed(scene):
    new_list('bee')
    assert prints('lists') == 'ant@example.com\nbee@example.com\n'
    assert [view['list_id'] for view in shows('lists')] == [
        'ant.example.com', 'bee.example.com',
    ]
    for name in 'ant', 'bee':
        prints(f'disable {name}@example.com')
    assert prints('lists') == ''
    assert shows('lists') == []


# Members.


def test_members_are_shown_with_their_defaults(scene):
    assert prints('members ant@example.com cris@example.com default=openings') == (
        'email           cris@example.com\n'
        'default         openings\n'
        'follow_opened   yes\n'
        'follow_replied  yes\n'
    )
    assert prints('members ant@example.com CRIS@example.com').splitlines()[1] == (
        'default         openings'
    )
    assert prints('members ant@example.com') == (
        'EMAIL             DEFAULT     FOLLOW_OPENED  FOLLOW_REPLIED\n'
        'anne@example.com  everything  yes            yes\n'
        'bart@example.com  everything  yes            yes\n'
        'cris@example.com  openings    yes            yes\n'
    )
    anne = shows('members ant@example.com anne@example.com follow_opened=no')
    assert anne.pop('member_id') == scene.anne.hex
    assert anne == {
        'email': 'anne@example.com',
        'default': 'everything',
        'follow_opened': False,
        'follow_replied': True,
    }
    assert len(shows('members ant@example.com')) == 3


def test_a_list_may_have_no_members(scene):
    new_list('bee')
    assert prints('members bee@example.com') == 'bee@example.com has no members.\n'
    assert shows('members bee@example.com') == []


# Questions before joining.


def test_questions_are_asked_shown_and_asked_no_more(scene, tmp_path):
    scene.mlist.subscription_policy = SubscriptionPolicy.confirm_then_moderate
    store().commit()
    nothing = 'ant@example.com does not ask newcomers anything.\n'
    assert prints('essay ant@example.com') == nothing
    file = tmp_path / 'questions.txt'
    file.write_text('Who are you?\n\n* And *why*?\n', encoding='utf-8')
    asked = (
        'ant@example.com asks newcomers:\n'
        '\n'
        'Who are you?\n'
        '\n'
        '* And *why*?\n'
    )
    assert prints(f'essay ant@example.com --set {file}') == asked
    assert prints('essay ant@example.com --show') == asked
    assert prints('essay ant@example.com --off') == nothing
    assert shows('essay ant@example.com') == {
        'essay': False,
        'essay_questions': 'Who are you?\n\n* And *why*?',
        'essay_min_length': 1,
        'ask_invited': False,
        'essay_retention': 0,
    }
    assert 'essay_questions     Who are you?  * And *why*?' in prints(
        'settings ant@example.com')
    file.write_text('')
    assert prints(f'essay ant@example.com --set {file}').endswith(
        'Who are you, and why would you like to join this list?\n')


@pytest.mark.parametrize(('policy', 'warns'), [
    (SubscriptionPolicy.open, True),
    (SubscriptionPolicy.confirm, True),
    (SubscriptionPolicy.moderate, False),
    (SubscriptionPolicy.confirm_then_moderate, False),
])
def test_questions_that_no_moderator_reads_are_warned_of(
    policy, warns, scene, tmp_path
):
    scene.mlist.subscription_policy = policy
    store().commit()
    file = tmp_path / 'questions.txt'
    file.write_text('Who are you?')
    for line in (
        'settings ant@example.com essay=yes', f'essay ant@example.com --set {file}'
    ):
        result = run(line)
        assert result.exit_code == 0
        warned = (
            'Warning: The subscription policy of ant@example.com is '
            f'"{policy.name}": people join as soon as they have answered'
        )
        assert result.stderr.startswith(warned) is warns, line
        assert bool(result.stderr) is warns, line
    for line in (
        'settings ant@example.com', 'settings ant@example.com footers=no',
        'settings ant@example.com essay=no', 'essay ant@example.com',
    ):
        assert run(line).stderr == '', line
    answer = Client().ask('lists/ant.example.com', 'PATCH', {'essay': 'yes'})
    assert answer.status_code == (200 if warns else 204)
    if warns:
        [warning] = answer.json['warnings']
        assert '"confirm_then_moderate"' in warning


# Conversations.


def test_conversations_are_shown_in_columns(scene):
    rename('picnic', 'a-very-long-name')
    assert prints('conversations ant@example.com') == (
        'NAME              STATE  POSTS  LAST POST             SUBJECT\n'
        f'a-very-long-name  open   2      {ANSWERED}  Picnic\n'
    )


def test_there_may_be_none(scene):
    prints('enable cat@example.com')
    assert prints('conversations cat@example.com') == (
        'No such conversations on cat@example.com.\n'
    )
    assert shows('conversations cat@example.com') == []


@pytest.mark.parametrize(('options', 'names'), [
    ('', ['walk']),
    ('--closed', ['picnic']),
    ('--all', ['picnic', 'walk']),
    ('--search WAL', ['walk']),
    ('--search pic', []),
    ('--search Pic --all', ['picnic']),
])
def test_open_conversations_are_shown_unless_asked_otherwise(options, names, scene):
    mlist = scene.mlist
    post(mlist, 'new+walk', join(mlist, 'Emma'), 'To the lake', 'w@x')
    found = lookup.find(mlist, 'picnic')
    assert found is not None
    found.posting = Posting.closed
    store().commit()
    shown = shows(f'conversations ant@example.com {options}')
    assert sorted(view['name'] for view in shown) == names


def test_one_conversation(scene):
    assert prints('show ant@example.com picnic') == f"""\
name          picnic
subject       Picnic
state         open
posting       open
access        open
mandatory     no
posts         2
opened_at     {OPENED}
last_post_at  {ANSWERED}
message_id    1@example.com

Addresses:
  reply   ant+picnic@example.com
  follow  ant+picnic+subscribe@example.com
  mute    ant+picnic+unsubscribe@example.com
  reset   ant+picnic+reset@example.com

2 of 3 members will receive the next reply.

Choices:
  EMAIL             CHOICE  REASON  UNTIL
  anne@example.com  follow  opened  for good
  bart@example.com  mute    mail    for good
"""


def test_one_conversation_for_programs(scene):
    shown = shows('show ant@example.com picnic')
    assert shown.pop('audience') == {'hear': 2, 'members': 3}
    assert shown.pop('addresses')['mute'] == 'ant+picnic+unsubscribe@example.com'
    choices = shown.pop('choices')
    assert [each['member_id'] for each in choices] == [
        scene.anne.hex, scene.bart.hex,
    ]
    assert shown.items() <= Client().get(PICNIC).items()


def test_a_conversation_is_shown_by_an_old_name(scene):
    rename('picnic', 'outing')
    shown = prints('show ant@example.com PICNIC')
    assert shown == prints('show ant.example.com outing')
    assert 'ant+outing@example.com' in shown


def test_a_conversation_that_nobody_chose_about(scene):
    for name in 'anne', 'bart':
        prints(f'reset ant@example.com picnic {name}@example.com')
    assert prints('show ant@example.com picnic').endswith(
        '3 of 3 members will receive the next reply.\n'
        '\n'
        'No member has made a choice for it.\n'
    )


# Choices.


@pytest.mark.parametrize(('command', 'email', 'said', 'hear'), [
    ('follow', 'bart@example.com', 'now follows picnic.', 3),
    ('follow', 'Cris@Example.com', 'now follows picnic.', 2),
    ('mute', 'cris@example.com', 'has now muted picnic.', 1),
    (
        'reset',
        'bart@example.com',
        'no longer has a choice for picnic; the default applies: everything.',
        3,
    ),
])
def test_an_admin_chooses_for_a_member(command, email, said, hear, scene):
    for _ in range(2):
        assert prints(f'{command} ant@example.com picnic {email}') == (
            f'{email.lower()} {said}\n'
        )
        shown = shows('show ant@example.com picnic')
        assert shown['audience']['hear'] == hear
    if command != 'reset':
        made = {each['email']: each for each in shown['choices']}[email.lower()]
        assert (made['choice'], made['reason']) == (command, 'cli')


def test_after_a_pause_what_was_chosen_before_is_shown_at_once(scene):
    before = prints('show ant@example.com picnic')
    conversation = lookup.find(scene.mlist, 'picnic')
    for member_id, choice in (scene.anne, Choice.mute), (scene.bart, Choice.follow):
        member = lookup.member_with_id(scene.mlist, member_id)
        choices.choose(
            scene.mlist, conversation, member, choice, By(Door.mail), now() + DAY
        )
    store().commit()
    shown = shows('show ant@example.com picnic')
    assert [each['choice'] for each in shown['choices']] == ['mute', 'follow']
    assert {each['until'] for each in shown['choices']} == {'2005-08-02T08:49:23Z'}
    pass_time(DAY)
    assert prints('show ant@example.com picnic') == before


# Aliases.

ALIAS = 'alias ant@example.com bart@example.com'


def test_aliases_are_shown_in_columns(scene):
    assert prints(f'{ALIAS} --add me@other.example') == prints(ALIAS) == (
        'ALIAS             STATE\n'
        'b@other.example   confirmed\n'
        'me@other.example  pending\n'
    )
    assert shows(ALIAS) == [
        {'email': 'b@other.example', 'state': 'confirmed'},
        {'email': 'me@other.example', 'state': 'pending'},
    ]


def test_an_alias_that_is_added_is_asked_first(scene):
    queued('virgin')
    prints(f'{ALIAS} --add me@other.example')
    [(mail, _msgdata)] = queued('virgin')
    assert mail['to'] == 'me@other.example'


def test_one_thing_is_done_to_aliases_at_a_time(scene):
    result = run(f'{ALIAS} --add me@other.example --clear')
    assert result.exit_code == 2
    assert 'Use only one of --add, --remove and --clear.' in result.stderr
    assert len(shows(ALIAS)) == 1


def test_aliases_go(scene):
    prints(f'{ALIAS} --add me@other.example')
    assert shows(f'{ALIAS} --remove B@other.example') == [
        {'email': 'me@other.example', 'state': 'pending'},
    ]
    assert prints(f'{ALIAS} --clear') == 'bart@example.com has no aliases.\n'
    assert shows(ALIAS) == []


# The configuration of Mailman.


@pytest.mark.parametrize(('section', 'wrong'), [
    ('lmtp', 'mailman.runners.lmtp.LMTPRunner'),
    ('dlist', 'mailman_dlist.no.SuchRunner'),
    ('digest', 'mailman.runners.digest.DigestRunner'),
])
def test_a_runner_of_another_class_is_warned_of(section, wrong, scene):
    with configuration(f'runner.{section}', **{'class': wrong}):
        result = run('settings ant@example.com')
    assert result.exit_code == 0
    assert result.stderr.startswith(
        f'Warning: The class in section [runner.{section}] of mailman.cfg is {wrong}'
    )
    assert result.stdout == prints('settings ant@example.com')


# Refusals.


@pytest.mark.parametrize(('line', 'sentence'), [
    (f'{ALIAS} --add me', '"me" is not an address such as me@example.com'),
    (f'{ALIAS} --add b@other.example',
     'b@other.example is already an alias of this member'),
    (f'{ALIAS} --remove c@other.example', 'There is no alias "c@other.example"'),
    ('alias ant@example.com dora@example.com',
     'ant@example.com has no member "dora@example.com"'),
    ('enable bee@example.com', 'There is no list "bee@example.com"'),
    ('disable bee', 'There is no list "bee"'),
    ('settings été@example.com', 'There is no list "été@example.com"'),
    ('settings ant@example.com foot=no',
     'foot: unknown name; known names are enabled, plain_posts, '
     'new_member_default, footers, one_click, close_after, access, mandatory, '
     'essay, essay_questions, essay_min_length, ask_invited, essay_retention, aliases, '
     'aliases_visible, audit_retention'),
    ('settings ant@example.com plain_posts=hold footers=maybe',
     "footers: 'maybe' must be yes or no"),
    ('settings cat@example.com footers=no',
     'cat@example.com is not a dlist; '
     '"mailman dlist enable cat@example.com" turns it into one'),
    ('conversations cat@example.com',
     'cat@example.com is not a dlist; '
     '"mailman dlist enable cat@example.com" turns it into one'),
    ('essay cat@example.com --off',
     'cat@example.com is not a dlist; '
     '"mailman dlist enable cat@example.com" turns it into one'),
    ('members ant@example.com anne@example.com default=all',
     "default: 'all' must be everything, openings or nothing"),
    ('members ant@example.com dora@example.com default=openings',
     'ant@example.com has no member "dora@example.com"'),
    ('members cat@example.com',
     'cat@example.com is not a dlist; '
     '"mailman dlist enable cat@example.com" turns it into one'),
    ('show ant@example.com pinic',
     'ant@example.com has no conversation "pinic"; did you mean picnic?'),
    ('show ant@example.com walk', 'ant@example.com has no conversation "walk"'),
    ('follow ant@example.com walk bart@example.com',
     'ant@example.com has no conversation "walk"'),
    ('mute ant@example.com picnic dora@example.com',
     'ant@example.com has no member "dora@example.com"'),
    ('mute ant@example.com picnic bart🐜@example.com',
     'ant@example.com has no member "bart🐜@example.com"'),
    ('reset ant@example.com picnic bart',
     'ant@example.com has no member "bart"'),
])
def test_a_refusal_is_one_sentence_and_exit_code_1(line, sentence, scene):
    before = shows('settings ant@example.com'), shows('show ant@example.com picnic')
    result = run(line)
    assert result.stderr == f'Error: {sentence}\n'
    assert (result.exit_code, result.stdout) == (1, '')
    after = shows('settings ant@example.com'), shows('show ant@example.com picnic')
    assert after == before


@pytest.mark.parametrize('line', [
    'enable',
    'close ant@example.com',
    'enable --force ant@example.com',
    'settings ant@example.com footers',
    'members ant@example.com anne@example.com openings',
    'conversations ant@example.com --closed --all',
    'show ant@example.com',
    'follow ant@example.com picnic',
    'demo --corpus nowhere.mbox',
    'essay ant@example.com --show --off',
    'essay ant@example.com --set nowhere.txt',
])
def test_a_wrong_usage_is_exit_code_2(line, scene):
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, '')
    assert 'Usage: mailman dlist' in result.stderr


# The site.


@pytest.fixture
def no_tables(mailman: Any) -> Any:
    """A site that has not had the plugin before; its tables come back."""
    store().rollback()
    with config.db.engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text(f'DROP TABLE {schema.VERSION_TABLE}'))
    schema._checked = None
    yield
    store().rollback()
    schema.upgrade()


def test_upgrade_makes_the_tables(no_tables):
    new_list(style='legacy-default')
    refused = run('enable ant@example.com')
    assert refused.exit_code == 1
    assert 'run "mailman dlist upgrade"' in refused.stderr
    assert prints('upgrade') == (
        f'The tables have been created (revision {schema.head()}).\n'
    )
    prints('enable ant@example.com')
    assert prints('upgrade') == (
        f'The tables are up to date (revision {schema.head()}).\n'
    )


def test_upgrade_creates_tables_that_somebody_dropped_and_says_so(scene):
    store().rollback()
    with config.db.engine.begin() as connection:
        for table in 'dlist_choice', 'dlist_pause':
            connection.execute(text(f'DROP TABLE {table}'))
    said = [
        f'The table {table} was missing.  It has been created without the rows that it '
        'had; a backup may have them.'
        for table in ('dlist_choice', 'dlist_pause')
    ]
    current = f'The tables are up to date (revision {schema.head()}).'
    assert prints('upgrade') == '\n'.join([current, *said, ''])
    assert prints('upgrade') == f'{current}\n'
    assert prints('show ant@example.com picnic').endswith(
        'No member has made a choice for it.\n'
    )


@pytest.fixture
def newer_tables(mailman: Any) -> Any:
    """A site that had a later release."""

    def stamp(revision: str) -> None:
        store().rollback()
        with config.db.engine.begin() as connection:
            connection.execute(
                text(f'UPDATE {schema.VERSION_TABLE} SET version_num = :revision'),
                {'revision': revision},
            )
        schema._checked = None

    stamp('9999')
    yield
    stamp(schema.head())


def test_upgrade_leaves_newer_tables_alone(newer_tables):
    result = run('upgrade')
    assert result.exit_code == 1
    assert result.stderr.startswith(
        'Error: The tables of mailman-dlist have the newer revision 9999'
    )


@pytest.mark.parametrize(('options', 'passed'), [
    ('', []),
    ('--keep', ['--keep']),
    (f'--corpus {__file__}', ['--corpus', __file__]),
])
@pytest.mark.parametrize('code', [0, 1, 7])
def test_demo_runs_the_demo(options, passed, code, mailman, monkeypatch):
    commands = []

    def call(command: list[str]) -> int:
        commands.append(command)
        return code

    monkeypatch.setattr(site, '_run', call)
    assert run(f'demo {options}').exit_code == code
    assert commands == [[sys.executable, '-m', 'mailman_dlist.demo', *passed]]


@pytest.mark.parametrize(('program', 'code'), [
    ('pass', 0),
    ('raise SystemExit(7)', 7),
    (f'import os; os.kill(os.getpid(), {signal.SIGTERM:d})', 128 + signal.SIGTERM),
])
def test_the_exit_code_of_a_program_is_passed_on(program, code):
    assert site._run([sys.executable, '-c', program]) == code


def test_a_demo_may_put_its_mailman_away_after_ctrl_c(monkeypatch):
    wait = subprocess.Popen.wait
    interrupted: list[bool] = []

    def wait_and_be_interrupted(self: Any, *given: Any, **more: Any) -> int:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        return wait(self, *given, **more)

    monkeypatch.setattr(subprocess.Popen, 'wait', wait_and_be_interrupted)
    assert site._run([sys.executable, '-c', 'raise SystemExit(7)']) == 7


# Help.


def every_command() -> list[click.Command]:
    return list(dlist.commands.values())


def test_mailman_finds_one_command():
    (found,) = find_components('mailman_dlist.commands', ICLISubCommand)
    assert found is Dlist
    assert (found.name, found.command) == ('dlist', dlist)


@pytest.mark.parametrize('command', every_command(), ids=lambda each: each.name)
def test_help_has_an_example(command):
    result = CliRunner().invoke(dlist, [command.name, '--help'])
    assert result.exit_code == 0
    assert f'\n    mailman dlist {command.name}' in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_help_lists_every_command_on_a_line():
    output = CliRunner().invoke(dlist, ['--help']).output
    listed = output.partition('Commands:\n')[2].splitlines()
    assert [line.split()[0] for line in listed] == list(dlist.commands)
    assert not any(line.endswith('...') for line in listed)


def test_what_a_terminal_cannot_show_is_a_question_mark(monkeypatch):
    runner = CliRunner(charset='latin-1')

    @click.command()
    def speak() -> None:
        shared.say('Grüße 🐜')

    assert runner.invoke(speak).stdout_bytes == 'Grüße ?\n'.encode('latin-1')
