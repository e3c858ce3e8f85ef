# SPDX-License-Identifier: GPL-3.0-or-later
"""What the key makes of a post is its own for each message, list and member."""

from __future__ import annotations

from mailman_dlist.domain.pseudonyms import mark, published_id


def test_the_same_message_has_the_same_new_id_on_one_list():
    def made(message_id='<1@annes-laptop>', list_id='ant.example.com', key=b'key'):
        return published_id(message_id, list_id, 'example.com', key)

    assert made() == made('1@annes-laptop')
    others = [made('2@annes-laptop'), made(list_id='bee.example.com'), made(key=b'x')]
    assert len({made(), *others}) == 4
    local_part, host = made().split('@')
    assert (len(local_part), host) == (32, 'example.com')


def test_a_mark_is_for_one_member_and_one_message():
    marks = {
        mark(member, message, key)
        for member in ('1', '2') for message in ('a', 'b') for key in (b'x', b'y')
    }
    assert len(marks) == 8
