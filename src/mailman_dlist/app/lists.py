# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell which lists are dlists, and read and change their settings [U1, U2]."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any

from flufl.lock import Lock
from mailman.config import config
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.mailinglist import IListArchiverSet, SubscriptionPolicy
from public import public
from zope.component import getUtility
from zope.event import notify

from mailman_dlist.app.i18n import _
from mailman_dlist.domain import essay, naming
from mailman_dlist.domain.actors import AUTOMATIC, By
from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.domain.following import Default
from mailman_dlist.domain.values import (
    number,
    one_of,
    read_settings,
    value_name,
    yes_or_no,
)
from mailman_dlist.interfaces.conversation import Access
from mailman_dlist.interfaces.dlist import CHAIN, PIPELINE, OneClick, PlainPosts
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model import lists as model
from mailman_dlist.model.session import store


DEFAULT_CHAIN = 'default-posting-chain'
DEFAULT_PIPELINE = 'default-posting-pipeline'

# With these policies, no moderator decides who joins.
UNMODERATED = SubscriptionPolicy.open, SubscriptionPolicy.confirm

# How long one process may take for all lists.
LOCK_LIFETIME = timedelta(minutes=10)

# Our choices: nobody writes a longer answer by mail, a hundred years are unlimited, and
# questions of ten pages are a form.
MOST_MINIMUM = 10_000
MOST_DAYS = 36_500
LONGEST_QUESTIONS = 20_000


@public
class NotADlist(DlistError):
    """The list has no conversations."""

    def __init__(self, mlist: MailingList):
        self.list_id = mlist.list_id
        super().__init__(
            f'{mlist.fqdn_listname} is not a dlist; '
            f'"mailman dlist enable {mlist.fqdn_listname}" turns it into one'
        )


@public
def is_dlist(mlist: MailingList) -> bool:
    """Return whether posts to the list become conversations.

    A list that has only our chain, or only our pipeline, is a plain list.
    """
    return mlist.posting_chain == CHAIN and mlist.posting_pipeline == PIPELINE


@public
def is_half_dlist(mlist: MailingList) -> bool:
    """Return whether the list has our chain or our pipeline without the other."""
    return (mlist.posting_chain == CHAIN) is not (mlist.posting_pipeline == PIPELINE)


@public
def plain_way(mlist: MailingList) -> tuple[str, str]:
    """Return the chain and the pipeline that the list has as a plain list."""
    chain, pipeline = mlist.posting_chain, mlist.posting_pipeline
    if is_dlist(mlist) or is_half_dlist(mlist):
        remembered = model.settings_of(mlist.list_id)
        if chain == CHAIN:
            chain = remembered and remembered.previous_chain
        if pipeline == PIPELINE:
            pipeline = remembered and remembered.previous_pipeline
    return chain or DEFAULT_CHAIN, pipeline or DEFAULT_PIPELINE


@public
def exists(list_id: str) -> bool:
    """Return whether there is a list, dlist or not."""
    return model.exists(list_id)


@public
def is_deleted(list_id: str | None) -> bool:
    """Return whether an error occurred because the list has been deleted.

    Uncommitted changes are rolled back.

    :param list_id: None if it is not known.
    """
    store().rollback()
    return list_id is not None and not model.exists(list_id)


@public
def addresses(mlist: MailingList, alias_host: str | None = None) -> ListAddresses:
    """Return the addresses of the list, for writing them.

    :param alias_host: The alias of its domain, to read what people write as well.
    """
    hosts = frozenset() if alias_host is None else frozenset({alias_host})
    return ListAddresses(mlist.list_name, mlist.mail_host, delimiter(), hosts)


@public
def known_addresses(mlist: MailingList) -> ListAddresses:
    """Return the addresses of the list, for reading addresses that people write.

    They may use an alias of the list's domain, which is looked up in the database.
    """
    return addresses(mlist, model.alias_host(mlist.mail_host))


@public
def delimiter() -> str:
    """Return the site's delimiter of extensions: `mta.verp_delimiter`."""
    return config.mta.verp_delimiter


@public
def settings(mlist: MailingList) -> model.Dlist:
    """Return the settings of a dlist.

    :raises NotADlist: if the list is not a dlist.
    """
    if not is_dlist(mlist):
        raise NotADlist(mlist)
    found = model.settings_of(mlist.list_id)
    # None if somebody has set our chain and pipeline by hand.
    return found or _new_settings(mlist, Default.everything)


@public
def post_settings(mlist: MailingList, sender: str) -> model.PostSettings:
    """Return the settings that count for a message from this address.

    :raises NotADlist: if the list is not a dlist.
    """
    if not is_dlist(mlist):
        raise NotADlist(mlist)
    # Some databases fail to compare other characters.
    if not (sender.isascii() and sender.isprintable()):
        sender = ''
    found = model.post_settings(mlist.list_id, mlist.mail_host, sender)
    if found is None:
        settings(mlist)
        found = model.post_settings(mlist.list_id, mlist.mail_host, sender)
    assert found is not None
    return found


@public
def enable(mlist: MailingList, default: Default = Default.everything) -> None:
    """Make the list a dlist.

    A list that was a dlist before gets its old settings and conversations back.

    :param default: The default of existing members.
    :raises ListNameUnfit: if the list's name leaves no room for addresses.
    """
    if is_dlist(mlist):
        return
    naming.room(mlist.list_name, delimiter())
    remembered = model.settings_of(mlist.list_id) or _new_settings(mlist, default)
    remembered.previous_chain, remembered.previous_pipeline = plain_way(mlist)
    _add_archivers(mlist)
    mlist.posting_chain = CHAIN
    mlist.posting_pipeline = PIPELINE


