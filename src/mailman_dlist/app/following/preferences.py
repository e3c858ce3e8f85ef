# SPDX-License-Identifier: GPL-3.0-or-later
"""Show and change a member's settings for the whole list, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from public import public
from zope.event import notify

from mailman_dlist.app.following import choices
from mailman_dlist.domain.actors import AUTOMATIC, By
from mailman_dlist.domain.following import Default
from mailman_dlist.domain.values import one_of, read_settings, value_name, yes_or_no
from mailman_dlist.interfaces.events import ChangedEvent
from mailman_dlist.interfaces.mailman import MailingList, Member
from mailman_dlist.model import following as model


@public
def show(mlist: MailingList, member: Member) -> dict[str, Any]:
    """Return the member's settings by their names, as plain values.

    :raises NotADlist: if the list has no conversations.
    """
    row = model.settings_of(member.member_id)
    return {
        'default': choices.default_of(mlist, member).name,
        'follow_opened': row is None or row.follow_opened,
        'follow_replied': row is None or row.follow_replied,
    }


@public
def change(
    mlist: MailingList,
    member: Member,
    values: Mapping[str, str | bool],
    by: By = AUTOMATIC,
) -> None:
    """Change settings of a member: all of them, or none if one of them is bad.

    :param values: Texts by the names of settings; yes and no may be booleans.
    :raises BadSetting: for the first setting that is unknown or has a bad value.
    :raises NotADlist: if the list has no conversations.
    """
    read = read_settings(READERS, values)
    row = choices.settings_of(mlist, member)
    for name, value in read.items():
        before = getattr(row, name)
        setattr(row, name, value)
        if before != value:
            words = value_name(before), value_name(value)
            notify(ChangedEvent(mlist, by, name, None, member, *words))


READERS: dict[str, Callable[[str], Any]] = {
    'default': one_of(Default),
    'follow_opened': yes_or_no,
    'follow_replied': yes_or_no,
}
