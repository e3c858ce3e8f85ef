# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Mailman without processes, inside the process of the tests.

Starting a real one takes half a minute of CPU, this one a tenth of a second.  It
runs the same code on the same configuration: mail comes in through Mailman's LMTP
server and goes out to a mail server, REST is the application that gunicorn runs,
commands are those of ``mailman``.  Only time is ours: runners work when somebody
waits for them in `settle`, one after the other, until nothing is left to do.

What needs processes, such as a power cut or two runners at once, is not seen here;
see tests/processes.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from click.testing import CliRunner
from falcon.testing import TestClient
from lazr.config import as_log_level
from mailman.bin.mailman import Subcommands
from mailman.config import config
from mailman.core.logging import get_handler
from mailman.core.runner import Runner
from mailman.utilities.modules import find_name

from mailman_dlist.demo import lmtp
from mailman_dlist.demo.ports import HOST
from mailman_dlist.demo.rest import Answer, RestClient, decoded
from mailman_dlist.demo.sink import Sink
from mailman_dlist.demo.site import RESTING_QUEUES, Site, SiteError
from tests import core
from tests.rest import FORM, application


T = TypeVar('T')

OVERLAY = 'site inside'

# Of Mailman's test layer, which also stops the clock.
UNDONE = """
[devmode]
testing: no
[archiver.mail_archive]
enable: no
[archiver.mhonarc]
enable: no
"""

# A message passes seven queues, and what it leads to as many.
ROUNDS = 200


class InsideSite(Site):
    """A `Site` that lives in the Mailman of this process, on its database.

    Only one can at a time.
    """

    def __enter__(self) -> InsideSite:
        super().__enter__()
        return self

    def start(
        self,
        timeout: float = 0,
        tell: Callable[[int, int], None] = lambda up, total: None,
    ) -> None:
        """Take the place of the Mailman that the tests of modules see."""
        self._write()
        with ExitStack() as undo:
            config.push(OVERLAY, UNDONE + self.cfg.read_text())
            undo.callback(config.pop, OVERLAY)
            undo.callback(core.forget)
            undo.enter_context(_logs_as_configured())
            self._client = Client(self.rest_url, self.admin_user, self.admin_pass)
            self._sink = Sink(self.outbox, self.smtp_port)
            self._sink.start()
            undo.callback(self._sink.stop)
            self._loop = undo.enter_context(_loop())
            server = find_name(config.runner.lmtp['class'])('lmtp').lmtp
            listening = self._loop.run_until_complete(
                self._loop.create_server(server.factory, HOST, self.lmtp_port)
            )
            undo.callback(listening.close)
            self._undo = undo.pop_all()

    def stop(self, timeout: float = 0) -> None:
        """Give the place back, and leave nothing in the database."""
        if self.running:
            self._sink = None
            self._undo.close()

    @property
    def running(self) -> bool:
        return self._sink is not None

    def kill9(self) -> None:
        raise NotImplementedError('This Mailman has no processes.')

    # Talking to it.

    def deliver(
        self,
        sender: str,
        recipients: str | Sequence[str],
        message: bytes | str | Message,
    ) -> dict[str, lmtp.Status]:
        return self.while_serving(lambda: super(InsideSite, self).deliver(
            sender, recipients, message
        ))

    def while_serving(self, talk: Callable[[], T]) -> T:
        """Answer by LMTP while a client talks to us in another thread."""
        # The server works in this thread, as all that uses Mailman's database.
        with _own_session():
            return self._loop.run_until_complete(self._listen(talk))

    async def _listen(self, talk: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, talk)

    def run_mailman(
        self, *argv: str, input: str | None = None, timeout: float = 0
    ) -> subprocess.CompletedProcess[str]:
        with _own_session():
            done = CliRunner().invoke(
                Subcommands('mailman'), argv, input=input, prog_name='mailman'
            )
        stderr = done.stderr
        if done.exception and not isinstance(done.exception, SystemExit):
            stderr += ''.join(traceback.format_exception(done.exception))
        return subprocess.CompletedProcess(argv, done.exit_code, done.stdout, stderr)

    # What goes on inside.

    def settle(self, timeout: float = 0, quiet: float = 0) -> None:
        """Let the runners work, and do what they do beside the mail.

        :raises SiteError: when that comes to no end.
        """
        with _own_session():
            runners = [
                _runner(name)
                for name in sorted(config.switchboards)
                if name not in RESTING_QUEUES and _section(name).start != 'no'
            ]
            for _round in range(ROUNDS):
                if not _work(runners):
                    return
        raise SiteError(f'Mail is still under way: {self._queue_counts()}')

    def look(self, name: str) -> None:
        """Let a runner that looks once in a while look now, and settle."""
        with _own_session():
            runner = _runner(name)
            runner._one_iteration()
            runner._do_periodic()
        self.settle()


@contextmanager
def _own_session() -> Iterator[None]:
    """Share nothing that is only in memory, as processes would not."""
    config.db.close_session()
    try:
        yield
    finally:
        config.db.close_session()


def _section(name: str) -> Any:
    return getattr(config, f'runner.{name}')


def _runner(name: str) -> Runner:
    # A new one has not looked yet, whatever the time.
    runner: Runner = find_name(_section(name)['class'])(name)
    return runner


def _work(runners: Collection[Runner]) -> bool:
    """Let all runners work once; return whether there was anything to do."""
    if sum(runner._one_iteration() for runner in runners):
        return True
    # What a runner does beside the mail may send some.
    for runner in runners:
        runner._do_periodic()
        config.db.commit()
    return any(runner.switchboard.files for runner in runners)


@contextmanager
def _logs_as_configured() -> Iterator[None]:
    """Write logs where the configuration says, not where Mailman's test layer does."""
    before = []
    for section in config.logger_configs:
        name = section.name.partition('.')[2]
        if name != 'root':
            log, handler = logging.getLogger(f'mailman.{name}'), get_handler(name)
            before.append((log, log.level, handler, handler.filename))
            log.setLevel(as_log_level(section.level))
            handler.reopen(str(Path(config.LOG_DIR, section.path)))
    try:
        yield
    finally:
        for log, level, handler, path in before:
            log.setLevel(level)
            handler.reopen(path)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give a loop, which ends with all that happens in it."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.run_until_complete(_hang_up())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _hang_up() -> None:
    """Cancel what is left of dialogues whose clients have gone."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Client(RestClient):
    """Asks the application that the REST server runs."""

    def ask(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        method: str | None = None,
        json: Any = None,
        *,
        timeout: float = 0,
    ) -> Answer:
        given: dict[str, Any] = {'headers': {'Authorization': self._authorization}}
        if json is not None:
            given['json'] = json
        elif data is not None:
            given['body'] = urlencode(data, doseq=True)
            given['headers']['Content-Type'] = FORM
        url = urlsplit(urljoin(self.url, path))
        method = method or ('GET' if len(given) == 1 else 'POST')
        with _own_session():
            reply = TestClient(application()).simulate_request(
                method, url.path, query_string=url.query, **given
            )
        location = reply.headers.get('location') if reply.status_code < 400 else None
        return decoded(reply.status_code, reply.content, location)