def _add_archivers(mlist: MailingList) -> None:
    """Let Mailman store which archivers the list has, in this transaction.

    Otherwise it does so when the first mail comes, and two runners at once store them
    twice.  From then on Mailman finds too many, and shunts every post.
    """
    IListArchiverSet(mlist)


@public
def add_missing_archivers() -> None:
    """Add missing archivers of the site to dlists.

    Each process calls this at its start, before it processes mail.
    """
    names = {archiver.name for archiver in config.archivers}
    missing = model.without_archivers(names)
    store().rollback()
    if not missing:
        return
    path = os.path.join(config.LOCK_DIR, 'dlist-archivers.lck')
    with Lock(path, lifetime=LOCK_LIFETIME):
        # Another process may have been faster.
        for list_id in model.without_archivers(names):
            mlist = getUtility(IListManager).get_by_list_id(list_id)
            if mlist is not None:
                _add_archivers(mlist)
        store().commit()


@public
def disable(mlist: MailingList) -> None:
    """Make the list a plain list again, with the chain and pipeline it had.

    Settings, conversations and choices are kept in case it is enabled again.
    """
    if is_dlist(mlist) or is_half_dlist(mlist):
        mlist.posting_chain, mlist.posting_pipeline = plain_way(mlist)


def _new_settings(mlist: MailingList, default: Default) -> model.Dlist:
    new = model.Dlist(
        list_id=mlist.list_id,
        base_default=default,
        new_member_default=default,
        plain_posts=PlainPosts.open,
        footers=True,
        previous_chain=DEFAULT_CHAIN,
        previous_pipeline=DEFAULT_PIPELINE,
        one_click=OneClick.list,
        essay=False,
        essay_questions='',
        essay_min_length=1,
        ask_invited=False,
        essay_retention=0,
        aliases=True,
        aliases_visible=False,
        access=Access.open,
        mandatory=False,
        close_after=0,
        audit_retention=365,
        bars=False,
    )
    store().add(new)
    return new


@public
def show(mlist: MailingList) -> dict[str, Any]:
    """Return the settings of a list by their names, as plain values."""
    if not is_dlist(mlist):
        return {'enabled': False}
    row = settings(mlist)
    values = {name: getattr(row, name) for name in READERS}
    return {'enabled': True} | {
        name: value.name if isinstance(value, Enum) else value
        for name, value in values.items()
    }


@public
def change(
    mlist: MailingList, values: Mapping[str, str | bool], by: By = AUTOMATIC
) -> None:
    """Change settings of a list: all of them, or none if one of them is bad.

    :param values: Texts by the names of settings; yes and no may be booleans.
    :raises BadSetting: for the first setting that is unknown or has a bad value.
    :raises ListNameUnfit: if the list cannot be a dlist.
    :raises NotADlist: if settings other than `enabled` are given for a plain list that
        stays one.
    """
    checked = read_settings({'enabled': yes_or_no} | READERS, values)
    before = show(mlist)
    enabled = checked.pop('enabled', is_dlist(mlist))
    if checked and not is_dlist(mlist) and not enabled:
        raise NotADlist(mlist)
    if enabled:
        # A default given while the list becomes a dlist applies to all members.
        enable(mlist, checked.get('new_member_default', Default.everything))
    if checked:
        row = settings(mlist)
        for name, value in checked.items():
            setattr(row, name, value)
    if not enabled:
        disable(mlist)
    _report(mlist, by, checked.keys() | {'enabled'}, before)


def _report(
    mlist: MailingList, by: By, names: Collection[str], before: Mapping[str, Any]
) -> None:
    """Notify other modules about the settings that were changed."""
    now = show(mlist)
    for name in sorted(names):
        old, new = before.get(name), now.get(name)
        # A list that is a plain list now still has its settings.
        if old == new or name not in now:
            continue
        words = ('', 'changed') if name in LONG else (value_name(old), value_name(new))
        notify(ChangedEvent(mlist, by, name, None, None, *words))


@public
def warnings(mlist: MailingList, changed: Collection[str]) -> list[str]:
    """Return warnings for owners who have just changed these settings.

    :param changed: The names of the settings.
    """
    if (
        'essay' in changed
        and is_dlist(mlist)
        and settings(mlist).essay
        and mlist.subscription_policy in UNMODERATED
    ):
        words = {
            'list': mlist.fqdn_listname,
            'policy': mlist.subscription_policy.name,
        }
        return [
            _(
                'The subscription policy of ${list} is "${policy}": '
                'people join as soon as they have answered, and no moderator reads '
                'the answer before that.  With "confirm_then_moderate", a moderator '
                'decides.',
                words,
            )
        ]
    return []


def short_enough(text: str) -> str:
    """Read the owner's questions, which must fit into a mail."""
    text = essay.clean(text)
    if len(text) > LONGEST_QUESTIONS:
        raise ValueError(f'a text of at most {LONGEST_QUESTIONS} characters')
    return text


# Settings whose values are texts of any length.
LONG = frozenset({'essay_questions'})

# All settings except `enabled`, which is stored as the list's posting chain.
READERS: dict[str, Callable[[str], Any]] = {
    'plain_posts': one_of(PlainPosts),
    'new_member_default': one_of(Default),
    'footers': yes_or_no,
    'one_click': one_of(OneClick),
    'close_after': number(0, MOST_DAYS, 'days'),
    'access': one_of(Access),
    'mandatory': yes_or_no,
    'essay': yes_or_no,
    'essay_questions': short_enough,
    'essay_min_length': number(1, MOST_MINIMUM, 'characters'),
    'ask_invited': yes_or_no,
    'essay_retention': number(0, MOST_DAYS, 'days'),
    'aliases': yes_or_no,
    'aliases_visible': yes_or_no,
    'audit_retention': number(0, MOST_DAYS, 'days'),
}
