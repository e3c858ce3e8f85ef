# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever says that it implements an interface does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from mailman.interfaces.chain import IChain
from mailman.interfaces.handler import IHandler
from mailman.interfaces.pipeline import IPipeline
from mailman.interfaces.rules import IRule
from mailman.interfaces.styles import IStyle, IStyleManager
from zope.component import getUtility
from zope.interface import implementedBy
from zope.interface.verify import verifyObject

import mailman_dlist
from mailman_dlist.app.copies.footers import DecoratedOnce
from mailman_dlist.app.essays.workflow import EssayManager
from mailman_dlist.app.notices.templates import AmendingLoader
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.chains.privacy import AsMember, Banned, Later, PrivateChain
from mailman_dlist.chains.refuse import DlistRefuseChain
from mailman_dlist.commands.eml_dlist import DlistEmailCommand
from mailman_dlist.commands.eml_join import Join
from mailman_dlist.domain.actors import AUTOMATIC
from mailman_dlist.domain.following import Reason
from mailman_dlist.handlers.acknowledgement import Acknowledgement
from mailman_dlist.handlers.collection import Collection
from mailman_dlist.handlers.decoration import Decoration
from mailman_dlist.handlers.headers import DlistHeaders
from mailman_dlist.interfaces.events import (
    ChangedEvent,
    ChoiceChangedEvent,
    ConversationOpenedEvent,
)
from mailman_dlist.model.conversations import Step
from mailman_dlist.pipelines.posting import Guarded, Once
from mailman_dlist.rules.destination import DlistDestination


NOBODY = AliasAuthor('shade@example.net', None)

# What is made from something else than nothing.
MADE_FROM: dict[type, Callable[[], Any]] = {
    AmendingLoader: lambda: AmendingLoader(None),
    DecoratedOnce: lambda: DecoratedOnce(DlistHeaders()),
    Decoration: lambda: Decoration(DlistHeaders()),
    ConversationOpenedEvent: lambda: ConversationOpenedEvent(None, None),
    ChoiceChangedEvent: lambda: ChoiceChangedEvent(None, None, None, None, Reason.mail),
    ChangedEvent: lambda: ChangedEvent(None, AUTOMATIC, 'close'),
    EssayManager: lambda: EssayManager(None),
    Collection: lambda: Collection(DlistHeaders()),
    Join: lambda: Join(DlistEmailCommand()),
    Once: lambda: Once(DlistHeaders(), Step.archive),
    Guarded: lambda: Guarded(DlistHeaders()),
    Acknowledgement: lambda: Acknowledgement(DlistHeaders()),
    PrivateChain: lambda: PrivateChain(DlistRefuseChain(), NOBODY),
    Banned: lambda: Banned(DlistDestination(), NOBODY),
    Later: lambda: Later(DlistDestination(), NOBODY),
    AsMember: lambda: AsMember(DlistDestination(), NOBODY),
}

# Written for another process, which has no Mailman.
APART = ('mailman_dlist.demo', 'mailman_dlist.web', 'mailman_dlist.model.migrations')


def implementers() -> Iterator[type]:
    """Yield every class of ours that names an interface itself."""
    for found in walk_packages(mailman_dlist.__path__, 'mailman_dlist.'):
        if found.name.startswith(APART):
            continue
        module = import_module(found.name)
        for _name, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == found.name and implementedBy(cls).declared:
                yield cls


def test_they_keep_their_promises(mailman_core):
    found = set(implementers())
    assert len(found) >= 15
    for cls in found:
        made = MADE_FROM.get(cls, cls)()
        for interface in implementedBy(cls).declared:
            assert verifyObject(interface, made)


@pytest.mark.parametrize(('registry', 'interface'), [
    ('chains', IChain), ('rules', IRule), ('handlers', IHandler),
    ('pipelines', IPipeline),
])
def test_mailman_finds_them_under_our_names(registry, interface, mailman):
    ours = {
        name: component
        for name, component in getattr(mailman, registry).items()
        if type(component).__module__.startswith('mailman_dlist.')
        # It stands before Mailman's own, under the name of that.
        and not isinstance(component, Decoration)
    }
    assert ours
    for name, component in ours.items():
        assert name.startswith('dlist-')
        assert verifyObject(interface, component)
        assert component.description


@pytest.mark.parametrize('name', ['dlist', 'dlist-essay'])
def test_mailman_finds_our_styles(name, mailman):
    style = getUtility(IStyleManager).get(name)
    assert verifyObject(IStyle, style)
    assert 'dlist' in str(style.description)
