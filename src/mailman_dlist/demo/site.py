# SPDX-License-Identifier: GPL-3.0-or-later
"""A private, real Mailman.

For demos and for tests that send mail in and look at what comes out: master
and runners, an LMTP port in, a mail server out (`sink`), REST, a database.
All of it lives in one directory, listens on the loopback only, on ports of its
own, and is gone when the site stops.

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


# What lies in these queues waits for a person or for a later hour.
RESTING_QUEUES = frozenset({'shunt', 'bad', 'retry'})
# Looks at all queues, one after the other, that have to find them empty.
LOOKS = 3
QUEUE_FILES = frozenset({'.pck', '.bak', '.tmp'})

# Fourteen processes take half a minute of CPU; on a busy machine that is minutes.
START_SECONDS = 300.0
STOP_SECONDS = 30.0
STOP_MOMENT_SECONDS = 5.0


class SiteError(RuntimeError):
    """The private Mailman did not do what was asked; the text has the log."""


class Site:
    """One private Mailman; a context manager that starts and stops it.

    :param directory: Where everything lives; made when missing, kept at the end.
    :param database_url: SQLAlchemy's, for a database that exists and is empty;
        otherwise a SQLite file in the directory.
    :param database_class: Mailman's class; otherwise found from the url.
    :param plugin: Whether the plugin is on; a stock Mailman otherwise.
    :param extra: Text as in mailman.cfg; it wins over what we write.
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
            # Should a list ask for the policies of senders' domains after all.
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
        """Start everything, and return when mail and REST are answered.

        Every runner has started by then.

        A site that was stopped or killed starts again on its old ports, with
        its old lists and queues.

        :param timeout: In seconds.
        :param tell: Called with the numbers of processes that run and that will run,
            until they are equal.
        :raises SiteError: when Mailman does not come up.
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
        """Stop Mailman in order, and the mail server behind it.

        :param timeout: Seconds after which processes are killed.
        """
        if self._master is not None:
            until(self._stopped, timeout, pause=0)
            self.kill9()
        if self._sink is not None:
            self._sink.stop()
            self._sink = None

    def _stopped(self) -> bool:
        """Ask once, and give it a moment."""
        assert self._master is not None
        # What `mailman stop` sends; that command itself works only while the
        # plugin can be imported.
        self._master.terminate()
        # A runner that is being forked at that moment does not hear it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._master.wait(STOP_MOMENT_SECONDS)
        return not self.running

    def kill9(self) -> None:
        """End master and runners as a power cut would; outgoing mail is kept."""
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
        """Stop, and give the ports back."""
        self.stop()
        for reservation in self._reservations:
            reservation.release()

    def _wait(self, ready: Callable[[], bool], timeout: float, what: str) -> None:
        def settled() -> bool:
            return ready() or not self.running or self._given_up

        if not until(settled, timeout, pause=0.1) or not ready():
            # Whoever fails may not have said all of it yet.
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
        """Hand in one message by LMTP; return code and text for each recipient."""
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
        """Ask REST; return the status and the decoded answer, errors included."""
        answer = self._client.ask(path, data, method, json)
        return answer.status, answer.body

    def must(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        method: str | None = None,
        json: Any = None,
    ) -> Answer:
        """Ask REST for something that has to work.

        :raises SiteError: with the server's answer when it says no.
        """
        answer = self._client.ask(path, data, method, json)
        if answer.status >= 400:
            raise SiteError(f'{path}: {answer.status} {answer.body}')
        return answer

    def run_mailman(
        self, *argv: str, input: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a ``mailman`` command of this site, whatever its exit code.

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
        """Run a ``mailman`` command of this site and return what it prints.

        :raises SiteError: when it fails, unless ``check`` is off.
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
        """Create a list, its domain too when that is missing; return the list id.

        Welcome and farewell messages are off, and so is DMARC mitigation, which
        would ask the Internet about example.com.

        :param style: ``dlist``, or ``legacy-default`` for a plain list.
        :param config: As in REST's ``lists/<id>/config``; wins over the above.
        :raises SiteError: when the style does not exist, or Mailman says no.
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
        # If two runners look for the archivers of a list for the first time, both may
        # write them down, and Mailman finds too many from then on.
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
        """Make somebody a member, without questions; return the member id.

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
        """Wait until no message is under way.

        Mail that was shunted, set aside as bad, or put off until a retry rests.

        :param timeout: Seconds during which nothing moves though there is mail.
        :param quiet: Seconds during which nothing may move.
        :raises SiteError: when mail is stuck, or Mailman has died.
        """
        seen, moved, looks = self._progress(), time.monotonic(), 0
        # One look may take long on a busy machine, and miss what moves meanwhile
        # from a queue not seen yet to one seen already.
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
        """Messages waiting in a queue, oldest first, each with its metadata."""
        return list(self._read_queue(name))

    def _read_queue(self, name: str) -> Iterator[tuple[Message, dict[str, Any]]]:
        # File names begin with the time of arrival.
        for path in sorted((self.var / 'queue' / name).glob('*.pck')):
            # A runner may be quicker than we are.
            with contextlib.suppress(FileNotFoundError), path.open('rb') as entry:
                yield pickle.load(entry), pickle.load(entry)

    def shunted(self) -> list[tuple[Message, dict[str, Any]]]:
        """Messages that Mailman failed on."""
        return self.queue('shunt')

    def log(self, name: str) -> str:
        """A log of Mailman's, such as ``mailman``, ``smtp`` or ``plugins``."""
        path = self.var / 'logs' / f'{name}.log'
        return path.read_text(errors='replace') if path.exists() else ''


def script(name: str) -> Path:
    """A program that Mailman installs, beside the Python that runs us."""
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return beside
    found = shutil.which(name)
    if found is None:
        raise SiteError(f'The program {name!r} of Mailman is not installed.')
    return Path(found)


def until(ready: Callable[[], bool], timeout: float, pause: float = 0.03) -> bool:
    """Wait until something is so; return whether it is, after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """Let Ctrl-C wait until a step is done, so that what it starts can be ended."""
    # Only the main thread hears of it, and may say so.
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
