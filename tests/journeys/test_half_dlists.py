# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners exchange the pipeline of a list, as Postorius lets them.

A dlist has a chain and a pipeline of ours.  With one of them it is a plain list: for
posts that arrive and for those that a moderator had held, until it is enabled again.
"""

from __future__ import annotations

from tests.village import text_of


PIPELINES = {'ours': 'dlist-posting-pipeline', 'stock': 'default-posting-pipeline'}


def choose(mlist, which):
    path = f'lists/{mlist.list_id}/config'
    mlist.village.site.must(path, {'posting_pipeline': PIPELINES[which]}, 'PATCH')


def is_enabled(mlist):
    path = f'plugins/dlist/lists/{mlist.list_id}'
    return mlist.village.site.must(path).body['enabled']


def told(mlist):
    """Return the texts of what the owners have been sent."""
    mlist.village.settle()
    owners = mlist.at().replace('@', '-owner@')
    return [
        text_of(sent.message)
        for sent in mlist.village.site.outbox.to(owners)
        if 'plain list' in str(sent.message['subject'])
    ]


def test_a_dlist_with_another_pipeline_is_a_plain_list_and_can_be_repaired(village):
    site = village.site
    ant = village.new_list('ant')
    anne, bart = ant.has('Anne', 'Bart')
    [cris] = ant.has('Cris', moderation_action='hold')
    opening = anne.writes(ant.at('new', 'picnic'), 'Picnic')
    bart.writes(ant.at('picnic', 'unsubscribe'))
    cris.writes(ant.at('picnic'), 'Re: Picnic', text='I come.')
    bart.reads()
    choose(ant, 'stock')
    assert not is_enabled(ant)
    # What had been held, and what comes now, goes the way of a plain list.
    [held] = site.must(f'lists/{ant.list_id}/held').body['entries']
    site.must(f'lists/{ant.list_id}/held/{held["request_id"]}', {'action': 'accept'})
    village.settle()
    letter = anne.writes(ant.at(), 'Lake')
    assert letter.readers == {'Anne', 'Bart', 'Cris'}
    assert letter.conversation is None
    [said] = told(ant)
    assert f'mailman dlist enable {ant.at()}' in said
    assert f'{ant.list_id} is a plain list now' in site.log('plugins')
    site.mailman('dlist', 'enable', ant.at())
    assert is_enabled(ant)
    assert bart.name not in anne.replies(opening).readers
    # Once.
    assert told(ant) == [said]


def test_our_pipeline_alone_makes_no_dlist(village):
    village.new_list('ant')
    bee = village.new_list('bee', style='legacy-default')
    anne, _bart = bee.has('Anne', 'Bart')
    choose(bee, 'ours')
    assert not is_enabled(bee)
    letter = anne.writes(bee.at(), 'Honey')
    assert letter.readers == {'Anne', 'Bart'}
    assert letter.conversation is None
    [said] = told(bee)
    assert 'restored' in said
    config = village.site.must(f'lists/{bee.list_id}/config').body
    assert config['posting_pipeline'] == PIPELINES['stock']
    choose(bee, 'ours')
    village.site.mailman('dlist', 'enable', bee.at())
    assert anne.writes(bee.at(), 'Wax').conversation == 'wax'
    assert told(bee) == [said]
