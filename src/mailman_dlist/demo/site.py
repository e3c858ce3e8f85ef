# SPDX-License-Identifier: GPL-3.0-or-later
"""A private, real Mailman.

For demos and tests that send mail and inspect the result: master and runners, an
LMTP port for incoming mail, a mail server for outgoing mail (`sink`), REST and a
database.  Everything lives in one directory and listens only on loopback, on ports
of its own, until the site stops.

    with Site(directory) as site:
        site.create_list('ant@example.com')
        site.subscribe('ant.example.com', 'anne@example.com')
        site.deliver('anne@example.com', 'ant+new@example.com', message)
        site.settle()
        site.outbox.to('anne@example.com')
"""

from __future__ import annotations

import contextlib
import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import Message
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from mailman_dlist.demo import configuration, lmtp
from mailman_dlist.demo.configuration import Sections, write_sections
from mailman_dlist.demo.ports import HOST, Reservation
from mailman_dlist.demo.rest import Answer, RestClient
from mailman_dlist.demo.sink import Outbox, Sink


# Mail in these queues waits for a person or for a retry.
RESTING_QUEUES = frozenset({'shunt', 'bad', 'retry'})
# How many times in a row all queues must be found empty.
LOOKS = 3
QUEUE_FILES = frozenset({'.pck', '.bak', '.tmp'})

# Starting fourteen processes takes half a minute of CPU, and minutes on a busy machine.
START_SECONDS = 300.0
STOP_SECONDS = 30.0
STOP_MOMENT_SECONDS = 5.0


class SiteError(RuntimeError):
    """The private Mailman failed; the text includes its log."""


