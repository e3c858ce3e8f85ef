# SPDX-License-Identifier: GPL-3.0-or-later
"""What can never be handled is refused at once and for good, not for ever."""

from __future__ import annotations

import pytest

from tests.mail.test_limits import (
    DEEPEST,
    LONGEST_FIELD,
    field,
    forwarded,
    nested,
    parts,
)
from tests.village import MailingList


# Lines of mail are short.
FOLDED = 50 * '(' + '\n '


@pytest.mark.parametrize('mail', [
    nested(300), forwarded(400), nested(DEEPEST + 2), field(54 * FOLDED),
    field(LONGEST_FIELD * '=?utf-8?q?a?=\n ', 'Subject'),
    field(LONGEST_FIELD * '"a" <a@b.example>,\n ', 'From'),
], ids=['parts', 'messages', 'fewer parts', 'comments', 'subject', 'sender'])
def test_its_mail_server_is_told_the_reason(mail: bytes, ant: MailingList) -> None:
    [anne] = ant.has('Anne')
    deliver = ant.village.site.deliver
    [(code, text)] = deliver(anne.email, ant.at('new'), mail).values()
    assert code == 554, text
    assert 'Message refused: ' in text


@pytest.mark.parametrize('mail', [
    nested(DEEPEST - 1), forwarded(DEEPEST - 1), field(FOLDED), parts(1000),
], ids=['parts', 'messages', 'comments', 'many parts'])
def test_what_is_just_within_the_limits_gets_through(
    mail: bytes, ant: MailingList
) -> None:
    """Through digests and archives as well."""
    ant.config(digests_enabled=True, digest_send_periodic=False)
    [anne] = ant.has('Anne')
    bart, dora = ant.has('Bart', 'Dora', delivery_mode='plaintext_digests')
    mail = mail.replace(b'@example.com', f'@{ant.village.domain}'.encode())
    letter = anne.sends(mail, ant.at('new'))
    assert letter.accepted
    assert letter.readers == {'Anne'}, ant.village.site.log('mailman')[-3000:]
    ant.village.site.run_mailman('digests', '--send', '--list', ant.list_id)
    ant.village.settle()
    assert len(bart.inbox) == len(dora.inbox) == 1
