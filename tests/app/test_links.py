# SPDX-License-Identifier: GPL-3.0-or-later
"""A personal link does one thing for one member, or nothing at all."""

from __future__ import annotations

from base64 import b32decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zope.event
from mailman.app.lifecycle import remove_list
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.member import MemberRole
from zope.component import getUtility

from mailman_dlist.app import lists
from mailman_dlist.app.following import choices
from mailman_dlist.app.links import keys, making, pressing
from mailman_dlist.app.links.keys import KeyFileError
from mailman_dlist.app.links.pressing import UnknownLink
from mailman_dlist.domain.actors import By, Door
from mailman_dlist.domain.following import Choice, Default, Reason
from mailman_dlist.domain.links import token as links_token
from mailman_dlist.domain.links.token import Link, LinkAction
from mailman_dlist.interfaces.events import IChoiceEvent
from mailman_dlist.model import conversations as model
from mailman_dlist.model.following import choices_about
from mailman_dlist.model.session import store
from tests.app.post import open_conversation
from tests.app.web import BASE, PERSONAL, open_web
from tests.model.stage import DAY, ant_with, counted, join, new_list, now, pass_time


LIFETIME = 30


class Scene(NamedTuple):
    """Bart's link about *picnic*, which mutes; Cris is a member like him."""

    mlist: Any
    picnic: Any
    bart: Any
    cris: Any
    file: Path

    def token(self, member: Any = None, action: LinkAction = LinkAction.mute) -> str:
        return token_of(member or self.bart, self.picnic, action)

    def standing(self, member: Any = None) -> Any:
        return choices.standing(self.mlist, self.picnic, member or self.bart)


def token_of(
    member: Any, conversation: Any, action: LinkAction = LinkAction.mute
) -> str:
    url = making.personal(member.member_id, conversation.id, action)
    assert url.startswith(PERSONAL)
    return url.removeprefix(PERSONAL)


