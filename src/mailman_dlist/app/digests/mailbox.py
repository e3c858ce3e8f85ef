# SPDX-License-Identifier: GPL-3.0-or-later
"""Add messages to the mailbox of a list's next digest, and repair it after a crash.

Mailman's own handler writes ``>From`` where a line of a message begins with ``From``,
so the messages are added here.  A process that is killed while adding leaves an
incomplete message.  One that is killed while Mailman starts a digest leaves a mailbox
without a job, which the next digest would overwrite.
"""

from __future__ import annotations

import logging
import os
import re
import time
from contextlib import closing
from email.generator import BytesGenerator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from mailman.app.digests import bump_digest_number_and_volume, maybe_send_digest_now
from mailman.config import config
from mailman.email.message import Message
from mailman.utilities.mailbox import Mailbox
from public import public

from mailman_dlist.app.digests.locks import locked
from mailman_dlist.interfaces.mailman import MailingList
from mailman_dlist.model.session import commit_and_keep


# The lines before and after each message of an MMDF mailbox.
MARK = b'\1\1\1\1\n'
# A line of a message that would be taken for one of these.
LIKE_A_MARK = re.compile(rb'^\x01{4}$', re.MULTILINE)

log = logging.getLogger('mailman.plugins.dlist')


@public
def collect(mlist: MailingList, msg: Message) -> None:
    """Add a message unchanged to the next digest, and start the digest if it is due."""
    path = Path(mlist.data_path) / 'digest.mmdf'
    path.parent.mkdir(exist_ok=True)
    entry = _entry(msg)
    # The same lock as Mailman's, which has a second one beside it.
    with locked(path) as mailbox:
        _cut_fragment(mailbox)
        mailbox.write(entry)
        mailbox.flush()
        os.fsync(mailbox.fileno())
    # Before Mailman starts this digest, which would overwrite a forgotten one.
    _queue_forgotten(mlist)
    try:
        maybe_send_digest_now(mlist)
    except FileNotFoundError as error:
        # Unless another process has just started it, under the same number.
        if error.filename != str(path):
            raise


def _entry(msg: Message) -> bytes:
    """Return the message in the format of the mailbox.

    Lines that would end the message there get a ``>`` in front.
    """
    octets = BytesIO()
    BytesGenerator(octets, mangle_from_=False, maxheaderlen=0).flatten(msg)
    # After all is written: a line may have ended in CR LF, in any part.
    text = LIKE_A_MARK.sub(rb'>\g<0>', octets.getvalue())
    sender = f'From MAILER-DAEMON {time.asctime(time.gmtime())}\n'
    return MARK + sender.encode() + text + b'\n' + MARK


@public
def messages_in(path: Path) -> list[Message]:
    """Return the messages of a mailbox whose digest has been started."""
    messages: list[Message] = []
    # Another process that opened it earlier may still be adding to it, or may have been
    # killed.
    with locked(path) as file, closing(Mailbox(str(path), create=False)) as mailbox:
        _cut_fragment(file)
        for place in mailbox.iterkeys():
            try:
                messages.append(mailbox[place])
            except ValueError:
                # A plain list may have had a message with such lines in it.
                log.error('%s: message %d cannot be read', path, place)
    return messages


def _queue_forgotten(mlist: MailingList) -> None:
    """Queue a digest whose number is unused although its mailbox exists.

    If it has been queued already, the second job finds nothing to do.
    """
    volume, number = mlist.volume, mlist.next_digest_number
    path = Path(mlist.data_path) / f'digest.{volume}.{number}.mmdf'
    if not path.exists():
        return
    log.info('%s was left behind by a crash and is now queued', path)
    config.switchboards['digest'].enqueue(
        Message(),
        listid=mlist.list_id,
        digest_path=str(path),
        volume=volume,
        digest_number=number,
    )
    bump_digest_number_and_volume(mlist)
    commit_and_keep()


def _cut_fragment(mailbox: BinaryIO) -> None:
    """Cut off an incomplete message; the whole message is added again."""
    place = end = 0
    inside = False
    mailbox.seek(0)
    for line in mailbox:
        place += len(line)
        if line == MARK:
            inside = not inside
            if not inside:
                end = place
    if end < place:
        log.info('%s ended with an incomplete message, which was removed', mailbox.name)
        mailbox.truncate(end)
