# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the demo running so that people can write to it.

Prints how to reach the private Mailman by mail and by REST, and shows what it
delivers, until Ctrl-C.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from mailman_dlist.demo.letters import Person, decoded
from mailman_dlist.demo.ports import HOST
from mailman_dlist.demo.progress import Progress
from mailman_dlist.demo.results import Results
from mailman_dlist.demo.site import Site


PAUSE_SECONDS = 0.2


def keep_running(
    site: Site, results: Results, list_address: str, progress: Progress
) -> None:
    """Return at Ctrl-C, or when Mailman has ended by itself."""
    for line in _ports(site):
        progress.say(line)
    for conversation in results.conversations[:1]:
        for line in _examples(site, list_address, conversation.name, results.people[0]):
            progress.say(line)
    progress.say('Messages delivered from now on:')
    shown = len(site.outbox)
    try:
        while site.running:
            for delivery in site.outbox.deliveries[shown:]:
                shown += 1
                recipients = ', '.join(sorted(delivery.recipients))
                subject = decoded(delivery.message['Subject'])
                progress.say(f'  {time.strftime("%X")}  {subject}  ->  {recipients}')
            time.sleep(PAUSE_SECONDS)
    except KeyboardInterrupt:
        progress.say('Stopped. Nothing is left behind.')


def _ports(site: Site) -> Iterator[str]:
    yield ''
    yield 'Mailman is still running.  Press Ctrl-C to stop it and delete its files.'
    yield ''
    yield f'  mail in    LMTP {HOST}:{site.lmtp_port}'
    yield f'  mail out   SMTP {HOST}:{site.smtp_port}, shown below'
    yield f'  REST       {site.rest_url} {site.admin_user} {site.admin_pass}'
    yield f'  commands   mailman -C {site.cfg} ...'
    yield ''


def _examples(
    site: Site, list_address: str, name: str, person: Person
) -> Iterator[str]:
    local, _, domain = list_address.partition('@')
    login = f'{site.admin_user}:{site.admin_pass}'
    base = f'{site.rest_url}plugins/dlist/lists/{local}.{domain}/conversations'
    yield 'See who will receive the next reply, and why:'
    yield ''
    yield f'  curl -s -u {login} {base}/{name}/audience'
    yield ''
    yield f'Send a reply as {person.name}, and then mute the conversation:'
    yield ''
    yield f"  {sys.executable} - <<'END'"
    yield '  import smtplib'
    yield f"  with smtplib.LMTP('{HOST}', {site.lmtp_port}) as mail:"
    yield '      def write(to, text):'
    yield f"          headers = 'From: {person.email}\\nSubject: Hello\\nTo: ' + to"
    yield f"          mail.sendmail('{person.email}', [to], headers + '\\n\\n' + text)"
    yield f"      write('{local}+{name}@{domain}', 'Good night, all.')"
    yield f"      write('{local}+{name}+unsubscribe@{domain}', 'Enough.')"
    yield '  END'
    yield ''