@pytest.fixture
def scene(mailman: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    file = open_web(tmp_path, monkeypatch, token_lifetime=LIFETIME)
    mlist, bart, cris = ant_with('Bart', 'Cris')
    return Scene(mlist, open_conversation(mlist), bart, cris, file)


# What links look like.


def test_a_personal_link_ends_with_a_token(scene):
    url = making.personal(scene.bart.member_id, scene.picnic.id, LinkAction.mute)
    assert len(url) == len(PERSONAL) + links_token.LENGTH
    assert 'bart' not in url


def test_a_plain_link_names_the_conversation(scene):
    expected = f'{BASE}/lists/ant.example.com/conversations/picnic/'
    assert making.plain(scene.mlist, 'picnic') == expected


def test_a_site_without_web_pages_has_no_links(scene, tmp_path, monkeypatch):
    file = open_web(tmp_path, monkeypatch, web_base_url='')
    assert making.plain(scene.mlist, 'picnic') == ''
    assert making.personal(scene.bart.member_id, 1, LinkAction.mute) == ''
    assert not file.exists()


# Where they lead.


@pytest.mark.parametrize(('action', 'wish'), [
    (LinkAction.mute, Choice.mute), (LinkAction.follow, Choice.follow),
])
def test_a_token_leads_to_its_member_and_conversation(action, wish, scene):
    choices.settings_of(scene.mlist, scene.bart).default = Default.openings
    landing = pressing.look(scene.token(action=action))
    assert landing.mlist == scene.mlist
    assert landing.conversation == scene.picnic
    assert landing.member == scene.bart
    assert landing.wish is wish
    assert landing.standing == scene.standing()
    assert landing.standing.default is Default.openings


@pytest.mark.parametrize(('ban', 'is_banned'), [
    ('bart@example.com', True), ('^bart', True), ('cris@example.com', False),
    # An owner's mistake, in which Mailman would fail.
    ('^*broken(', False),
])
def test_who_is_banned_has_no_links(ban, is_banned, scene):
    IBanManager(scene.mlist).ban(ban)
    store().commit()
    if is_banned:
        with pytest.raises(UnknownLink):
            pressing.act(scene.token(), Choice.mute)
    else:
        assert pressing.act(scene.token(), Choice.mute).member == scene.bart


@pytest.mark.parametrize('action', LinkAction)
def test_who_only_looks_changes_nothing(action, scene):
    text = scene.token(action=action)
    store().commit()
    before = scene.file.read_bytes()
    with counted() as statements:
        pressing.look(text)
        store().commit()
    assert {each.split()[0] for each in statements} == {'SELECT'}
    assert not any(choices_about(scene.picnic, scene.bart.member_id))
    assert scene.file.read_bytes() == before


def test_a_token_is_good_for_the_days_of_its_site(scene):
    text = scene.token()
    pass_time(LIFETIME * DAY)
    assert pressing.look(text).member == scene.bart
    pass_time(DAY)
    with pytest.raises(UnknownLink):
        pressing.look(text)


def test_a_token_signed_by_an_old_key_is_good_until_that_is_removed(scene):
    old = scene.token()
    line = scene.file.read_text()
    scene.file.write_text(f'{line}2 {"b2" * keys.KEY_OCTETS}\n')
    new = scene.token()
    assert pressing.look(old).member == pressing.look(new).member == scene.bart
    scene.file.write_text(scene.file.read_text().removeprefix(line))
    assert pressing.look(new).member == scene.bart
    with pytest.raises(UnknownLink):
        pressing.look(old)


# What is no link, or is one no longer.


def altered(scene: Scene) -> str:
    text = scene.token()
    return f'{text[:9]}{"a" if text[9] != "a" else "b"}{text[10:]}'


def signed_by_another(scene: Scene) -> str:
    """A token as it would be, but for the key."""
    good = scene.token()
    [key_id] = keys.accepted()
    link = links_token.read(good, keys.accepted(), now().date())
    assert link is not None
    return links_token.write(link, key_id, b'x' * keys.KEY_OCTETS)


def expired(scene: Scene) -> str:
    yesterday = now().date() - DAY
    link = Link(scene.bart.member_id, scene.picnic.id, LinkAction.mute, yesterday)
    return links_token.write(link, *keys.signing())


def key_removed(scene: Scene) -> str:
    text = scene.token()
    scene.file.write_text(f'2 {"b2" * keys.KEY_OCTETS}\n')
    return text


def key_replaced(scene: Scene) -> str:
    text = scene.token()
    scene.file.write_text(f'1 {"b2" * keys.KEY_OCTETS}\n')
    return text


def keys_gone(scene: Scene) -> str:
    text = scene.token()
    scene.file.unlink()
    return text


FORGERIES: list[Callable[[Scene], str]] = [
    lambda scene: '',
    lambda scene: 'x',
    lambda scene: 'q' * links_token.LENGTH,
    lambda scene: scene.token()[:-1],
    lambda scene: scene.token() + 'a',
    lambda scene: str(scene.bart.member_id),
    altered,
    signed_by_another,
    expired,
    key_removed,
    key_replaced,
    keys_gone,
]


@pytest.mark.parametrize('forge', FORGERIES)
def test_what_we_did_not_sign_is_refused_before_anything_is_asked(forge, scene):
    text = forge(scene)
    store().commit()
    with counted() as statements:
        for ask in pressing.look, lambda text: pressing.act(text, Choice.mute):
            with pytest.raises(UnknownLink) as raised:
                ask(text)
            assert str(raised.value) == str(UnknownLink())
    assert statements == []
    assert scene.standing().choice is None


def member_left(scene: Scene) -> str:
    text = scene.token()
    scene.bart.unsubscribe()
    return text


def joined_again(scene: Scene) -> str:
    text = member_left(scene)
    join(scene.mlist, 'Bart')
    return text


def member_of_another_list(scene: Scene) -> str:
    return scene.token(join(new_list('bee'), 'Bart'))


def no_member(scene: Scene) -> str:
    return scene.token(join(scene.mlist, 'Dora', role=MemberRole.owner))


def conversation_of_another_list(scene: Scene) -> str:
    return token_of(scene.bart, open_conversation(new_list('bee')))


def no_conversation(scene: Scene) -> str:
    link = Link(scene.bart.member_id, 2**31 - 1, LinkAction.mute, now().date())
    return links_token.write(link, *keys.signing())


def no_dlist(scene: Scene) -> str:
    lists.disable(scene.mlist)
    return scene.token()


def list_deleted(scene: Scene) -> str:
    text = scene.token()
    remove_list(scene.mlist)
    return text


DEAD = [
    member_left,
    joined_again,
    member_of_another_list,
    no_member,
    conversation_of_another_list,
    no_conversation,
    no_dlist,
    list_deleted,
]


@pytest.mark.parametrize('die', DEAD)
def test_a_link_that_leads_nowhere_is_refused_like_a_forged_one(die, scene):
    text = die(scene)
    store().commit()
    for ask in pressing.look, lambda text: pressing.act(text, Choice.mute):
        with pytest.raises(UnknownLink) as raised:
            ask(text)
        assert str(raised.value) == str(UnknownLink())


def test_without_sound_keys_no_token_is_judged(scene):
    text = scene.token()
    scene.file.chmod(0o644)
    for each in text, 'x':
        with pytest.raises(KeyFileError):
            pressing.look(each)


# What stands where one was quoted.


def test_a_quoted_link_becomes_the_plain_one_though_it_works_no_longer(scene):
    mine, written_before = scene.token(), former(scene)
    expected = making.plain(scene.mlist, 'picnic')
    assert pressing.look(written_before).member == scene.bart
    pass_time((LIFETIME + 1) * DAY)
    scene.bart.unsubscribe()
    for text in mine, mine.upper(), written_before:
        assert making.for_everybody(text) == expected
    assert making.for_everybody(altered(scene)) is None
    remove_list(scene.mlist)
    assert making.for_everybody(mine) == ''


def former(scene: Scene) -> str:
    """Return Bart's token as it was written before 2026-11-29."""
    octets = b32decode(f'{scene.token()}=', casefold=True)
    content = bytes([octets[0] ^ 0b1100_0000]) + octets[1:23]
    _id, key = keys.signing()
    return urlsafe_b64encode(content + links_token._sign(content, key)).decode()


# The button.


@pytest.mark.parametrize(('wish', 'choice'), [
    (Choice.mute, Choice.mute), (Choice.follow, Choice.follow), (None, None),
])
@pytest.mark.parametrize('before', [None, *Choice])
@pytest.mark.parametrize('action', LinkAction)
def test_a_link_does_what_its_member_wishes(action, before, wish, choice, scene):
    if before is not None:
        choices.choose(
            scene.mlist,
            scene.picnic,
            scene.bart,
            before,
            By(Door.mail),
            reason=Reason.opened,
        )
    landing = pressing.act(scene.token(action=action), wish)
    reason = None if choice is None else Reason.link
    for standing in landing.standing, scene.standing():
        assert (standing.choice, standing.reason) == (choice, reason)


def test_it_is_done_for_nobody_else_and_nothing_else(scene):
    walk = open_conversation(scene.mlist, 'walk')
    pressing.act(scene.token(), Choice.mute)
    store().expire_all()
    assert scene.standing().choice is Choice.mute
    assert scene.standing(scene.cris).choice is None
    assert choices.standing(scene.mlist, walk, scene.bart).choice is None


@pytest.mark.parametrize('wish', [*Choice, None])
def test_what_is_done_twice_is_done_once(wish, scene):
    choices.choose(
        scene.mlist,
        scene.picnic,
        scene.bart,
        Choice.follow,
        By(Door.mail),
        reason=Reason.replied,
    )
    store().commit()
    text = scene.token()
    heard: list[Any] = []
    zope.event.subscribers.append(heard.append)
    try:
        pressing.act(text, wish)
        first = made(scene)
        pass_time(timedelta(hours=1))
        pressing.act(text, wish)
    finally:
        zope.event.subscribers.remove(heard.append)
    assert made(scene) == first
    assert len([each for each in heard if IChoiceEvent.providedBy(each)]) == 1


def made(scene: Scene) -> Any:
    row, pause = choices_about(scene.picnic, scene.bart.member_id)
    return pause, row and (row.choice, row.reason, row.made_at)


def test_a_choice_for_a_while_becomes_one_for_good(scene):
    choices.choose(
        scene.mlist, scene.picnic, scene.bart, Choice.mute, By(Door.link), now() + DAY
    )
    landing = pressing.act(scene.token(), Choice.mute)
    assert landing.standing == scene.standing()
    assert landing.standing.choice is Choice.mute
    assert landing.standing.until is None
    pass_time(2 * DAY)
    assert scene.standing() == landing.standing


def test_what_a_link_did_is_committed(scene):
    pressing.act(scene.token(), Choice.mute)
    store().rollback()
    again = getUtility(IListManager).get_by_list_id('ant.example.com')
    picnic = model.named(again.list_id, 'picnic')
    assert picnic is not None
    assert choices.standing(again, picnic, scene.bart).choice is Choice.mute
