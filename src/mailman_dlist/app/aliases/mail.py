# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail about aliases: to the address itself, to the member, to moderators.

Whether there is something to tell is for `app.aliases.requests` to know.
"""

from __future__ import annotations

from datetime import datetime

from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.aliases.obstacles import Obstacle
from mailman_dlist.app.i18n import _
from mailman_dlist.app.links import making
from mailman_dlist.app.notices import sending
from mailman_dlist.app.notices.sending import Letter
from mailman_dlist.app.people.senders import AliasAuthor
from mailman_dlist.interfaces.mailman import MailingList, Member, Message
from mailman_dlist.mail import subjects


@public
def ask(mlist: MailingList, email: str, token: str, until: datetime) -> None:
    """Ask who reads the mail of an address to confirm that it is to be an alias."""
    link = making.alias(token)
    with _.using(mlist.preferred_language.code):
        subject = _(
            'Posting to ${mlist.display_name} from this address: please confirm')
        button = _('Or press the button on this page:')
    letter = Letter(
        'dlist:notice:alias-confirm',
        subject,
        {
            'email': email,
            'until': f'{until:%Y-%m-%d %H:%M} UTC',
            'link': f'\n{button}\n    {link}\n' if link else '',
        },
        reply_to=lists.addresses(mlist).confirm(token),
    )
    sending.tell_address(mlist, email, letter)


@public
def refuse(mlist: MailingList, email: str, obstacle: Obstacle) -> None:
    """Say why an address cannot be an alias, to who may know."""
    with _.using(mlist.preferred_language.code):
        facts = {'email': email, 'reason': obstacle.sentence}
    sending.tell_address(mlist, obstacle.tell, _letter(mlist, 'refused', facts))


@public
def say_confirmed(mlist: MailingList, email: str) -> None:
    """Tell an address that it is an alias now."""
    sending.tell_address(mlist, email, _letter(mlist, 'confirmed', {'email': email}))


@public
def answer_unknown(mlist: MailingList, msg: Message) -> None:
    """Answer who wanted to confirm something that there is not, or not any more."""
    facts = {'join_email': mlist.join_address}
    sending.answer(mlist, msg, _letter(mlist, 'unknown', facts))


def _letter(mlist: MailingList, what: str, facts: sending.Facts) -> Letter:
    with _.using(mlist.preferred_language.code):
        subject = _('Posting to ${mlist.display_name} from another address')
    return Letter(f'dlist:notice:alias-{what}', subject, facts)


@public
def tell_member(
    mlist: MailingList, member: Member, what: str, email: str, *, limited: bool = True
) -> None:
    """Tell a member what became of an alias, at the address of the membership.

    :param limited: As `notices.tell_member` takes it.
    """
    if member.address is None:
        return
    with _.using(member.preferred_language.code):
        # No alias: subjects stand in the logs of some mail servers.
        subject = _('Your aliases on ${mlist.display_name}')
    letter = Letter(f'dlist:notice:alias-{what}', subject, {'email': email})
    sending.tell_member(mlist, member, letter, limited=limited)


@public
def name_member(mlist: MailingList, msg: Message, author: AliasAuthor) -> None:
    """Tell moderators whose alias a held post is from, where owners allow that."""
    if not (mlist.admin_immed_notify and lists.settings(mlist).aliases_visible):
        return
    email = author.email
    with _.using(mlist.preferred_language.code):
        subject = _('Who wrote to ${mlist.display_name} from ${email}')
    facts = {
        'alias': email,
        'member_email': author.member.address.email,
        'subject': subjects.decode_subject(msg.get('subject')),
    }
    sending.tell_owners(mlist, Letter('dlist:notice:held-alias', subject, facts))
