# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces for the settings of a dlist."""

from __future__ import annotations

import enum

from public import public
from zope.interface import Attribute, Interface


#: The names by which Mailman finds our posting chain and pipeline.  A list is a dlist
#: as long as it has both; with one of them it is a plain list, see `app.halves`.
CHAIN = 'dlist-posting-chain'
PIPELINE = 'dlist-posting-pipeline'


@public
class PlainPosts(enum.Enum):
    """The action for a plain post."""

    open = 1
    hold = 2
    reject = 3


@public
class OneClick(enum.Enum):
    """The action of a mail program's unsubscribe button."""

    list = 1
    conversation = 2


@public
class IDlist(Interface):
    """The settings of one dlist."""

    list_id = Attribute('The RFC 2369 List-ID of the mailing list.')

    base_default = Attribute("""\
        The default of members without their own settings.  Fixed when the list becomes
        a dlist, so that changing `new_member_default` changes nobody.""")

    new_member_default = Attribute('The default that new members start with.')

    plain_posts = Attribute('A `PlainPosts`: open, hold or reject.')

    footers = Attribute("True when messages carry the conversation's footer.")

    previous_chain = Attribute('The posting chain to return to.')

    previous_pipeline = Attribute('The posting pipeline to return to.')

    one_click = Attribute('A `OneClick`: what List-Unsubscribe is about.')

    essay = Attribute('True if newcomers must answer questions before they join.')

    essay_questions = Attribute("The owners' questions, Markdown; '' for ours.")

    essay_min_length = Attribute('The characters that an answer has at least.')

    ask_invited = Attribute('True when the invited are asked as well.')

    essay_retention = Attribute(
        'The days after joining for which an answer is kept; 0 for all.')

    access = Attribute('The `Access` of new conversations.')

    mandatory = Attribute('True if every member receives new conversations.')

    close_after = Attribute(
        'The days without a post after which a conversation closes; 0 for never.')

    audit_retention = Attribute('The days for which events are kept; 0 for ever.')

    bars = Attribute('True once a moderator has barred a member.')

    requests_told_at = Attribute(
        'When moderators were last told about requests to follow, None for never.')

    requests_due_at = Attribute(
        'When they should be told the next time, None without a request.')

    aliases = Attribute('True when members may post from other addresses.')

    aliases_visible = Attribute(
        'True when moderators may see who posts from an alias.')
