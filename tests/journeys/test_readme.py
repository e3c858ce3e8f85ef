# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture in README shows what happens."""

from __future__ import annotations

import re

from tests.docs import pages


def test_everybody_receives_what_the_picture_shows(ant):
    [picture] = [
        block for block in pages.snippets(pages.README, 'text') if '●' in block
    ]
    heading, *lines = picture.splitlines()
    columns = {name: heading.index(name) for name in ('Anne', 'Bart', 'Cris')}
    people = dict(zip(columns, ant.has(*columns), strict=True))
    ant.default(people['Cris'], 'openings')
    posts = 0
    for line in lines:
        found = re.match(r' *(\w+) to ant\+(\S+) +(?:"(.*)")?', line)
        if found is None:
            continue
        name, extension, subject = found.groups()
        letter = people[name].writes(ant.at(*extension.split('+')), subject or '')
        if subject is None:
            assert letter.readers == set()
            continue
        # Each mark stands below a name.
        marked = {
            person
            for person, start in columns.items()
            if '●' in line[start : start + len(person)]
        }
        assert letter.readers == marked, line
        posts += 1
    assert posts == 5
