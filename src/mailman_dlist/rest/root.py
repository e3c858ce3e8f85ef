# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of the REST resources, ``plugins/dlist``."""

from __future__ import annotations

from typing import Any

from mailman.rest.helpers import child
from public import public

from mailman_dlist.rest.aliases import AConfirmation
from mailman_dlist.rest.links import ALink
from mailman_dlist.rest.lists import AList, AllLists


@public
class DlistRoot:
    """The resource ``plugins/dlist``.

    The router reads all of its attributes for each request, so it contains only paths.
    """

    @child()
    def lists(self, context: Any, segments: list[str]) -> Any:
        """/lists, /lists/<list_id> and the paths below."""
        if not segments:
            return AllLists()
        return AList(segments.pop(0)), segments

    @child()
    def links(self, context: Any, segments: list[str]) -> Any:
        """/links/<token>."""
        if not segments:
            return None
        return ALink(segments.pop(0)), segments

    @child()
    def aliases(self, context: Any, segments: list[str]) -> Any:
        """/aliases/<token>."""
        if not segments:
            return None
        return AConfirmation(segments.pop(0)), segments
