# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a conversation the name that a late copy of its opening asks for.

Some mail servers hand in a message once for each recipient.  The copy to
``ant+new+lake@`` may arrive after the copy to ``ant@`` has opened a conversation.
"""

from __future__ import annotations

from datetime import timedelta

from mailman.utilities.datetime import now
from public import public

from mailman_dlist.app import lists
from mailman_dlist.app.life import changing
from mailman_dlist.app.posts.arrival import Arrival
from mailman_dlist.app.site import ready
from mailman_dlist.domain import naming
from mailman_dlist.domain.actors import AUTOMATIC
from mailman_dlist.interfaces.conversation import MessageKind
from mailman_dlist.model import conversations as model
from mailman_dlist.model.session import committed


# As long as the names of copies are noted, see `claims`.
IN_TIME = timedelta(hours=1)


@public
def name_late(arrival: Arrival) -> None:
    """Rename the conversation that a delivered message opened, if a copy names it.

    Only a name that was made from the subject is replaced, and only before somebody
    replies: afterwards, anybody who has the message could rename the conversation.
    """
    mlist, seen = arrival.mlist, arrival.thread.seen
    given = naming.from_given(arrival.intent.name or '')
    if not given or arrival.member is None or seen is None:
        return
    conversation, posted = seen.conversation, seen.posted_at
    if (
        conversation is None
        or posted is None
        or posted + IN_TIME < now()
        or seen.kind is not MessageKind.opening
        or naming.is_namesake(conversation.name, given)
        or model.overview(conversation).posts != 1
    ):
        return
    room = naming.room(mlist.list_name, lists.delimiter())
    octets = min(room, ready().name_length)
    made = naming.from_subject(conversation.subject, mlist.subject_prefix or '', octets)
    if naming.is_namesake(conversation.name, made or naming.FALLBACK):
        name = model.free_name(mlist.list_id, naming.candidates(given, room))
        committed(lambda: changing.rename(mlist, conversation, name, AUTOMATIC))
