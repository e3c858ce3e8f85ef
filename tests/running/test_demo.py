# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, as somebody runs it who has just installed us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Timer

import pytest

from mailman_dlist.demo.letters import STORY
from mailman_dlist.demo.site import until
from tests import processes


# Others may be at work.
PATIENCE_SECONDS = 300

DEMO = [sys.executable, '-m', 'mailman_dlist.demo', '--corpus', str(STORY)]


@pytest.fixture
def run(tmp_path):
    """Start the demo with a temporary directory that we can look into."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [*DEMO, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding='utf-8',
            # Whoever runs the tests in the background may ignore it.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            env={**os.environ, 'TMPDIR': str(tmp_path), 'PYTHONIOENCODING': 'utf-8'},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def left_behind(directory: Path) -> list[str]:
    """Files, and processes that were started with one of them."""
    files = [str(path) for path in directory.iterdir()]
    return files + processes.naming(directory)


def read_until(process, text):
    lines = []
    # A process that says nothing more would be read for ever.
    patience = Timer(PATIENCE_SECONDS, process.kill)
    patience.start()
    for line in process.stdout:
        lines.append(line)
        if text in line:
            patience.cancel()
            return ''.join(lines)
    raise AssertionError(f'{text!r} is not in\n{"".join(lines)}')


def test_the_demo_adds_up_and_can_be_talked_to(run, tmp_path):
    process = run('--keep')
    said = read_until(process, 'delivered from now on:')
    assert 'Starting a private Mailman ...' in said
    assert 'No message was shunted, held or refused.' in said
    # Nell reads nothing by default; Ivo everything.
    assert re.search(r'Nell Reed +nothing +· +· +· +· +· +0 of 22', said)
    assert re.search(r'Ivo Marsh +everything +6 +6 +5 +3 +2 +22 of 22', said)
    # Hetty mutes the goat after the third of six letters; Kit follows the
    # picnic after the second of six.
    assert re.search(r'Hetty Well +everything +3−', said)
    assert re.search(r'Kit Long +nothing +· +4\+', said)
    assert re.search(r'E  lamp-oil ', said)
    # The examples work as printed.
    [curl] = re.findall(r'curl -s -u (\S+) (\S+)', said)
    asked = subprocess.run(
        [sys.executable, '-c', ASK, *curl],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    reasons = re.findall('"email": "(.*?)".*?"reason": "(.*?)"', asked.stdout)
    assert reasons == [
        ('anne@example.org', 'replied'),
        ('dora@example.org', 'replied'),
        ('emil@example.org', 'opened'),
        ('gus@example.org', 'default'),
        ('ivo@example.org', 'default'),
    ]
    [script] = re.findall(r"<<'END'\n(.*?)\n  END", said, re.DOTALL)
    subprocess.run(
        [sys.executable, '-'],
        input='\n'.join(line[2:] for line in script.splitlines()),
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    read_until(process, '[Village] Hello  ->  anne@example.org')
    assert len(processes.naming(tmp_path)) > 10
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert left_behind(tmp_path) == []


# What curl does, where there is none.
ASK = """
import base64, sys, urllib.request
secret = base64.b64encode(sys.argv[1].encode()).decode()
request = urllib.request.Request(
    sys.argv[2], headers={'Authorization': f'Basic {secret}'})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(request).read().decode())
"""


@pytest.mark.parametrize(
    ('number', 'started'),
    [(signal.SIGINT, 0), (signal.SIGTERM, 1), (signal.SIGINT, 5)],
)
def test_an_interrupted_demo_leaves_nothing_behind(run, tmp_path, number, started):
    process = run()
    read_until(process, 'Dynamic sublists')
    assert until(lambda: len(processes.naming(tmp_path)) >= started, PATIENCE_SECONDS)
    process.send_signal(number)
    assert process.wait(timeout=PATIENCE_SECONDS) == 130
    assert 'Nothing is left behind' in process.stdout.read()
    assert left_behind(tmp_path) == []
