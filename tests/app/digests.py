# SPDX-License-Identifier: GPL-3.0-or-later
"""Members who take digests, and what each of them is sent."""

from __future__ import annotations

from typing import Any

from mailman.app.digests import maybe_send_digest_now
from mailman.interfaces.member import DeliveryMode

from mailman_dlist.app.following import choices
from mailman_dlist.domain.following import Default
from mailman_dlist.model.session import store
from mailman_dlist.runners.digest import DlistDigestRunner
from tests.model.stage import queued, run


MIME, PLAIN, SUMMARY = (
    DeliveryMode.mime_digests,
    DeliveryMode.plaintext_digests,
    DeliveryMode.summary_digests,
)


def takes(
    member: Any, mode: DeliveryMode = MIME, default: Default | None = None
) -> Any:
    """Let a member take digests."""
    member.preferences.delivery_mode = mode
    if default is not None:
        choices.settings_of(member.mailing_list, member).default = default
    store().commit()
    return member


def sent(mlist: Any) -> dict[str, Any]:
    """Make the digest, and return what each of the readers has of it."""
    maybe_send_digest_now(mlist, force=True)
    store().commit()
    run(DlistDigestRunner, 'digest')
    return delivered()


def delivered() -> dict[str, Any]:
    """Return the digest that goes out to each of the readers; none has two."""
    assert queued('shunt') == []
    inbox: dict[str, Any] = {}
    for msg, msgdata in queued('virgin'):
        assert msgdata['isdigest']
        for email in msgdata['recipients']:
            name = email.partition('@')[0]
            assert name not in inbox
            inbox[name] = msg
    return inbox


def subjects(digest: Any) -> list[str]:
    """Return the subjects of the messages in a digest of either format."""
    if digest.is_multipart():
        [messages] = [
            part for part in digest.walk()
            if part.get_content_type() == 'multipart/digest'
        ]
        return [part.get_payload(0)['subject'] for part in messages.get_payload()]
    text = digest.get_payload(decode=True).decode()
    _contents, *messages = text.split('\nMessage: ')
    return [
        line.partition(': ')[2]
        for message in messages for line in message.splitlines()
        if line.startswith('Subject: ') and 'Footer' not in line
    ]
