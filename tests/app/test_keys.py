# SPDX-License-Identifier: GPL-3.0-or-later
"""The key file: made once, for its owner alone, and exchanged by hand."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from mailman.config import config

from mailman_dlist.app.links import keys
from mailman_dlist.app.links.keys import KeyFileError
from tests.house.tree import ROOT


PROCESSES = 10

OLD, NEW = 'a1' * keys.KEY_OCTETS, 'b2' * keys.KEY_OCTETS


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key file of a site; it is not there yet."""
    monkeypatch.setattr(config, 'DATA_DIR', str(tmp_path), raising=False)
    return tmp_path / keys.FILE_NAME


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.write_text(text, encoding='utf-8')
    file.chmod(mode)


def test_the_first_signature_makes_a_key_that_only_its_owner_reads(file):
    key_id, key = keys.signing()
    assert len(key) == keys.KEY_OCTETS
    assert file.read_text() == f'{key_id} {key.hex()}\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    assert keys.signing() == (key_id, key)
    assert keys.accepted() == {key_id: key}


def test_looking_for_keys_makes_none(file):
    assert keys.accepted() == {}
    assert not file.exists()


def test_of_many_processes_one_makes_the_key_and_all_sign_with_it(file):
    done = subprocess.run(
        [
            sys.executable, '-m', 'tests.app.sign_together',
            str(file.parent), str(PROCESSES),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == PROCESSES
    [key] = set(done.stdout.split())
    assert file.read_text() == f'1 {key}\n'
    assert list(file.parent.iterdir()) == [file]


def test_who_comes_second_takes_the_key_that_is_there(file):
    write(file, f'3 {OLD}\n')
    keys._make(file)
    assert keys.signing() == (3, bytes.fromhex(OLD))
    assert list(file.parent.iterdir()) == [file]


def test_a_line_that_is_added_signs_at_once_and_the_old_ones_stay_good(file):
    write(file, f'1 {OLD}\n')
    assert keys.signing() == (1, bytes.fromhex(OLD))
    # Neither the order nor the ids say anything but what they say.
    write(file, f'1 {OLD}\n\n0 {NEW.upper()}\n')
    assert keys.signing() == (0, bytes.fromhex(NEW))
    assert keys.accepted() == {1: bytes.fromhex(OLD), 0: bytes.fromhex(NEW)}
    write(file, f'0 {NEW}\n')
    assert keys.accepted() == {0: bytes.fromhex(NEW)}


@pytest.mark.parametrize(('text', 'problem'), [
    ('', 'contains no key'),
    ('\n\n', 'contains no key'),
    (f'1 {OLD}\n2 {NEW[:-2]}\n', 'line 2 is not an id from 0 to 15 and a key of at '
     'least 64 hexadecimal digits'),
    (f'{OLD}\n', 'line 1 is not an id'),
    (f'16 {OLD}\n', 'line 1 is not an id'),
    (f'-1 {OLD}\n', 'line 1 is not an id'),
    (f'one {OLD}\n', 'line 1 is not an id'),
    (f'\n1 {OLD} {NEW}\n', 'line 2 is not an id'),
    (f'1 {OLD[:-1]}x\n', 'line 1 is not an id'),
    (f'1 {OLD}\n1 {NEW}\n', 'line 2 has the same id as another line'),
    (f'1 {OLD}\nä\n', 'cannot be read: '),
])
def test_a_fault_is_told_and_no_key_counts(text, problem, file):
    write(file, text)
    for ask in keys.accepted, keys.signing:
        with pytest.raises(KeyFileError) as raised:
            ask()
        assert raised.value.problem.startswith(problem)
        assert str(raised.value).startswith(f'{file}: ')
        assert OLD[:8] not in str(raised.value)
    assert file.read_text('utf-8') == text


@pytest.mark.parametrize('mode', [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_a_file_that_others_may_read_or_write_is_refused(mode, file):
    write(file, f'1 {OLD}\n', mode)
    with pytest.raises(KeyFileError) as raised:
        keys.signing()
    assert raised.value.problem == 'others can read it; "chmod 600" it'
    file.chmod(0o400)
    assert keys.signing() == (1, bytes.fromhex(OLD))


def test_a_file_that_is_none_is_told(file):
    file.mkdir(mode=0o700)
    with pytest.raises(KeyFileError) as raised:
        keys.accepted()
    assert raised.value.problem.startswith('cannot be read: ')


def test_a_key_that_cannot_be_made_is_told(file, monkeypatch):
    monkeypatch.setattr(config, 'DATA_DIR', str(file.parent / 'nowhere'))
    with pytest.raises(KeyFileError) as raised:
        keys.signing()
    assert raised.value.problem.startswith('cannot be created: ')
