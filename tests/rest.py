# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the REST server of the Mailman in the test's own process."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlencode

from falcon.testing import Result, TestClient
from mailman.config import config


# Mailman 3.0's version of the API has no plugins.
BELOW = '/3.1/plugins/dlist/'

FORM = 'application/x-www-form-urlencoded'


class Client:
    """A program that knows the password of the REST server, or another one."""

    def __init__(self, password: str | None = None):
        settings = config.webservice
        secret = f'{settings.admin_user}:{password or settings.admin_pass}'.encode()
        self._client = TestClient(
            application(),
            headers={'Authorization': f'Basic {base64.b64encode(secret).decode()}'},
        )

    def ask(
        self,
        path: str,
        method: str = 'GET',
        form: dict[str, Any] | None = None,
        **given: Any,
    ) -> Result:
        """Send one request.

        :param path: Below ``plugins/dlist/``, or a whole ``self_link``.
        :param given: What falcon's own test client takes, such as ``json``.
        """
        if form is not None:
            given |= {
                'body': urlencode(form, doseq=True),
                'headers': {'Content-Type': FORM},
            }
        whole = path.partition(BELOW)[2] if '://' in path else path
        path, _, query = whole.partition('?')
        return self._client.simulate_request(
            method, BELOW + path, query_string=query, **given
        )

    def core(self, method: str, path: str, **sent: str) -> Result:
        """Send one request about Mailman's own resources, as JSON.

        A server would see nothing of what the test has in memory.
        """
        config.db.close_session()
        return self._client.simulate_request(
            method, f'/3.1/{path}', json=sent or None
        )

    def get(self, path: str) -> Any:
        """Return the body of a resource that is there."""
        answer = self.ask(path)
        assert answer.status_code == 200, answer.text
        return answer.json


@cache
def application() -> Any:
    """Return the server, as falcon's test client wants it."""
    # It reads Mailman's configuration while it is imported.
    from mailman.rest.wsgiapp import make_application

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        made = make_application()

    # Mailman decorates the method itself, and falcon counts its arguments.
    def wsgi(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        return made(environ, start_response)

    return wsgi


def without_etags(body: Any) -> Any:
    """Return an answer without what is different every time."""
    if isinstance(body, list):
        return [without_etags(each) for each in body]
    if isinstance(body, dict):
        return {
            name: without_etags(value)
            for name, value in body.items()
            if name != 'http_etag'
        }
    return body
