# SPDX-License-Identifier: GPL-3.0-or-later
"""Two members confirm one address in the same moment, and one of them has it [U14].

Databases differ in when they say that somebody was quicker: this runs on all.
"""

from __future__ import annotations

from typing import Any

import pytest
from mailman.config import config
from mailman.utilities.datetime import now
from sqlalchemy import insert

from mailman_dlist.app.aliases import eligibility, requests
from mailman_dlist.app.aliases.requests import CannotBeAlias
from mailman_dlist.domain import confirmation
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.model.aliases import Alias
from mailman_dlist.model.session import store
from tests.model.stage import count_rows, join, queued


pytestmark = pytest.mark.every_database


ALIAS = 'me@other.example'


def test_the_loser_is_told_why(mlist, monkeypatch):
    bart, cris = join(mlist, 'Bart'), join(mlist, 'Cris')
    tokens: list[str] = []
    monkeypatch.setattr(confirmation, 'new_token', lambda: tokens[-1])
    for letter in 'ab':
        tokens.append(letter * 16)
        requests.ask(mlist, {'a': bart, 'b': cris}[letter], ALIAS)
    queued('virgin')
    others = {
        'list_id': mlist.list_id, 'email': ALIAS, 'member_id': cris.member_id,
        'confirmed_at': now(),
    }
    find = eligibility.find
    looks: list[Any] = []

    def find_and_be_overtaken(*given: Any) -> Any:
        found = find(*given)
        looks.append(found)
        if len(looks) == 1:
            # Another process, after this one has looked.
            with config.db.engine.begin() as connection:
                connection.execute(insert(Alias), others)
        return found

    monkeypatch.setattr(eligibility, 'find', find_and_be_overtaken)
    with pytest.raises(CannotBeAlias):
        requests.confirm(tokens[0])
    # The way stood open at first.
    assert [each is None for each in looks] == [True, False]
    store().rollback()
    assert count_rows(Alias) == {'dlist_alias': 1}
    assert dict(requests.show(cris)) == {ALIAS: AliasState.confirmed}
    assert dict(requests.show(bart)) == {ALIAS: AliasState.pending}
    [(mail, _msgdata)] = queued('virgin')
    assert mail['to'] == ALIAS
    said = mail.get_payload(decode=True).decode()
    assert 'A member of the list already posts from this address.' in said


def test_two_answers_of_one_member_are_one_alias(mlist, monkeypatch):
    """By mail and by the button, in the same moment."""
    bart = join(mlist, 'Bart')
    monkeypatch.setattr(confirmation, 'new_token', lambda: 'a' * 16)
    requests.ask(mlist, bart, ALIAS)
    queued('virgin')
    row = {
        'list_id': mlist.list_id, 'email': ALIAS, 'member_id': bart.member_id,
        'confirmed_at': now(),
    }
    find = eligibility.find

    def find_and_be_overtaken(*given: Any) -> Any:
        found = find(*given)
        with config.db.engine.begin() as connection:
            connection.execute(insert(Alias), row)
        return found

    monkeypatch.setattr(eligibility, 'find', find_and_be_overtaken)
    assert requests.confirm('a' * 16).state is AliasState.confirmed
    assert count_rows(Alias) == {'dlist_alias': 1}
    # The other one told it.
    assert queued('virgin') == []
