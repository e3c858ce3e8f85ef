# SPDX-License-Identifier: GPL-3.0-or-later
"""Who receives what, and whose word counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from types import SimpleNamespace

import pytest

from mailman_dlist.domain.following import (
    Access,
    Choice,
    Default,
    Reason,
    Standing,
    Terms,
    Why,
    counting,
    receives,
    replaces,
)


TABLE = [
    (Default.everything, None, True, True),
    (Default.everything, Choice.follow, True, True),
    (Default.everything, Choice.mute, True, False),
    (Default.openings, None, True, False),
    (Default.openings, Choice.follow, True, True),
    (Default.openings, Choice.mute, False, False),
    (Default.nothing, None, False, False),
    (Default.nothing, Choice.follow, True, True),
    (Default.nothing, Choice.mute, False, False),
]
AUTOMATIC = (Reason.opened, Reason.replied, Reason.imported)


@pytest.mark.parametrize(('default', 'choice', 'opening', 'replies'), TABLE)
def test_a_choice_outweighs_the_default(default, choice, opening, replies):
    assert receives(default, choice, opening=True) is opening
    assert receives(default, choice, opening=False) is replies
    assert Standing(default, choice).hears_replies is replies


def test_the_table_has_every_row():
    rows = {(default, choice) for default, choice, _, _ in TABLE}
    assert rows == set(product(Default, (None, *Choice)))


@pytest.mark.parametrize('access', [Access.moderated, Access.invitation])
@pytest.mark.parametrize(('default', 'choice'), [*product(Default, (None, *Choice))])
def test_replies_of_a_restricted_conversation_reach_followers_only(
    access, default, choice
):
    terms = Terms(access)
    follows = choice is Choice.follow
    assert receives(default, choice, opening=False, terms=terms) is follows
    # Everything counts as openings.
    counts_as = Default.openings if default is Default.everything else default
    heard = receives(counts_as, choice, opening=True)
    assert receives(default, choice, opening=True, terms=terms) is heard
    standing = Standing(default, choice, choice and Reason.mail, terms=terms)
    assert standing.hears_replies is follows
    assert standing.why is (Why.followed if follows else Why.openings)


@pytest.mark.parametrize('access', Access)
@pytest.mark.parametrize(('default', 'choice'), [*product(Default, (None, *Choice))])
def test_a_mandatory_conversation_reaches_everybody(access, default, choice):
    terms = Terms(access, mandatory=True)
    for opening in True, False:
        assert receives(default, choice, opening=opening, terms=terms)
    standing = Standing(default, choice, choice and Reason.mail, terms=terms)
    follows = choice is Choice.follow
    assert standing.why is (Why.followed if follows else Why.mandatory)
    assert standing.why.hears_replies and standing.hears_replies


MONDAY = datetime(2026, 11, 16, 12)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize('lasting', [None, *Choice])
def test_a_pause_outweighs_a_choice_until_it_ends(lasting):
    pause = SimpleNamespace(ends=MONDAY)
    assert counting(lasting, None, MONDAY) is lasting
    assert counting(lasting, pause, MONDAY - SECOND) is pause
    assert counting(lasting, pause, MONDAY) is lasting
    assert counting(lasting, pause, MONDAY + SECOND) is lasting


@pytest.mark.parametrize(('old', 'new'), [*product((None, *Reason), Reason)])
def test_only_a_person_overrules_a_person(old, new):
    by_person = old is not None and old not in AUTOMATIC
    assert replaces(new, old) is not (by_person and new in AUTOMATIC)


@pytest.mark.parametrize(('default', 'choice', 'reason', 'why'), [
    *((default, Choice.follow, reason, Why.followed)
      for default in Default for reason in Reason
      if reason not in (Reason.opened, Reason.replied)),
    *((default, Choice.follow, Reason.opened, Why.opened) for default in Default),
    *((default, Choice.follow, Reason.replied, Why.replied) for default in Default),
    (Default.everything, None, None, Why.everything),
    # Only openings reach these.
    (Default.openings, None, None, Why.openings),
    (Default.everything, Choice.mute, Reason.mail, Why.openings),
])
def test_whoever_is_reached_is_told_why(default, choice, reason, why):
    standing = Standing(default, choice, reason)
    assert standing.why is why
    assert why.hears_replies is standing.hears_replies


@pytest.mark.parametrize(('reason', 'number', 'label', 'automatic'), [
    (Reason.mail, 1, 'mail', False),
    (Reason.web, 2, 'web', False),
    (Reason.link, 3, 'link', False),
    (Reason.rest, 4, 'rest', False),
    (Reason.cli, 5, 'cli', False),
    (Reason.owner, 6, 'owner', False),
    (Reason.opened, 7, 'opened', True),
    (Reason.replied, 8, 'replied', True),
    (Reason.imported, 9, 'import', True),
])
def test_the_reasons_keep_their_numbers_and_words(reason, number, label, automatic):
    assert reason.value == number
    assert reason.label == label
    assert reason.automatic is automatic


@pytest.mark.parametrize(('word', 'number'), [
    (Default.everything, 1), (Default.openings, 2), (Default.nothing, 3),
    (Choice.follow, 1), (Choice.mute, 2),
    (Why.everything, 1), (Why.openings, 2), (Why.followed, 3), (Why.opened, 4),
    (Why.replied, 5), (Why.mandatory, 6),
])
def test_what_is_stored_keeps_its_number(word, number):
    assert word.value == number
