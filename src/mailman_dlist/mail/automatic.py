# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mail no person wrote.

Automatic mail is neither a command nor a post, and is never answered (DESIGN,
section 4): two programs that answer each other never stop.
"""

from __future__ import annotations

import re
from email.message import Message

from flufl.bounce import all_failures

from mailman_dlist.mail.fields import mailboxes_in


# Set by programs that know nothing of RFC 3834.
AUTORESPONDER_FIELDS = ('X-Autoreply', 'X-Autorespond')

# The first word of a structured field: comments before it do not count, nor the
# parameters and comments after it.
FIRST_WORD = re.compile(r'(?:\s|\([^()]*\))*([^\s;()]+)')


def automatic(
        msg: Message,
        envelope_sender: str | None,
        list_id: str | None = None,
        ) -> str | None:
    """Say why a mail is automatic; None if a person wrote it.

    X-Auto-Response-Suppress means nothing: Exchange puts it into people's mail.

    :param envelope_sender: '' or '<>' is the null sender (RFC 5321, section
        4.5.5); None is not known.
    :param list_id: Of the list the mail came to, as ``ant.example.com``.
    :return: A few words for a log line.
    """
    if envelope_sender is not None and envelope_sender.strip() in ('', '<>'):
        return 'it has no envelope sender'
    # RFC 3834, section 5.
    if any(word != 'no' for word in _first_words(msg, 'Auto-Submitted')):
        return 'it says Auto-Submitted'
    if 'auto_reply' in _first_words(msg, 'Precedence'):
        return 'it says Precedence: auto_reply'
    for field in AUTORESPONDER_FIELDS:
        if any(word != 'no' for word in _first_words(msg, field)):
            return f'it says {field}'
    # RFC 6522: delivery status, disposition (read receipts), feedback.
    if 'multipart/report' in _first_words(msg, 'Content-Type'):
        return 'it is a report of a mail system'
    if list_id is not None and list_id.lower() in _list_ids(msg):
        return 'it went through this list before'
    return _as_from_mail_system(msg)


def is_generated(msg: Message) -> bool:
    """Say whether a program wrote of its own accord (RFC 3834, section 5).

    Such mail, from a build server say, may open a conversation; it never answers.
    """
    said = _first_words(msg, 'Auto-Submitted')
    return said[:1] == ['auto-generated'] and msg.get_unixfrom() not in ('', '<>')


def _as_from_mail_system(msg: Message) -> str | None:
    # Some mail systems have no address.
    writers = {
        (each.address or each.name).partition('@')[0].lower()
        for each in mailboxes_in(msg, 'From')
    }
    if 'mailer-daemon' in writers:
        return 'it is from a mail system'
    # A postmaster may be a person, and a person may quote a bounce: only both
    # together are one.
    if 'postmaster' in writers and _is_bounce(msg):
        return 'it is a bounce'
    return None


def _is_bounce(msg: Message) -> bool:
    try:
        return any(all_failures(msg))
    except Exception:
        # The detectors expect well-formed mail, and whatever they stumble over
        # says nothing about who wrote it.
        return False


def _values(msg: Message, field: str) -> list[str]:
    try:
        return [str(value) for value in msg.get_all(field, [])]
    except Exception:
        # Some policies of the email package parse at this moment, and fail in
        # many ways.
        return []


def _first_words(msg: Message, field: str) -> list[str]:
    words = map(FIRST_WORD.match, _values(msg, field))
    return [word[1].lower() for word in words if word]


def _list_ids(msg: Message) -> list[str]:
    """Return the identifiers of the lists it went through (RFC 2919)."""
    return [
        value.rpartition('<')[2].strip('> \t\r\n').lower()
        for value in _values(msg, 'List-Id')
    ]
