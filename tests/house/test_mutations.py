# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of faults that the tests must find is up to date; see `tests.mutations`."""

from __future__ import annotations

import ast

import pytest

from tests.house.tree import ROOT
from tests.mutations.listing import Fault, faults


FAULTS = [pytest.param(fault, id=fault.name) for fault in faults()]


@pytest.mark.parametrize('fault', FAULTS)
def test_a_fault_is_put_into_one_place_and_leaves_a_module(fault: Fault):
    source = (ROOT / fault.path).read_text('utf-8')
    faulty = fault.put_into(source)
    assert ast.dump(ast.parse(faulty)) != ast.dump(ast.parse(source))


@pytest.mark.parametrize('fault', FAULTS)
def test_the_tests_for_a_fault_are_there(fault: Fault):
    assert fault.tests
    for test in fault.tests:
        file, _, name = test.partition('::')
        path = ROOT / file
        assert path.exists()
        assert not name or f'def {name}(' in path.read_text('utf-8')
