# SPDX-License-Identifier: GPL-3.0-or-later
"""The list that these tests talk about, and what is done to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.post import open_conversation
from tests.model.stage import ant_with, join


@pytest.fixture
def mlist(mailman: Any) -> Any:
    """The dlist ant@example.com, without members."""
    [mlist] = ant_with()
    return mlist


@pytest.fixture
def anne(mlist: Any) -> Any:
    return join(mlist, 'Anne')


@pytest.fixture
def picnic(mlist: Any) -> Any:
    return open_conversation(mlist)
