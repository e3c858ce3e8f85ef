# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up the facts about all recipients of a message at once.

To write personal copies Mailman looks up, for every recipient again, the member, the
list's domain, its archives and its footer.  While `asked_once` lasts, the results come
from memory.  They are registered in front of Mailman's own utilities, by
zope.component's means for a place with utilities of its own, and only for callers in
this thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from string import Template
from types import SimpleNamespace
from typing import Any

from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import IListArchiverSet, IMailingList
from mailman.interfaces.template import ITemplateLoader, ITemplateManager
from mailman.interfaces.usermanager import IUserManager
from mailman.model.template import TemplateLoader
from public import public
from zope.component import getSiteManager, getUtility, hooks
from zope.interface.registry import Components

from mailman_dlist.app.notices.templates import AmendingLoader
from mailman_dlist.app.people.rosters import answering
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import recipients as model


# The number of recipients that are looked up together.  In full they take 7 KB of
# memory each; ten times as many made delivery a fifth slower (bench/deliver.py).
TOGETHER = 1_000

# The variables of a copy by which `AmendingLoader` and core choose a text; and those
# that are only tested for presence, since their values differ for everybody.
CHOOSING = frozenset({'language', 'dlist_footer'})
ASKED_FOR = 'dlist_link'


@public
@contextmanager
def asked_once(mlist: MailingList, recipients: Collection[str]) -> Iterator[People]:
    """Remember the results of Mailman's look-ups while one message is delivered."""
    people = People(mlist.list_id, recipients)
    registry = _registry(mlist, people)
    place = SimpleNamespace(getSiteManager=lambda: registry)
    hooks.setHooks()
    try:
        with answering(mlist, people), hooks.site(place):
            yield people
    finally:
        hooks.resetHooks()


class People:
    """Look up the recipients, thousands at a time.

    ``in_full`` says whether Mailman's own objects are needed, or whether the facts that
    most copies contain are enough (`model.recipients`).
    """

    in_full = True

    def __init__(self, list_id: str, recipients: Collection[str]):
        self._list_id = list_id
        self._emails = list(recipients)
        self._portions = {
            email: place // TOGETHER for place, email in enumerate(self._emails)
        }
        self._portion: int | None = None
        self._found = model.Found({}, {})

    def __contains__(self, email: str) -> bool:
        return email in self._portions

    def __getitem__(self, email: str) -> Member | None:
        self._turn_to(email)
        return self._found.members.get(email)

    def user(self, email: str) -> Any:
        self._turn_to(email)
        return self._found.users.get(email.lower())

    def _turn_to(self, email: str) -> None:
        portion = self._portions[email]
        if portion == self._portion:
            return
        emails = self._emails[portion * TOGETHER : (portion + 1) * TOGETHER]
        look_up = model.in_full if self.in_full else model.in_brief
        self._found = look_up(self._list_id, {each.lower() for each in emails})
        self._portion = portion


class Remembering:
    """Wrap an object of Mailman's and replace some of its attributes.

    :param answers: The replaced attributes by their names.
    """

    def __init__(self, original: Any, **answers: Any):
        self._original = original
        vars(self).update(answers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class Domains(Remembering):
    """The domain manager, which callers index by the host of a domain."""

    def __getitem__(self, mail_host: str) -> Any:
        return self.domain(mail_host)


def _registry(mlist: MailingList, people: People) -> Components:
    """Return a registry of utilities that remember, in front of the usual ones."""
    registry = Components('mailman-dlist', (getSiteManager(),))
    domains = getUtility(IDomainManager)
    lists = getUtility(IListManager)
    users = getUtility(IUserManager)

    def list_of(list_id: str) -> Any:
        return mlist if list_id == mlist.list_id else lists.get_by_list_id(list_id)

    def user_of(email: str) -> Any:
        return people.user(email) if email in people else users.get_user(email)

    for utility, interface in (
        (Domains(domains, domain=cache(domains.__getitem__)), IDomainManager),
        (Remembering(lists, get_by_list_id=list_of), IListManager),
        (Remembering(users, get_user=user_of), IUserManager),
        (_templates(getUtility(ITemplateLoader), mlist), ITemplateLoader),
    ):
        registry.registerUtility(utility, interface)
    archives = Remembering(
        theirs := IListArchiverSet(mlist),
        archivers=[_archiver(each) for each in theirs.archivers],
    )
    registry.registerAdapter(
        lambda asking: archives if asking is mlist else type(theirs)(asking),
        (IMailingList,),
        IListArchiverSet,
    )
    return registry


def _archiver(archiver: Any) -> Remembering:
    """Return an archiver that looks up the future address of the message only once.

    Some archivers ask a web server for that.
    """
    links: list[str | None] = []

    def permalink(mlist: MailingList, msg: Any) -> str | None:
        # An error is not remembered: the next call fails again, and Mailman logs it.
        if not links:
            links.append(system.permalink(mlist, msg))
        return links[0]

    # Every access to these two creates all archivers of the site anew.
    system, is_enabled = archiver.system_archiver, archiver.is_enabled
    return Remembering(
        archiver,
        is_enabled=is_enabled,
        system_archiver=Remembering(system, permalink=permalink),
    )


def _templates(loader: Any, mlist: MailingList) -> Any:
    """Return a loader that remembers the texts of a list.

    A loader that we do not know may choose by anything: it is called every time.
    """
    known = type(loader) is AmendingLoader and type(loader._loader) is TemplateLoader
    return Templates(loader, mlist) if known else loader


class Templates(Remembering):
    """The template loader; see `_templates`."""

    def __init__(self, loader: Any, mlist: MailingList):
        super().__init__(loader)
        self._mlist = mlist
        self._texts: dict[tuple[Any, ...], str] = {}
        self._choosing = cache(self._find_choosing)

    def get(self, name: str, context: Any = None, **kws: Any) -> str:
        """See `ITemplateLoader`."""
        if context is not self._mlist:
            return self._original.get(name, context, **kws)
        key = (
            name,
            bool(kws.get(ASKED_FOR)),
            *(kws.get(variable) for variable in self._choosing(name)),
        )
        if key not in self._texts:
            self._texts[key] = self._original.get(name, context, **kws)
        return self._texts[key]

    def chooses_alike(self, name: str) -> bool:
        """Return whether all recipients get the same text, apart from its variables."""
        return CHOOSING.issuperset(self._choosing(name))

    def _find_choosing(self, name: str) -> list[str]:
        """Return the variables that the text of a template may depend on.

        A site may have a template at an address with variables in it.
        """
        manager = getUtility(ITemplateManager)
        contexts = (self._mlist.list_id, self._mlist.mail_host, None)
        found = [manager.raw(name, context) for context in contexts]
        addresses = [Template(each.uri) for each in found if each is not None]
        return sorted(
            CHOOSING.union(*(each.get_identifiers() for each in addresses))
        )
