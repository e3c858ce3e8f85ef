# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out whether a template was replaced."""

from __future__ import annotations

from mailman.model.template import Template
from public import public
from sqlalchemy import or_, select

from mailman_dlist.model.session import store


@public
def is_set(name: str, list_id: str, mail_host: str) -> bool:
    """Tell whether a template is set for a list, its domain or the site."""
    found = select(Template.id).where(
        Template.name == name,
        or_(Template.context.in_([list_id, mail_host]), Template.context.is_(None)),
    )
    return store().scalar(found.limit(1)) is not None
