# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for Mailman's REST API.

For demos and tests: it takes a path and a form or a JSON body, and returns the
status and the decoded response.  An HTTP error is returned, not raised.
"""

from __future__ import annotations

import base64
import json as jsonlib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    # The URL of a created resource; empty if none was created.
    location: str = ''


class RestClient:
    """One REST server and the account of one administrator.

    :param url: Ends in a slash, such as ``http://127.0.0.1:8001/3.1/``.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        secret = base64.b64encode(f'{user}:{password}'.encode()).decode()
        self._authorization = f'Basic {secret}'
        # A proxy set in the environment cannot reach our loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        method: str | None = None,
        json: Any = None,
        *,
        timeout: float = 60,
    ) -> Answer:
        """Send one request.

        :param path: Relative to the URL, or a complete ``self_link``.
        :param data: Sent as a form; a sequence repeats its field.
        :param method: GET, or POST when there is a body, unless given.
        :param timeout: In seconds.
        :raises OSError: if the server does not respond.
        """
        request = urllib.request.Request(
            urllib.parse.urljoin(self.url, path),
            method=method,
            headers={'Authorization': self._authorization},
        )
        if json is not None:
            request.data = jsonlib.dumps(json).encode()
            request.add_header('Content-Type', 'application/json')
        elif data is not None:
            request.data = urllib.parse.urlencode(data, doseq=True).encode()
        try:
            with self._opener.open(request, timeout=timeout) as reply:
                return decoded(reply.status, reply.read(), reply.headers['Location'])
        except urllib.error.HTTPError as error:
            with error:
                return decoded(error.code, error.read(), None)


def decoded(status: int, content: bytes, location: str | None) -> Answer:
    """Decode a response; a body that is not JSON stays text."""
    text = content.decode('utf-8', 'replace')
    try:
        body = jsonlib.loads(text) if text else None
    except ValueError:
        body = text
    return Answer(status, body, location or '')
