# SPDX-License-Identifier: GPL-3.0-or-later
"""Reserve ports before a server listens on them.

Mailman must know its ports before it starts, and takes seconds until it listens.
Another program may have taken a port by then that was free before.
"""

from __future__ import annotations

import socket
import sys


HOST = '127.0.0.1'


class Reservation:
    """A free port on the loopback, held until `release`.

    The port stays bound, without listening.  On Linux a server that sets
    SO_REUSEADDR, as asyncio and gunicorn do, may listen on it all the same,
    while the system assigns it to nobody else.  On other systems two sockets cannot
    share an address, so there the port is found but not held.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        if sys.platform != 'linux':
            self.release()

    def release(self) -> None:
        self._socket.close()
