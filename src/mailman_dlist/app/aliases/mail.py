# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail about aliases: to the address itself, to the member, to moderators.

The module `app.aliases.requests` decides whether there is something to tell.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.aliases.eligibility import Obstacle
from mailman_dlist.app.i18n import _
from mailman_dlist.app.links import making
from mailman_dlist.app.notices import sending
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail import subjects


@public
def ask(mlist: MailingList, email: str, token: str, until: datetime) -> None:
    """Ask the reader of an address to confirm that it is to be an alias."""
    link = making.alias(token)
    with _.using(mlist.preferred_language.code):
        subject = _(
            'Posting to ${mlist.display_name} from this address: please confirm')
        button = _('Or confirm on this page:')
    facts = {
        'email': email,
        'until': f'{until:%Y-%m-%d %H:%M} UTC',
        'link': f'\n{button}\n    {link}\n' if link else '',
    }
    fields = {'Reply-To': lists.addresses(mlist).confirm(token)}
    template = 'dlist:notice:alias-confirm'
    notice = sending.write(mlist, mlist, template, subject, facts, fields=fields)
    sending.send(mlist, notice, email)


@public
def refuse(mlist: MailingList, email: str, obstacle: Obstacle) -> None:
    """Tell the reader of an address why it cannot be an alias."""
    with _.using(mlist.preferred_language.code):
        facts = {'email': email, 'reason': obstacle.sentence}
    sending.send(mlist, _notice(mlist, 'refused', facts), obstacle.tell)


@public
def say_confirmed(mlist: MailingList, email: str) -> None:
    """Tell an address that it is an alias now."""
    sending.send(mlist, _notice(mlist, 'confirmed', {'email': email}), email)


@public
def answer_unknown(mlist: MailingList, msg: Message) -> None:
    """Reply to a confirmation of a request that does not exist, or no longer."""
    facts = {'join_email': mlist.join_address}
    # The command that the message asks for.
    fields = {'Reply-To': mlist.request_address}
    notice = replace(_notice(mlist, 'unknown', facts), fields=fields)
    sending.send(mlist, notice, msg.sender, answers=msg)


def _notice(mlist: MailingList, what: str, facts: sending.Facts) -> sending.Notice:
    with _.using(mlist.preferred_language.code):
        subject = _('Posting to ${mlist.display_name} from another address')
    return sending.write(mlist, mlist, f'dlist:notice:alias-{what}', subject, facts)


@public
def tell_member(
    mlist: MailingList, member: Member, what: str, email: str, *, limited: bool = True
) -> None:
    """Tell a member about a change of an alias, at the address of the membership.

    :param limited: As `sending.send` takes it.
    """
    if member.address is None:
        return
    with _.using(member.preferred_language.code):
        # Do not name the alias: subjects appear in the logs of some mail servers.
        subject = _('Your aliases on ${mlist.display_name}')
    template, facts = f'dlist:notice:alias-{what}', {'email': email}
    notice = sending.write(mlist, member, template, subject, facts)
    sending.send(mlist, notice, member, limited=limited)


@public
def name_member(mlist: MailingList, msg: Message, author: AliasAuthor) -> None:
    """Tell moderators whose alias a held post is from, if the owners allow that."""
    if not (mlist.admin_immed_notify and lists.settings(mlist).aliases_visible):
        return
    email = author.email
    with _.using(mlist.preferred_language.code):
        subject = _('A held post to ${mlist.display_name} from the alias ${email}')
    facts = {
        'alias': email,
        'member_email': author.member.address.email,
        'subject': subjects.decode_subject(msg.get('subject')),
    }
    notice = sending.write(mlist, mlist, 'dlist:notice:held-alias', subject, facts)
    sending.send(mlist, notice, mlist.owner_address, limited=False)
