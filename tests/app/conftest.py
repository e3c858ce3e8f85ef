# SPDX-License-Identifier: GPL-3.0-or-later
"""The list that these tests talk about, and what is done to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.stage import new_list


@pytest.fixture
def mlist(mailman: Any) -> Any:
    """The dlist ant@example.com, without members."""
    return new_list()
