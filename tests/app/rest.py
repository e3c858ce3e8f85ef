# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailman's REST interface, without the server that speaks HTTP."""

from __future__ import annotations

import warnings
from base64 import b64encode
from functools import cache
from typing import Any

from falcon.testing import Result, TestClient
from mailman.config import config


def ask(method: str, path: str, **sent: str) -> Result:
    """Ask as the administrator of the site; what is sent is sent as JSON."""
    config.db.close_session()
    password = f'{config.webservice.admin_user}:{config.webservice.admin_pass}'
    credentials = b64encode(password.encode()).decode()
    return TestClient(application()).simulate_request(
        method,
        f'/3.1/{path}',
        json=sent or None,
        headers={'Authorization': f'Basic {credentials}'},
    )


@cache
def application() -> Any:
    # It wants a Mailman that is initialised when it is imported.
    from mailman.rest.wsgiapp import make_application

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        made = make_application()
    # Falcon looks at the arguments of an application, and core's hides them.
    return lambda environ, start_response: made(environ, start_response)