class Site:
    """A private Mailman; a context manager that starts and stops it.

    :param directory: For all files; created if missing, and kept at the end.
    :param database_url: The SQLAlchemy URL of an empty database; by default, a SQLite
        file in the directory.
    :param database_class: Mailman's class; by default, determined from the URL.
    :param plugin: Whether to enable the plugin.
    :param extra: Text in the format of mailman.cfg; it overrides our settings.
    :param instances: How many processes share a queue, such as ``{'in': 2}``;
        powers of two.
    :param dlist_settings: Section ``[dlist]`` of the plugin's own file.
    """

    def __init__(
        self,
        directory: Path,
        *,
        database_url: str | None = None,
        database_class: str | None = None,
        plugin: bool = True,
        extra: str = '',
        instances: Mapping[str, int] | None = None,
        dlist_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = Path(directory).resolve()
        self.var = self.directory / 'var'
        self.cfg = self.directory / 'mailman.cfg'
        self.admin_user = 'restadmin'
        self.admin_pass = secrets.token_urlsafe(12)
        self.outbox = Outbox()
        self._reservations = [Reservation() for _ in range(3)]
        self.lmtp_port, self.smtp_port, self.rest_port = (
            reservation.port for reservation in self._reservations
        )
        self.rest_url = f'http://{HOST}:{self.rest_port}/3.1/'
        self._client = RestClient(self.rest_url, self.admin_user, self.admin_pass)
        self._sink: Sink | None = None
        self._master: subprocess.Popen[bytes] | None = None
        self._log_offset = 0
        self._leftovers: frozenset[Path] = frozenset()
        self._dlist_settings = dlist_settings if plugin else None
        self._sections = configuration.merged(
            self._own_sections(),
            configuration.database(database_url, database_class),
            configuration.PLUGIN if plugin else {},
            configuration.instances(instances or {}),
            configuration.parse_sections(extra),
        )
        if self._dlist_settings is not None:
            self._sections['plugin.dlist']['configuration'] = str(self._dlist_cfg)

    # The configuration.

    @property
    def _dlist_cfg(self) -> Path:
        return self.directory / 'dlist.cfg'

    def _own_sections(self) -> Sections:
        quick = {'sleep_time': configuration.SLEEP_TIME}
        return {
            'mailman': {'layout': 'local', 'site_owner': 'postmaster@example.com'},
            'paths.local': {'var_dir': str(self.var)},
            'mta': {
                'incoming': 'mailman.mta.null.NullMTA',
                'smtp_host': HOST,
                'smtp_port': str(self.smtp_port),
                'lmtp_host': HOST,
                'lmtp_port': str(self.lmtp_port),
            },
            'webservice': {
                'hostname': HOST,
                'port': str(self.rest_port),
                'admin_user': self.admin_user,
                'admin_pass': self.admin_pass,
                'workers': '1',
                'configuration': str(self.directory / 'gunicorn.cfg'),
            },
            # In case a list looks up the DMARC policies of senders' domains after all.
            'dmarc': {'resolver_timeout': '0.5s', 'resolver_lifetime': '0.5s'},
            **{f'runner.{name}': quick for name in configuration.QUEUE_RUNNERS},
            'runner.bounces': {'sleep_time': configuration.BOUNCES_SLEEP_TIME},
            'runner.nntp': {'start': 'no'},
        }

    def _write(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        write_sections(self.cfg, self._sections)
        # Runners get no HOME, so gunicorn's control socket would be that of
        # whoever runs other Mailmans here.
        gunicorn = {'control_socket_disable': 'True', 'graceful_timeout': '2'}
        write_sections(self.directory / 'gunicorn.cfg', {'gunicorn': gunicorn})
        if self._dlist_settings is not None:
            write_sections(self._dlist_cfg, {'dlist': dict(self._dlist_settings)})
        # Mailman's cached copy of the public suffix list is valid until the
        # time it bears; without one Mailman fetches it from the Internet.
        suffixes = self.var / 'public_suffix_list.dat'
        suffixes.write_text('com\nexample\norg\ntest\n')
        os.utime(suffixes, (time.time() + 86400 * 365,) * 2)

    @property
    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith('MAILMAN_')}
        return {**kept, 'HOME': str(self.directory), 'MAILMAN_VAR_DIR': str(self.var)}

    # Its life.

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        return self._master is not None and self._master.poll() is None

    def start(
        self,
        timeout: float = START_SECONDS,
        tell: Callable[[int, int], None] = lambda up, total: None,
    ) -> None:
        """Start everything; return when LMTP and REST respond.

        Every runner has started by then.

        A site that was stopped or killed starts again on the same ports, with
        the same lists and queues.

        :param timeout: In seconds.
        :param tell: Called with the numbers of processes that run and that will run,
            until they are equal.
        :raises SiteError: if Mailman does not start.
        """
        if self.running:
            return
        self._write()
        self._log_offset = len(self.log('mailman'))
        # A crash leaves files that were being written.  Nobody reads them again: what
        # they would have said is in the queue that it came from.
        self._leftovers = frozenset((self.var / 'queue').glob('*/*.tmp'))
        if self._sink is None:
            sink = Sink(self.outbox, self.smtp_port)
            sink.start()
            self._sink = sink
        # `mailman start` does what follows, but forks in between: started by
        # us the master is ours to wait for, and to end even if it has not yet
        # come to writing its process id.  No pipe: the runners would inherit it.
        with self._start_log.open('wb') as log, undivided():
            self._master = subprocess.Popen(
                [sys.executable, str(script('master')), '--force', '-C', str(self.cfg)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.var,
                env=self._environment,
                start_new_session=True,
            )

        def runners_started() -> bool:
            news = self.log('mailman')[self._log_offset :]
            up, total = configuration.started(news, self._sections)
            # The master is one, too.
            tell(up + 1, total + 1)
            return up == total

        self._wait(runners_started, timeout, 'Some runner')
        self._wait(self._rest_answers, timeout, 'The REST server')
        self._wait(self._lmtp_answers, timeout, 'The LMTP server')

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Stop Mailman and the mail server behind it.

        :param timeout: Seconds after which processes are killed; 0 kills them at once.
        """
        if self._master is not None:
            if timeout:
                until(self._stopped, timeout, pause=0)
            self.kill9()
        if self._sink is not None:
            self._sink.stop()
            self._sink = None

    def _stopped(self) -> bool:
        """Ask Mailman to stop, and wait a moment."""
        assert self._master is not None
        # What `mailman stop` sends; that command itself works only while the
        # plugin can be imported.
        self._master.terminate()
        # A runner that is being forked at that moment does not get the signal.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._master.wait(STOP_MOMENT_SECONDS)
        return not self.running

    def kill9(self) -> None:
        """Kill master and runners, as in a power cut; the outbox is kept."""
        if self._master is None:
            return
        # The master leads the session, so its runners are its process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._master.pid, signal.SIGKILL)
        self._master.wait()
        # Killed runners take a moment, and are not ours to wait for.
        until(lambda: not _group_exists(self._master), STOP_SECONDS)
        self._master = None

    def close(self) -> None:
        """Kill all processes, and release the ports.

        To stop in order takes seconds, and a quarter of the CPU time of a start.  A
        site that is closed does not start again; whoever needs its files in order
        calls `stop` first.
        """
        self.stop(timeout=0)
        for reservation in self._reservations:
            reservation.release()

    def _wait(self, ready: Callable[[], bool], timeout: float, what: str) -> None:
        def settled() -> bool:
            return ready() or not self.running or self._given_up

        if not until(settled, timeout, pause=0.1) or not ready():
            # A process that fails may not have written all of its log yet.
            time.sleep(1)
            raise SiteError(f'{what} did not start.\n{self._last_words()}')

    @property
    def _start_log(self) -> Path:
        return self.directory / 'start.log'

    @property
    def _given_up(self) -> bool:
        # The master never tries a runner again that it cannot import, and
        # others ten times, which takes a minute or two.
        printed = self._start_log.read_text(errors='replace')
        return (
            'Cannot import runner module' in printed
            or printed.count('Traceback (most recent call last)') >= 3
        )

    def _rest_answers(self) -> bool:
        try:
            return self._client.ask('system/versions').status == 200
        except OSError:
            return False

    def _lmtp_answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.lmtp_port), 1) as connection:
                return connection.recv(4) == b'220 '
        except OSError:
            return False

    def _last_words(self) -> str:
        printed = self._start_log.read_text(errors='replace')
        texts = [printed, self.log('mailman'), self.log('plugins')]
        return '\n'.join(text[-3000:] for text in texts if text)

    # Talking to it.

    def deliver(
        self,
        sender: str,
        recipients: str | Sequence[str],
        message: bytes | str | Message,
    ) -> dict[str, lmtp.Status]:
        """Deliver a message by LMTP; return code and text for each recipient."""
        if isinstance(recipients, str):
            recipients = [recipients]
        return lmtp.deliver(HOST, self.lmtp_port, sender, recipients, message)

    def rest(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        method: str | None = None,
        json: Any = None,
    ) -> tuple[int, Any]:
        """Send a REST request; return status and decoded response, also for errors."""
        answer = self._client.ask(path, data, method, json)
        return answer.status, answer.body

    def must(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        method: str | None = None,
        json: Any = None,
    ) -> Answer:
        """Send a REST request that must succeed.

        :raises SiteError: with the server's response if it fails.
        """
        answer = self._client.ask(path, data, method, json)
        if answer.status >= 400:
            raise SiteError(f'{path}: {answer.status} {answer.body}')
        return answer

    def run_mailman(
        self, *argv: str, input: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a ``mailman`` command on this site, whatever its exit code.

        :param timeout: In seconds.
        """
        command = [sys.executable, str(script('mailman')), '-C', str(self.cfg)]
        if os.geteuid() == 0:
            command.append('--run-as-root')
        return subprocess.run(
            [*command, *argv],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=timeout,
        )

    def mailman(self, *argv: str, check: bool = True, input: str | None = None) -> str:
        """Run a ``mailman`` command on this site; return what it prints.

        :raises SiteError: if it fails and ``check`` is set.
        """
        done = self.run_mailman(*argv, input=input)
        if check and done.returncode:
            raise SiteError(
                f'mailman {" ".join(argv)}: exit {done.returncode}\n'
                f'{done.stdout}{done.stderr}'
            )
        return done.stdout

    # Lists and members.

    def create_list(
        self, name: str = 'ant@example.com', style: str = 'dlist', **config: Any
    ) -> str:
        """Create a list, and its domain if that is missing; return the list id.

        Welcome and goodbye messages are off, and so is DMARC mitigation, which would
        query the DNS for example.com.

        :param style: ``dlist``, or ``legacy-default`` for a plain list.
        :param config: As in REST's ``lists/<id>/config``; overrides the above.
        :raises SiteError: if the style does not exist or Mailman refuses.
        """
        domain = name.partition('@')[2]
        styles = self.must('lists/styles').body['styles']
        if style not in [known['name'] for known in styles]:
            # Mailman itself answers 201 and makes a list without any style.
            raise SiteError(f'There is no style {style!r}.')
        if self.rest(f'domains/{domain}')[0] == 404:
            self.must('domains', {'mail_host': domain})
        self.must('lists', {'fqdn_listname': name, 'style_name': style})
        list_id = name.replace('@', '.')
        if not style.startswith('dlist'):
            # If two runners look for the archivers of a list for the first time, both
            # may write them down, and Mailman finds too many from then on.
            self.must(f'lists/{list_id}/archivers')
        quiet = {
            'send_welcome_message': False,
            'send_goodbye_message': False,
            'dmarc_mitigate_action': 'no_mitigation',
        }
        self.must(f'lists/{list_id}/config', {**quiet, **config}, 'PATCH')
        return list_id

    def subscribe(
        self, list_id: str, email: str, display_name: str = '', **settings: Any
    ) -> str:
        """Subscribe an address without confirmation; return the member id.

        :param settings: As in REST's ``POST members``, such as ``delivery_mode``,
            ``delivery_status`` or ``role``; also ``moderation_action``.
        """
        later = {
            key: settings.pop(key) for key in ['moderation_action'] if key in settings
        }
        request = {
            'list_id': list_id,
            'subscriber': email,
            'display_name': display_name,
            'pre_verified': True,
            'pre_confirmed': True,
            'pre_approved': True,
            **settings,
        }
        answer = self.must('members', request)
        if not answer.location:
            raise SiteError(f'{email}: the request is pending: {answer.body}')
        member_id = answer.location.rstrip('/').rpartition('/')[2]
        if later:
            self.must(f'members/{member_id}', later, 'PATCH')
        return member_id

    # What goes on inside.

    def settle(self, timeout: float = 180, quiet: float = 0.3) -> None:
        """Wait until all mail has been processed.

        Shunted, bad and deferred mail is not waited for.

        :param timeout: Seconds to wait without any progress.
        :param quiet: Seconds without change that count as done.
        :raises SiteError: if mail is stuck or Mailman has ended.
        """
        seen, moved, looks = self._progress(), time.monotonic(), 0
        # Looking at all queues may take long on a busy machine, and miss a message that
        # moves meanwhile from a queue not checked yet to one already checked.
        while seen[0] or looks < LOOKS or time.monotonic() - moved < quiet:
            if not self.running:
                raise SiteError(f'Mailman has ended.\n{self._last_words()}')
            if time.monotonic() - moved > timeout:
                raise SiteError(f'Mail is still under way: {seen[0]}')
            time.sleep(0.03)
            looks += 1
            before, seen = seen, self._progress()
            if seen != before:
                moved, looks = time.monotonic(), 0

    def _progress(self) -> tuple[dict[str, int], int]:
        return self._queue_counts(), len(self.outbox)

    def _queue_counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for path in {*(self.var / 'queue').glob('*/*')} - self._leftovers:
            if path.suffix in QUEUE_FILES and path.parent.name not in RESTING_QUEUES:
                counts[path.parent.name] = counts.get(path.parent.name, 0) + 1
        return counts

    def queue(self, name: str) -> list[tuple[Message, dict[str, Any]]]:
        """Return the messages in a queue, oldest first, each with its metadata."""
        return list(self._read_queue(name))

    def _read_queue(self, name: str) -> Iterator[tuple[Message, dict[str, Any]]]:
        # File names begin with the time of arrival.
        for path in sorted((self.var / 'queue' / name).glob('*.pck')):
            # A runner may take the file meanwhile.
            with contextlib.suppress(FileNotFoundError), path.open('rb') as entry:
                yield pickle.load(entry), pickle.load(entry)

    def shunted(self) -> list[tuple[Message, dict[str, Any]]]:
        """Return the messages that Mailman has shunted."""
        return self.queue('shunt')

    def log(self, name: str) -> str:
        """Return the text of a log, such as ``mailman``, ``smtp`` or ``plugins``."""
        path = self.var / 'logs' / f'{name}.log'
        return path.read_text(errors='replace') if path.exists() else ''


def script(name: str) -> Path:
    """Return a program that Mailman installs beside our Python."""
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return beside
    found = shutil.which(name)
    if found is None:
        raise SiteError(f'The program {name!r} of Mailman is not installed.')
    return Path(found)


def until(ready: Callable[[], bool], timeout: float, pause: float = 0.03) -> bool:
    """Wait for a condition; return whether it was met within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """Delay Ctrl-C until a step is done, so that what it starts can be stopped."""
    # Only the main thread gets signals, and may set handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def later(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    # Neither masked nor ignored: what is started would inherit that.
    before = {
        number: signal.signal(number, later)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for heard_number in heard:
            signal.raise_signal(heard_number)


def _group_exists(leader: subprocess.Popen[bytes] | None) -> bool:
    if leader is None:
        return False
    try:
        os.killpg(leader.pid, 0)
    except ProcessLookupError:
        return False
    return True
