# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who wants to join a list that asks, in the test's own process."""

from __future__ import annotations

from datetime import datetime
from email.mime.message import MIMEMessage
from email.mime.text import MIMEText
from textwrap import fill
from typing import Any

from mailman.config import config
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.usermanager import IUserManager
from mailman.runners.command import CommandRunner
from mailman.utilities.datetime import now
from zope.component import getUtility

from mailman_dlist.metadata import EXTENSION
from mailman_dlist.model import essays as model
from mailman_dlist.model.session import store
from mailman_dlist.runners.dlist import DlistRunner
from tests.model.stage import letter, queued, run


ANNE = 'anne@example.com'
ANSWER = 'I knit.\n\nAnd I swim.'


def address(email: str = ANNE) -> Any:
    users = getUtility(IUserManager)
    return users.get_address(email) or users.create_address(email, 'Anne')


def asks_to_join(mlist: Any, **how: Any) -> Any:
    """Register, as a program with REST does; return what it is told."""
    outcome = ISubscriptionManager(mlist).register(address(), **how)
    config.db.commit()
    return outcome


def joins_by_mail(mlist: Any, received: datetime | None = None) -> None:
    """Write to ant-join@; what core answers to the command is put away.

    :param received: When the mail came in, if not now.
    """
    config.switchboards['command'].enqueue(
        letter(ANNE, 'join', mlist.join_address),
        listid=mlist.list_id,
        subaddress='join',
        received_time=received or now(),
    )
    run(CommandRunner, 'command')


def mails() -> list[Any]:
    """Return what was sent to people meanwhile."""
    return [msg for msg, _msgdata in queued('virgin')]


def only(wanted: str, sent: list[Any]) -> Any:
    [msg] = [each for each in sent if wanted in str(each['subject'])]
    return msg


def question() -> Any:
    return only('please answer these questions', mails())


def text_of(msg: Any) -> str:
    part = msg.get_payload(0) if msg.is_multipart() else msg
    return part.get_payload(decode=True).decode('utf-8')


def replies(
    mlist: Any, asked: Any, text: str = ANSWER, sender: str = ANNE, **fields: str
) -> None:
    """Answer a mail of ours as mail programs do."""
    quoted = ''.join(f'> {line}\n' for line in text_of(asked).splitlines())
    msg = letter(sender, f'Re: {asked["subject"]}', str(asked['reply-to']), **fields)
    body = f'{text}\n\nOn 1 Aug 2005, ant@example.com wrote:\n{quoted}'
    msg.set_payload(body.encode(), 'utf-8')
    _comes_in(mlist, asked, msg)


def replies_without_marks(mlist: Any, asked: Any, text: str, width: int) -> None:
    """Reply as a program does that wraps what it quotes, without ``>`` [Finnish]."""
    lines = [fill(line, width) for line in text_of(asked).split('\n\n')]
    header = (
        f'Lähettäjä: {asked["from"]}\nLähetetty: maanantai 1. elokuuta 2005 9.00\n'
        f'Vastaanottaja: {ANNE}\nAihe: {asked["subject"]}'
    )
    msg = letter(ANNE, f'Vs: {asked["subject"]}', str(asked['reply-to']))
    body = '\n\n'.join([text, header, *lines])
    msg.set_payload(body.encode(), 'utf-8')
    _comes_in(mlist, asked, msg)


def passes_on(mlist: Any, asked: Any, attached: Any) -> None:
    """Send a mail to the address that takes the answer, and nothing else."""
    msg = letter(ANNE, f'Fwd: {asked["subject"]}', str(asked['reply-to']))
    msg.set_type('multipart/mixed')
    msg.set_payload([MIMEText('\n'), MIMEMessage(attached)])
    _comes_in(mlist, asked, msg)


def _comes_in(mlist: Any, asked: Any, msg: Any) -> None:
    local_part = str(asked['reply-to']).partition('@')[0]
    config.switchboards['dlist'].enqueue(
        msg, listid=mlist.list_id, **{EXTENSION: local_part.partition('+')[2]}
    )
    run(DlistRunner, 'dlist')
    assert config.switchboards['shunt'].files == []


def confirms_as_in_core(mlist: Any, token: str) -> None:
    """Write to ``ant-confirm+TOKEN@``, with the token that moderators can see."""
    config.switchboards['command'].enqueue(
        letter(ANNE, f'confirm {token}', mlist.confirm_address(token)),
        listid=mlist.list_id,
        subaddress='confirm',
    )
    run(CommandRunner, 'command')
    assert config.switchboards['shunt'].files == []


def member(mlist: Any, email: str = ANNE) -> Any:
    store().expire_all()
    return mlist.members.get_member(email)


def requests(mlist: Any) -> list[Any]:
    found = getUtility(IPendings).find(mlist=mlist, pend_type='subscription')
    return [pendable for _token, pendable in found]


def the_essay(mlist: Any) -> Any:
    store().expire_all()
    [essay] = model.page(mlist.list_id)
    return essay
