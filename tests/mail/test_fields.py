# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields as they came, and others in their place."""

from __future__ import annotations

from email import message_from_bytes

from mailman_dlist.mail.fields import exchange, raw


LETTER = message_from_bytes(
    b'TO: B\xe4rt <bart@example.com>\nSubject: Tea\nTo: cris@example.com\n\nHello\n'
)


def test_octets_beyond_ascii_stay_as_they_came():
    assert raw(LETTER, 'To') == ['B\udce4rt <bart@example.com>', 'cris@example.com']


def test_what_stays_the_same_stays_in_its_place():
    before = LETTER.as_bytes()

    exchange(LETTER, 'To', str)

    assert LETTER.as_bytes() == before


def test_every_value_has_another_in_its_place():
    letter = message_from_bytes(LETTER.as_bytes())

    exchange(letter, 'To', str.upper)

    assert letter.as_bytes() == (
        b'Subject: Tea\nTo: B\xe4RT <BART@EXAMPLE.COM>\nTo: CRIS@EXAMPLE.COM\n\nHello\n'
    )
