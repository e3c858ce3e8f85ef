# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner of digests is killed, and the next one goes on [U9]."""

from __future__ import annotations

import os
import subprocess
from itertools import product
from subprocess import DEVNULL

from mailman_dlist.demo.site import Site, script, until
from tests.journeys.standstill import waiting_reader
from tests.journeys.test_u9_digest import choose, digests
from tests.village import MailingList, Person, Village


TALKS = ('picnic', 'goat', 'bridge', 'fox')
PATIENCE_SECONDS = 300


def post_to_all(ant: MailingList, author: Person, *open_with: str) -> None:
    for name in TALKS:
        author.writes(ant.at(*open_with, name), name, wait=False)
    ant.village.settle()


def readers_with_wishes_of_their_own(ant: MailingList, author: Person) -> list[Person]:
    """Let sixteen people take digests, no two of which will be alike."""
    post_to_all(ant, author, 'new')
    readers = []
    for number, wishes in enumerate(product(('follow', 'mute'), repeat=len(TALKS))):
        [reader] = ant.has(f'Reader{number}', delivery_mode='plaintext_digests')
        for name, wish in zip(TALKS, wishes, strict=True):
            choose(ant, reader, name, wish)
        readers.append(reader)
    return readers


def runner(site: Site) -> subprocess.Popen[bytes]:
    """Start the runner of the queue *digest*, as its master does."""
    line = [str(script('runner')), '-C', str(site.cfg), '--runner=digest:0:1']
    return subprocess.Popen(line, stdout=DEVNULL, stderr=DEVNULL)


def test_a_killed_runner_takes_no_digest_and_doubles_none(make_site, tmp_path):
    # No other process works at its queues until the mail settles.
    with make_site() as site:
        ant = Village(site).new_list('ant')
        [anne] = ant.has('Anne')
        readers = readers_with_wishes_of_their_own(ant, anne)
        # Whoever reads this text waits: the digests are half written.
        text = tmp_path / 'footer.txt'
        os.mkfifo(text)
        footer = {'list:member:digest:footer': text.as_uri()}
        site.must(f'lists/{ant.list_id}/uris', footer, 'PATCH')
        virgin = site.var / 'queue' / 'virgin'
        for moment in ('half written', 'on the way', 'on the way'):
            post_to_all(ant, anne)
            site.must(f'lists/{ant.list_id}/digest', {'send': True})
            killed = runner(site)
            if moment == 'half written':
                with waiting_reader(text):
                    killed.kill()
                    killed.wait()
                text.unlink()
                text.write_text('The end.\n')
            else:
                assert until(
                    lambda: any(virgin.glob('*.pck')), PATIENCE_SECONDS, pause=0
                )
                killed.kill()
                killed.wait()
            ant.village.settle()
            # The last mutes everything, and has had the openings.
            counts = [len(digests(reader)) for reader in readers]
            assert counts == [1] * 15 + [int(moment == 'half written')]
        assert site.shunted() == []
        # A file that the runner was writing when it was killed stays for good.
        assert {path.suffix for path in virgin.iterdir()} <= {'.tmp'}
