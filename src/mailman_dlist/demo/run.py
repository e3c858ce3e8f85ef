# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the demo: a village writes to a real Mailman, and we count its mail.

Start a private site (`site`), make a dlist with a dozen members, let them write,
follow and mute by mail, and show what each received.  Nothing is left behind,
however the demo ends.
"""

from __future__ import annotations

import dataclasses
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TextIO

from mailman_dlist.demo.keep import keep_running
from mailman_dlist.demo.letters import (
    STORY,
    Letter,
    Person,
    cast,
    for_a_dlist,
    read,
    whole_threads,
    with_commands,
)
from mailman_dlist.demo.progress import Progress
from mailman_dlist.demo.replay import Replay
from mailman_dlist.demo.report import report
from mailman_dlist.demo.results import collect
from mailman_dlist.demo.site import Site, SiteError


LIST = 'village@example.org'

# Enough to show the idea, and done within a minute.
LETTERS = 40
CONVERSATIONS = 8

# An archive of real conversations, if there is one beside the checkout.
CORPUS = Path('shared', 'corpus')

INTERRUPTED = 130  # As shells report an end by SIGINT.


def demo(
    *,
    keep: bool = False,
    corpus: Path | None = None,
    limit: int | None = None,
    output: TextIO = sys.stdout,
    plain: bool = False,
) -> int:
    """Run the demo; return its exit code.

    :param keep: Keep the site running until Ctrl-C, and print how to reach it.
    :param corpus: A mailbox file with the letters; by default, one beside the
        checkout or the story that ships with the package.
    :param limit: The maximum number of messages from a corpus.
    :param plain: ASCII only, and no line that changes.
    """
    progress = Progress(output, plain=plain)
    mailbox = corpus or find_corpus() or STORY
    letters = _letters(mailbox, limit or LETTERS)
    if not letters:
        progress.say(f'There are no threads in {mailbox}.')
        return 2
    try:
        with orderly_end(), tempfile.TemporaryDirectory(prefix='dlist-demo-') as path:
            progress.say('Dynamic sublists: each conversation is its own small list')
            progress.say(f'The messages come from {mailbox.name}.')
            progress.say()
            return _demo(Path(path), letters, progress, keep=keep)
    except KeyboardInterrupt:
        progress.say('Stopped. Nothing is left behind.')
        return INTERRUPTED
    except SiteError as error:
        progress.say(str(error))
        return 1


def find_corpus() -> Path | None:
    """Return the largest mailbox beside the checkout that we run from, if any."""
    checkout = Path(__file__).parents[3]
    if not (checkout / 'setup.cfg').exists():
        return None
    boxes = (checkout.parent / CORPUS).glob('*.mbox')
    return max(boxes, key=lambda box: box.stat().st_size, default=None)


def _letters(path: Path, limit: int) -> list[Letter]:
    letters = read(path)
    if for_a_dlist(letters):
        return letters[:limit]
    return whole_threads(letters, limit=limit, conversations=CONVERSATIONS)


@contextmanager
def orderly_end() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that everything is removed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _undisturbed(site: Site) -> Iterator[None]:
    """Stop the site at the end; a second Ctrl-C does not interrupt that."""
    try:
        yield
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            site.close()
        finally:
            signal.signal(signal.SIGINT, before)


def _demo(
    directory: Path, letters: list[Letter], progress: Progress, *, keep: bool
) -> int:
    site = Site(directory)
    with _undisturbed(site):
        with progress.step('Starting a private Mailman'):
            site.start(tell=partial(progress.show, what='processes running'))
        people = cast(letters)
        with progress.step(f'Creating {LIST} with {len(people)} members'):
            list_id, people = _found(site, people)
        letters = with_commands(letters, people)
        replay = Replay(site, LIST)
        commands = sum(bool(letter.verb) for letter in letters)
        what = f'Sending {len(letters) - commands} posts and {commands} commands'
        with progress.step(what):
            replay.run(letters, progress)
        results = collect(site, list_id, people, replay.sent)
        progress.say()
        for line in report(results, LIST, progress.glyphs):
            progress.say(line)
        if keep:
            keep_running(site, results, LIST, progress)
    return 1 if results.troubles else 0


def _found(site: Site, people: list[Person]) -> tuple[str, list[Person]]:
    """Create the list and its members."""
    list_id = site.create_list(
        LIST,
        # Letters of any length and content must pass.
        administrivia=False,
        max_message_size=0,
    )
    members = []
    for person in people:
        member_id = site.subscribe(list_id, person.email, person.name)
        site.must(
            f'plugins/dlist/lists/{list_id}/members/{member_id}',
            {'default': person.default},
            'PATCH',
        )
        members.append(dataclasses.replace(person, member_id=member_id))
    return list_id, members
