# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for an alias, reading the mail to it, and answering that."""

from __future__ import annotations

import re
from typing import Any

from mailman.config import config

from mailman_dlist.app.aliases import requests
from mailman_dlist.interfaces.alias import AliasState
from mailman_dlist.metadata import EXTENSION
from mailman_dlist.runners.dlist import DlistRunner
from tests.model.stage import letter, queued, run


ALIAS = 'me@other.example'

TOKEN = re.compile(r'ant\+confirm\+([a-z2-7]{16})@example\.com')


def sent() -> list[Any]:
    return [msg for msg, _msgdata in queued('virgin')]


def text_of(mail: Any) -> str:
    return mail.get_payload(decode=True).decode()


def token_for(mlist: Any, member: Any, email: str = ALIAS) -> str:
    """Let a member ask, and read the token in the mail to the address."""
    requests.ask(mlist, member, email)
    [mail] = sent()
    assert mail['to'] == email
    [token] = TOKEN.findall(mail['reply-to'])
    return token


def own(member: Any) -> dict[str, AliasState]:
    return dict(requests.show(member))


def answers(
    mlist: Any, token: str, sender: str = ALIAS, text: str = '', **fields: str
) -> None:
    """Let somebody answer the mail that asks for a confirmation."""
    msg = letter(sender, 'Re: Posting to Ant', **fields)
    msg.set_payload(text)
    config.switchboards['dlist'].enqueue(
        msg, listid=mlist.list_id, **{EXTENSION: f'confirm+{token}'}
    )
    run(DlistRunner, 'dlist')
