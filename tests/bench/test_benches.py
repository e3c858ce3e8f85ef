# SPDX-License-Identifier: GPL-3.0-or-later
"""Every bench measures what it says, at its smallest size and in this process."""

from __future__ import annotations

import pytest

from bench import audience, deliver, digest, parsers, post
from bench.core import apart
from mailman_dlist.demo.letters import STORY


pytestmark = pytest.mark.usefixtures('mailman_core')


def here(function, *arguments):
    return function(*arguments)


@pytest.fixture
def tables(capsys):
    """Run a bench on SQLite; return the rows of its tables and what else it prints.

    A row is a dictionary; of two columns with one name it has the latter.
    """

    def run(main, *options, call=here):
        main(['--database', 'sqlite', *options], call=call)
        rows, others = [], []
        header: list[str] = []
        for line in capsys.readouterr().out.splitlines():
            cells = [cell.strip() for cell in line.strip('|').split('|')]
            if not line.startswith('|'):
                others.append(line)
                header = []
            elif not header:
                header = cells
            elif not line.startswith('|-'):
                rows.append(dict(zip(header, cells, strict=True)))
        return rows, others

    return run


def test_audience_finds_the_same_people_in_every_way(tables):
    rows, others = tables(
        audience.main, '--members', '20', '--rounds', '1', '--explain'
    )
    openings = [row for row in rows if row['message'] == 'opening']
    assert [row['asked by'] for row in openings] == ['floor', 'ours', 'stock']
    replies = [row for row in rows if 'default openings, 10 follow' in row['message']]
    assert [row['asked by'] for row in replies] == ['floor', 'ours', 'from all']
    assert {row['same people'] for row in rows} == {'yes'}
    assert {row['statements'] for row in rows if row['asked by'] == 'ours'} == {'1'}
    assert any('SEARCH' in line for line in others)


def test_a_bench_starts_a_mailman_of_its_own(tables):
    rows, _others = tables(
        audience.main, '--members', '20', '--rounds', '1', '--stock', '0', call=apart
    )
    assert {row['same people'] for row in rows} == {'yes'}


def test_post_counts_statements_and_time_at_every_stage(tables):
    rows, others = tables(
        post.main, '--members', '4', '--posts', '1', '--parts', '--sql'
    )
    times = [row for row in rows if 'CPU ms' in row]
    assert [(row['members'], row['post']) for row in times] == [
        ('4', 'plain'), ('4', 'opening'), ('4', 'reply'),
    ]  # fmt: skip
    [recipients] = {row['recipients'] for row in times}
    assert int(recipients) > 0
    statements = [row for row in rows if 'lmtp' in row and 'CPU ms' not in row]
    assert [row['post'] for row in statements] == ['plain', 'opening', 'reply']
    for row in statements:
        assert int(row['lmtp']) > 0
        whole = sum(int(row[name]) for name in ('in', 'pipeline', 'out'))
        assert int(row['the last three']) == whole
    # What is beyond it in a plain post finds the recipients, five for each member.
    plain, *_ours = (int(row["beyond core's"]) for row in statements)
    assert 4 < plain <= 1 + 5 * 4
    parts = {
        row['rule or handler']: int(row['statements'])
        for row in rows
        if 'rule or handler' in row
    }
    assert parts['member-recipients'] == plain
    assert parts['dlist-recipients'] > 0
    assert any(line.startswith('dlist-recipients: SELECT') for line in others)


def test_deliver_sends_to_everybody_by_each_agent(tables):
    rows, others = tables(
        deliver.main,
        '--members', '20', '--rounds', '1', '--core', '2', '--names', '--parts',
    )  # fmt: skip
    agents = [row for row in rows if 'agent' in row]
    assert [(row['agent'], row['recipients']) for row in agents] == [
        ('bulk', '20'), ('floor', '20'), ('ours', '20'), ('core', '2'),
    ]  # fmt: skip
    # The list alone.
    assert [row['statements'] for row in agents if row['agent'] == 'floor'] == ['1']
    assert {row['part'] for row in rows if 'part' in row} == set(deliver.PARTS)
    assert any(line.startswith('Memory at its peak') for line in others)


def test_digest_makes_more_where_members_have_chosen(tables):
    rows, _others = tables(
        digest.main,
        '--members', '30', '--messages', '5', '--corpus', str(STORY), '--parts',
    )  # fmt: skip
    made = {row['list']: int(row['digests']) for row in rows if 'list' in row}
    assert list(made) == [case.name for case in digest.CASES]
    assert made['plain'] == made['dlist, nobody chose'] == 2
    assert made['everybody chose'] > 2
    assert {row['part'] for row in rows if 'part' in row} == set(digest.PARTS)


def test_parsers_are_measured_at_every_size(capsys):
    parsers.main(['--sizes', '1000', '2000'])
    head, _line, *rows = capsys.readouterr().out.splitlines()
    assert head == '|parser|slowest text|1000|2000|'
    assert len(rows) == len(parsers.OF_FIELDS | parsers.OF_TEXTS)
    assert all(float(cell) >= 0 for row in rows for cell in row.split('|')[-3:-1])
