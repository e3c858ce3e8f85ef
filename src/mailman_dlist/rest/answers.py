# SPDX-License-Identifier: GPL-3.0-or-later
"""REST responses: bodies and etags as Mailman's own, errors as sentences.

Mailman commits after every request, even after one that failed.  Therefore every
error is rolled back here before the response is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

import falcon
from mailman.config import config
from mailman.rest.helpers import accepted, created, etag, no_content, okay
from public import public

from mailman_dlist.app.access.terms import SilencesExist
from mailman_dlist.app.aliases.requests import AliasRefused
from mailman_dlist.app.life.changing import FormerName, NameTaken
from mailman_dlist.app.life.merging import SameConversation
from mailman_dlist.app.links.keys import KeyFileError
from mailman_dlist.app.lists import NotADlist
from mailman_dlist.app.lookup import Unknown
from mailman_dlist.app.site import SiteSettingError, ready
from mailman_dlist.app.views import View
from mailman_dlist.domain.access import AccessRefused
from mailman_dlist.domain.errors import DlistError, Gone, ListNameUnfit
from mailman_dlist.model.schema import SchemaError


T = TypeVar('T')

# The status for each kind of error.  All other errors are 400, because the client
# can correct its request.
STATUSES: tuple[tuple[type[DlistError], Callable[..., falcon.HTTPError]], ...] = (
    (Unknown, falcon.HTTPNotFound),
    (Gone, falcon.HTTPNotFound),
    (NotADlist, falcon.HTTPNotFound),
    (ListNameUnfit, falcon.HTTPConflict),
    (AliasRefused, falcon.HTTPConflict),
    (NameTaken, falcon.HTTPConflict),
    (FormerName, falcon.HTTPConflict),
    (SameConversation, falcon.HTTPConflict),
    (AccessRefused, falcon.HTTPConflict),
    (SilencesExist, falcon.HTTPConflict),
    (SchemaError, falcon.HTTPServiceUnavailable),
    (SiteSettingError, falcon.HTTPServiceUnavailable),
    (KeyFileError, falcon.HTTPServiceUnavailable),
    (DlistError, falcon.HTTPBadRequest),
)


@public
class Resource:
    """A REST resource.

    The router creates one for each request before it checks the password.  Therefore
    a resource only keeps its path, and looks things up when it responds.
    """

    #: An `IAPI`, set by the router.
    api: Any

    def link(self, *segments: str) -> str:
        """Return the URL of a resource below ``plugins/dlist``."""
        return self.api.path_to('/'.join(['plugins/dlist', *segments]))

    def entry(self, view: View, *segments: str) -> View:
        """Return one entity, with member ids as Mailman writes them.

        :param segments: The path of its own resource, if it has one.
        """
        shown = {
            name: self.api.from_uuid(value) if isinstance(value, UUID) else value
            for name, value in view.items()
        }
        return shown | {'self_link': self.link(*segments)} if segments else shown


@public
def responder(
    method: Callable[[Any, falcon.Request], View | None],
) -> Callable[[Any, falcon.Request, falcon.Response], None]:
    """Send the view that a method returns; without one, 204; for `WAITING`, 202.

    An exception becomes a status according to `STATUSES`.
    """
    return _responding(method, _show)


@public
def accepting(
    method: Callable[[Any, falcon.Request], None],
) -> Callable[[Any, falcon.Request, falcon.Response], None]:
    """Send 202: the request has begun, but is not complete yet."""
    return _responding(method, lambda response, _none: accepted(response))


@public
def creating(
    method: Callable[[Any, falcon.Request], str],
) -> Callable[[Any, falcon.Request, falcon.Response], None]:
    """Send 201 with the URL of the new resource, which the method returns."""
    return _responding(method, created)


#: Returned instead of a view if a moderator has to decide; the response is 202.
WAITING: View = {'state': 'pending'}


def _show(response: falcon.Response, view: View | None) -> None:
    if view is None:
        no_content(response)
    elif view is WAITING:
        accepted(response)
    else:
        okay(response, etag(view))


def _responding(
    method: Callable[[Any, falcon.Request], T],
    finish: Callable[[falcon.Response, T], None],
) -> Callable[[Any, falcon.Request, falcon.Response], None]:
    @wraps(method)
    def respond(
        self: Any, request: falcon.Request, response: falcon.Response
    ) -> None:
        try:
            ready()
            result = method(self, request)
        except DlistError as error:
            config.db.abort()
            status = next(
                status for kind, status in STATUSES if isinstance(error, kind)
            )
            raise status(description=str(error)) from error
        except Exception:
            config.db.abort()
            raise
        finish(response, result)

    return respond


@public
def collection(start: int, total_size: int, entries: Iterable[View]) -> View:
    """Return a page of a collection."""
    page = list(entries)
    for entry in page:
        etag(entry)
    return {'start': start, 'total_size': total_size, 'entries': page}
