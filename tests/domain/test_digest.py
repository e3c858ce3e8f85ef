# SPDX-License-Identifier: GPL-3.0-or-later
"""Which messages a member wants in a digest, all rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from mailman_dlist.domain.digest import NO_WISH, Post, Span, Wish, wanted, wants
from mailman_dlist.domain.following import Access, Choice, Default, Terms, receives


MONDAY = datetime(2026, 11, 16, 12)
DAY = timedelta(days=1)
PICNIC = 7

FOLLOW, MUTE = Choice.follow, Choice.mute
TUESDAY_TO_THURSDAY = (Span(MONDAY + DAY, MONDAY + 3 * DAY),)

# The opening; replies of Monday, Wednesday and Friday, without a pause from Tuesday to
# Thursday and with it.
TABLE = [
    (Default.everything, None, True, 'MWF', 'MF'),
    (Default.everything, FOLLOW, True, 'MWF', 'MF'),
    (Default.everything, MUTE, True, '', ''),
    (Default.openings, None, True, '', ''),
    (Default.openings, FOLLOW, True, 'MWF', 'MF'),
    (Default.openings, MUTE, True, '', ''),
    (Default.nothing, None, False, '', ''),
    (Default.nothing, FOLLOW, False, 'MWF', 'MF'),
    (Default.nothing, MUTE, False, '', ''),
]


def of_picnic(days: int, *, opening: bool = False) -> Post:
    return Post(PICNIC, opening, MONDAY + days * DAY)


WEEK = {'M': of_picnic(0), 'W': of_picnic(2), 'F': of_picnic(4)}


@pytest.mark.parametrize(('default', 'choice', 'opening', 'replies', 'paused'), TABLE)
def test_openings_go_by_the_default_and_replies_by_the_standing(
    default, choice, opening, replies, paused
):
    for silences, heard in (((), replies), (TUESDAY_TO_THURSDAY, paused)):
        wish = Wish(choice, silences)
        days = [day for day, post in WEEK.items() if wants(default, wish, post)]
        assert ''.join(days) == heard
        # Who mutes what is there has had its opening.
        for day in range(5):
            assert wants(default, wish, of_picnic(day, opening=True)) is opening


def test_the_table_has_every_row():
    rows = {(default, choice) for default, choice, *_heard in TABLE}
    assert rows == set(product(Default, (None, *Choice)))


@pytest.mark.parametrize(('moment', 'heard'), [
    (timedelta(0), True),
    (timedelta(microseconds=1), False),
    (2 * DAY, False),
    (2 * DAY + timedelta(microseconds=1), True),
])
def test_a_pause_lasts_from_the_command_until_its_end(moment, heard):
    reply = Post(PICNIC, False, TUESDAY_TO_THURSDAY[0].start + moment)
    wish = Wish(silences=TUESDAY_TO_THURSDAY)
    assert wants(Default.everything, wish, reply) is heard


@pytest.mark.parametrize('default', Default)
def test_what_is_of_no_conversation_is_for_everybody(default):
    assert wants(default, Wish(MUTE), Post(None, False, MONDAY))


@pytest.mark.parametrize('opening', [True, False])
@pytest.mark.parametrize('access', Access)
@pytest.mark.parametrize(('default', 'choice'), [*product(Default, (None, *Choice))])
def test_what_a_conversation_decides_holds_for_digests(
    default, choice, access, opening
):
    wish = Wish(choice, TUESDAY_TO_THURSDAY)
    for day in range(5):
        post = of_picnic(day, opening=opening)
        terms = Terms(access, mandatory=True)
        assert wants(default, wish, replace(post, terms=terms))
        terms = Terms(access)
        before = None if opening else choice
        heard = receives(default, before, opening=opening, terms=terms)
        paused = day in (2, 3) and not opening
        assert wants(default, wish, replace(post, terms=terms)) is (
            heard and not paused
        )


def test_a_wish_is_about_one_conversation():
    goat = Post(8, False, MONDAY)
    posts = [WEEK['M'], goat, WEEK['F'], Post(None, False, MONDAY)]
    assert wanted(Default.everything, {}, posts) == {0, 1, 2, 3}
    assert wanted(Default.everything, {8: Wish(MUTE)}, posts) == {0, 2, 3}
    assert wanted(Default.nothing, {8: Wish(FOLLOW), 9: NO_WISH}, posts) == {1, 3}
