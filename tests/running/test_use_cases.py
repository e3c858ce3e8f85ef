# SPDX-License-Identifier: GPL-3.0-or-later
"""One story of each use case, and of owners, told once more on a Mailman that runs.

They are the stories of tests/journeys; pytest collects what a module imports.
"""

from __future__ import annotations

from tests.journeys.test_life import (
    test_a_moderator_closes_and_reopens_a_conversation,
    test_a_mute_to_a_name_of_long_ago_works,
    test_replies_follow_a_message_that_was_split_off,
)
from tests.journeys.test_u1_create_list import (
    test_a_list_of_the_style_dlist_has_conversations,
)
from tests.journeys.test_u2_delete_list import (
    test_nothing_is_left_of_a_list_that_was_a_dlist_once,
)
from tests.journeys.test_u3_subscribe_people import (
    test_new_members_hear_what_the_list_lets_them_hear,
)
from tests.journeys.test_u4_unsubscribe_people import (
    test_who_leaves_hears_nothing_and_leaves_what_a_day_ends,
)
from tests.journeys.test_u7_hear_everything import (
    test_everybody_hears_openings_and_replies,
)
from tests.journeys.test_u8_hear_openings_only import (
    test_who_takes_openings_hears_the_opening_alone,
)
from tests.journeys.test_u9_digest import (
    test_single_messages_and_digests_are_of_one_kind_each,
)
from tests.journeys.test_u10_start_a_discussion import (
    test_readers_answer_where_the_opening_says_they_can,
)
from tests.journeys.test_u11_reply import (
    test_each_thread_of_a_mail_program_leads_to_the_conversation,
)
from tests.journeys.test_u12_mute import (
    test_who_mutes_a_conversation_hears_no_more_of_it,
)
from tests.journeys.test_u13_follow import (
    test_who_follows_a_conversation_hears_all_of_it,
)
from tests.journeys.test_u14_have_an_alias import (
    test_who_reads_the_mail_of_an_address_makes_an_alias_of_it,
)
from tests.journeys.test_u15_send_from_an_alias import (
    test_a_member_opens_a_conversation_and_answers_in_it_unseen,
)
from tests.journeys.test_u16_change_or_remove_an_alias import (
    test_one_alias_takes_the_place_of_another,
)


__all__ = [
    'test_a_list_of_the_style_dlist_has_conversations',
    'test_a_member_opens_a_conversation_and_answers_in_it_unseen',
    'test_a_moderator_closes_and_reopens_a_conversation',
    'test_a_mute_to_a_name_of_long_ago_works',
    'test_each_thread_of_a_mail_program_leads_to_the_conversation',
    'test_everybody_hears_openings_and_replies',
    'test_new_members_hear_what_the_list_lets_them_hear',
    'test_nothing_is_left_of_a_list_that_was_a_dlist_once',
    'test_one_alias_takes_the_place_of_another',
    'test_readers_answer_where_the_opening_says_they_can',
    'test_replies_follow_a_message_that_was_split_off',
    'test_single_messages_and_digests_are_of_one_kind_each',
    'test_who_follows_a_conversation_hears_all_of_it',
    'test_who_leaves_hears_nothing_and_leaves_what_a_day_ends',
    'test_who_mutes_a_conversation_hears_no_more_of_it',
    'test_who_reads_the_mail_of_an_address_makes_an_alias_of_it',
    'test_who_takes_openings_hears_the_opening_alone',
]
