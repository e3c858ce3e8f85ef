# SPDX-License-Identifier: GPL-3.0-or-later
"""Set fields that lead replies to the conversation, and posts to earlier posts."""

from __future__ import annotations

from mailman.interfaces.mailinglist import ReplyToMunging
from public import public

from mailman_dlist.app.posts.accepting import Accepted
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.domain.address import ListAddresses
from mailman_dlist.mail.automatic import is_generated
from mailman_dlist.mail.fields import addresses, raw
from mailman_dlist.mail.references import ids_in
from mailman_dlist.model import conversations as model
from mailman_dlist.model.memberships import emails_among


@public
def join_thread(accepted: Accepted) -> None:
    """Add references to the opening and the last post to a reply that names no message.

    A member wrote it to the conversation's address by hand.  Archives and mail programs
    would show it apart from its conversation.
    """
    msg = accepted.arrival.msg
    named = [*raw(msg, 'In-Reply-To'), *raw(msg, 'References')]
    if accepted.opening or any(each.strip() for each in named):
        return
    ids = model.opening_and_last_post(accepted.conversation, accepted.message)
    # Some ids cannot be named, such as those that contain a blank.
    usable = [each for each in ids if ids_in(f'<{each}>') == [each]]
    if usable:
        del msg['In-Reply-To'], msg['References']
        msg['References'] = '\n '.join(f'<{each}>' for each in usable)


@public
def followup_to(arrival: Arrival, ours: ListAddresses, name: str) -> str | None:
    """Return the value of Mail-Followup-To; None to set none.

    Mail programs that know the field send a reply to all to these addresses, and not to
    the author and the others in To and Cc, who may have muted the conversation.
    Nonmembers receive nothing from the list, so they stay.

    :param ours: The addresses of the list, also those that it had before.
    :param name: The name of the conversation, which is in To and Cc by now.
    """
    mlist, msg = arrival.mlist, arrival.msg
    to_author = mlist.reply_goes_to_list is ReplyToMunging.no_munging
    if mlist.anonymous_list or not to_author:
        return None
    # A program may take replies itself.
    if is_generated(msg) or raw(msg, 'Mail-Followup-To'):
        return None
    if any(ours.extension(each) is not None for each in addresses(msg, 'reply-to')):
        return None
    others = [
        each
        for each in filter(_is_usable, addresses(msg, 'to', 'cc'))
        if ours.extension(each) is None
    ]
    if others:
        members = emails_among(mlist.list_id, {each.lower() for each in others})
        others = [each for each in others if each.lower() not in members]
    if arrival.member is None:
        author = addresses(msg, 'reply-to') or [msg.sender]
        others += filter(_is_usable, author)
    return ',\n '.join(dict.fromkeys([ours.conversation(name), *others]))


def _is_usable(address: str) -> bool:
    return '@' in address and address.isascii() and address.isprintable()
