# SPDX-License-Identifier: GPL-3.0-or-later
"""What is amiss for a day does not fill the log for a day."""

from __future__ import annotations

import pytest

from mailman_dlist.domain import seldom


@pytest.fixture(autouse=True)
def nothing_said():
    seldom.forget()
    yield
    seldom.forget()


def test_each_matter_is_due_at_once_and_then_every_hour():
    ticks = range(0, 86_400, 10)
    said = [tick for tick in ticks if seldom.is_due('key', float(tick))]
    assert said == list(range(0, 86_400, 3600))
    assert seldom.is_due('tables', 5.0)
    assert not seldom.is_due('tables', 5.0)


def test_what_was_said_is_not_remembered_without_end():
    for matter in range(3 * seldom.MOST_REMEMBERED):
        assert seldom.is_due(matter, 0.0)
    assert len(seldom._said) <= seldom.MOST_REMEMBERED
